import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../../src/core/errors.ts';
import { analyseMedium } from '../../../src/core/media/analyse_medium.ts';
import type { TextReader } from '../../../src/core/media/ocr/text_reader.ts';
import { makePicture, makeVideo, packagedFfmpeg, temporaryFolder } from './made_media.ts';

const TWO_SCENES = 'testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];[a][b]concat=n=2';
const OPTIONS = { frames: 4, maxText: 1, textReader: undefined, ffmpeg: undefined };

/** Says of every picture that one line covers so much of it. */
const reader = (share: number): TextReader => ({
  read: async ({ width, height }) => [{ text: 'SALE', confidence: 0.9, box: { left: 0, top: 0, width, height: height * share } }],
  close: async () => {},
});

describe('the pictures of one medium', () => {
  it('are the photo itself, measured, with the JPEG to be stored', async () => {
    const path = join(temporaryFolder(), 'a.png');
    writeFileSync(path, await makePicture(1));
    const { images, passedOver, video } = await analyseMedium(path, 'image', OPTIONS);
    expect({ passedOver, video }).toEqual({ passedOver: [], video: null });
    expect(images).toHaveLength(1);
    const [image] = images;
    expect(image?.facts).toMatchObject({ time_s: null, width: 900, height: 600, lines: null, text_share: null });
    expect(image?.facts.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(await sharp(image?.jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 900, height: 600 });
  });

  it('are a frame of each shot of a video, in the order of time, with the shots as plain data', async () => {
    const path = await makeVideo(join(temporaryFolder(), 'v.mp4'), TWO_SCENES);
    const { images, video } = await analyseMedium(path, 'video', { ...OPTIONS, ffmpeg: await packagedFfmpeg() });
    const times = images.map(({ facts }) => facts.time_s as number);
    expect(times).toHaveLength(2);
    expect(times[0]).toBeGreaterThan(0.2);
    expect(times[0]).toBeLessThan(1.8);
    expect(times[1]).toBeGreaterThan(2.2);
    expect(times[1]).toBeLessThan(3.8);
    expect(video).toMatchObject({ width: 320, height: 180, frames: 100, seconds: 4 });
    expect(video?.boundaries).toMatchObject([{ kind: 'cut', first_frame: 50, last_frame: 50, start_s: 2, end_s: 2 }]);
    expect(video?.shots.map(({ key_frame_s, reason }) => ({ key_frame_s, reason }))).toEqual(
      times.map((key_frame_s) => ({ key_frame_s, reason: null })),
    );
    expect(JSON.parse(JSON.stringify(video))).toEqual(video);
  });

  it('are fewer than the shots where fewer are wanted; the others have a small picture and a reason', async () => {
    const path = await makeVideo(join(temporaryFolder(), 'v.mp4'), TWO_SCENES);
    const { images, passedOver, video } = await analyseMedium(path, 'video', { ...OPTIONS, frames: 1, ffmpeg: await packagedFfmpeg() });
    expect(images).toHaveLength(1);
    expect(passedOver).toHaveLength(1);
    expect(passedOver[0]?.facts.reason).toBe('better shots fill the limit');
    expect((await sharp(passedOver[0]?.thumbnail).metadata()).width).toBeLessThanOrEqual(320);
    expect(video?.shots.map(({ reason }) => reason).toSorted()).toEqual(['better shots fill the limit', null]);
  });

  it('make room for another shot where text covers a frame', async () => {
    const path = await makeVideo(join(temporaryFolder(), 'v.mp4'), TWO_SCENES);
    const options = { ...OPTIONS, frames: 1, ffmpeg: await packagedFfmpeg() };
    const wordy = await analyseMedium(path, 'video', { ...options, maxText: 0.3, textReader: reader(0.5) });
    expect(wordy.images.map(({ facts }) => facts.text_share)).toEqual([0.5, 0.5]);
    const plain = await analyseMedium(path, 'video', { ...options, maxText: 0.3, textReader: reader(0.2) });
    expect(plain.images).toHaveLength(1);
    expect(plain.images[0]?.facts).toMatchObject({ text_share: 0.2, lines: [{ text: 'SALE', left: 0, top: 0, width: 320, height: 36 }] });
  });

  it('are the same bytes every time', async () => {
    const path = await makeVideo(join(temporaryFolder(), 'v.mp4'), TWO_SCENES);
    const options = { ...OPTIONS, ffmpeg: await packagedFfmpeg() };
    expect(await analyseMedium(path, 'video', options)).toEqual(await analyseMedium(path, 'video', options));
  });

  it('are not looked for once the signal is aborted', async () => {
    await expect(analyseMedium('a.jpg', 'image', { ...OPTIONS, signal: AbortSignal.abort() })).rejects.toThrow(Interrupted);
  });
});

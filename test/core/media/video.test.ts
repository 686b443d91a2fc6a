import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { chooseKeyFrames } from '../../../src/core/media/key_frames.ts';
import { findCuts } from '../../../src/core/media/shots.ts';
import { readFrame, readVideoFrames, type VideoFrame, type VideoSource } from '../../../src/core/media/video.ts';
import { makeVideo, packagedFfmpeg, remux, temporaryFolder } from './made_media.ts';

const DATA = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');

async function sourceOf(path: string): Promise<VideoSource> {
  return { ffmpeg: await packagedFfmpeg(), path };
}

async function cutsOf(path: string): Promise<number[]> {
  return findCuts((await readVideoFrames(await sourceOf(path))).map((frame) => frame.sceneScore));
}

/** Mean colour of a frame. */
async function colourOf(png: Uint8Array): Promise<number[]> {
  const { channels } = await sharp(png).stats();
  return channels.map((channel) => channel.mean);
}

/** Two seconds each: test pattern, dark blue, a fractal, light yellow, at 25 frames a second. */
const FOUR_SCENES = [
  'testsrc2=s=320x180:r=25:d=2[a]',
  'color=0x102040:s=320x180:r=25:d=2[b]',
  'mandelbrot=s=320x180:r=25,trim=duration=2[c]',
  'color=0xf0e080:s=320x180:r=25:d=2[d]',
  '[a][b][c][d]concat=n=4',
].join(';');

/** Grey levels rise with the frames, so a frame's colour tells its number: 8 levels apart, 20 frames. */
const RISING = "nullsrc=s=64x48:r=10:d=2,geq=lum='20+N*8':cb=128:cr=128";

/** Fails unless the frame shows the grey of its number; luma 16 to 235 is spread over 0 to 255, so neighbours are 9 apart. */
async function expectRisingFrame(source: VideoSource, frames: readonly VideoFrame[], index: number): Promise<void> {
  const [red] = await colourOf(await readFrame(source, frames, index));
  expect(Math.abs((red as number) - (20 + index * 8 - 16) * (255 / 219)), `frame ${index} of ${source.path}`).toBeLessThan(4);
}

describe('frames of a video', () => {
  it('change scene exactly at the cuts', async () => {
    expect(await cutsOf(await makeVideo(join(temporaryFolder(), 'scenes.mp4'), FOUR_SCENES))).toEqual([50, 100, 150]);
  });

  it('show no cut in a fade, and none in one moving scene', async () => {
    const folder = temporaryFolder();
    expect(await cutsOf(await makeVideo(join(folder, 'fade.mp4'), 'testsrc2=s=320x180:r=25:d=3,fade=in:0:25,fade=out:50:25'))).toEqual([]);
    expect(await cutsOf(await makeVideo(join(folder, 'zoom.mp4'), 'mandelbrot=s=320x180:r=25,trim=duration=3'))).toEqual([]);
  });

  it('have their own times when the frame rate varies', async () => {
    // Of 25 frames a second, all of the first second and then every fifth.
    const graph = "testsrc2=s=128x96:r=25:d=3,select='lt(n,25)+not(mod(n,5))'";
    const file = await makeVideo(join(temporaryFolder(), 'variable.mp4'), graph, ['-vsync', 'vfr']);
    const times = (await readVideoFrames(await sourceOf(file))).map((frame) => frame.time);
    const expected = Array.from({ length: 75 }, (_, n) => n).filter((n) => n < 25 || n % 5 === 0);
    expect(times).toHaveLength(expected.length);
    for (const [index, n] of expected.entries()) expect(times[index]).toBeCloseTo(n / 25, 4);
  });

  it('are found again in full size by their times', async () => {
    const source = await sourceOf(await makeVideo(join(temporaryFolder(), 'rising.mp4'), RISING, ['-g', '7', '-bf', '2']));
    const frames = await readVideoFrames(source);
    expect(frames).toHaveLength(20);
    for (const index of [0, 1, 6, 7, 13, 19]) await expectRisingFrame(source, frames, index);
  });

  it('are found again where the container cannot seek to them, or starts late', async () => {
    const folder = temporaryFolder();
    const plain = await makeVideo(join(folder, 'plain.mp4'), RISING, ['-g', '7']);
    const files = [
      await makeVideo(join(folder, 'one_key_frame.ts'), RISING, ['-output_ts_offset', '5']),
      await remux(plain, join(folder, 'late.ts'), ['-output_ts_offset', '5']),
      await remux(plain, join(folder, 'late.mkv'), ['-output_ts_offset', '5']),
    ];
    for (const file of files) {
      const source = await sourceOf(file);
      const frames = await readVideoFrames(source);
      expect(frames).toHaveLength(20);
      for (const index of [0, 5, 12, 19]) await expectRisingFrame(source, frames, index);
    }
  });

  it('are all there when the size of the picture changes on the way', async () => {
    const folder = temporaryFolder();
    const small = await makeVideo(join(folder, 'small.ts'), 'testsrc2=s=320x180:r=10:d=2');
    const large = await makeVideo(join(folder, 'large.ts'), 'mandelbrot=s=640x480:r=10,trim=duration=2', ['-output_ts_offset', '2']);
    writeFileSync(join(folder, 'both.ts'), Buffer.concat([readFileSync(small), readFileSync(large)]));
    const frames = await readVideoFrames(await sourceOf(join(folder, 'both.ts')));
    expect(frames.map((frame) => frame.time)).toEqual(Array.from({ length: 40 }, (_, index) => index / 10));
    expect(findCuts(frames.map((frame) => frame.sceneScore))).toEqual([20]);
  });

  it('come upright and with square pixels', async () => {
    const folder = temporaryFolder();
    const wide = await sourceOf(await makeVideo(join(folder, 'wide.mp4'), 'testsrc2=s=180x180:r=10:d=1,setsar=2/1'));
    expect(await sharp(await readFrame(wide, await readVideoFrames(wide), 0)).metadata()).toMatchObject({ width: 360, height: 180 });
    const lying = await makeVideo(join(folder, 'lying.mp4'), 'testsrc2=s=320x180:r=10:d=1');
    const turned = await sourceOf(await remux(lying, join(folder, 'turned.mp4'), ['-metadata:s:v', 'rotate=90']));
    expect(await sharp(await readFrame(turned, await readVideoFrames(turned), 3)).metadata()).toMatchObject({ width: 180, height: 320 });
  });

  it('are no key frames where they are black, white or blurred', async () => {
    const graph = [
      'color=black:s=320x180:r=25:d=1[a]',
      'testsrc2=s=320x180:r=25:d=2,split[b][b2]',
      'color=white:s=320x180:r=25:d=1[c]',
      '[b2]boxblur=20,hue=h=180[d]',
      '[a][b][c][d]concat=n=4',
    ].join(';');
    const source = await sourceOf(await makeVideo(join(temporaryFolder(), 'mixed.mp4'), graph));
    const frames = await readVideoFrames(source);
    const times = chooseKeyFrames(frames, 4).map((index) => frames[index]?.time ?? 0);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThan(1);
    expect(times[0]).toBeLessThan(3);
  });

  it.skipIf(!existsSync(DATA))('have the hard cuts of real films, to the frame (skipped: real data not found)', async () => {
    const folder = join(DATA, 'video');
    const truth = JSON.parse(readFileSync(join(folder, 'ground_truth.json'), 'utf8'));
    expect(await cutsOf(join(folder, 'bbb-480p-30s.mp4'))).toEqual(truth['bbb-480p-30s.mp4'].hard_cuts_frames);
    expect(await cutsOf(join(folder, 'intel-bottle-detection.mp4'))).toEqual(truth['intel-bottle-detection.mp4'].hard_cuts_frames);
    const vertical = await cutsOf(join(folder, 'bbb-vertical-15s.mp4'));
    expect(vertical.map((frame) => Math.round((frame / 24) * 1000) / 1000)).toEqual(truth['bbb-vertical-15s.mp4'].hard_cuts_seconds);
  });
});

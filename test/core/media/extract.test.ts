import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../../src/core/errors.ts';
import { extractImages } from '../../../src/core/media/extract.ts';
import type { MediaFile } from '../../../src/core/media/media_file.ts';
import { changed, makePicture, makeVideo, packagedFfmpeg, temporaryFolder } from './made_media.ts';

/** Writes pictures into a folder, and names them as media. */
function photos(root: string, pictures: Readonly<Record<string, Uint8Array>>): MediaFile[] {
  return Object.entries(pictures).map(([name, bytes]) => {
    writeFileSync(join(root, name), bytes);
    return { path: join(root, name), root, kind: 'image' };
  });
}

const TWO_SCENES = 'testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];[a][b]concat=n=2';

describe('extraction from one note', () => {
  it('gives the best pictures first, as many as asked for', async () => {
    const pictures = {
      'a.png': await makePicture(1),
      'b.png': await makePicture(2),
      'c.png': await makePicture(3),
      'd.png': await makePicture(4),
    };
    const media = photos(temporaryFolder(), pictures);
    const all = await extractImages(media, { limit: 9, ffmpeg: undefined });
    expect(all.failed).toEqual([]);
    expect(all.images).toHaveLength(4);
    expect(all.images.map((image) => image.score)).toEqual(all.images.map((image) => image.score).toSorted((a, b) => b - a));
    const two = await extractImages(media, { limit: 2, ffmpeg: undefined });
    expect(two.images).toEqual(all.images.slice(0, 2));
  });

  it('keeps the better of near-duplicates, wherever it stands', async () => {
    const good = await makePicture(5);
    const copies = {
      'small.png': await changed(good, (copy) => copy.resize(300)),
      'good.png': good,
      'dark.png': await changed(good, (copy) => copy.linear(0.5, 0)),
    };
    const { images } = await extractImages(photos(temporaryFolder(), { ...copies, 'other.png': await makePicture(6) }), {
      limit: 4,
      ffmpeg: undefined,
    });
    expect(images.map((image) => image.source.split('/').at(-1)).toSorted()).toEqual(['good.png', 'other.png']);
  });

  it('mixes photos and key frames, and gives the time of a frame only', async () => {
    const root = temporaryFolder();
    const video: MediaFile = { path: await makeVideo(join(root, 'v.mp4'), TWO_SCENES), root, kind: 'video' };
    const { images, failed } = await extractImages([...photos(root, { 'a.png': await makePicture(7) }), video], {
      limit: 4,
      ffmpeg: await packagedFfmpeg(),
    });
    expect(failed).toEqual([]);
    const times = images.filter((image) => image.source === video.path).map((image) => image.time as number);
    expect(times.filter((time) => time > 0.2 && time < 1.8)).toHaveLength(1);
    expect(times.filter((time) => time > 2.2 && time < 3.8)).toHaveLength(1);
    expect(images.filter((image) => image.time === null).map((image) => image.source)).toEqual([join(root, 'a.png')]);
    for (const image of images) {
      const { width, height, format } = await sharp(image.jpeg).metadata();
      expect({ width, height, format }).toEqual({ width: image.width, height: image.height, format: 'jpeg' });
    }
  });

  it('lists what cannot be read, each with its reason, and gives the rest', async () => {
    const root = temporaryFolder();
    const good = await makePicture(8);
    const broken = photos(root, {
      'half.jpg': (await sharp(good).jpeg().toBuffer()).subarray(0, 3000),
      'text.jpg': Buffer.from('text'),
      'good.png': good,
    });
    writeFileSync(join(root, 'broken.mp4'), 'no video');
    const media: MediaFile[] = [
      ...broken,
      { path: join(root, 'missing.jpg'), root, kind: 'image' },
      { path: join(root, 'broken.mp4'), root, kind: 'video' },
    ];
    const { images, failed } = await extractImages(media, { limit: 4, ffmpeg: await packagedFfmpeg() });
    expect(images.map((image) => image.source)).toEqual([join(root, 'good.png')]);
    expect(failed.map((failure) => failure.path.split('/').at(-1))).toEqual(['half.jpg', 'text.jpg', 'missing.jpg', 'broken.mp4']);
    for (const { reason } of failed) expect(reason).toMatch(/^Expected /);
  });

  it('gives the same bytes every time', async () => {
    const root = temporaryFolder();
    const media: MediaFile[] = [{ path: await makeVideo(join(root, 'v.mp4'), TWO_SCENES), root, kind: 'video' }];
    const options = { limit: 4, ffmpeg: await packagedFfmpeg() };
    expect(await extractImages(media, options)).toEqual(await extractImages(media, options));
  });

  it('stops when the signal is aborted', async () => {
    const media = photos(temporaryFolder(), { 'a.png': await makePicture(9) });
    await expect(extractImages(media, { limit: 4, ffmpeg: undefined, signal: AbortSignal.abort() })).rejects.toThrow(Interrupted);
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeJpeg, workingPixels } from '../../../src/core/media/picture.ts';
import { measurePicture, type PictureMeasures, type QualityParts } from '../../../src/core/media/quality.ts';
import { changed, makePicture } from './made_media.ts';

const DATA = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');
const PARTS: readonly (keyof QualityParts)[] = ['sharpness', 'exposure', 'contrast', 'colourfulness', 'resolution'];

async function measuresOf(picture: Buffer | string): Promise<PictureMeasures> {
  const jpeg = await encodeJpeg(picture);
  return measurePicture(await workingPixels(jpeg), jpeg.width, jpeg.height);
}

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) })
  .chain(({ width, height }) =>
    fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((data) => ({ data, width, height })),
  );

describe('quality of a picture', () => {
  it('keeps every part and the score in [0, 1] for any pixels', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 20_000 }), (picture, side) => {
        const { parts, score } = measurePicture(picture, side, side);
        for (const value of [score, ...Object.values(parts)]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('does not change when the picture is mirrored', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const pixels = picture.width * picture.height;
        const turned = {
          ...picture,
          data: picture.data.map((_, at) => picture.data[(pixels - 1 - Math.floor(at / 3)) * 3 + (at % 3)] as number),
        };
        const [before, after] = [picture, turned].map((each) => measurePicture(each, 100, 100).parts) as [QualityParts, QualityParts];
        // Sharpness has its tiles turned too, which fall differently when 8 does not divide the size.
        for (const part of PARTS.filter((name) => name !== 'sharpness')) expect(after[part]).toBeCloseTo(before[part], 10);
      }),
    );
  });

  it('grows in resolution with the size the picture came in, everything else equal', () => {
    const picture = { data: new Uint8Array(48).map((_, at) => at * 5), width: 4, height: 4 };
    const scores = [100, 500, 1000, 2000, 4000].map((side) => measurePicture(picture, side, side).score);
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect(new Set(scores).size).toBe(scores.length);
  });

  it('gives the figures of the definitions on a checkerboard of black and white', () => {
    // 64 × 64, alternating pixels: Y is 0 or 255, so σ_Y = 127.5, entropy 1 bit, half of the pixels clipped, no colour.
    const data = new Uint8Array(64 * 64 * 3).map((_, at) => ((Math.floor(at / 3) + Math.floor(at / 192)) % 2) * 255);
    const { parts, mean, deviation } = measurePicture({ data, width: 64, height: 64 }, 720, 720);
    expect(mean).toBeCloseTo(127.5, 6);
    expect(deviation).toBeCloseTo(127.5, 6);
    expect(parts.contrast).toBeCloseTo(1 - Math.exp(-127.5 / 40), 6);
    expect(parts.exposure).toBeCloseTo(Math.sqrt((1 / 8) * Math.exp(-0.25 / 0.08)) * 0.25, 6);
    expect(parts.colourfulness).toBe(0);
    expect(parts.resolution).toBeCloseTo(0.5, 6);
    // The Laplacian is ±4 · 255 everywhere: variance 1,040,400.
    expect(parts.sharpness).toBeCloseTo(1_040_400 / 1_042_000, 3);
  });

  it('follows Hasler and Süsstrunk on two flat halves of red and blue', () => {
    const data = new Uint8Array(16 * 16 * 3).map((_, at) => (at % 48 < 24 ? [200, 0, 0] : [0, 0, 200])[at % 3] as number);
    // rg is 200 or 0: σ = 100, μ = 100; yb is 100 or -200: σ = 150, μ = -50.
    const colourfulness = Math.hypot(100, 150) + 0.3 * Math.hypot(100, 50);
    expect(measurePicture({ data, width: 16, height: 16 }, 100, 100).parts.colourfulness).toBeCloseTo(Math.min(1, colourfulness / 109), 6);
  });

  it.each([1, 2, 3])('scores a blurred, dark, over-exposed or smaller copy below the original (picture %i)', async (seed) => {
    const original = await makePicture(seed);
    const { score, parts } = await measuresOf(original);
    const blurred = await measuresOf(await changed(original, (copy) => copy.blur(2)));
    const dark = await measuresOf(await changed(original, (copy) => copy.linear(0.4, 0)));
    const bright = await measuresOf(await changed(original, (copy) => copy.linear(2.2, 40)));
    const small = await measuresOf(await changed(original, (copy) => copy.resize(300)));
    expect(blurred.parts.sharpness).toBeLessThan(parts.sharpness);
    expect(dark.parts.exposure).toBeLessThan(parts.exposure);
    expect(bright.parts.exposure).toBeLessThan(parts.exposure);
    expect(small.parts.resolution).toBeLessThan(parts.resolution);
    for (const worse of [blurred, dark, bright, small]) expect(worse.score).toBeLessThan(score);
  });

  it('scores a soft background with a sharp subject above the same picture wholly blurred', async () => {
    const sharpPicture = await makePicture(4);
    const blurred = await changed(sharpPicture, (copy) => copy.blur(6));
    const subject = await changed(sharpPicture, (copy) => copy.extract({ left: 225, top: 75, width: 450, height: 450 }));
    const portrait = await sharp(blurred)
      .composite([{ input: subject, left: 225, top: 75 }])
      .png()
      .toBuffer();
    const [whole, part, none] = await Promise.all(
      [sharpPicture, portrait, blurred].map(async (each) => (await measuresOf(each)).parts.sharpness),
    );
    expect(part).toBeGreaterThan(0.4 * (whole as number));
    expect(none).toBeLessThan(0.1 * (whole as number));
  });

  it.skipIf(!existsSync(DATA))('holds the same order on real photos (skipped: real data not found)', async () => {
    const folder = join(DATA, 'howtocook/images');
    const photos = readdirSync(folder)
      .sort()
      .filter((_, index) => index % 8 === 0);
    for (const photo of photos.map((name) => join(folder, name))) {
      const { width } = await sharp(photo).metadata();
      const base = await changed(photo, (copy) => copy.resize(Math.min(1200, width)));
      const { score } = await measuresOf(base);
      const worse = {
        blurred: await changed(base, (copy) => copy.blur(3)),
        dark: await changed(base, (copy) => copy.linear(0.4, 0)),
        overExposed: await changed(base, (copy) => copy.linear(2.5, 60)),
        quarter: await changed(base, (copy) => copy.resize(Math.round(Math.min(1200, width) / 4))),
      };
      for (const [name, copy] of Object.entries(worse)) expect((await measuresOf(copy)).score, `${name} ${photo}`).toBeLessThan(score);
    }
  });
});

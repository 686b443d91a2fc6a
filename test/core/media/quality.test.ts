import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../src/core/media/picture.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { measurePicture, type PictureMeasures, type QualityParts, qualityScore } from '../../../src/core/media/quality.ts';
import { createRandom } from '../../../src/core/random.ts';
import { DEGRADATIONS, degraded } from './degraded_photos.ts';
import { changed, makePicture } from './made_media.ts';

const PARTS: readonly (keyof QualityParts)[] = ['sharpness', 'exposure', 'contrast', 'colourfulness', 'noise', 'resolution'];

async function measuresOf(picture: Buffer | string): Promise<PictureMeasures> {
  const { working, width, height, compression } = await readPicture(picture);
  return measurePicture(working, width, height, { compression });
}

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) })
  .chain(({ width, height }) =>
    fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((data) => ({ data, width, height })),
  );

describe('quality of a picture', () => {
  it('keeps every part and the score in [0, 1] for any pixels', () => {
    const known = fc.record({
      compression: fc.double({ min: 0, max: 1, noNaN: true }),
      textShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 20_000 }), known, (picture, side, share) => {
        const { parts, score } = measurePicture(picture, side, side, share);
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
        // Sharpness and noise have their tiles turned too, which fall differently when 8 does not divide the size.
        for (const part of ['exposure', 'contrast', 'colourfulness', 'resolution'] as const)
          expect(after[part]).toBeCloseTo(before[part], 10);
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
    // 64 × 64, alternating pixels: Y is 0 or 255, so σ_Y = μ_Y = 127.5; half of the pixels are as bright as the brightest
    // hundredth; every tile has the same Laplacian, ±4 · 255: that is all noise, and nothing sharper.
    const data = new Uint8Array(64 * 64 * 3).map((_, at) => ((Math.floor(at / 3) + Math.floor(at / 192)) % 2) * 255);
    const { parts, mean, deviation } = measurePicture({ data, width: 64, height: 64 }, 720, 720);
    expect(mean).toBeCloseTo(127.5, 6);
    expect(deviation).toBeCloseTo(127.5, 6);
    expect(parts.contrast).toBeCloseTo(1 - Math.exp(-1 / 0.35), 6);
    expect(parts.exposure).toBeCloseTo(Math.exp(-0.25 / 0.125) ** 0.125 * (1 - 0.49 / 0.99) ** 2, 6);
    expect(parts.colourfulness).toBe(0);
    expect(parts.resolution).toBeCloseTo(0.5, 6);
    // Tiles of odd size have one black pixel more than white ones.
    expect(parts.sharpness).toBeLessThan(0.2);
    expect(parts.noise).toBeCloseTo(1, 3);
  });

  it('follows Hasler and Süsstrunk on two flat halves of red and blue', () => {
    const data = new Uint8Array(16 * 16 * 3).map((_, at) => (at % 48 < 24 ? [200, 0, 0] : [0, 0, 200])[at % 3] as number);
    // rg is 200 or 0: σ = 100, μ = 100; yb is 100 or -200: σ = 150, μ = -50.
    const colourfulness = Math.hypot(100, 150) + 0.3 * Math.hypot(100, 50);
    expect(measurePicture({ data, width: 16, height: 16 }, 100, 100).parts.colourfulness).toBeCloseTo(Math.min(1, colourfulness / 109), 6);
  });

  it.each([1, 2, 3])('lowers the part that a change harms (picture %i)', async (seed) => {
    const original = await makePicture(seed);
    const { parts } = await measuresOf(original);
    const partsOf = async (change: Parameters<typeof changed>[1]): Promise<QualityParts> =>
      (await measuresOf(await changed(original, change))).parts;
    expect((await partsOf((copy) => copy.blur(2))).sharpness).toBeLessThan(parts.sharpness);
    expect((await partsOf((copy) => copy.linear(0.4, 0))).exposure).toBeLessThan(parts.exposure);
    expect((await partsOf((copy) => copy.linear(2.2, 40))).exposure).toBeLessThan(parts.exposure);
    expect((await partsOf((copy) => copy.linear(0.5, 64))).contrast).toBeLessThan(parts.contrast);
    expect((await partsOf((copy) => copy.modulate({ saturation: 0.4 }))).colourfulness).toBeLessThan(parts.colourfulness);
    expect((await partsOf((copy) => copy.resize(300))).resolution).toBeLessThan(parts.resolution);
  });

  it.each([1, 2, 3])('sees grain as noise, the more of it the more, and hardly as sharpness (picture %i)', async (seed) => {
    const original = await sharp(await makePicture(seed, 384, 256))
      .raw()
      .toBuffer();
    const [none, little, much] = [0, 6, 18].map((deviation) => {
      const random = createRandom(seed);
      const data = original.map((level) => Math.max(0, Math.min(255, Math.round(level + deviation * random.normal()))));
      return measurePicture({ data, width: 384, height: 256 }, 384, 256).parts;
    }) as [QualityParts, QualityParts, QualityParts];
    expect(little.noise).toBeGreaterThan(none.noise + 0.2);
    expect(much.noise).toBeGreaterThan(little.noise + 0.2);
    // Of grain of 18 levels the Laplacian alone would make 0.8; what is left is its spread from tile to tile.
    expect(much.sharpness).toBeLessThan(none.sharpness + 0.15);
  });

  it('takes a darker or brighter copy for as sharp as its original where nothing is clipped', async () => {
    const { data } = await sharp(await makePicture(5, 384, 256))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const sharpness = (gain: number): number => {
      const picture: RgbPicture = { data: data.map((level) => Math.round(level * gain)), width: 384, height: 256 };
      return measurePicture(picture, 384, 256).parts.sharpness;
    };
    // Rounding to whole levels is what is left.
    for (const gain of [0.5, 0.8, 1.2]) expect(sharpness(gain)).toBeCloseTo(sharpness(1), 2);
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

  it('takes text into the score only where it is known, and only as a loss', () => {
    const picture = { data: new Uint8Array(48).map((_, at) => at * 5), width: 4, height: 4 };
    const scores = [undefined, 0, 0.2, 0.6].map((textShare) => measurePicture(picture, 900, 900, { textShare }).score) as [number, number];
    expect(scores[1]).toBe(scores[0]);
    expect(scores.slice(1)).toEqual(scores.slice(1).toSorted((a, b) => b - a));
    expect(new Set(scores.slice(1)).size).toBe(3);
    expect(measurePicture(picture, 900, 900).parts).not.toHaveProperty('text_share');
  });

  it('never falls when a part gets better, and never rises when it gets worse', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const parts = fc.record(Object.fromEntries(PARTS.map((part) => [part, share]))) as fc.Arbitrary<QualityParts>;
    fc.assert(
      fc.property(parts, fc.constantFrom(...PARTS), share, (own, part, value) => {
        const better = part === 'noise' ? Math.min(own[part], value) : Math.max(own[part] as number, value);
        expect(qualityScore({ ...own, [part]: better })).toBeGreaterThanOrEqual(qualityScore(own));
      }),
    );
  });
});

describe('calibration: a degraded copy scores below its original', () => {
  const folder = resolve('fixtures/notes');
  const drawings = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'));
  const originals = drawings.sort().filter((_, index) => index % 8 === 0);

  it.each(Object.keys(DEGRADATIONS))('%s', async (name) => {
    const losses: string[] = [];
    for (const drawing of originals) {
      const path = join(folder, drawing);
      const { score } = await measuresOf(path);
      for (const format of ['png', 'jpeg'] as const) {
        if ((await measuresOf(await degraded(path, name, format))).score >= score) losses.push(`${drawing} as ${format}`);
      }
    }
    expect(losses).toEqual([]);
  });
});

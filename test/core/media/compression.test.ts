import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { compressionOfGrid, compressionOfStep } from '../../../src/core/media/compression.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { changed, makePicture } from './made_media.ts';

async function pixelsOf(picture: Buffer): Promise<RgbPicture> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

const jpeg = (picture: Buffer, quality: number): Promise<Buffer> => sharp(picture).jpeg({ quality }).toBuffer();

describe('visible compression', () => {
  it('grows with the quantisation step, from none to all', () => {
    const steps = [0, 1, 6.6, 13.2, 66, 132, 255].map(compressionOfStep);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps[0]).toBe(0);
    expect(compressionOfStep(6.6)).toBeLessThan(0.02);
    expect(compressionOfStep(132)).toBeGreaterThan(0.8);
  });

  it.each([1, 2, 3])(
    'is seen in the pixels of a picture that was a JPEG of quality 5 or 10, and not of quality 90 (picture %i)',
    async (seed) => {
      const original = await makePicture(seed);
      const of = async (quality: number): Promise<number> => compressionOfGrid(await pixelsOf(await jpeg(original, quality)));
      expect(compressionOfGrid(await pixelsOf(original))).toBeLessThan(0.02);
      expect(await of(90)).toBeLessThan(0.1);
      expect(await of(10)).toBeGreaterThan(0.1);
      expect(await of(5)).toBeGreaterThan(0.3);
    },
  );

  it('is seen wherever the grid begins, whatever the brightness, and no longer once the picture was scaled', async () => {
    const coarse = await jpeg(await makePicture(2), 5);
    const whole = compressionOfGrid(await pixelsOf(coarse));
    const cut = await changed(coarse, (copy) => copy.extract({ left: 3, top: 5, width: 800, height: 500 }));
    const dark = await changed(coarse, (copy) => copy.linear(0.5, 0));
    const scaled = await changed(coarse, (copy) => copy.resize(640));
    expect(compressionOfGrid(await pixelsOf(cut))).toBeGreaterThan(0.8 * whole);
    expect(compressionOfGrid(await pixelsOf(dark))).toBeGreaterThan(0.8 * whole);
    expect(compressionOfGrid(await pixelsOf(scaled))).toBeLessThan(0.1 * whole);
  });

  it('lies in [0, 1] for any pixels, and is none for a picture too narrow for a grid', () => {
    const pictures = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 6 }), seed: fc.nat() });
    fc.assert(
      fc.property(pictures, fc.uint8Array({ minLength: 720, maxLength: 720 }), ({ width, height }, data) => {
        const share = compressionOfGrid({ data: data.subarray(0, width * height * 3), width, height });
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (width <= 16) expect(share).toBe(0);
      }),
    );
  });
});

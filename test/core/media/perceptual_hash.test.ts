import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { areNearDuplicates, differenceHash, hammingDistance } from '../../../src/core/media/perceptual_hash.ts';
import { readPicture } from '../../../src/core/media/picture.ts';
import { measurePicture } from '../../../src/core/media/quality.ts';
import { changed, makePicture } from './made_media.ts';

async function hashOf(picture: Buffer): Promise<bigint> {
  const { working: pixels } = await readPicture(picture);
  return differenceHash(measurePicture(pixels, 1, 1).luma, pixels.width, pixels.height);
}

const hashes = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('difference hash', () => {
  it('sets exactly the bits of cells brighter than those beside them', () => {
    const cells = new Uint8Array(64).fill(100);
    expect(differenceHash(cells, 8, 8)).toBe(0n);
    cells[9] = 200;
    expect(differenceHash(cells, 8, 8)).toBe(1n << 54n);
    cells[9] = 0;
    const beside = [1, 8, 10, 17].reduce((hash, cell) => hash | (1n << BigInt(63 - cell)), 0n);
    expect(differenceHash(cells, 8, 8)).toBe(beside);
  });

  it('does not change with brightness or contrast, and not with where a cell is sampled', () => {
    const cells = fc.uint8Array({ minLength: 64, maxLength: 64, max: 120 });
    fc.assert(
      fc.property(cells, fc.nat(10), (luma, brighter) => {
        const hash = differenceHash(luma, 8, 8);
        expect(
          differenceHash(
            luma.map((value) => 2 * value + brighter),
            8,
            8,
          ),
        ).toBe(hash);
        const larger = Uint8Array.from({ length: 24 * 16 }, (_, at) => luma[8 * Math.floor(at / 48) + Math.floor((at % 24) / 3)] as number);
        expect(differenceHash(larger, 24, 16)).toBe(hash);
      }),
    );
  });

  it('has the Hamming distance of a metric', () => {
    fc.assert(
      fc.property(hashes, hashes, hashes, (a, b, c) => {
        expect(hammingDistance(a, a)).toBe(0);
        expect(hammingDistance(a, b)).toBe(hammingDistance(b, a));
        expect(hammingDistance(a, c)).toBeLessThanOrEqual(hammingDistance(a, b) + hammingDistance(b, c));
        expect(hammingDistance(a, b)).toBe((a ^ b).toString(2).replaceAll('0', '').length);
      }),
    );
  });

  it('finds re-encoded, darker, blurred and smaller copies near-duplicates', async () => {
    const original = await makePicture(11);
    const hash = await hashOf(original);
    const copies = [
      await sharp(original).jpeg({ quality: 30 }).toBuffer(),
      await changed(original, (copy) => copy.linear(0.6, 5)),
      await changed(original, (copy) => copy.blur(4)),
      await changed(original, (copy) => copy.resize(200)),
    ];
    for (const copy of copies) expect(areNearDuplicates(hash, await hashOf(copy))).toBe(true);
  });

  it('finds different pictures different', async () => {
    const all = await Promise.all([21, 22, 23, 24, 25].map(async (seed) => hashOf(await makePicture(seed))));
    all.forEach((a, index) => {
      for (const b of all.slice(index + 1)) expect(areNearDuplicates(a, b)).toBe(false);
    });
  });

  it('takes pictures smaller than its cells', () => {
    expect(differenceHash(new Uint8Array([0, 255]), 2, 1)).toBeGreaterThan(0n);
  });
});

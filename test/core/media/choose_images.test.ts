import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, chooseImages } from '../../../src/core/media/choose_images.ts';
import { areNearDuplicates } from '../../../src/core/media/perceptual_hash.ts';

/** Hashes that lie far apart: 16 equal bits for each of the four digits. */
const HASHES = [0n, 0xffffffff00000000n, 0x0000ffffffff0000n, 0xff00ff00ff00ff00n] as const;

const picture = (name: string, score: number, hash: bigint, textShare: number | null = null): Candidate => ({
  name,
  score,
  hash,
  textShare,
});
const ALL = { limit: 10, maxText: 1 };

describe('the images of a note', () => {
  it('are the best pictures, best first, as many as asked for', () => {
    const pictures = [picture('a', 0.2, HASHES[0]), picture('b', 0.9, HASHES[1]), picture('c', 0.5, HASHES[2])];
    expect(chooseImages(pictures, ALL)).toEqual({ chosen: [1, 2, 0], reasons: new Map() });
    expect(chooseImages(pictures, { ...ALL, limit: 2 })).toEqual({ chosen: [1, 2], reasons: new Map([[0, '2 others score higher']]) });
    expect(chooseImages(pictures, { ...ALL, limit: 1 }).reasons.get(2)).toBe('another scores higher');
  });

  it('leave out near-duplicates of a better one, and name it', () => {
    const pictures = [picture('a', 0.2, HASHES[0] ^ 3n), picture('b', 0.9, HASHES[0]), picture('c', 0.5, HASHES[1])];
    expect(chooseImages(pictures, ALL)).toEqual({ chosen: [1, 2], reasons: new Map([[0, 'near-duplicate of b']]) });
  });

  it('leave out pictures that text covers, where it was read', () => {
    const pictures = [picture('a', 0.9, HASHES[0], 0.45), picture('b', 0.5, HASHES[1], 0.3), picture('c', 0.4, HASHES[2])];
    const { chosen, reasons } = chooseImages(pictures, { limit: 4, maxText: 0.3 });
    expect(chosen).toEqual([1, 2]);
    expect(reasons.get(0)).toBe('text covers 45 %, at most 30 % is wanted');
  });

  it('do not make room for a twin of a picture that was itself passed over', () => {
    const pictures = [picture('a', 0.9, HASHES[0], 0.9), picture('b', 0.5, HASHES[0] ^ 1n, 0.1)];
    expect(chooseImages(pictures, { limit: 4, maxText: 0.3 }).chosen).toEqual([1]);
  });

  it('are never near-duplicates of each other, and every other picture has its reason', () => {
    const any = fc.record({
      score: fc.constantFrom(0.1, 0.2, 0.5),
      hash: fc.bigInt({ min: 0n, max: 2n ** 12n - 1n }).map((bits) => bits * 0x0004000200010001n),
      textShare: fc.constantFrom(null, 0, 0.5),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (pictures, limit) => {
        const named = pictures.map((each, place) => ({ ...each, name: String(place) }));
        const { chosen, reasons } = chooseImages(named, { limit, maxText: 0.4 });
        expect([...chosen, ...reasons.keys()].sort((a, b) => a - b)).toEqual(named.map((_, place) => place));
        for (const [at, place] of chosen.entries()) {
          const image = named[place] as Candidate;
          expect(image.textShare ?? 0).toBeLessThanOrEqual(0.4);
          for (const other of chosen.slice(at + 1)) {
            expect((named[other] as Candidate).score).toBeLessThanOrEqual(image.score);
            expect(areNearDuplicates(image.hash, (named[other] as Candidate).hash)).toBe(false);
          }
        }
      }),
    );
  });
});

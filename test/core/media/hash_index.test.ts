import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashIndex } from '../../../src/core/media/hash_index.ts';
import { hammingDistance, NEAR_DUPLICATE_BITS } from '../../../src/core/media/perceptual_hash.ts';
import { createRandom, type Random } from '../../../src/core/random.ts';

const hashes = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** Hashes that differ from a few in a few bits, so that there are neighbours at every distance. */
const crowded = fc
  .tuple(
    fc.array(hashes, { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(), fc.array(fc.nat(63), { maxLength: 20 })), { maxLength: 60 }),
  )
  .map(([centres, changes]) => changes.map(([centre, bits]) => flipped(centres[centre % centres.length] as bigint, bits)));

function flipped(hash: bigint, bits: readonly number[]): bigint {
  return bits.reduce((changed, bit) => changed ^ (1n << BigInt(bit)), hash);
}

function randomHash(random: Random): bigint {
  return (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
}

describe('an index of hashes', () => {
  it('finds exactly what a look at all of them finds, at every distance', () => {
    fc.assert(
      fc.property(crowded, hashes, fc.nat(64), (all, other, distance) => {
        const index = createHashIndex(all);
        for (const hash of [...all.slice(0, 3), other]) {
          const expected = all.flatMap((each, place) => (hammingDistance(each, hash) <= distance ? [place] : []));
          expect(index.within(hash, distance)).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds a neighbour whichever of its bits differ, and nothing one bit further', () => {
    const random = createRandom(1);
    const hash = randomHash(random);
    for (let round = 0; round < 100; round++) {
      const bits = new Set<number>();
      while (bits.size < NEAR_DUPLICATE_BITS + 1) bits.add(random.below(64));
      const [spared, ...changed] = [...bits];
      const near = createHashIndex([flipped(hash, changed)]);
      expect(near.within(hash, NEAR_DUPLICATE_BITS)).toEqual([0]);
      const far = createHashIndex([flipped(hash, [spared as number, ...changed])]);
      expect(far.within(hash, NEAR_DUPLICATE_BITS)).toEqual([]);
    }
  });

  it('stops at the limit, with neighbours only and always the same', () => {
    fc.assert(
      fc.property(crowded, fc.integer({ min: 1, max: 5 }), (all, limit) => {
        const index = createHashIndex(all);
        for (const hash of all.slice(0, 3)) {
          const everything = index.within(hash, 8);
          const some = index.within(hash, 8, limit);
          expect(some).toHaveLength(Math.min(limit, everything.length));
          expect(everything).toEqual(expect.arrayContaining(some));
          expect(createHashIndex(all).within(hash, 8, limit)).toEqual(some);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('answers 20,000 equal hashes beside 20,000 others in time', () => {
    const random = createRandom(2);
    const others = Array.from({ length: 20_000 }, () => randomHash(random));
    const all = [...others.map(() => 0n), ...others];
    const index = createHashIndex(all);
    const start = performance.now();
    const found = all.map((hash) => index.within(hash, NEAR_DUPLICATE_BITS, 20).length);
    // A look at all of them, for each of them, takes more than ten times as long.
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(found.slice(0, 20_000).every((count) => count === 20)).toBe(true);
    expect(found.slice(20_000).every((count) => count >= 1)).toBe(true);
  });

  it('finds nothing among no hashes', () => {
    expect(createHashIndex([]).within(0n, 64)).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Combination,
  countCombinations,
  type ElementGroup,
  groupElements,
  scoreCombination,
} from '../../../src/core/models/combinations.ts';
import { drawRandomSlate, drawSlate, meanHamming } from '../../../src/core/models/slate.ts';
import { createRandom } from '../../../src/core/random.ts';

function groupsOf(...scores: readonly (readonly number[])[]): ElementGroup[] {
  return groupElements(
    scores.flatMap((kind, k) => kind.map((score, i) => ({ kind: `kind${k}`, elementId: String(i).padStart(4, '0'), score }))),
  );
}

/** Scores of `sizes` elements per kind, from a seed. */
function randomGroups(seed: number, ...sizes: readonly number[]): ElementGroup[] {
  const random = createRandom(seed);
  return groupsOf(...sizes.map((size) => Array.from({ length: size }, () => random.uniform())));
}

function uses(slate: readonly Combination[], kind: number): number[] {
  const counts = new Map<number, number>();
  for (const combination of slate) counts.set(combination[kind] as number, (counts.get(combination[kind] as number) ?? 0) + 1);
  return [...counts.values()];
}

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
const draw = (groups: readonly ElementGroup[], size: number, seed = 1, gamma = 0.5) =>
  drawSlate(groups, { size, gamma, random: createRandom(seed) });
const meanScore = (groups: readonly ElementGroup[], slate: readonly Combination[]): number =>
  slate.reduce((sum, combination) => sum + scoreCombination(groups, combination), 0) / slate.length;

describe('drawSlate', () => {
  it('holds different combinations, as many as wanted or as there are', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), fc.nat(), (counts, size, seed) => {
        const groups = randomGroups(seed, ...counts);
        const slate = draw(groups, size, seed);
        expect(new Set(slate.map((combination) => combination.join())).size).toBe(Math.min(size, countCombinations(groups)));
        expect(slate.length).toBe(Math.min(size, countCombinations(groups)));
      }),
    );
  });

  it('shows no element in more than half of the slate where every kind has two and combinations abound', () => {
    const wide = fc.array(fc.integer({ min: 4, max: 12 }), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 8 }), fc.nat(), (counts, size, seed) => {
        const slate = draw(randomGroups(seed, ...counts), size, seed, 0);
        for (const kind of counts.keys()) expect(Math.max(...uses(slate, kind))).toBeLessThanOrEqual(Math.ceil(size / 2));
      }),
    );
  });

  it('looks beyond the pool before it lets one strong element into more than half of the slate', () => {
    // The pool (128 of 12,000) holds nothing but the first image.
    const groups = groupsOf(
      [1, ...Array.from({ length: 29 }, () => 0)],
      Array.from({ length: 20 }, (_, i) => 0.5 + i / 1000),
      Array.from({ length: 20 }, (_, i) => 0.5 + i / 1000),
    );
    const slate = draw(groups, 8, 1, 0);
    expect(slate.filter((combination) => combination[0] === 0)).toHaveLength(4);
  });

  it('repeats an element without limit when its kind has no other, and beyond the limit when nothing else is left', () => {
    expect(draw(groupsOf([0.5], [0.1, 0.2, 0.3, 0.4]), 4)).toHaveLength(4);
    // Three wanted of 2 × 2: the cap is two.
    expect(Math.max(...uses(draw(groupsOf([0.9, 0.1], [0.9, 0.1]), 3), 0))).toBe(2);
    // One image has to be in all; the titles differ.
    expect(uses(draw(groupsOf([0.5], [0.9, 0.5, 0.1]), 3), 1)).toEqual([1, 1, 1]);
    // Five wanted of 2 × 3: the cap is three.
    expect(uses(draw(groupsOf([0.9, 0.1], [0.9, 0.5, 0.1]), 5), 0).sort()).toEqual([2, 3]);
    // All six wanted: nothing is left out for the sake of the cap.
    expect(draw(groupsOf([0.9, 0.1], [0.9, 0.5, 0.1]), 6)).toHaveLength(6);
  });

  it('begins with the best combination when all are in the pool', () => {
    const [first] = draw(groupsOf([0.1, 0.9, 0.3], [0.2, 0.4, 0.8]), 4);
    expect([...(first ?? [])]).toEqual([1, 2]);
  });

  it('without a weight on likeness takes the greatest scores the cap allows', () => {
    const groups = groupsOf([0.9, 0.5], [0.8, 0.4, 0.1]);
    // Cap 2. Best first: (0,0), (0,1); then image 0 is used up: (1,0), (1,1).
    expect(draw(groups, 4, 1, 0).map((combination) => combination.join())).toEqual(['0,0', '0,1', '1,0', '1,1']);
  });

  it('the more weight on likeness, the more the creatives differ and the less they score', () => {
    const groups = randomGroups(7, 12, 12, 12);
    const slates = [0, 0.5, 5].map((gamma) => draw(groups, 8, 1, gamma));
    const hamming = slates.map((slate) => meanHamming(slate) as number);
    expect(hamming[0]).toBeLessThan(hamming[1] as number);
    expect(hamming[1]).toBeLessThanOrEqual(hamming[2] as number);
    const scores = slates.map((slate) => meanScore(groups, slate));
    expect(scores[0]).toBeGreaterThan(scores[2] as number);
  });

  it('is the same whatever unit the scores are in', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.25, 2, 8), (seed, unit) => {
        const groups = randomGroups(seed, 10, 10, 10);
        // Powers of two change no rounding.
        const scaled = groups.map((group) => ({ ...group, scores: group.scores.map((score) => score * unit) }));
        expect(draw(scaled, 6, seed)).toEqual(draw(groups, 6, seed));
      }),
      { numRuns: 20 },
    );
  });

  it('is the same for the same seed and another for another', () => {
    const groups = randomGroups(3, 20, 20, 20);
    expect(draw(groups, 8, 11)).toEqual(draw(groups, 8, 11));
    expect(draw(groups, 8, 12)).not.toEqual(draw(groups, 8, 11));
  });

  it('scores far better than a random slate and differs nearly as much', () => {
    for (let seed = 0; seed < 20; seed++) {
      const groups = randomGroups(seed, 20, 20, 20);
      const slate = draw(groups, 8, seed);
      const random = drawRandomSlate(groups, { size: 8, random: createRandom(seed) });
      // Uniform scores have mean 0.5 and the mean of three an sd of 0.17; eight at random stay below 0.75.
      expect(meanScore(groups, slate)).toBeGreaterThan(meanScore(groups, random) + 0.1);
      expect(meanHamming(slate)).toBeGreaterThan(0.6);
    }
  });

  it('takes equal scores as they come, without a number going wrong', () => {
    const groups = groupsOf(
      Array.from({ length: 30 }, () => 0.7),
      Array.from({ length: 30 }, () => 0.7),
    );
    const slate = draw(groups, 8);
    expect(slate).toHaveLength(8);
    // With nothing to choose by score, likeness decides: no element twice.
    expect(meanHamming(slate)).toBe(1);
  });
});

describe('drawRandomSlate', () => {
  it('holds different combinations, as many as wanted or as there are', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), fc.nat(), (counts, size, seed) => {
        const groups = randomGroups(seed, ...counts);
        const slate = drawRandomSlate(groups, { size, random: createRandom(seed) });
        expect(new Set(slate.map((combination) => combination.join())).size).toBe(Math.min(size, countCombinations(groups)));
      }),
    );
  });

  it('draws every combination equally often', () => {
    const groups = groupsOf([0.9, 0.1], [0.9, 0.5, 0.1]);
    const counts = new Map<string, number>();
    const draws = 6000;
    for (let seed = 0; seed < draws; seed++) {
      const [first] = drawRandomSlate(groups, { size: 1, random: createRandom(seed) });
      counts.set(String(first), (counts.get(String(first)) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Binomial(6000, 1/6) has sd 29; five of them.
    for (const times of counts.values()) expect(Math.abs(times - draws / 6)).toBeLessThan(145);
  });

  it('draws from more combinations than a number can count', () => {
    const groups = groupsOf(...Array.from({ length: 12 }, () => Array.from({ length: 100 }, () => 0.5)));
    expect(countCombinations(groups)).toBe(1e24);
    expect(drawRandomSlate(groups, { size: 5, random: createRandom(1) })).toHaveLength(5);
  });
});

describe('meanHamming', () => {
  it('is the mean share of differing elements over pairs, and undefined for one creative', () => {
    const slate = [Uint32Array.of(0, 0), Uint32Array.of(0, 1), Uint32Array.of(1, 1)];
    expect(meanHamming(slate)).toBeCloseTo((0.5 + 1 + 0.5) / 3, 15);
    expect(meanHamming(slate.slice(0, 1))).toBeNull();
    expect(meanHamming([])).toBeNull();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ComposedSlate,
  exactSlate,
  policySlate,
  randomSlate,
  withRandomShare,
} from '../../../../src/core/models/generator/compose_slate.ts';
import { type GeneratorAd, PointerPolicy } from '../../../../src/core/models/generator/policy.ts';
import { CombinationReward } from '../../../../src/core/models/generator/reward.ts';
import { meanHamming } from '../../../../src/core/models/generator/slate.ts';
import { type Combination, CombinationSpace } from '../../../../src/core/models/generator/space.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allCombinations, madeAd } from './made_ads.ts';

const POLICY = PointerPolicy.untrained();
const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });

const PATHS = {
  exact: (ad: GeneratorAd, size: number, seed = 1, gamma = 0.5) =>
    exactSlate(ad.space, ad.reward, { size, gamma, random: createRandom(seed) }),
  policy: (ad: GeneratorAd, size: number, seed = 1, gamma = 0.5) => policySlate(POLICY, ad, { size, gamma, random: createRandom(seed) }),
  random: (ad: GeneratorAd, size: number, seed = 1) => randomSlate(ad.space, ad.reward, { size, random: createRandom(seed) }),
};

/** An ad whose reward is the mean of its elements' scores. */
function scoredAd(...scores: readonly (readonly number[])[]): GeneratorAd {
  const main = Float64Array.from(scores.flatMap((kind) => kind.map((score) => score / scores.length)));
  const table = { sizes: Int32Array.from(scores, ({ length }) => length), offset: 0, main, pairs: undefined, covariance: undefined };
  return {
    adId: 'a',
    kinds: scores.map((_, kind) => `kind-${kind}`),
    elementIds: [...main.keys()].map(String),
    space: new CombinationSpace({ sizes: table.sizes }),
    reward: new CombinationReward(table),
  };
}

function uses({ combinations }: ComposedSlate, kind: number): number[] {
  const counts = new Map<number, number>();
  for (const combination of combinations) counts.set(combination[kind] as number, (counts.get(combination[kind] as number) ?? 0) + 1);
  return [...counts.values()];
}

const distinct = (combinations: readonly Combination[]): number => new Set(combinations.map((combination) => combination.join())).size;
const meanReward = ({ rewards }: ComposedSlate): number => rewards.reduce((sum, r) => sum + r, 0) / rewards.length;

describe.each(Object.keys(PATHS) as (keyof typeof PATHS)[])('a slate by the %s path', (path) => {
  it('holds different combinations, as many as wanted or as there are, with their rewards', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), fc.nat(), (counts, size, seed) => {
        const ad = madeAd(seed, { sizes: counts });
        const { combinations, rewards, rewardCalls } = PATHS[path](ad, size, seed);
        expect(combinations.length).toBe(Math.min(size, ad.space.count));
        expect(distinct(combinations)).toBe(combinations.length);
        combinations.forEach((combination, i) => {
          expect(ad.space.holds(combination)).toBe(true);
          expect(rewards[i]).toBeCloseTo(ad.reward.score(combination), 10);
        });
        expect(rewardCalls).toBe(ad.reward.calls - combinations.length);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps to forbidden pairs and to at-most constraints, and comes short rather than break them', () => {
    const forbidden = Array.from({ length: 5 }, (_, i): [number, number] => [i, 6 + i]);
    const mostUses = new Float64Array(18).fill(2);
    const ad = madeAd(4, { sizes: [6, 6, 6], space: { forbidden, mostUses } });
    const slate = PATHS[path](ad, 8);
    expect(slate.combinations).toHaveLength(8);
    for (const kind of [0, 1, 2]) expect(Math.max(...uses(slate, kind))).toBeLessThanOrEqual(2);
    for (const combination of slate.combinations) expect(ad.space.holds(combination)).toBe(true);
    const tight = madeAd(4, { sizes: [3, 6], space: { mostUses: new Float64Array(9).fill(2) } });
    expect(PATHS[path](tight, 8).combinations).toHaveLength(6);
  });

  it('is the same for the same seed and another for another', () => {
    const ad = madeAd(3, { sizes: [20, 20, 20], pairSd: 0.3 });
    expect(PATHS[path](ad, 8, 11)).toEqual(PATHS[path](ad, 8, 11));
    expect(PATHS[path](ad, 8, 12)).not.toEqual(PATHS[path](ad, 8, 11));
  });
});

describe('a slate by reward', () => {
  const byReward = ['exact', 'policy'] as const;

  it.each(byReward)('shows no element in more than half of it where every kind has enough (%s)', (path) => {
    const wide = fc.array(fc.integer({ min: 4, max: 12 }), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 8 }), fc.nat(), (counts, size, seed) => {
        const slate = PATHS[path](madeAd(seed, { sizes: counts }), size, seed, 0);
        for (const kind of counts.keys()) expect(Math.max(...uses(slate, kind))).toBeLessThanOrEqual(Math.ceil(size / 2));
      }),
      { numRuns: 40 },
    );
  });

  it.each(byReward)('looks beyond its pool before it lets one strong element into more than half of it (%s)', (path) => {
    const flat = Array.from({ length: 20 }, (_, i) => 0.5 + i / 1000);
    const slate = PATHS[path](scoredAd([1, ...Array.from({ length: 29 }, () => 0)], flat, flat), 8, 1, 0);
    expect(slate.combinations.filter((combination) => combination[0] === 0)).toHaveLength(4);
  });

  it.each(byReward)('repeats an element when its kind has no other, and beyond half when nothing else is left (%s)', (path) => {
    expect(PATHS[path](scoredAd([0.5], [0.1, 0.2, 0.3, 0.4]), 4).combinations).toHaveLength(4);
    // Five wanted of 2 × 3: at most three each.
    expect(uses(PATHS[path](scoredAd([0.9, 0.1], [0.9, 0.5, 0.1]), 5), 0).sort()).toEqual([2, 3]);
    // All six wanted: nothing is left out for the sake of the rule.
    expect(PATHS[path](scoredAd([0.9, 0.1], [0.9, 0.5, 0.1]), 6).combinations).toHaveLength(6);
  });

  it.each(byReward)('takes the greatest rewards that the rule allows when likeness counts nothing (%s)', (path) => {
    // Half is two. Best first: (0,2), (0,3); then 0 is used up: (1,2), (1,3).
    const { combinations } = PATHS[path](scoredAd([0.9, 0.5], [0.8, 0.5, 0.1]), 4, 1, 0);
    expect(combinations.map((combination) => combination.join())).toEqual(['0,2', '0,3', '1,2', '1,3']);
  });

  it.each(byReward)('differs more and is worth less the more likeness counts (%s)', (path) => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    const slates = [0, 0.5, 5].map((gamma) =>
      seeds.map((seed) => PATHS[path](madeAd(seed, { sizes: [12, 12, 12], pairSd: 0 }), 8, seed, gamma)),
    );
    const hamming = slates.map((own) => mean(own.map(({ combinations }) => meanHamming(combinations) as number)));
    const rewards = slates.map((own) => mean(own.map(meanReward)));
    expect(hamming).toEqual(hamming.toSorted((a, b) => a - b));
    expect(rewards).toEqual(rewards.toSorted((a, b) => b - a));
    expect(new Set(hamming).size).toBe(3);
  });

  it('takes candidates that are alike for half equal ones', () => {
    const ad = scoredAd([0.9, 0.89, 0.5], [0.5]);
    const likeness = new Float64Array(16);
    likeness[0 * 4 + 1] = likeness[1 * 4 + 0] = 0.9;
    const compose = (options: { likeness?: Float64Array }) =>
      exactSlate(ad.space, ad.reward, { size: 2, gamma: 5, random: createRandom(1), ...options }).combinations.map(([first]) => first);
    expect(compose({})).toEqual([0, 1]);
    expect(compose({ likeness })).toEqual([0, 2]);
  });

  it('is the same whatever unit the rewards are in', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.25, 2, 8), (seed, unit) => {
        const random = createRandom(seed);
        const scores = Array.from({ length: 3 }, () => Array.from({ length: 10 }, () => random.uniform()));
        // Powers of two change no rounding.
        const scaled = scores.map((kind) => kind.map((score) => score * unit));
        expect(PATHS.exact(scoredAd(...scaled), 6, seed).combinations).toEqual(PATHS.exact(scoredAd(...scores), 6, seed).combinations);
      }),
      { numRuns: 20 },
    );
  });

  it.each(byReward)('takes equal rewards as they come, without a number going wrong (%s)', (path) => {
    const equal = Array.from({ length: 30 }, () => 0.7);
    const { combinations } = PATHS[path](scoredAd(equal, equal), 8);
    expect(combinations).toHaveLength(8);
    // With nothing to choose by reward, likeness decides: no element twice.
    expect(meanHamming(combinations)).toBe(1);
  });

  it('is far better than a random one and differs nearly as much', () => {
    for (let seed = 0; seed < 10; seed++) {
      const ad = madeAd(seed, { sizes: [20, 20, 20], pairSd: 0 });
      const random = meanReward(PATHS.random(ad, 8, seed));
      for (const path of byReward) {
        const slate = PATHS[path](ad, 8, seed);
        // Rewards have sd √3, the mean of eight random ones 0.6.
        expect(meanReward(slate)).toBeGreaterThan(random + 1);
        expect(meanHamming(slate.combinations)).toBeGreaterThan(0.6);
      }
    }
  });
});

describe('a slate of a policy', () => {
  it('draws again among what fits where one element is in nearly all of its draws', () => {
    for (let seed = 0; seed < 10; seed++) {
      const ad = madeAd(seed, { sizes: Array.from({ length: 5 }, () => 20), pairSd: 0 });
      ad.reward.table.main[0] = 12;
      const slate = PATHS.policy(ad, 8, seed);
      expect(slate.combinations).toHaveLength(8);
      expect(slate.combinations.filter((combination) => combination[0] === 0)).toHaveLength(4);
      // 256 draws, and twice 64 at the most, where 2,048 more were once scored.
      expect(slate.rewardCalls).toBeGreaterThan(256);
      expect(slate.rewardCalls).toBeLessThanOrEqual(384);
      // The others are as good as their elements allow: 0.6 is what uniform draws come to.
      const rest = slate.combinations.filter((combination) => combination[0] !== 0).map((combination) => ad.reward.score(combination) + 3);
      expect(Math.min(...rest)).toBeGreaterThan(2);
    }
  });

  it('is as large as wanted, however large that is', () => {
    const ad = madeAd(1, { sizes: [20, 20, 20], pairSd: 0 });
    const { combinations } = PATHS.policy(ad, 2_500);
    expect(distinct(combinations)).toBe(2_500);
  });
});

describe('a random slate', () => {
  it('draws from more combinations than a number can count', () => {
    const ad = madeAd(1, { sizes: Array.from({ length: 12 }, () => 100), pairSd: 0 });
    expect(PATHS.random(ad, 5).combinations).toHaveLength(5);
  });
});

describe('withRandomShare', () => {
  const EPSILON = 0.2;

  it('draws as often as it says, and gives propensities that sum to one over what may stand at a place', () => {
    const ad = madeAd(2, { sizes: [2, 3] });
    const slate = PATHS.exact(ad, 3);
    const random = createRandom(1);
    const rounds = 6_000;
    const counts = new Map<string, number>();
    let propensities = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const [first] = withRandomShare(slate, ad.space, ad.reward, EPSILON, random);
      if (!first) throw new Error('expected a place');
      const key = first.combination.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
      propensities = propensities.set(key, first.propensity);
    }
    // Six combinations, two of which stand at the other places.
    expect(counts.size).toBe(4);
    expect([...propensities.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    for (const [key, times] of counts) {
      const p = propensities.get(key) as number;
      // Binomial, five sd.
      expect(Math.abs(times / rounds - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / rounds));
    }
  });

  it.each([
    ['nothing else rules', Number.POSITIVE_INFINITY],
    ['candidates may be in four creatives', 4],
    ['candidates may be in two creatives, so that most draws would not fit', 2],
  ])('replaces as many as the propensities say where %s', (_, most) => {
    const ad = madeAd(2, { sizes: [6, 6, 6], space: { mostUses: new Float64Array(18).fill(most) } });
    const slate = PATHS.exact(ad, 8);
    expect(slate.combinations).toHaveLength(8);
    let [times, expected, variance] = [0, 0, 0];
    for (let seed = 0; seed < 2_000; seed++) {
      for (const { isRandom, propensity } of withRandomShare(slate, ad.space, ad.reward, EPSILON, createRandom(seed))) {
        const share = isRandom ? propensity : propensity - (1 - EPSILON);
        const p = EPSILON - share;
        times += isRandom ? 1 : 0;
        expected += p;
        variance += p * (1 - p);
      }
    }
    expect(Math.abs(times - expected)).toBeLessThan(5 * Math.sqrt(variance));
  });

  it('draws every combination that fits beside the other places as often as its propensity says, and no other', () => {
    const ad = madeAd(2, { sizes: [3, 4], space: { forbidden: [[0, 3]], mostUses: Float64Array.of(2, 2, 1, 2, 2, 1, 2) } });
    const slate = PATHS.exact(ad, 4);
    const others = slate.combinations.slice(1);
    const fits = allCombinations([3, 4]).filter(
      (combination) =>
        ad.space.holds(combination) &&
        distinct([...others, combination]) === slate.combinations.length &&
        combination.every(
          (candidate) => others.filter((other) => other.includes(candidate)).length < (ad.space.mostUses[candidate] as number),
        ),
    );
    const rounds = 6_000;
    const counts = new Map<string, number>();
    const propensities = new Map<string, number>();
    const random = createRandom(1);
    for (let round = 0; round < rounds; round++) {
      const [first] = withRandomShare(slate, ad.space, ad.reward, EPSILON, random);
      if (!first) throw new Error('expected a place');
      const key = first.combination.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
      propensities.set(key, first.propensity);
    }
    expect([...counts.keys()].sort()).toEqual(fits.map((combination) => combination.join()).sort());
    expect(fits.length).toBeGreaterThan(1);
    for (const [key, times] of counts) {
      const p = propensities.get(key) as number;
      // Binomial, five sd.
      expect(Math.abs(times / rounds - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / rounds));
    }
  });

  it('leaves the chosen combination, with certainty, where no other fits', () => {
    const ad = madeAd(2, { sizes: [6, 6, 6], space: { mostUses: new Float64Array(18).fill(1) } });
    for (const { isRandom, propensity } of withRandomShare(PATHS.exact(ad, 6), ad.space, ad.reward, EPSILON, createRandom(1))) {
      expect([isRandom, propensity]).toEqual([false, 1]);
    }
  });

  it('never puts a combination twice into a slate, marks what chance chose, and gives its reward', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 6 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, size, epsilon) => {
        const ad = madeAd(seed, { sizes: [2, 3] });
        const slate = PATHS.exact(ad, size, seed);
        const placed = withRandomShare(slate, ad.space, ad.reward, epsilon, createRandom(seed));
        expect(distinct(placed.map(({ combination }) => combination))).toBe(size);
        placed.forEach(({ combination, reward, isRandom, propensity }, place) => {
          expect(isRandom).toBe(combination.join() !== slate.combinations[place]?.join());
          expect(reward).toBeCloseTo(ad.reward.score(combination), 10);
          expect(propensity).toBeGreaterThan(0);
          expect(propensity).toBeLessThanOrEqual(1);
        });
        if (epsilon === 0) expect(placed.every(({ isRandom, propensity }) => !isRandom && propensity === 1)).toBe(true);
      }),
    );
  });

  it('keeps to at-most constraints', () => {
    const ad = madeAd(2, { sizes: [4, 4], space: { mostUses: new Float64Array(8).fill(2) } });
    const slate = PATHS.exact(ad, 6);
    for (let seed = 0; seed < 50; seed++) {
      const placed = withRandomShare(slate, ad.space, ad.reward, 1, createRandom(seed));
      const all = placed.flatMap(({ combination }) => [...combination]);
      for (const candidate of all) expect(all.filter((other) => other === candidate).length).toBeLessThanOrEqual(2);
    }
  });
});

describe('meanHamming', () => {
  it('is the mean share of differing elements over pairs, and undefined for one creative', () => {
    const slate = [Int32Array.of(0, 0), Int32Array.of(0, 1), Int32Array.of(1, 1)];
    expect(meanHamming(slate)).toBeCloseTo((0.5 + 1 + 0.5) / 3, 15);
    expect(meanHamming(slate.slice(0, 1))).toBeNull();
    expect(meanHamming([])).toBeNull();
  });
});

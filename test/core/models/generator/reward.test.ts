import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairwiseReward } from '../../../../src/core/models/generator/pairwise.ts';
import { CombinationReward } from '../../../../src/core/models/generator/reward.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allCombinations, madeAd } from './made_ads.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

describe('CombinationReward', () => {
  it('gives the mean less κ standard deviations, as the whole quadratic forms do', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.double({ min: 0, max: 3, noNaN: true }), (counts, seed, kappa) => {
        const { reward } = madeAd(seed, { sizes: counts, uncertainty: 0.5, kappa });
        const { offset, main, pairs, covariance } = reward.table;
        const n = main.length;
        for (const combination of allCombinations(counts).slice(0, 20)) {
          const indicator = Float64Array.from({ length: n + 1 }, (_, i) => (i === n || combination.includes(i) ? 1 : 0));
          let [mean, variance] = [offset, 0];
          for (let i = 0; i <= n; i++) {
            if (i < n) mean += (main[i] as number) * (indicator[i] as number);
            for (let j = 0; j <= n; j++) {
              const both = (indicator[i] as number) * (indicator[j] as number);
              variance += both * (covariance?.[i * (n + 1) + j] as number);
              if (j < i && i < n) mean += both * (pairs?.[i * n + j] as number);
            }
          }
          expect(reward.score(combination)).toBeCloseTo(mean - kappa * Math.sqrt(Math.max(0, variance)), 6);
          expect(new CombinationReward(reward.table).score(combination)).toBeCloseTo(mean, 10);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('scores all combinations of a space as it scores each, and counts the calls', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.constantFrom(0, 1.5), fc.boolean(), (counts, seed, kappa, isForbidden) => {
        const n = counts.reduce((sum, size) => sum + size, 0);
        const space = isForbidden ? { forbidden: [[0, n - 1] as const] } : {};
        const ad = madeAd(seed, { sizes: counts, uncertainty: 0.3, kappa, space });
        fc.pre(!ad.space.isEmpty);
        const { rewards, members } = ad.reward.poolOfAll(ad.space);
        expect(ad.reward.calls).toBe(rewards.length);
        const all = allCombinations(counts).filter((combination) => ad.space.holds(combination));
        expect([...members]).toEqual(all.flatMap((combination) => [...combination]));
        all.forEach((combination, i) => {
          expect(rewards[i]).toBeCloseTo(ad.reward.score(combination), 8);
        });
        expect(ad.reward.calls).toBe(2 * rewards.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('pairwiseReward', () => {
  it('has mean 0 and sd 1 over uniform combinations once scaled, exactly where κ is 0', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (counts, seed) => {
        const { reward, space } = madeAd(seed, { sizes: counts });
        const { rewards } = reward.poolOfAll(space);
        const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
        const sd = Math.sqrt(rewards.reduce((sum, r) => sum + (r - mean) ** 2, 0) / rewards.length);
        const pairwise = pairwiseReward(reward, space.allowed);
        expect(pairwise.mean).toBeCloseTo(mean, 10);
        expect(pairwise.sd).toBeCloseTo(sd, 10);
      }),
      { numRuns: 60 },
    );
  });

  it('has mean and sd of the allowed candidates alone', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (counts, seed) => {
        const random = createRandom(seed);
        // The first of each kind is allowed.
        const allowed = counts.flatMap((size) => Array.from({ length: size }, (_, i) => i === 0 || random.uniform() < 0.5));
        const { reward, space } = madeAd(seed, { sizes: counts, space: { allowed } });
        const { rewards } = reward.poolOfAll(space);
        const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
        const sd = Math.sqrt(rewards.reduce((sum, r) => sum + (r - mean) ** 2, 0) / rewards.length);
        const pairwise = pairwiseReward(reward, space.allowed);
        expect(pairwise.mean).toBeCloseTo(mean, 10);
        expect(pairwise.sd).toBeCloseTo(sd, 10);
        pairwise.expected.forEach((worth, candidate) => {
          if (!allowed[candidate]) expect(worth).toBe(0);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('says what a candidate is worth when the others are drawn uniformly', () => {
    const counts = [3, 4, 2];
    const { reward, space } = madeAd(5, { sizes: counts });
    const { rewards, members } = reward.poolOfAll(space);
    const { expected, mean, sd } = pairwiseReward(reward, space.allowed);
    expected.forEach((value, candidate) => {
      const kind = space.kindOf[candidate] as number;
      const own = rewards.filter((_, i) => members[i * counts.length + kind] === candidate);
      // float32
      expect(value).toBeCloseTo((own.reduce((sum, r) => sum + r, 0) / own.length - mean) / sd, 5);
    });
  });

  it('orders combinations nearly as the pessimistic reward does', () => {
    const counts = [8, 8, 8];
    const ad = madeAd(9, { sizes: counts, uncertainty: 0.4, kappa: 1 });
    const { main, pairs, mean, sd } = pairwiseReward(ad.reward, ad.space.allowed);
    const n = main.length;
    const { rewards, members } = ad.reward.poolOfAll(ad.space);
    const linear = rewards.map((_, i) => {
      const combination = [...members.subarray(3 * i, 3 * i + 3)];
      return combination.reduce(
        (sum, a, s) => sum + (main[a] as number) + combination.slice(0, s).reduce((x, b) => x + (pairs?.[a * n + b] as number), 0),
        0,
      );
    });
    const standard = rewards.map((r) => (r - mean) / sd);
    const centre = (xs: Float64Array): Float64Array => xs.map((x) => x - xs.reduce((a, b) => a + b, 0) / xs.length);
    const [a, b] = [centre(linear), centre(standard)];
    const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);
    // Only √v is not linear in v.
    expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeGreaterThan(0.99);
  });

  it('is all zero where every combination is alike', () => {
    const { reward, space } = madeAd(1, { sizes: [1, 1, 1] });
    expect(pairwiseReward(reward, space.allowed).sd).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { CLUSTER_SUMS, type Estimate, estimate, SUMS_PER_CLUSTER } from '../../../src/core/feedback/estimators.ts';
import { createRandom } from '../../../src/core/random.ts';

const SUPPORTED = { replay: true, ips: true, snips: true, dm: true, dr: true };

function clusters(...sums: readonly Partial<Record<(typeof CLUSTER_SUMS)[number], number>>[]): Float64Array {
  return Float64Array.from(sums.flatMap((cluster) => CLUSTER_SUMS.map((name) => cluster[name] ?? 0)));
}

describe('estimate', () => {
  it('takes each estimate as the ratio of its sums over all clusters', () => {
    const sums = clusters(
      { rows: 100, matchedWeight: 40, matchedReward: 4, weight: 90, weightedReward: 9, direct: 11, doublyRobust: 12 },
      { rows: 60, matchedWeight: 10, matchedReward: 2, weight: 60, weightedReward: 3, direct: 5, doublyRobust: 2 },
    );
    const { replay, ips, snips, dm, dr } = estimate(sums, SUPPORTED, createRandom(1));
    expect([replay, ips, snips, dm, dr].map(({ value }) => value)).toEqual([6 / 50, 12 / 160, 12 / 150, 16 / 160, 14 / 160]);
  });

  it('has an interval of about ±1.96 standard errors over many clusters', () => {
    const random = createRandom(2);
    const sums = clusters(...Array.from({ length: 400 }, () => ({ rows: 1, weightedReward: random.normal() })));
    const { ciLow, ciHigh } = estimate(sums, SUPPORTED, random).ips;
    // 1/√400 = .05; 1,000 resamples know the ends to about 4 %.
    expect(Math.abs(((ciHigh ?? 0) - (ciLow ?? 0)) / (2 * 1.96 * 0.05) - 1)).toBeLessThan(0.15);
  });

  it('passes by clusters without rows', () => {
    const filled = clusters({ rows: 10, weightedReward: 1 }, { rows: 10, weightedReward: 3 });
    const sparse = new Float64Array(10 * SUMS_PER_CLUSTER);
    sparse.set(filled.subarray(0, SUMS_PER_CLUSTER), 3 * SUMS_PER_CLUSTER);
    sparse.set(filled.subarray(SUMS_PER_CLUSTER), 8 * SUMS_PER_CLUSTER);
    expect(estimate(sparse, SUPPORTED, createRandom(1))).toEqual(estimate(filled, SUPPORTED, createRandom(1)));
  });

  it('gives no number without support', () => {
    const none: Estimate = { value: null, ciLow: null, ciHigh: null };
    const sums = clusters({ rows: 10, direct: 1, weight: 2, weightedReward: 1 });
    const found = estimate(sums, { ...SUPPORTED, ips: false }, createRandom(1));
    expect(found.ips).toEqual(none);
    expect(found.replay).toEqual(none); // 0/0: nothing matched
    expect(found.snips.value).toBe(0.5);
  });
});

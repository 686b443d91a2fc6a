import { describe, expect, it } from 'vitest';
import { createBootstrap, differences, percentileInterval } from '../../../src/core/feedback/bootstrap.ts';
import { SUM, SUMS_PER_CLUSTER } from '../../../src/core/feedback/estimators.ts';
import { createRandom } from '../../../src/core/random.ts';

/** Clusters of one row, with these clicks times weights. */
function clusters(rewards: readonly number[]): Float64Array {
  const sums = new Float64Array(rewards.length * SUMS_PER_CLUSTER);
  rewards.forEach((reward, cluster) => {
    sums[cluster * SUMS_PER_CLUSTER + SUM.rows] = 1;
    sums[cluster * SUMS_PER_CLUSTER + SUM.weightedReward] = reward;
  });
  return sums;
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

describe('createBootstrap', () => {
  it('varies a figure by the standard error of clusters', () => {
    const random = createRandom(2);
    const sums = clusters(Array.from({ length: 400 }, () => random.normal()));
    // 1/√400 = .05; 1,000 draws of a sample of 400 know it to about 4 %.
    expect(Math.abs(deviation(createBootstrap([sums], 1).draws('ips')) / 0.05 - 1)).toBeLessThan(0.12);
  });

  it('adds the standard error of several runs, which all their clusters share', () => {
    const runs = [0.1, 0.3].map((reward) => clusters(new Array(50).fill(reward)));
    const bootstrap = createBootstrap(runs, 1);
    expect(bootstrap.value('ips')).toBeCloseTo(0.2, 12);
    // Clusters alike vary by nothing; the runs' deviation is √.02, of the mean of two √.01.
    expect(Math.abs(deviation(bootstrap.draws('ips')) / 0.1 - 1)).toBeLessThan(0.07);
    expect(deviation(createBootstrap(runs.slice(0, 1), 1).draws('ips'))).toBeLessThan(1e-12);
    const same = [...createBootstrap(runs, 1).draws('ips')];
    expect(same).toEqual([...bootstrap.draws('ips')]);
  });

  it('compares several runs one by one', () => {
    const a = createBootstrap(
      [0.1, 0.3].map((reward) => clusters(new Array(50).fill(reward))),
      1,
    );
    const b = createBootstrap(
      [0.2, 0.4].map((reward) => clusters(new Array(50).fill(reward))),
      1,
    );
    // Each run of a earns .1 less than that of b, so the difference is certain, however much runs differ.
    for (const value of differences(a, b, 'ips')) expect(value).toBeCloseTo(-0.1, 12);
    const single = createBootstrap([clusters(new Array(50).fill(0.2))], 1);
    expect(Math.abs(deviation(differences(a, single, 'ips')) / 0.1 - 1)).toBeLessThan(0.07);
  });

  it('draws the same clusters for the same seed', () => {
    const rewards = Array.from({ length: 30 }, (_, i) => i);
    const draws = createBootstrap([clusters(rewards)], 5).draws('ips');
    const twice = createBootstrap([clusters(rewards.map((reward) => 2 * reward))], 5).draws('ips');
    expect([...twice]).toEqual([...draws].map((value) => 2 * value));
    expect([...createBootstrap([clusters(rewards)], 6).draws('ips')]).not.toEqual([...draws]);
  });

  it('passes by clusters without rows', () => {
    const filled = clusters([1, 3, 5]);
    const sparse = new Float64Array(10 * SUMS_PER_CLUSTER);
    for (const [from, to] of [3, 4, 8].entries()) {
      sparse.set(filled.subarray(from * SUMS_PER_CLUSTER, (from + 1) * SUMS_PER_CLUSTER), to * SUMS_PER_CLUSTER);
    }
    expect([...createBootstrap([sparse], 1).draws('ips')]).toEqual([...createBootstrap([filled], 1).draws('ips')]);
  });
});

describe('percentileInterval', () => {
  it('goes from the 2.5th to the 97.5th percentile, linear between values, of the draws that are numbers', () => {
    const draws = Float64Array.from({ length: 205 }, (_, i) => (i < 201 ? 200 - i : Number.NaN));
    expect(percentileInterval(draws)).toEqual({ ciLow: 5, ciHigh: 195 });
    const { ciLow, ciHigh } = percentileInterval(Float64Array.of(0, 1));
    expect([ciLow, ciHigh]).toEqual([0.025, 0.975]);
  });
});

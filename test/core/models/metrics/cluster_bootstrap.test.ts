import { describe, expect, it } from 'vitest';
import { estimateOf, resampleClusters } from '../../../../src/core/models/metrics/cluster_bootstrap.ts';
import { createRandom } from '../../../../src/core/random.ts';

function meanAndVariance(values: ArrayLike<number>): [number, number] {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i] as number;
    squares += (values[i] as number) ** 2;
  }
  const mean = sum / values.length;
  return [mean, squares / values.length - mean ** 2];
}

describe('resampleClusters', () => {
  it('counts each cluster a Poisson number of times of mean 1, apart from the others', () => {
    const weights: number[] = [];
    let products = 0;
    resampleClusters(
      1001,
      (drawn) => {
        weights.push(...drawn);
        for (let i = 0; i < 1000; i++) products += ((drawn[i] as number) - 1) * ((drawn[i + 1] as number) - 1);
        return {};
      },
      { seed: 3 },
    );
    const drawn = weights.slice(1001);
    const [mean, variance] = meanAndVariance(drawn);
    // 200,200 draws: standard errors .0022 of the mean, .0039 of the variance (√3/√n), .0022 of the covariance: 4 of each.
    expect(Math.abs(mean - 1)).toBeLessThan(0.009);
    expect(Math.abs(variance - 1)).toBeLessThan(0.016);
    expect(Math.abs(products / 200_000)).toBeLessThan(0.009);
    // e⁻¹/k!: standard error .0011 at most.
    for (const [count, probability] of [0.3679, 0.3679, 0.1839, 0.0613, 0.0153].entries()) {
      expect(Math.abs(drawn.filter((weight) => weight === count).length / drawn.length - probability)).toBeLessThan(0.0044);
    }
  });

  it('varies a mean over clusters by its standard error', () => {
    const random = createRandom(2);
    const values = Float64Array.from({ length: 400 }, () => random.normal());
    const mean = (weights: Uint8Array) => {
      let [sum, count] = [0, 0];
      for (const [cluster, weight] of weights.entries()) {
        sum += weight * (values[cluster] as number);
        count += weight;
      }
      return { mean: sum / count };
    };
    const { value, draws } = resampleClusters(400, mean, { seed: 1, replicates: 1_000 });
    const [ofValues, variance] = meanAndVariance(values);
    expect(value.mean).toBeCloseTo(ofValues, 12);
    // 1,000 draws know a deviation to 2.2 %.
    expect(Math.abs(Math.sqrt(meanAndVariance(draws.mean)[1]) / Math.sqrt(variance / 400) - 1)).toBeLessThan(0.09);
  });

  it('draws the same for the same seed, and 200 replicates if nothing else is said', () => {
    const first = (weights: Uint8Array) => ({ first: (weights[0] as number) + (weights[5] as number) / 10 });
    const draws = resampleClusters(6, first, { seed: 5 }).draws.first;
    expect(draws).toHaveLength(200);
    expect([...resampleClusters(6, first, { seed: 5 }).draws.first]).toEqual([...draws]);
    expect([...resampleClusters(6, first, { seed: 6 }).draws.first]).not.toEqual([...draws]);
  });
});

describe('estimateOf', () => {
  const resampled = { value: { ctr: 0.4 }, draws: { ctr: Float64Array.of(0.3, 0.5, Number.NaN) } };

  it('has the percentiles of the draws that are numbers', () => {
    expect(estimateOf(resampled, 'ctr', null)).toEqual({ value: 0.4, ciLow: 0.305, ciHigh: 0.495, reason: null });
  });

  it('is no number where there is a reason', () => {
    expect(estimateOf(resampled, 'ctr', 'too few')).toEqual({ value: null, ciLow: null, ciHigh: null, reason: 'too few' });
  });
});

import type { Random } from '../random.ts';

const BOOTSTRAP_ROUNDS = 1_000;
/** Fewer matched rows, or a smaller effective sample, than this say nothing about a policy. */
export const MIN_SUPPORT = 50;

/** What replay sums per cluster of rows, one after the other. */
export const CLUSTER_SUMS = ['rows', 'matchedWeight', 'matchedReward', 'weight', 'weightedReward', 'direct', 'doublyRobust'] as const;
export const SUMS_PER_CLUSTER = CLUSTER_SUMS.length;

/** An estimate of a policy's reward per impression with its 95 % interval; null where it cannot be evaluated. */
export interface Estimate {
  readonly value: number | null;
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
}

export const ESTIMATORS = ['replay', 'ips', 'snips', 'dm', 'dr'] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/**
 * Estimators as ratios of two sums over rows (S = target probability / propensity · reward and so on):
 * replay = Σ matched reward / matched rows (Li et al. 2011), each row weighted by 1/(least propensity of its ad); ips = Σ w·r / n; snips = Σ w·r / Σ w; dm = Σ q̂(policy) / n;
 * dr = Σ [q̂(policy) + w·(r − q̂(shown))] / n (Dudík et al. 2014).
 */
const RATIOS: Readonly<Record<Estimator, readonly [numerator: number, denominator: number]>> = {
  replay: [2, 1],
  ips: [4, 0],
  snips: [4, 3],
  dm: [5, 0],
  dr: [6, 0],
};

/**
 * All estimates of one run of a policy, with percentile intervals from resampling whole clusters (users, days or stretches of time), 1,000 times.
 * @param sums CLUSTER_SUMS for each cluster
 * @param support whether the rows allow an estimate, per estimator
 */
export function estimate(sums: Float64Array, support: Readonly<Record<Estimator, boolean>>, random: Random): Record<Estimator, Estimate> {
  const occupied = occupiedClusters(sums);
  const draws = resample(occupied, random);
  const total = new Float64Array(SUMS_PER_CLUSTER);
  for (let at = 0; at < occupied.length; at += SUMS_PER_CLUSTER) addCluster(total, occupied, at);
  return Object.fromEntries(
    ESTIMATORS.map((name): [Estimator, Estimate] => {
      const [numerator, denominator] = RATIOS[name];
      const ratio = (values: Float64Array): number => (values[numerator] as number) / (values[denominator] as number);
      const value = ratio(total);
      if (!support[name] || !Number.isFinite(value)) return [name, { value: null, ciLow: null, ciHigh: null }];
      const sorted = Float64Array.from(draws.map(ratio).filter(Number.isFinite)).sort();
      return [name, { value, ciLow: quantile(sorted, 0.025), ciHigh: quantile(sorted, 0.975) }];
    }),
  ) as Record<Estimator, Estimate>;
}

/** The sums of the clusters that have rows, one after the other. */
function occupiedClusters(sums: Float64Array): Float64Array {
  return sums.filter((_, i) => (sums[i - (i % SUMS_PER_CLUSTER)] as number) > 0);
}

/** Totals over as many clusters as there are, drawn with replacement, once per round. */
function resample(sums: Float64Array, random: Random): Float64Array[] {
  const clusters = sums.length / SUMS_PER_CLUSTER;
  return Array.from({ length: BOOTSTRAP_ROUNDS }, () => {
    const total = new Float64Array(SUMS_PER_CLUSTER);
    for (let draw = 0; draw < clusters; draw++) addCluster(total, sums, SUMS_PER_CLUSTER * random.below(clusters));
    return total;
  });
}

function addCluster(total: Float64Array, sums: Float64Array, at: number): void {
  for (let i = 0; i < SUMS_PER_CLUSTER; i++) total[i] = (total[i] as number) + (sums[at + i] as number);
}

/** Quantile of sorted values, linear between them; NaN for none. */
function quantile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return (sorted[low] as number) + (at - low) * ((sorted[high] as number) - (sorted[low] as number));
}

/** What replay sums over the rows of each cluster, and where it stands. v is 1/(least propensity of the ad), w a row's weight. */
export const SUM = {
  rows: 0,
  /** Over matched rows: Σv, Σv·click, Σv·revenue, and over their clicks with a view time Σv and Σv·seconds. */
  matchedWeight: 1,
  matchedReward: 2,
  revenue: 3,
  views: 4,
  viewTime: 5,
  /** Σw and Σw·click, w = probability under the policy / propensity. */
  weight: 6,
  weightedReward: 7,
  /** Σ q̂(policy), with the direct model's own error. */
  direct: 8,
  /** Σ q̂(policy) + w·(click − q̂(shown)). */
  doublyRobust: 9,
} as const;

export const SUMS_PER_CLUSTER = Object.keys(SUM).length;

export const ESTIMATORS = ['replay', 'ips', 'snips', 'dm', 'dr'] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/** What can be read off the sums: the estimators, the mean weight, and what came of matched rows. */
export type Figure = Estimator | 'meanWeight' | 'viewTime' | 'revenue';

/**
 * Every figure as a ratio of two sums over rows. Of clicks per impression under the policy:
 * `replay = Σ_matched v·r / Σ_matched v` (Li et al. 2011), `ips = Σ w·r / n`, `snips = Σ w·r / Σ w`, `dm = Σ q̂(policy) / n`,
 * `dr = Σ [q̂(policy) + w·(r − q̂(shown))] / n` (Dudík et al. 2014). Of matched rows: seconds per click with a view time, and
 * revenue per impression. The mean weight `Σ w / n` is 1 in expectation where the log shows all that the policy chooses.
 */
const RATIOS: Readonly<Record<Figure, readonly [numerator: number, denominator: number]>> = {
  replay: [SUM.matchedReward, SUM.matchedWeight],
  ips: [SUM.weightedReward, SUM.rows],
  snips: [SUM.weightedReward, SUM.weight],
  dm: [SUM.direct, SUM.rows],
  dr: [SUM.doublyRobust, SUM.rows],
  meanWeight: [SUM.weight, SUM.rows],
  viewTime: [SUM.viewTime, SUM.views],
  revenue: [SUM.revenue, SUM.matchedWeight],
};

/** A figure from sums; NaN where there is nothing to divide by. */
export function figureOf(sums: Float64Array, figure: Figure): number {
  const [numerator, denominator] = RATIOS[figure];
  return (sums[numerator] as number) / (sums[denominator] as number);
}

/** The sums of all clusters together. */
export function totalOf(sums: Float64Array): Float64Array {
  const total = new Float64Array(SUMS_PER_CLUSTER);
  for (let i = 0; i < sums.length; i++) {
    const at = i % SUMS_PER_CLUSTER;
    total[at] = (total[at] as number) + (sums[i] as number);
  }
  return total;
}

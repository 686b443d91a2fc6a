/** Weights of the parts of the reward, and the view-time floor. */
export interface RewardConfig {
  /** w_c: weight of the CTR uplift. */
  readonly ctrWeight: number;
  /** w_r: weight of the revenue uplift. */
  readonly revenueWeight: number;
  /** η: step of the dual variable λ per window. */
  readonly lambdaStep: number;
  readonly lambdaMax: number;
  /** Share by which view time may fall below its baseline. */
  readonly viewTimeTolerance: number;
}

export const REWARD: RewardConfig = { ctrWeight: 1, revenueWeight: 0, lambdaStep: 0.5, lambdaMax: 2, viewTimeTolerance: 0.1 };

/** MAD to standard deviation, for a normal distribution. */
const MAD_TO_SD = 1.4826;
/** Above this correlation, revenue says nothing that clicks do not. */
const SAME_AS_CTR = 0.999;
/** View times are shrunk with the weight of this many views: to the ad's mean for a creative, to the baseline for a window. */
const CREATIVE_VIEWS = 10;
const WINDOW_VIEWS = 50;

/** What is known of one creative of an ad. */
export interface CreativeOutcome {
  readonly ecoiShrunk: number;
  readonly clicks: number;
  readonly effectiveImpressions: number;
  readonly impressions: number;
  readonly revenue: number;
  /** Clicks with a view time, and the sum of ln(1 + seconds) over them. */
  readonly views: number;
  readonly logViewTime: number;
}

/** One window of an ad: its view time over all creatives. */
export interface ViewTimeWindow {
  readonly views: number;
  readonly viewTime: number;
}

export interface AdReward {
  /** R of each creative; the parts are relative to the base, so 0 is "as the base". */
  readonly rewards: readonly number[];
  /** The part of R that does not depend on ECOI: R = w_c·(ECOI/base − 1) + rest. */
  readonly rest: readonly number[];
  readonly base: number;
  readonly lambda: number;
  readonly notes: readonly string[];
}

/**
 * Reward of the creatives of one ad: `R_i = w_c·u_i + w_r·v_i + λ·q_i` with u the uplift of ECOI over the base, v the
 * uplift of revenue per effective impression, and q the view time after a click in robust standard deviations, clamped
 * to ±1. λ is the dual variable of a view-time floor, stepped once per window:
 * `λ ← clamp(λ + η·(T_floor − T_t)/T_floor, 0, λ_max)`.
 * @param base index of the creative that is the note's own cover and title; undefined for the ad's weighted mean
 */
export function computeReward(
  creatives: readonly CreativeOutcome[],
  base: number | undefined,
  windows: readonly ViewTimeWindow[],
  config: RewardConfig = REWARD,
): AdReward {
  const notes: string[] = [];
  const baseEcoi =
    base === undefined
      ? weightedMean(
          creatives.map((c) => c.ecoiShrunk),
          creatives.map((c) => c.impressions),
        )
      : (creatives[base]?.ecoiShrunk as number);
  const u = creatives.map((c) => (baseEcoi > 0 ? c.ecoiShrunk / baseEcoi - 1 : 0));
  const v = config.revenueWeight === 0 ? creatives.map(() => 0) : revenueUplift(creatives, base, notes);
  const q = viewTimeScores(creatives, notes);
  const lambda = dualVariable(windows, config);
  const rest = creatives.map((_, i) => config.revenueWeight * (v[i] as number) + lambda * (q[i] as number));
  return { rewards: u.map((uplift, i) => config.ctrWeight * uplift + (rest[i] as number)), rest, base: baseEcoi, lambda, notes };
}

function revenueUplift(creatives: readonly CreativeOutcome[], base: number | undefined, notes: string[]): number[] {
  if (creatives.every((c) => c.revenue === 0)) {
    notes.push('revenue not measured');
    return creatives.map(() => 0);
  }
  const uplift = (denominator: (c: CreativeOutcome) => number): number[] => {
    const values = creatives.map((c) => (denominator(c) > 0 ? c.revenue / denominator(c) : 0));
    const reference =
      base === undefined ? sum(creatives.map((c) => c.revenue)) / sum(creatives.map(denominator)) : (values[base] as number);
    return values.map((value) => (reference > 0 ? value / reference - 1 : 0));
  };
  const perImpression = uplift((c) => c.effectiveImpressions);
  const ctr = creatives.map((c) => (c.effectiveImpressions > 0 ? c.clicks / c.effectiveImpressions : 0));
  // Any two creatives lie on a line.
  if (creatives.length < 3 || correlation(ctr, perImpression) <= SAME_AS_CTR) return perImpression;
  notes.push('revenue follows clicks exactly, so value per click is used');
  return uplift((c) => c.clicks);
}

function viewTimeScores(creatives: readonly CreativeOutcome[], notes: string[]): number[] {
  const views = sum(creatives.map((c) => c.views));
  if (views === 0) {
    notes.push('QoE not measured');
    return creatives.map(() => 0);
  }
  const mean = sum(creatives.map((c) => c.logViewTime)) / views;
  const times = creatives.map((c) => (c.logViewTime + CREATIVE_VIEWS * mean) / (c.views + CREATIVE_VIEWS));
  const centre = median(times);
  const spread = MAD_TO_SD * median(times.map((time) => Math.abs(time - centre)));
  return times.map((time) => (spread > 0 ? Math.max(-1, Math.min(1, (time - mean) / spread)) : 0));
}

/**
 * λ after the given windows, from 0. The baseline is the mean view time over all of them; a window of few views is
 * shrunk to it, or λ would climb on noise alone.
 */
function dualVariable(windows: readonly ViewTimeWindow[], config: RewardConfig): number {
  const views = sum(windows.map((window) => window.views));
  if (views === 0) return 0;
  const baseline = sum(windows.map((window) => window.viewTime)) / views;
  const floor = (1 - config.viewTimeTolerance) * baseline;
  if (floor <= 0) return 0;
  return windows.reduce((lambda, window) => {
    const viewTime = (window.viewTime + WINDOW_VIEWS * baseline) / (window.views + WINDOW_VIEWS);
    return Math.max(0, Math.min(config.lambdaMax, lambda + (config.lambdaStep * (floor - viewTime)) / floor));
  }, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = sum(weights);
  return total > 0 ? sum(values.map((value, i) => value * (weights[i] as number))) / total : sum(values) / Math.max(1, values.length);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = sum(a) / a.length;
  const meanB = sum(b) / b.length;
  const covariance = sum(a.map((value, i) => (value - meanA) * ((b[i] as number) - meanB)));
  const scale = Math.sqrt(sum(a.map((value) => (value - meanA) ** 2)) * sum(b.map((value) => (value - meanB) ** 2)));
  return scale > 0 ? covariance / scale : 0;
}

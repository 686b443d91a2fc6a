import type { RewardConfig } from '../config.ts';

/** MAD to standard deviation, for a normal distribution. */
const MAD_TO_SD = 1.4826;
/** Above this correlation, revenue says nothing that clicks do not. */
const SAME_AS_CTR = 0.999;
/** Least standard deviation of ln view time that counts: where creatives differ by less than a tenth, the rest is noise. */
const LEAST_SPREAD = 0.1;
/** View times of a creative are shrunk to the ad's with the weight of this many views. */
const CREATIVE_VIEWS = 10;
/** A window with fewer views than this moves λ by less, in proportion. */
const WINDOW_VIEWS = 50;
/** λ aims a little above the floor: it starts at 0, and what falls short while it rises must come back. */
const AIM = 1.02;

/** Sums over impressions of one creative, in one window or in all. */
export interface CreativeSums {
  impressions: number;
  clicks: number;
  /** Effective impressions: Σ b_p. */
  exposure: number;
  revenue: number;
  /** Clicks with a view time, the sum of their seconds, and the sum of ln(1 + seconds). */
  views: number;
  viewTime: number;
  logViewTime: number;
}

/** Prior of a creative's ECOI, Gamma(k, k/m): k clicks in k/m effective impressions. */
export interface Prior {
  readonly k: number;
  readonly m: number;
  /** Whether m is a model's prediction for this creative; the mean of all creatives otherwise. */
  readonly isPredicted?: boolean;
}

/** Prior without any click in the logs: one click in a hundred impressions, worth one click. */
export const BLANK_PRIOR: Prior = { k: 1, m: 0.01 };

export interface AdReward {
  /** R of each creative at its shrunk ECOI; the parts are relative to the base, so 0 is "as the base". */
  readonly rewards: readonly number[];
  /** w_r·v + λ·q: the part of R that does not depend on ECOI; R = slope·ECOI − w_c + rest. */
  readonly rest: readonly number[];
  /** w_c / ECOIs_base. */
  readonly slope: number;
  /** ECOIs of the base. */
  readonly base: number;
  /** Parts that the data do not allow. */
  readonly notes: readonly string[];
}

export interface RewardOptions {
  /** Of each creative. */
  readonly priors: readonly Prior[];
  /** Index of the creative that is the note's own cover and title; undefined for the ad's impression-weighted mean. */
  readonly base?: number | undefined;
  readonly lambda: number;
  readonly config: RewardConfig;
}

export function noSums(): CreativeSums {
  return { impressions: 0, clicks: 0, exposure: 0, revenue: 0, views: 0, viewTime: 0, logViewTime: 0 };
}

export function addSums(to: CreativeSums, more: Readonly<CreativeSums>): void {
  to.impressions += more.impressions;
  to.clicks += more.clicks;
  to.exposure += more.exposure;
  to.revenue += more.revenue;
  to.views += more.views;
  to.viewTime += more.viewTime;
  to.logViewTime += more.logViewTime;
}

/** (C + k)/(E + k/m); m for a creative never shown. */
export function shrunkEcoi({ clicks, exposure }: Readonly<CreativeSums>, { k, m }: Prior): number {
  return (clicks + k) / (exposure + k / m);
}

/**
 * Reward of the creatives of one ad: `R_i = w_c·u_i + w_r·v_i + λ·q_i` with u the uplift of ECOI over the base, v the
 * uplift of revenue per effective impression (shrunk like ECOI, with the ad's mean), and q the view time after a click in
 * robust standard deviations, clamped to ±1.
 */
export function computeReward(creatives: readonly Readonly<CreativeSums>[], options: RewardOptions): AdReward {
  const { priors, base, lambda, config } = options;
  const notes: string[] = [];
  const ecoi = creatives.map((sums, i) => shrunkEcoi(sums, priors[i] as Prior));
  const baseEcoi =
    base === undefined
      ? weightedMean(
          ecoi,
          creatives.map(({ impressions }) => impressions),
        )
      : (ecoi[base] as number);
  const slope = config.ctrWeight / baseEcoi;
  const v = config.revenueWeight === 0 ? creatives.map(() => 0) : revenueUplift(creatives, priors, base, notes);
  const q = viewTimeScores(creatives, notes);
  const rest = creatives.map((_, i) => config.revenueWeight * (v[i] as number) + lambda * (q[i] as number));
  return {
    rewards: ecoi.map((value, i) => slope * value - config.ctrWeight + (rest[i] as number)),
    rest,
    slope,
    base: baseEcoi,
    notes,
  };
}

/**
 * The floor of mean view time in seconds: as configured, or (1 − tolerance) × baseline. The baseline is the base creative's
 * view time, or what showing every creative as often would give: Σ w_i·T_i / Σ w_i with w = V/(V + 10). Weighting by views
 * instead would let a policy pull its own floor down by what it shows. Null where no view time was measured.
 */
export function viewTimeFloor(creatives: readonly Readonly<CreativeSums>[], base: number | undefined, config: RewardConfig): number | null {
  if (creatives.every((c) => c.views === 0)) return null;
  if (config.viewTimeFloor !== null) return config.viewTimeFloor;
  return (1 - config.viewTimeTolerance) * (base === undefined ? evenViewTime(creatives) : shrunkViewTime(creatives[base], creatives));
}

/** Mean seconds after a click, shrunk by ten views to what showing every creative as often would give. */
export function shrunkViewTime(creative: Readonly<CreativeSums> | undefined, creatives: readonly Readonly<CreativeSums>[]): number {
  const { viewTime, views } = creative ?? noSums();
  return (viewTime + CREATIVE_VIEWS * evenViewTime(creatives)) / (views + CREATIVE_VIEWS);
}

function evenViewTime(creatives: readonly Readonly<CreativeSums>[]): number {
  const measured = creatives.filter((c) => c.views > 0);
  const weights = measured.map((c) => c.views / (c.views + CREATIVE_VIEWS));
  return sum(measured.map((c, i) => ((weights[i] as number) * c.viewTime) / c.views)) / sum(weights);
}

/**
 * One step of the dual variable of the view-time floor: `λ ← clamp(λ + η·s·(1.02·T_floor − T)/T_floor, 0, λ_max)`, T the mean
 * view time of a window and s = min(1, V/50) for its V views. Few views say little, so they move λ little; shrinking T to a
 * baseline instead would let view time stay below the floor for good. In proportion to V, the mean over views is what is held.
 */
export function stepLambda(
  lambda: number,
  window: { readonly views: number; readonly viewTime: number },
  floor: number | null,
  config: RewardConfig,
): number {
  if (floor === null || floor <= 0 || window.views === 0) return lambda;
  const shortfall = (AIM * floor - window.viewTime / window.views) / floor;
  const weight = Math.min(1, window.views / WINDOW_VIEWS);
  return Math.max(0, Math.min(config.lambdaMax, lambda + config.lambdaStep * weight * shortfall));
}

function revenueUplift(
  creatives: readonly Readonly<CreativeSums>[],
  priors: readonly Prior[],
  base: number | undefined,
  notes: string[],
): number[] {
  if (creatives.every((c) => c.revenue === 0)) {
    notes.push('revenue not measured');
    return creatives.map(() => 0);
  }
  const uplift = (denominator: (c: Readonly<CreativeSums>) => number, weightOf: (prior: Prior) => number): number[] => {
    const total = sum(creatives.map(denominator));
    const mean = total > 0 ? sum(creatives.map((c) => c.revenue)) / total : 0;
    const values = creatives.map((c, i) => {
      const weight = weightOf(priors[i] as Prior);
      return (c.revenue + weight * mean) / (denominator(c) + weight);
    });
    const reference = base === undefined ? mean : (values[base] as number);
    return values.map((value) => (reference > 0 ? value / reference - 1 : 0));
  };
  // Those without a click all lie at zero, which is no sign of anything.
  const shown = creatives.filter((c) => c.clicks > 0);
  const sameAsClicks =
    correlation(
      shown.map((c) => c.clicks / c.exposure),
      shown.map((c) => c.revenue / c.exposure),
    ) > SAME_AS_CTR;
  // Any two creatives lie on a line.
  if (shown.length < 3 || !sameAsClicks)
    return uplift(
      ({ exposure }) => exposure,
      ({ k, m }) => k / m,
    );
  notes.push('revenue follows clicks exactly, so value per click is used');
  return uplift(
    ({ clicks }) => clicks,
    ({ k }) => k,
  );
}

function viewTimeScores(creatives: readonly Readonly<CreativeSums>[], notes: string[]): number[] {
  const views = sum(creatives.map((c) => c.views));
  if (views === 0) {
    notes.push('QoE not measured');
    return creatives.map(() => 0);
  }
  const mean = sum(creatives.map((c) => c.logViewTime)) / views;
  const timeOf = (c: Readonly<CreativeSums>): number => (c.logViewTime + CREATIVE_VIEWS * mean) / (c.views + CREATIVE_VIEWS);
  const times = creatives.filter((c) => c.views > 0).map(timeOf);
  const centre = median(times);
  const spread = Math.max(LEAST_SPREAD, MAD_TO_SD * median(times.map((time) => Math.abs(time - centre))));
  return creatives.map((c) => Math.max(-1, Math.min(1, (timeOf(c) - mean) / spread)));
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

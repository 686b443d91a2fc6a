import { createRandom } from '../random.ts';
import { type Figure, figureOf, SUM, SUMS_PER_CLUSTER, totalOf } from './estimators.ts';

const DRAWS = 1_000;
const CLUSTER_STREAM = 4;
const LUCK_STREAM = 5;
const ENDS = [0.025, 0.975] as const;

/** Several runs of a policy over one log, and what they might have been on other rows with other luck. */
export interface Bootstrap {
  /** The mean of the runs' sums, over all clusters. */
  readonly total: Float64Array;
  /** Standard normal noise, one a draw. */
  readonly noise: Float64Array;
  /** A figure of each run by itself, and of the resampled mean of the runs. */
  ofRuns(figure: Figure): number[];
  resampled(figure: Figure): Float64Array;
  value(figure: Figure): number;
  /** Values of a figure, one a draw. */
  draws(figure: Figure): Float64Array;
}

/**
 * Resamples whole clusters (users, days or stretches of time) of the mean of the runs, 1,000 times; bootstraps of one log and
 * seed draw the same clusters. What the policy chooses by chance moves all rows of a run together, which resampling rows
 * cannot show: the runs' standard error, sd/√S, is added to each draw as normal noise.
 * @param runs the clusters' sums, a run each
 */
export function createBootstrap(runs: readonly Float64Array[], seed: number): Bootstrap {
  const mean = meanOf(runs);
  const total = totalOf(mean);
  const totals = runs.map(totalOf);
  const resampled = resample(occupiedClusters(mean), seed);
  const random = createRandom(seed, LUCK_STREAM);
  const noise = Float64Array.from(resampled, () => random.normal());
  const ofRuns = (figure: Figure): number[] => totals.map((sums) => figureOf(sums, figure));
  const resampledValues = (figure: Figure): Float64Array => Float64Array.from(resampled, (sums) => figureOf(sums, figure));
  return {
    total,
    noise,
    ofRuns,
    resampled: resampledValues,
    value: (figure) => figureOf(total, figure),
    draws: (figure) => withLuck(resampledValues(figure), standardError(ofRuns(figure)), noise),
  };
}

/** Draws of the difference of two bootstraps of one log and seed: run by run, where both have as many of them. */
export function differences(a: Bootstrap, b: Bootstrap, figure: Figure): Float64Array {
  const drawsB = b.resampled(figure);
  const resampled = a.resampled(figure).map((value, draw) => value - (drawsB[draw] as number));
  const [runsA, runsB] = [a.ofRuns(figure), b.ofRuns(figure)];
  const error =
    runsA.length === runsB.length
      ? standardError(runsA.map((value, run) => value - (runsB[run] as number)))
      : Math.hypot(standardError(runsA), standardError(runsB));
  return withLuck(resampled, error, a.noise);
}

function withLuck(resampled: Float64Array, error: number, noise: Float64Array): Float64Array {
  return resampled.map((value, draw) => value + error * (noise[draw] as number));
}

/** The 95 % percentile interval of draws; those that are not numbers are left out. */
export function percentileInterval(draws: Float64Array): { ciLow: number; ciHigh: number } {
  const sorted = draws.filter(Number.isFinite).sort();
  return { ciLow: quantile(sorted, ENDS[0]), ciHigh: quantile(sorted, ENDS[1]) };
}

function meanOf(runs: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(runs[0]?.length ?? 0);
  for (const sums of runs) for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (sums[i] as number) / runs.length;
  return mean;
}

/** Each sum over the clusters that have rows: one column a sum. */
function occupiedClusters(sums: Float64Array): Float64Array[] {
  const column = (at: number): Float64Array => sums.filter((_, i) => i % SUMS_PER_CLUSTER === at);
  const rows = column(SUM.rows);
  return Array.from({ length: SUMS_PER_CLUSTER }, (_, at) => column(at).filter((_, cluster) => (rows[cluster] as number) > 0));
}

/** Totals over as many clusters as there are, drawn with replacement, once a draw. */
function resample(columns: readonly Float64Array[], seed: number): Float64Array[] {
  const random = createRandom(seed, CLUSTER_STREAM);
  const times = new Float64Array(columns[SUM.rows]?.length ?? 0);
  return Array.from({ length: DRAWS }, () => {
    times.fill(0);
    for (let draw = 0; draw < times.length; draw++) {
      const cluster = random.below(times.length);
      times[cluster] = (times[cluster] as number) + 1;
    }
    return Float64Array.from(columns, (column) => dot(column, times));
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Of the mean of values that vary by chance; 0 for a single one, which shows nothing of that. */
function standardError(all: readonly number[]): number {
  // A run may lack a figure, as one without a view has no view time.
  const values = all.filter(Number.isFinite);
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Quantile of sorted values, linear between them; NaN for none. */
function quantile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return (sorted[low] as number) + (at - low) * ((sorted[high] as number) - (sorted[low] as number));
}

import type { Estimate } from '../../feedback/evaluation.ts';
import { normalQuantile } from '../../numerics/normal.ts';
import { estimateOf, type Resampled } from './cluster_bootstrap.ts';
import { type HeldOutRows, impressionsAt } from './held_out_rows.ts';

const BINS = 10;
const Z_95 = normalQuantile(0.975);

/** Impressions of like predictions: what was promised, and what came. */
export interface CalibrationBin {
  readonly impressions: number;
  readonly clicks: number;
  /** Mean prediction of an impression. */
  readonly meanPrediction: number;
  readonly ctr: number;
  /** 95 % interval of the click rate by Wilson (1927); it takes impressions as independent. */
  readonly ciLow: number;
  readonly ciHigh: number;
}

/**
 * Where each decile of the prediction ends in the ascending order of rows: bins of about a tenth of the impressions. Rows of one
 * prediction stay together, in the bin where the middle of their impressions lies, so there are fewer bins where few differ.
 */
export function decileEnds(rows: HeldOutRows, predictions: ArrayLike<number>, order: Uint32Array): Uint32Array {
  let total = 0;
  for (let row = 0; row < order.length; row++) total += impressionsAt(rows, row);
  const ends: number[] = [];
  let before = 0;
  let bin = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let tied = 0;
    const prediction = predictions[order[start] as number];
    for (; end < order.length && predictions[order[end] as number] === prediction; end++) {
      tied += impressionsAt(rows, order[end] as number);
    }
    // Rows without an impression have no middle and stay where they are.
    const decile = tied === 0 ? bin : Math.floor((BINS * (before + tied / 2)) / total);
    if (decile > bin && before > 0) ends.push(start);
    bin = decile;
    before += tied;
  }
  if (before > 0) ends.push(order.length);
  return Uint32Array.from(ends);
}

/** The bins that end there, ascending. */
export function calibrationBins(
  rows: HeldOutRows,
  predictions: ArrayLike<number>,
  order: Uint32Array,
  ends: Uint32Array,
): CalibrationBin[] {
  let at = 0;
  return Array.from(ends, (end) => {
    let clicks = 0;
    let impressions = 0;
    let predicted = 0;
    for (; at < end; at++) {
      const row = order[at] as number;
      const count = impressionsAt(rows, row);
      clicks += rows.clicks[row] as number;
      impressions += count;
      predicted += count * (predictions[row] as number);
    }
    return { impressions, clicks, meanPrediction: predicted / impressions, ctr: clicks / impressions, ...wilson(clicks, impressions) };
  });
}

/**
 * `Σ_b |Σ_{i∈b} (n p − c)|` over bins b: by how many clicks the bins' predictions are off; over the impressions it is the expected
 * calibration error. It is never below 0, so chance alone makes it positive: by about `√(2/π) Σ_b √(n_b p_b (1 − p_b))`.
 */
export function binErrors(
  rows: HeldOutRows,
  predictions: ArrayLike<number>,
  order: Uint32Array,
  ends: Uint32Array,
): (weights: Uint8Array) => number {
  const cluster = new Uint32Array(order.length);
  const surplus = new Float64Array(order.length);
  for (let at = 0; at < order.length; at++) {
    const row = order[at] as number;
    cluster[at] = rows.cluster[row] as number;
    surplus[at] = impressionsAt(rows, row) * (predictions[row] as number) - (rows.clicks[row] as number);
  }
  return (weights) => {
    let errors = 0;
    let at = 0;
    for (let bin = 0; bin < ends.length; bin++) {
      let sum = 0;
      for (const end = ends[bin] as number; at < end; at++) {
        sum += (weights[cluster[at] as number] as number) * (surplus[at] as number);
      }
      errors += Math.abs(sum);
    }
    return errors;
  };
}

/**
 * The calibration error with its 95 % interval. A resampled error has the noise of clicks twice, so percentiles lie too high: the
 * lower end is mirrored at the value (basic bootstrap), the upper one comes down by what the mean of the draws is above the value.
 * [In 8 simulated worlds of 1,500 and 6,000 impressions it held the truth in 92 to 96 % of 400 logs, but in 84 % for a model that is
 * calibrated well and has only 1,500, whose error is mostly noise; percentiles in 0 to 92 %, a plain basic interval in 80 to 92 %.]
 */
export function calibrationErrorEstimate(resampled: Resampled<'calibrationError'>, reason: string | null): Estimate {
  const estimate = estimateOf(resampled, 'calibrationError', reason);
  if (estimate.reason !== null) return estimate;
  const { value, ciHigh } = estimate;
  const draws = resampled.draws.calibrationError.filter(Number.isFinite);
  const excess = draws.reduce((sum, draw) => sum + draw, 0) / draws.length - value;
  return { value, ciLow: Math.max(0, Math.min(value, 2 * value - ciHigh)), ciHigh: Math.max(value, ciHigh - excess), reason: null };
}

function wilson(clicks: number, impressions: number): { ciLow: number; ciHigh: number } {
  const z2 = Z_95 ** 2;
  const rate = clicks / impressions;
  const middle = (clicks + z2 / 2) / (impressions + z2);
  const half = (Z_95 * Math.sqrt(impressions * rate * (1 - rate) + z2 / 4)) / (impressions + z2);
  // Rounding may leave the ends a hair outside.
  return { ciLow: Math.max(0, middle - half), ciHigh: Math.min(1, middle + half) };
}

import type { GroupedOrder } from './ascending_order.ts';
import { type HeldOutRows, impressionsAt } from './held_out_rows.ts';

/** Why there is no GAUC where all ads are left out. */
export const NO_AD_OF_BOTH_CLASSES = 'no ad has impressions with a click and without';

/** Counts of rows, each beside its row's cluster. */
interface Counts {
  readonly cluster: Uint32Array;
  readonly count: Float32Array;
}

/**
 * Clicks and misses (impressions without a click) of each group in ascending order of their prediction. A step is a prediction
 * that has clicks: since clicks are few, a pass is little more than a sum over the misses between them.
 */
interface RankedRows {
  readonly clicks: Counts;
  readonly misses: Counts;
  /** Of each step: where the misses of lower and of equal predictions end, and where its clicks do. */
  readonly lowerEnds: Uint32Array;
  readonly equalEnds: Uint32Array;
  readonly clickEnds: Uint32Array;
  /** Where each group's steps end; its last step is of the misses above all its clicks, without a click. */
  readonly stepEnds: Uint32Array;
}

/** Area under the ROC curve, clicks and impressions of each group; the area of a group of one class is NaN. */
export interface GroupFigures {
  readonly area: Float64Array;
  readonly clicks: Float64Array;
  readonly impressions: Float64Array;
}

/**
 * The rows as `groupFigures` reads them, some 8 bytes a row.
 * @param order of rows: ascending predictions inside each group
 */
export function rankRows(rows: HeldOutRows, predictions: ArrayLike<number>, { order, ends }: GroupedOrder): RankedRows {
  let [missRows, clickRows] = [0, 0];
  for (let row = 0; row < order.length; row++) {
    if ((rows.clicks[row] as number) > 0) clickRows++;
    if ((rows.clicks[row] as number) < impressionsAt(rows, row)) missRows++;
  }
  const clicks = emptyCounts(clickRows);
  const misses = emptyCounts(missRows);
  const steps = clickRows + ends.length;
  const [lowerEnds, equalEnds, clickEnds] = [new Uint32Array(steps), new Uint32Array(steps), new Uint32Array(steps)];
  const stepEnds = new Uint32Array(ends.length);
  let [at, click, miss, step] = [0, 0, 0, 0];
  for (let group = 0; group < ends.length; group++) {
    const end = ends[group] as number;
    while (at < end) {
      const [prediction, lowerEnd, clickStart] = [predictions[order[at] as number] as number, miss, click];
      for (; at < end && predictions[order[at] as number] === prediction; at++) {
        const row = order[at] as number;
        const rowClicks = rows.clicks[row] as number;
        const rowMisses = impressionsAt(rows, row) - rowClicks;
        if (rowClicks > 0) addCount(clicks, click++, rows.cluster[row] as number, rowClicks);
        if (rowMisses > 0) addCount(misses, miss++, rows.cluster[row] as number, rowMisses);
      }
      if (click === clickStart) continue;
      lowerEnds[step] = lowerEnd;
      equalEnds[step] = miss;
      clickEnds[step++] = click;
    }
    lowerEnds[step] = miss;
    equalEnds[step] = miss;
    clickEnds[step++] = click;
    stepEnds[group] = step;
  }
  return { clicks, misses, lowerEnds, equalEnds, clickEnds, stepEnds };
}

/**
 * The figures of each group: `AUC_g = P(p⁺ > p⁻) + ½ P(p⁺ = p⁻)` over its clicks and its misses (Mann & Whitney 1947), a row
 * counting for all of its clicks and all of its misses, times the weight of its cluster.
 */
export function groupFigures(ranked: RankedRows, weights: Uint8Array): GroupFigures {
  const { clicks, misses, lowerEnds, equalEnds, clickEnds, stepEnds } = ranked;
  const groups = stepEnds.length;
  const figures = { area: new Float64Array(groups), clicks: new Float64Array(groups), impressions: new Float64Array(groups) };
  let [step, miss, click] = [0, 0, 0];
  for (let group = 0; group < groups; group++) {
    let area = 0;
    let positives = 0;
    let below = 0;
    for (const stepEnd = stepEnds[group] as number; step < stepEnd; step++) {
      const [lowerEnd, equalEnd, clickEnd] = [lowerEnds[step] as number, equalEnds[step] as number, clickEnds[step] as number];
      below += weightedSum(misses, weights, miss, lowerEnd);
      const equal = weightedSum(misses, weights, lowerEnd, equalEnd);
      const stepClicks = weightedSum(clicks, weights, click, clickEnd);
      area += stepClicks * (below + 0.5 * equal);
      below += equal;
      positives += stepClicks;
      miss = equalEnd;
      click = clickEnd;
    }
    figures.area[group] = area / (positives * below);
    figures.clicks[group] = positives;
    figures.impressions[group] = positives + below;
  }
  return figures;
}

/**
 * Mean area of the groups, weighted by their impressions: AUC where all rows are one group, GAUC (Zhu et al. 2017) where each ad
 * is one. Groups of one class are left out; NaN when none is left.
 */
export function meanArea({ area, impressions }: GroupFigures): number {
  let sum = 0;
  let total = 0;
  for (let group = 0; group < area.length; group++) {
    if (Number.isNaN(area[group])) continue;
    sum += (impressions[group] as number) * (area[group] as number);
    total += impressions[group] as number;
  }
  return sum / total;
}

/** Of the groups that have impressions, those of one class: how many, and their share of impressions. */
export function oneClassGroups({ area, impressions }: GroupFigures): { groups: number; impressionShare: number } {
  let groups = 0;
  let leftOut = 0;
  let total = 0;
  for (let group = 0; group < area.length; group++) {
    const count = impressions[group] as number;
    total += count;
    if (count === 0 || !Number.isNaN(area[group])) continue;
    groups++;
    leftOut += count;
  }
  return { groups, impressionShare: total > 0 ? leftOut / total : 0 };
}

function weightedSum({ cluster, count }: Counts, weights: Uint8Array, from: number, end: number): number {
  let sum = 0;
  for (let at = from; at < end; at++) sum += (weights[cluster[at] as number] as number) * (count[at] as number);
  return sum;
}

function emptyCounts(rows: number): Counts {
  return { cluster: new Uint32Array(rows), count: new Float32Array(rows) };
}

function addCount({ cluster, count }: Counts, at: number, ofCluster: number, value: number): void {
  cluster[at] = ofCluster;
  count[at] = value;
}

import { blendResidual, viewChange } from './cell_differences.ts';
import { findDissolves } from './dissolves.ts';
import { findFades } from './fades.ts';
import type { FrameMeasures } from './frame_measures.ts';
import { type Run, straightRuns } from './straight_runs.ts';

/** Dissolves that are told by their straight run: two frames between the views at least. Longer runs are mostly pans. */
const SHORT_FRAMES = 2;
const SHORT_SECONDS = 1.2;
/** A pan or zoom is no blend: it leaves 0.18 and more, dissolves of moving shots up to 0.11. */
const BLEND_RESIDUAL = 0.15;

/** A change of views over several frames, both ends inside. */
export interface GradualChange {
  readonly kind: 'fade' | 'dissolve';
  readonly first: number;
  readonly last: number;
  /** In [0, 1]. */
  readonly score: number;
}

/** Fades through black or white and dissolves, in order; `cuts` are the first frames of new shots after hard cuts. */
export function findGradualChanges(measures: FrameMeasures, times: Float64Array, cuts: readonly number[]): GradualChange[] {
  const straight = straightRuns(measures, times);
  const changes: GradualChange[] = findFades(measures, times, straight);
  const taken = new Uint8Array(measures.count);
  const take = ({ first, last }: Run): Uint8Array => taken.fill(1, Math.max(0, first - 1), last + 2);
  changes.forEach(take);
  for (const cut of cuts) taken.fill(1, cut - 1, cut + 1);
  const dissolves = findDissolves(measures, times, taken);
  changes.push(...dissolves);
  dissolves.forEach(take);
  const short = straight
    .filter(({ first, last }) => !taken.subarray(first, last + 1).includes(1))
    .flatMap((run) => asShortDissolve(measures, times, run));
  return [...changes, ...short].sort((a, b) => a.first - b.first);
}

/** A short straight run as a dissolve, if the views before and behind it differ and all between is their blend, whatever moves. */
function asShortDissolve(measures: FrameMeasures, times: Float64Array, { first, last }: Run): GradualChange[] {
  const [before, after] = [first - 1, last + 1];
  if (last - first + 1 < SHORT_FRAMES || (times[after] as number) - (times[before] as number) > SHORT_SECONDS) return [];
  const change = viewChange(measures, before, after);
  const residual = change > 0 ? blendResidual(measures, before, after) : 1;
  return residual > BLEND_RESIDUAL ? [] : [{ kind: 'dissolve', first, last, score: change * (1 - residual) }];
}

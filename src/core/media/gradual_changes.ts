import { blendResidual, compareCells, straightness } from './cell_differences.ts';
import type { FrameMeasures } from './frame_measures.ts';

/** Standard deviation of luma below which a frame is of one colour, and the mean luma that makes it black or white. */
const PLAIN_DEVIATION = 4;
const BLACK_LUMA = 32;
const WHITE_LUMA = 218;
/** Longest flash of light, and dark gap, that is no fade when the same view comes back. */
const FLASH_SECONDS = 0.5;
/** Frames that a flash on a cut may last; then it is a matter of the cut. */
const SHORT_FRAMES = 3;
const SHORT_SECONDS = 0.12;
/** Seconds over which the direction of change is measured. */
const REACH_SECONDS = 0.08;
const REACH_FRAMES = 2;
/** Cosine of changes that go on in one direction. */
const STRAIGHT = 0.6;
/** Frames at most between black or white and the change that leads there: at its end direction is lost. */
const RAMP_GAP = 2;
/** Shortest and longest dissolve: two frames between the views, and what editors use. */
const DISSOLVE_FRAMES = 2;
const DISSOLVE_SECONDS = 4;
/** Correlation of two views of which one dissolves into the other: above, the light or a caption changed. */
const SAME_VIEW_CORRELATION = 0.6;
/** Distance of two such views; noise and slow motion stay below. */
const VIEW_DISTANCE = 10;
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

interface Run {
  readonly first: number;
  readonly last: number;
}

/** Fades through black or white and dissolves, in order; `cuts` are the first frames of new shots after hard cuts. */
export function findGradualChanges(measures: FrameMeasures, times: Float64Array, cuts: readonly number[]): GradualChange[] {
  const straight = straightRuns(measures, times);
  const fades = findFades(measures, times, straight);
  const noDissolve = new Uint8Array(measures.count);
  for (const { first, last } of fades) noDissolve.fill(1, Math.max(0, first - 1), last + 2);
  for (const cut of cuts) noDissolve.fill(1, cut - 1, cut + 1);
  const dissolves = straight
    .filter(({ first, last }) => !noDissolve.subarray(first, last + 1).includes(1))
    .flatMap((run) => asDissolve(measures, times, run));
  return [...fades, ...dissolves].sort((a, b) => a.first - b.first);
}

/** Runs of frames over which all cells change straight on. */
function straightRuns(measures: FrameMeasures, times: Float64Array): Run[] {
  const { count } = measures;
  const interval = ((times[count - 1] as number) - (times[0] as number)) / Math.max(1, count - 1);
  const reach = interval > 0 ? Math.max(REACH_FRAMES, Math.round(REACH_SECONDS / interval)) : REACH_FRAMES;
  return runs(count, (frame) => frame >= reach && frame < count - reach && straightness(measures, frame, reach) >= STRAIGHT);
}

function runs(count: number, belongs: (frame: number) => boolean): Run[] {
  const found: Run[] = [];
  for (let frame = 0; frame < count; frame++) {
    if (!belongs(frame)) continue;
    const first = frame;
    while (frame + 1 < count && belongs(frame + 1)) frame++;
    found.push({ first, last: frame });
  }
  return found;
}

/** Runs of black or of white frames with the straight changes that lead there and away. */
function findFades(measures: FrameMeasures, times: Float64Array, straight: readonly Run[]): GradualChange[] {
  const { count, luma, deviation } = measures;
  const plain = (frame: number): boolean => (deviation[frame] as number) < PLAIN_DEVIATION;
  const dark = runs(count, (frame) => plain(frame) && (luma[frame] as number) <= BLACK_LUMA);
  const light = runs(count, (frame) => plain(frame) && (luma[frame] as number) >= WHITE_LUMA);
  const runAt: (Run | undefined)[] = Array.from({ length: count });
  for (const run of straight) runAt.fill(run, run.first, run.last + 1);
  const fades: GradualChange[] = [];
  for (const core of [...dark, ...light].sort((a, b) => a.first - b.first)) {
    const before = runAt[core.first] ?? runAt.slice(Math.max(0, core.first - RAMP_GAP), core.first).findLast((run) => run);
    const after = runAt[core.last] ?? runAt.slice(core.last + 1, core.last + 1 + RAMP_GAP).find((run) => run);
    const first = Math.max(Math.min(core.first, before?.first ?? count), (fades.at(-1)?.last ?? -1) + 1);
    const last = Math.max(core.last, after?.last ?? 0);
    if (first > last || (first === 0 && last === count - 1)) continue;
    if (isFlash(measures, times, { first, last })) continue;
    const lowest = deviation.subarray(core.first, core.last + 1).reduce((a, b) => Math.min(a, b));
    fades.push({ kind: 'fade', first, last, score: 1 - lowest / PLAIN_DEVIATION });
  }
  return fades;
}

/** Whether a short run of black or white frames is light that flashes or fails within one view, or on a cut. */
function isFlash(measures: FrameMeasures, times: Float64Array, { first, last }: Run): boolean {
  if (first === 0 || last === measures.count - 1) return false;
  const seconds = (times[last + 1] as number) - (times[first] as number);
  if (seconds > FLASH_SECONDS) return false;
  if (last - first < SHORT_FRAMES || seconds <= SHORT_SECONDS) return true;
  return compareCells(measures, first - 1, last + 1).correlation > SAME_VIEW_CORRELATION;
}

/** A straight run as a dissolve, if the views before and behind it differ and all between is their blend. */
function asDissolve(measures: FrameMeasures, times: Float64Array, { first, last }: Run): GradualChange[] {
  const [before, after] = [first - 1, last + 1];
  if (last - first + 1 < DISSOLVE_FRAMES || (times[after] as number) - (times[before] as number) > DISSOLVE_SECONDS) return [];
  const { distance, correlation } = compareCells(measures, before, after);
  if (distance < VIEW_DISTANCE || correlation > SAME_VIEW_CORRELATION) return [];
  const residual = blendResidual(measures, before, after);
  return residual > BLEND_RESIDUAL ? [] : [{ kind: 'dissolve', first, last, score: (1 - Math.max(0, correlation)) * (1 - residual) }];
}

import { findBend } from './bend.ts';
import { showSameView } from './cell_differences.ts';
import type { FrameMeasures } from './frame_measures.ts';
import { type Run, runs } from './straight_runs.ts';

/** Standard deviation of luma below which a frame is of one colour, and the mean luma that makes it black or white. */
const PLAIN_DEVIATION = 4;
const BLACK_LUMA = 32;
const WHITE_LUMA = 218;
/** Longest flash of light, and dark gap, that is no fade when the same view comes back. */
const FLASH_SECONDS = 0.5;
/** Frames that a flash on a cut may last; then it is a matter of the cut. */
const SHORT_FRAMES = 3;
const SHORT_SECONDS = 0.12;
/** Frames at most between black or white and the change that leads there: at its end direction is lost. */
const RAMP_GAP = 2;
/** Longest way to black or white, and shortest that is told by its evenness. */
const WAY_SECONDS = 4;
const WAY_FRAMES = 3;
/** Root mean square distance of the frames of an even way from a line, in its whole rise. Fades have 0.01, pans and cuts 0.2. */
const UNEVENNESS = 0.03;

/** A run of black or white frames and the ways there and back, both ends inside. */
interface Fade {
  readonly kind: 'fade';
  readonly first: number;
  readonly last: number;
  /** In [0, 1]. */
  readonly score: number;
}

/**
 * Fades through black or white in order: runs of such frames with the ways there and back. An even way ends where it bends,
 * another one with the straight run that leads there.
 */
export function findFades(measures: FrameMeasures, times: Float64Array, straight: readonly Run[]): Fade[] {
  const { count, luma, deviation } = measures;
  const plain = (frame: number): boolean => (deviation[frame] as number) < PLAIN_DEVIATION;
  const dark = runs(count, (frame) => plain(frame) && (luma[frame] as number) <= BLACK_LUMA);
  const light = runs(count, (frame) => plain(frame) && (luma[frame] as number) >= WHITE_LUMA);
  const runAt: (Run | undefined)[] = Array.from({ length: count });
  for (const run of straight) runAt.fill(run, run.first, run.last + 1);
  const fades: Fade[] = [];
  for (const core of [...dark, ...light].sort((a, b) => a.first - b.first)) {
    const before = runAt[core.first] ?? runAt.slice(Math.max(0, core.first - RAMP_GAP), core.first).findLast((run) => run);
    const after = runAt[core.last] ?? runAt.slice(core.last + 1, core.last + 1 + RAMP_GAP).find((run) => run);
    const wayIn = evenWay(measures, times, core.first, -1);
    const wayOut = evenWay(measures, times, core.last, 1);
    const first = Math.max(Math.min(core.first, wayIn ?? before?.first ?? count), (fades.at(-1)?.last ?? -1) + 1);
    const last = Math.max(core.last, wayOut ?? after?.last ?? 0);
    if (first > last || (first === 0 && last === count - 1)) continue;
    if (isFlash(measures, times, { first, last })) continue;
    const lowest = deviation.subarray(core.first, core.last + 1).reduce((a, b) => Math.min(a, b));
    fades.push({ kind: 'fade', first, last, score: 1 - lowest / PLAIN_DEVIATION });
  }
  return fades;
}

/**
 * The outermost frame of the way back (-1) or on (1) from a core, if the distance of its frames from the core's colour,
 * `√(σ² + (Y - Y_core)²)`, grows evenly and the view stays. The way ends where that growth bends: a moving camera goes straight
 * on behind it.
 */
function evenWay(measures: FrameMeasures, times: Float64Array, core: number, away: 1 | -1): number | undefined {
  const distances = distancesFrom(measures, times, core, away);
  let length = evenGrowth(distances);
  for (let round = 0; round < 2; round++) {
    if (length < WAY_FRAMES) return undefined;
    const from = Math.floor(length / 2);
    const around = distances.slice(from, Math.ceil(length + Math.max(WAY_FRAMES, length / 2)));
    const bend = findBend(around.toReversed().map((distance) => -distance));
    if (bend === undefined) return undefined;
    length = from + around.length - 1 - bend;
  }
  const end = core + away * (Math.round(length) - 1);
  return showSameView(measures, core + away * Math.round(length / 2), end) ? end : undefined;
}

function distancesFrom({ luma, deviation, count }: FrameMeasures, times: Float64Array, core: number, away: 1 | -1): number[] {
  const distances: number[] = [];
  for (let frame = core; frame >= 0 && frame < count; frame += away) {
    if (Math.abs((times[frame] as number) - (times[core] as number)) > WAY_SECONDS) break;
    distances.push(Math.hypot(deviation[frame] as number, (luma[frame] as number) - (luma[core] as number)));
  }
  return distances;
}

/** Up to which index values lie on a line that rises, give or take {@link UNEVENNESS} of the rise. */
function evenGrowth(values: readonly number[]): number {
  let even = 0;
  let [y, yy, xy] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    y += value;
    yy += value * value;
    xy += value * index;
    const n = index + 1;
    const middle = index / 2;
    const spread = (n * (n * n - 1)) / 12;
    const slope = (xy - y * middle) / spread;
    const error = Math.sqrt(Math.max(0, yy - (y * y) / n - slope * slope * spread) / n);
    if (error <= UNEVENNESS * slope * index) even = index;
  }
  return even;
}

/** Whether a short run of black or white frames is light that flashes or fails within one view, or on a cut. */
function isFlash(measures: FrameMeasures, times: Float64Array, { first, last }: Run): boolean {
  if (first === 0 || last === measures.count - 1) return false;
  const seconds = (times[last + 1] as number) - (times[first] as number);
  if (seconds > FLASH_SECONDS) return false;
  if (last - first < SHORT_FRAMES || seconds <= SHORT_SECONDS) return true;
  return showSameView(measures, first - 1, last + 1);
}

import { findBend } from './bend.ts';
import { type Blend, blendShares, movingView } from './blend_shares.ts';
import { viewChange } from './cell_differences.ts';
import { CELLS, type FrameMeasures } from './frame_measures.ts';

/** Seconds of the windows in which a dissolve is looked for. The longest come first: a short one sees but a part of a long dissolve. */
const WINDOWS_SECONDS = [5, 4, 3.1, 2.4, 1.8, 1.4, 1.05, 0.8, 0.6];
/** Shortest window: two frames of each shot, and a few between. */
const WINDOW_FRAMES = 9;
/** Windows of one length follow each other by this part of it, which is less than one length exceeds the next. */
const WINDOW_STEP = 0.2;
/** What editors use at most, and a frame's worth of rounding. */
const DISSOLVE_SECONDS = 4.1;
/** Half-way between two unlike views, variance is half of theirs; above this share of it there is no dissolve. */
const VARIANCE_LEFT = 0.8;
/** Seconds of a shot from which the motion of its camera is told: from the shorter what to expect over the longer. */
const MOTION_SECONDS = [0.2, 0.8];
/** Cells that both views must share. */
const SEEN_CELLS = CELLS / 4;
/** Largest residual of a blend: dissolves of steady shots leave up to 0.045, other changes of view 0.1 with few exceptions. */
const RESIDUAL = 0.06;
/** The same from a few frames and from views further away. */
const RESIDUAL_OF_FEW = 0.12;
/** Largest root mean square error of shares that rise evenly: in dissolves it is up to 0.03, where things move 0.06 and more. */
const UNEVENNESS = 0.05;
/** Frames from which residual and evenness are told. */
const SAMPLES = 16;
/** Parts of a dissolve's length: of its shots beside it, and around each end where the shares bend. */
const BESIDE = 0.2;
const AROUND_END = 0.25;
/** The same in frames, at least. */
const BESIDE_FRAMES = 2;
const AROUND_END_FRAMES = 4;

/** A change of views, both ends inside. */
interface Dissolve {
  readonly kind: 'dissolve';
  readonly first: number;
  readonly last: number;
  /** In [0, 1]. */
  readonly score: number;
}

/** Frames from one to another, both inside. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where the share of the second view leaves 0 and where it reaches 1, in frames and parts of them. */
interface Ramp {
  readonly start: number;
  readonly end: number;
}

/** Where a dissolve is looked for. */
interface Scene {
  readonly measures: FrameMeasures;
  readonly times: Float64Array;
  /** The frames around it that no other boundary takes. */
  readonly room: Range;
  readonly motionFrames: readonly number[];
}

/**
 * Dissolves among the frames that are not `taken`, in order. The frames of one must be blends of both views, each as its camera
 * shows it when it moves on, and the share of the second view must rise evenly from 0 to 1. Pans, zooms and passing objects are
 * no blends, and a change of light shows no other view.
 */
export function findDissolves(measures: FrameMeasures, times: Float64Array, taken: Uint8Array): Dissolve[] {
  const { count, deviation } = measures;
  const interval = ((times[count - 1] as number) - (times[0] as number)) / Math.max(1, count - 1);
  if (!(interval > 0)) return [];
  const motionFrames = MOTION_SECONDS.map((seconds) => Math.max(1, Math.round(seconds / interval)));
  const variance = (frame: number): number => (deviation[frame] as number) ** 2;
  const used = Uint8Array.from(taken);
  const found: Dissolve[] = [];
  for (const seconds of WINDOWS_SECONDS) {
    const half = Math.round(seconds / interval / 2);
    if (2 * half + 1 < WINDOW_FRAMES) break;
    const step = Math.max(1, Math.round(2 * half * WINDOW_STEP));
    for (let middle = half; middle + half < count; middle += step) {
      const window = { from: middle - half, to: middle + half };
      if (variance(middle) > (VARIANCE_LEFT * (variance(window.from) + variance(window.to))) / 2) continue;
      if (used.subarray(window.from, window.to + 1).includes(1)) continue;
      const dissolve = dissolveIn({ measures, times, room: freeAround(used, window, count), motionFrames }, window);
      if (!dissolve) continue;
      found.push(dissolve);
      used.fill(1, dissolve.first - 1, dissolve.last + 2);
      middle = dissolve.last;
    }
  }
  return found.sort((a, b) => a.first - b.first);
}

/** A window with the free frames before and behind it, as many as it has itself at most. */
function freeAround(used: Uint8Array, window: Range, count: number): Range {
  const length = window.to - window.from;
  let { from, to } = window;
  while (from > Math.max(0, window.from - length) && !used[from - 1]) from--;
  while (to < Math.min(count - 1, window.to + length) && !used[to + 1]) to++;
  return { from, to };
}

/** The dissolve in a window that shows something of both shots. */
function dissolveIn(scene: Scene, window: Range): Dissolve | undefined {
  const { measures, times, room } = scene;
  if (viewChange(measures, window.from, window.to) === 0) return undefined;
  const rough = roughRamp(scene, window);
  if (!rough) return undefined;
  // Views close to a dissolve tell its ends better, and its ends tell what is close.
  const nearer = sharpened(scene, rough);
  const ramp = nearer && sharpened(scene, nearer);
  if (!ramp) return undefined;
  const shots = shotsBeside(ramp);
  const [first, last] = [shots.from + 1, shots.to - 1];
  const change = viewChange(measures, shots.from, shots.to);
  const seconds = (times[shots.to] as number) - (times[shots.from] as number);
  if (last <= first || change === 0 || seconds > DISSOLVE_SECONDS) return undefined;
  const frames = samples(grown(shots, Math.max(BESIDE_FRAMES, BESIDE * (last - first)), room), SAMPLES);
  const { shares, residual } = mixer(scene, shots)(frames);
  const error = unevenness(frames, shares, { start: shots.from, end: shots.to });
  return residual > RESIDUAL || error > UNEVENNESS ? undefined : { kind: 'dissolve', first, last, score: change * (1 - residual) };
}

/** The last frame before a ramp and the first one behind it. */
function shotsBeside({ start, end }: Ramp): Range {
  return { from: Math.round(start), to: Math.round(end) };
}

/** What reads frames as blends of the views at both ends of a range. */
function mixer({ measures, times, room, motionFrames }: Scene, { from, to }: Range): (frames: readonly number[]) => Blend {
  const earlier = motionFrames.map((frames) => Math.max(room.from, from - frames));
  const later = motionFrames.map((frames) => Math.min(room.to, to + frames));
  const before = movingView(measures, times, from, earlier);
  const after = movingView(measures, times, to, later);
  return (frames) => blendShares(measures, times, before, after, frames);
}

/** Where about the shares in a window rise; undefined when they are none, or rise up to one of its ends. */
function roughRamp(scene: Scene, window: Range): Ramp | undefined {
  const mix = mixer(scene, window);
  // Three frames between tell most of what is no blend.
  const few = mix(samples(window, 5).slice(1, -1));
  if (few.residual > RESIDUAL_OF_FEW || few.seen < SEEN_CELLS) return undefined;
  const frames = samples(window, SAMPLES);
  const { shares } = mix(frames);
  const quarter = crossing(frames, shares, 0.25);
  const threeQuarters = crossing(frames, shares, 0.75);
  const rest = (threeQuarters - quarter) / 2;
  const ramp = { start: quarter - rest, end: threeQuarters + rest };
  if (ramp.start < window.from + 1 || ramp.end > window.to - 1 || !(unevenness(frames, shares, ramp) <= UNEVENNESS)) return undefined;
  const { from, to } = shotsBeside(ramp);
  return viewChange(scene.measures, from, to) > 0 ? ramp : undefined;
}

/** The same ramp with its ends where the shares begin to rise and cease. */
function sharpened(scene: Scene, { start, end }: Ramp): Ramp | undefined {
  const length = end - start;
  const near = grown({ from: Math.floor(start), to: Math.ceil(end) }, Math.max(BESIDE_FRAMES, BESIDE * length), scene.room);
  const around = (at: number): Range => {
    const frame = Math.round(at);
    return grown({ from: frame, to: frame }, Math.max(AROUND_END_FRAMES, AROUND_END * length), scene.room);
  };
  const [first, last] = [around(start), around(end)];
  const mix = mixer(scene, near);
  const rise = findBend(mix(samples(first)).shares);
  const fall = findBend(mix(samples(last).reverse()).shares.map((share) => -share));
  return rise === undefined || fall === undefined ? undefined : { start: first.from + rise, end: last.to - fall };
}

/** A range with so many frames more at either end, as far as there is room. */
function grown({ from, to }: Range, frames: number, room: Range): Range {
  return { from: Math.max(room.from, from - Math.round(frames)), to: Math.min(room.to, to + Math.round(frames)) };
}

/** All frames of a range, or so many of them, evenly, with both ends. */
function samples({ from, to }: Range, most = Number.POSITIVE_INFINITY): number[] {
  const count = Math.min(most, to - from + 1);
  return Array.from({ length: count }, (_, index) => from + Math.round((index * (to - from)) / (count - 1)));
}

/** Where values first reach a level; the end where they do not. */
function crossing(frames: readonly number[], values: Float64Array, level: number): number {
  const index = values.findIndex((value, at) => at > 0 && value >= level);
  if (index < 0) return frames.at(-1) as number;
  const [before, after] = [values[index - 1] as number, values[index] as number];
  const [from, to] = [frames[index - 1] as number, frames[index] as number];
  return before >= level ? from : from + ((to - from) * (level - before)) / (after - before);
}

/** Root mean square distance of shares from an even rise. */
function unevenness(frames: readonly number[], shares: Float64Array, { start, end }: Ramp): number {
  let squares = 0;
  for (const [index, frame] of frames.entries()) {
    squares += ((shares[index] as number) - Math.max(0, Math.min(1, (frame - start) / (end - start)))) ** 2;
  }
  return Math.sqrt(squares / frames.length);
}

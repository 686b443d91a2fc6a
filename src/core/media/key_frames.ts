import { CELL_COLUMNS, CELL_ROWS, CELLS, type FrameMeasures } from './frame_measures.ts';
import { areNearDuplicates, differenceHash } from './perceptual_hash.ts';
import type { Shot } from './shots.ts';

/** Seconds at either end of a shot that are passed over, for blends and half-decoded motion; at most this share of it. */
const BORDER_SECONDS = 0.25;
const BORDER_SHARE = 0.2;
/** Mean luma of black and of white frames; a frame with this standard deviation shows something all the same. */
const BLACK_LUMA = 24;
const WHITE_LUMA = 222;
const DRAWN_DEVIATION = 8;
/** Standard deviation of luma of a frame of one colour; a view at night has 4. */
const PLAIN_DEVIATION = 3;
/** Sharpness over contrast of a blurred frame: a Gaussian blur of 1 % of the width leaves 0.4, sharp films have 0.7 and more. */
const BLURRED = 0.35;
/** A frame with less than this share of the best sharpness over contrast in its shot is blurred beside the others. */
const BLURRED_BESIDE = 0.5;
/** A flash lifts a frame's luma this far above what is usual in the frames around it. */
const FLASH_LUMA = 10;
const FLASH_NEIGHBOURS = 6;
/** Motion below which a shot stands still; and the share of a shot's usual motion, and frames in a row, that make a standstill in one that moves. */
const MOVING = 0.5;
const FROZEN_SHARE = 0.15;
const FROZEN_FRAMES = 3;
/**
 * To show a frame, all since the coded key frame before it must be decoded. So many of them are worth this share of quality:
 * it halves what the seeks in the test films take, and frames soon after a coded key frame are coded best.
 */
const DEEP_SEEK = 60;
const DEEP_SEEK_COST = 0.1;
/** ffmpeg seeks by decoding times and begins this much earlier (3/23 s, ffmpeg_demux.c), so a coded key frame right before is missed. */
const SEEK_BACK_SECONDS = 0.14;
/** A shot whose best frame has less than this share of the best quality in the video is left out. */
const QUALITY_SHARE_MIN = 0.5;

/** Why a frame cannot stand for its shot. */
type Defect = 'black' | 'white' | 'plain' | 'blurred' | 'flash' | 'frozen';

/** What one shot offers. */
export interface KeyFrame {
  /** Index of the shot. */
  readonly shot: number;
  /** Its best usable frame, or null when it has none. */
  readonly frame: number | null;
  /** That frame, or one from the middle of the shot: the other fields are about it. */
  readonly shown: number;
  /** Presentation time in seconds. */
  readonly time: number;
  /** In [0, 1]; compares frames of one video. */
  readonly quality: number;
  /** Difference hash, 16 hexadecimal digits. */
  readonly hash: string;
  /** Why it is not used, or null. */
  readonly rejected: string | null;
}

/**
 * Quality of every frame in [0, 1], the product of
 * - sharpness `s / (s + 25)`, s the root mean square Laplacian, to the power 0.4
 * - exposure `exp(-(Y - 1/2)² / 2 · 0.25²) (1 - c)²`, Y the mean luma in [0, 1], c the share of clipped pixels, to 0.3
 * - contrast `1 - exp(-σ / 40)`, to 0.2
 * - colour `1 - exp(-C / 20)`, C the distance of the chromas from grey, to 0.1
 */
export function frameQualities(measures: FrameMeasures): Float32Array {
  return Float32Array.from({ length: measures.count }, (_, frame) => {
    const at = (values: Float32Array): number => values[frame] as number;
    const exposure = Math.exp(-((((at(measures.luma) - 16) / 219 - 0.5) / 0.25) ** 2) / 2) * (1 - at(measures.clipped)) ** 2;
    const sharpness = at(measures.sharpness) / (at(measures.sharpness) + 25);
    const contrast = 1 - Math.exp(-at(measures.deviation) / 40);
    const colour = 0.1 + 0.9 * (1 - Math.exp(-at(measures.chroma) / 20));
    return sharpness ** 0.4 * exposure ** 0.3 * contrast ** 0.2 * colour ** 0.1;
  });
}

/**
 * The best usable frame of every shot, in order. Frames at a shot's borders, black, white, plain, blurred and frozen ones
 * and those that a flash lights are never used.
 * @param codedKeys frames at which the codec can begin to decode, ascending
 */
export function findKeyFrames(
  measures: FrameMeasures,
  times: Float64Array,
  shots: readonly Shot[],
  codedKeys: readonly number[],
): KeyFrame[] {
  const qualities = frameQualities(measures);
  return shots.map((shot, index) => {
    const inner = innerFrames(shot, times);
    const defects = findDefects(measures, shot, inner);
    const usable = inner.filter((frame) => !defects.has(frame));
    const frame = mostWorth(usable, qualities, times, codedKeys);
    const shown = frame ?? (inner[Math.floor(inner.length / 2)] as number);
    return {
      shot: index,
      frame: frame ?? null,
      shown,
      time: times[shown] as number,
      quality: qualities[shown] as number,
      hash: hashOf(measures, shown),
      rejected: frame === undefined ? mostFrequent(defects.values()) : null,
    };
  });
}

/**
 * The best `limit` key frames without near-duplicates of a better one: the same list, the others with the reason why they
 * are rejected.
 */
export function chooseKeyFrames(keyFrames: readonly KeyFrame[], limit: number): KeyFrame[] {
  const usable = keyFrames.filter(({ rejected }) => rejected === null).sort((a, b) => b.quality - a.quality || a.shot - b.shot);
  const chosen: KeyFrame[] = [];
  const reasons = new Map<number, string>();
  for (const next of usable) {
    const twin = chosen.find(({ hash }) => areNearDuplicates(BigInt(`0x${hash}`), BigInt(`0x${next.hash}`)));
    if (twin) reasons.set(next.shot, `near-duplicate of the frame at ${twin.time.toFixed(2)} s`);
    else if (next.quality < QUALITY_SHARE_MIN * (usable[0] as KeyFrame).quality) reasons.set(next.shot, 'much poorer than the best shot');
    else if (chosen.length === limit) reasons.set(next.shot, 'better shots fill the limit');
    else chosen.push(next);
  }
  return keyFrames.map((each) => ({ ...each, rejected: reasons.get(each.shot) ?? each.rejected }));
}

/** The frames of a shot away from its borders; the middle one where there would be none. */
function innerFrames({ first, last, startSeconds, endSeconds }: Shot, times: Float64Array): number[] {
  const border = Math.min(BORDER_SECONDS, (endSeconds - startSeconds) * BORDER_SHARE);
  const frames: number[] = [];
  for (let frame = first; frame <= last; frame++) {
    const ends = frame === last ? endSeconds : (times[frame + 1] as number);
    if ((times[frame] as number) >= startSeconds + border && ends <= endSeconds - border) frames.push(frame);
  }
  return frames.length > 0 ? frames : [Math.floor((first + last) / 2)];
}

function findDefects(measures: FrameMeasures, shot: Shot, frames: readonly number[]): Map<number, Defect> {
  const clearness = (frame: number): number => (measures.sharpness[frame] as number) / ((measures.deviation[frame] as number) + 1);
  const frozen = frozenFrames(measures, shot);
  const clearest = largest(frames.filter((frame) => !frozen.has(frame)).map(clearness));
  const defects = new Map<number, Defect>();
  for (const frame of frames) {
    const luma = measures.luma[frame] as number;
    const deviation = measures.deviation[frame] as number;
    if (luma <= BLACK_LUMA && deviation < DRAWN_DEVIATION) defects.set(frame, 'black');
    else if (luma >= WHITE_LUMA && deviation < DRAWN_DEVIATION) defects.set(frame, 'white');
    else if (deviation < PLAIN_DEVIATION) defects.set(frame, 'plain');
    else if (isFlash(measures, shot, frame)) defects.set(frame, 'flash');
    else if (clearness(frame) < Math.max(BLURRED, BLURRED_BESIDE * clearest)) defects.set(frame, 'blurred');
    else if (frozen.has(frame)) defects.set(frame, 'frozen');
  }
  return defects;
}

function isFlash({ luma }: FrameMeasures, { first, last }: Shot, frame: number): boolean {
  const around = luma.subarray(Math.max(first, frame - FLASH_NEIGHBOURS), Math.min(last, frame + FLASH_NEIGHBOURS) + 1);
  return (luma[frame] as number) - median(around) > FLASH_LUMA;
}

/** Frames of a moving shot that are repeated, with the frame they repeat; none in a shot that stands still. */
function frozenFrames({ motion }: FrameMeasures, { first, last }: Shot): Set<number> {
  const frozen = new Set<number>();
  const usual = median(motion.subarray(first + 1, last + 1));
  if (usual < MOVING) return frozen;
  const stands = (frame: number): boolean => frame <= last && (motion[frame] as number) < FROZEN_SHARE * usual;
  for (let frame = first + 1; frame <= last; frame++) {
    const start = frame;
    while (stands(frame)) frame++;
    if (frame - start < FROZEN_FRAMES) continue;
    for (let each = start - 1; each < frame; each++) frozen.add(each);
  }
  return frozen;
}

/** The frame of the best quality, less what its decoding costs. */
function mostWorth(
  frames: readonly number[],
  qualities: Float32Array,
  times: Float64Array,
  codedKeys: readonly number[],
): number | undefined {
  let best: { readonly frame: number; readonly worth: number } | undefined;
  let key = 0;
  for (const frame of frames) {
    const from = (times[frame] as number) - SEEK_BACK_SECONDS;
    while (key + 1 < codedKeys.length && (times[codedKeys[key + 1] as number] as number) <= from) key++;
    const decoded = frame - (codedKeys[key] ?? 0);
    const worth = (qualities[frame] as number) * (1 - DEEP_SEEK_COST * Math.min(1, decoded / DEEP_SEEK));
    if (!best || worth > best.worth) best = { frame, worth };
  }
  return best?.frame;
}

/** The largest of any number of values; a call takes only some hundred thousand arguments. */
function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

function hashOf({ cells }: FrameMeasures, frame: number): string {
  const hash = differenceHash(cells.subarray(frame * CELLS, (frame + 1) * CELLS), CELL_COLUMNS, CELL_ROWS);
  return hash.toString(16).padStart(16, '0');
}

function mostFrequent(defects: Iterable<Defect>): Defect {
  const counts = new Map<Defect, number>();
  for (const defect of defects) counts.set(defect, (counts.get(defect) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

function median(values: Float32Array): number {
  return values.toSorted()[values.length >> 1] ?? 0;
}

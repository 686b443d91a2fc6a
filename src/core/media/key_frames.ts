import { areNearDuplicates } from './perceptual_hash.ts';
import { findShots, type Shot } from './shots.ts';
import type { VideoFrame } from './video.ts';

/** Seconds next to a cut where frames are passed over: cross-fades and half-decoded motion live there. */
const BORDER_SECONDS = 0.25;
/** The border takes at most this share of a short shot, at either end. */
const BORDER_SHARE = 0.2;
/** Mean luma of a frame that shows something: below is black, above is white (8-bit, broadcast black is 16). */
const LUMA_MIN = 20;
const LUMA_MAX = 235;
/** Standard deviation of luma of a frame that shows something; a plain title card has more. */
const DEVIATION_MIN = 8;
/** A shot whose best frame has less than this share of the best quality in the video is blurred or nearly black: left out. */
const QUALITY_SHARE_MIN = 0.5;

/**
 * Key frames of a video: in every shot the best frame away from the shot's borders, and of those the best `limit` that
 * are no near-duplicates of a better one. Black, white and plain frames never are key frames.
 * @returns indices into `frames`, in the order of time; none when every frame is plain
 */
export function chooseKeyFrames(frames: readonly VideoFrame[], limit: number): number[] {
  const quality = (frame: number): number => (frames[frame] as VideoFrame).quality;
  const candidates = findShots(frames.map((frame) => frame.sceneScore))
    .flatMap((shot) => bestFrame(frames, shot))
    .sort((a, b) => quality(b) - quality(a) || a - b);
  const best = candidates[0];
  if (best === undefined) return [];
  const chosen: number[] = [];
  for (const candidate of candidates) {
    if (chosen.length === limit || quality(candidate) < QUALITY_SHARE_MIN * quality(best)) break;
    const hash = (frames[candidate] as VideoFrame).hash;
    if (!chosen.some((other) => areNearDuplicates(hash, (frames[other] as VideoFrame).hash))) chosen.push(candidate);
  }
  return chosen.sort((a, b) => a - b);
}

/** The best usable frame of a shot, or none. */
function bestFrame(frames: readonly VideoFrame[], shot: Shot): number[] {
  const begin = (frames[shot.first] as VideoFrame).time;
  const end = (frames[shot.last] as VideoFrame).time;
  const border = Math.min(BORDER_SECONDS, (end - begin) * BORDER_SHARE);
  let best: number | undefined;
  for (let index = shot.first; index <= shot.last; index++) {
    const frame = frames[index] as VideoFrame;
    if (frame.time < begin + border || frame.time > end - border || !showsSomething(frame)) continue;
    if (best === undefined || frame.quality > (frames[best] as VideoFrame).quality) best = index;
  }
  return best === undefined ? [] : [best];
}

function showsSomething(frame: VideoFrame): boolean {
  return frame.luma >= LUMA_MIN && frame.luma <= LUMA_MAX && frame.deviation >= DEVIATION_MIN;
}

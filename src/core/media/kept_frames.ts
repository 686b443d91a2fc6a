import type { FrameSize } from './frame_measures.ts';
import type { RgbPicture } from './pixels.ts';

/** Memory for small frames: all those of some three minutes, or three a second of two hours. */
const ROOM_BYTES = 64 * 2 ** 20;

/** Share of the room that is still taken after halving where nearly every frame is a cut: then cuts divide no longer. */
const CROWDED = 0.8;

/** Small copies of a video's frames; the longer the video, the fewer. */
export interface KeptFrames {
  /** Takes a copy of the next frame, in yuv420p. `worth` decides which of two neighbours stays; `joins` is false after a cut. */
  readonly add: (frame: Uint8Array, worth: number, joins: boolean) => void;
  /** The kept frame nearest to a frame, of those from `first` to `last`; undefined when none of them was kept. */
  readonly nearest: (frame: number, first: number, last: number) => RgbPicture | undefined;
}

interface Kept {
  readonly frame: number;
  readonly worth: number;
  readonly joins: boolean;
  readonly planes: Uint8Array;
}

/** Keeps every frame while there is room, and then the better of every two that no cut divides, again and again: never more. */
export function keepFrames(size: FrameSize, roomBytes = ROOM_BYTES): KeptFrames {
  let kept: Kept[] = [];
  const room = Math.max(2, Math.floor((roomBytes * 2) / (3 * size.width * size.height)));
  let count = 0;
  return {
    add: (frame, worth, joins) => {
      kept.push({ frame: count++, worth, joins, planes: frame.slice() });
      if (kept.length < room) return;
      kept = betterHalf(kept);
      if (kept.length > CROWDED * room) kept = betterHalf(kept.map((each) => ({ ...each, joins: true })));
    },
    nearest: (frame, first, last) => {
      const distance = (each: Kept): number => Math.abs(each.frame - frame);
      const inside = kept.filter((each) => each.frame >= first && each.frame <= last);
      const best = inside.reduce<Kept | undefined>((a, b) => (a && distance(a) <= distance(b) ? a : b), undefined);
      return best && toRgb(best.planes, size);
    },
  };
}

function betterHalf(kept: readonly Kept[]): Kept[] {
  const half: Kept[] = [];
  for (let at = 0; at < kept.length; at++) {
    const one = kept[at] as Kept;
    const other = kept[at + 1];
    if (other?.joins) at++;
    // What stands for both begins where the first of them began.
    half.push(other?.joins && other.worth > one.worth ? { ...other, joins: one.joins } : one);
  }
  return half;
}

/** Broadcast range to full range, with the coefficients of Rec. 601. */
function toRgb(planes: Uint8Array, { width, height }: FrameSize): RgbPicture {
  const data = new Uint8ClampedArray(width * height * 3);
  const chroma = width * height;
  const plane = chroma / 4;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const luma = 1.164 * ((planes[y * width + x] as number) - 16);
      const place = chroma + (y >> 1) * (width / 2) + (x >> 1);
      const blue = (planes[place] as number) - 128;
      const red = (planes[place + plane] as number) - 128;
      data[at] = luma + 1.596 * red;
      data[at + 1] = luma - 0.392 * blue - 0.813 * red;
      data[at + 2] = luma + 2.017 * blue;
    }
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

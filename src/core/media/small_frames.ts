import { createFrameMeter, type FrameMeasures, type FrameSize } from './frame_measures.ts';
import { type KeptFrames, keepFrames } from './kept_frames.ts';

/** Product of motion and colour change that may be a cut: no small copy stands for frames on both sides of it. */
const MAYBE_CUT = 2;

/** Cuts a stream of bytes into frames, measures them and keeps small copies. */
export interface SmallFrameReader {
  readonly read: (chunk: Uint8Array) => void;
  readonly measures: () => FrameMeasures;
  readonly kept: KeptFrames;
}

/** A reader of frames of one size in yuv420p. */
export function createSmallFrameReader(size: FrameSize): SmallFrameReader {
  const meter = createFrameMeter(size);
  const kept = keepFrames(size);
  const bytes = (size.width * size.height * 3) / 2;
  const part = new Uint8Array(bytes);
  let filled = 0;
  const take = (frame: Uint8Array): void => {
    const { sharpness, motion, colourChange } = meter.add(frame);
    kept.add(frame, sharpness, motion * colourChange < MAYBE_CUT);
  };
  return {
    kept,
    measures: meter.measures,
    read: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        if (filled === 0 && chunk.length - at >= bytes) {
          take(chunk.subarray(at, at + bytes));
          at += bytes;
          continue;
        }
        const more = chunk.subarray(at, at + bytes - filled);
        part.set(more, filled);
        filled += more.length;
        at += more.length;
        if (filled === bytes) {
          take(part);
          filled = 0;
        }
      }
    },
  };
}

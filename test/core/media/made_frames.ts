import { createFrameMeter, type FrameMeasures } from '../../../src/core/media/frame_measures.ts';
import { createRandom } from '../../../src/core/random.ts';

/** Size of the frames made here. */
export const MADE_SIZE = { width: 72, height: 64 } as const;

const BLOCK = 8;
const CHROMA_SIDE = MADE_SIZE.width / 2;

/** A view as a frame in yuv420p: blocks of random luma and colour, a fine line in each. */
export function view(seed: number): Uint8Array {
  const random = createRandom(seed);
  const { width, height } = MADE_SIZE;
  const frame = plainFrame(0);
  const columns = width / BLOCK;
  const blocks = Array.from({ length: columns * (height / BLOCK) }, () => ({
    luma: 50 + random.below(150),
    u: 90 + random.below(76),
    v: 90 + random.below(76),
  }));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = blocks[Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK)];
      if (!block) continue;
      frame[y * width + x] = block.luma + (x % BLOCK === 3 ? 20 : 0);
      const chroma = width * height + (y >> 1) * CHROMA_SIDE + (x >> 1);
      frame[chroma] = block.u;
      frame[chroma + (width * height) / 4] = block.v;
    }
  }
  return frame;
}

/** A frame of one grey, 16 black to 235 white. */
export function plainFrame(luma: number): Uint8Array {
  const pixels = MADE_SIZE.width * MADE_SIZE.height;
  return new Uint8Array((pixels * 3) / 2).fill(luma, 0, pixels).fill(128, pixels);
}

/** `share` of b over the rest of a. */
export function blend(a: Uint8Array, b: Uint8Array, share: number): Uint8Array {
  return a.map((value, at) => Math.round(value + share * ((b[at] as number) - value)));
}

/** The frames of a dissolve between two views: `count` blends, neither view among them. */
export function dissolve(a: Uint8Array, b: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => blend(a, b, (index + 1) / (count + 1)));
}

/** The same frame `count` times, with a little grain so that nothing stands still. */
export function shot(frame: Uint8Array, count: number, seed = 1): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => frame.map((value) => value + random.below(3) - 1));
}

/** The frame with its luma averaged over squares of `2 · radius + 1` pixels. */
export function blurred(frame: Uint8Array, radius: number): Uint8Array {
  const { width, height } = MADE_SIZE;
  const alongRows = averaged(frame, radius, width, 1);
  return averaged(alongRows, radius, height, width);
}

/** Luma averaged over neighbours in lines of `length` pixels that lie `step` apart. */
function averaged(frame: Uint8Array, radius: number, length: number, step: number): Uint8Array {
  const result = frame.slice();
  for (let at = 0; at < MADE_SIZE.width * MADE_SIZE.height; at++) {
    const place = Math.floor(at / step) % length;
    const [first, last] = [Math.max(0, place - radius), Math.min(length - 1, place + radius)];
    let sum = 0;
    for (let near = first; near <= last; near++) sum += frame[at + (near - place) * step] as number;
    result[at] = Math.round(sum / (last - first + 1));
  }
  return result;
}

export function measure(frames: readonly Uint8Array[]): FrameMeasures {
  const meter = createFrameMeter(MADE_SIZE);
  for (const frame of frames) meter.add(frame);
  return meter.measures();
}

/** Times of `count` frames at 25 a second. */
export function evenTimes(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, frame) => frame / 25);
}

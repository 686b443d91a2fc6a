import { createRandom } from '../../../src/core/random.ts';
import { MADE_SIZE, plainFrame } from './made_frames.ts';

const CELL = 4;
const WAVES = 6;

/** A view of soft hills in grey as a frame in yuv420p, seen by a camera that moved: the hills lie so many cells further right and down. */
export function hills(seed: number, right: number, down: number): Uint8Array {
  const random = createRandom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const waves = Array.from({ length: WAVES }, () => ({
    x: between(-0.12, 0.12),
    y: between(-0.12, 0.12),
    phase: between(0, 2 * Math.PI),
    height: between(8, 20),
  }));
  const frame = plainFrame(120);
  const { width, height } = MADE_SIZE;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (wave: (typeof waves)[number]): number => wave.x * (x - CELL * right) + wave.y * (y - CELL * down) + wave.phase;
      frame[y * width + x] = Math.round(waves.reduce((sum, wave) => sum + wave.height * Math.sin(at(wave)), 120));
    }
  }
  return frame;
}

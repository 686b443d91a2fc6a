import { type CameraMotion, cameraMotion, moveView, STILL } from './camera_motion.ts';
import { CELLS, type FrameMeasures } from './frame_measures.ts';

/** A frame and the motion of its camera: with both it is known how its shot looks a little earlier and later. */
export interface MovingView {
  readonly frame: number;
  readonly motion: CameraMotion;
}

/** How frames are mixed from two views. */
export interface Blend {
  /** Share of the second view in each frame. */
  readonly shares: Float64Array;
  /** Share of the change from the first view that is no blend, in [0, 1]. */
  readonly residual: number;
  /** Cells that are in both views, in the frame where they are fewest. */
  readonly seen: number;
}

/** A frame with the motion that the other frames of its shot tell, all earlier or all later ones, the nearest first. */
export function movingView(measures: FrameMeasures, times: Float64Array, frame: number, others: readonly number[]): MovingView {
  const motion = others
    .filter((other) => other !== frame)
    .reduce((guess, other) => cameraMotion(measures, times, Math.min(frame, other), Math.max(frame, other), guess), STILL);
  return { frame, motion };
}

/**
 * Mixes every frame x from the views a and b as their cameras show them at its time: `x ≈ a + α (b - a)` with the share α by
 * least squares, and the residual `Σ |x - a - α (b - a)|² / Σ |x - a|²` over the cells of all frames.
 */
export function blendShares(measures: FrameMeasures, times: Float64Array, a: MovingView, b: MovingView, frames: readonly number[]): Blend {
  const [movedA, movedB] = [new Float32Array(CELLS), new Float32Array(CELLS)];
  const shares = new Float64Array(frames.length);
  let [all, rest, seen] = [0, 0, CELLS];
  for (const [index, frame] of frames.entries()) {
    const at = (view: MovingView): number => (times[frame] as number) - (times[view.frame] as number);
    moveView(measures, a.frame, a.motion, at(a), movedA);
    moveView(measures, b.frame, b.motion, at(b), movedB);
    let [length, square, product, both] = [0, 0, 0, 0];
    for (let cell = 0; cell < CELLS; cell++) {
      const origin = movedA[cell] as number;
      const whole = (movedB[cell] as number) - origin;
      if (Number.isNaN(whole)) continue;
      const part = (measures.cells[frame * CELLS + cell] as number) - origin;
      length += whole * whole;
      square += part * part;
      product += whole * part;
      both++;
    }
    shares[index] = length > 0 ? product / length : 0;
    all += square;
    rest += square - (length > 0 ? product ** 2 / length : 0);
    seen = Math.min(seen, both);
  }
  return { shares, residual: all > 0 ? rest / all : 0, seen };
}

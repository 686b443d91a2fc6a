import { CELL_COLUMNS, CELL_ROWS, CELLS, type FrameMeasures } from './frame_measures.ts';

/** A camera's steady movement: cells a second that the view goes right and down. */
export interface CameraMotion {
  readonly right: number;
  readonly down: number;
}

export const STILL: CameraMotion = { right: 0, down: 0 };

/** Steps of Gauss and Newton at most, and cells that a step must change for a next one. */
const STEPS = 3;
const STEP_MIN = 0.02;
/** Squared slopes (luma a cell) of a view so plain that no motion can be read from it; noise alone then moves nothing. */
const NO_SLOPE = 100;

/**
 * The motion between two frames of one shot: the least squares solution of `x_b(p + motion) = x_a(p)` over the cells p (Lucas and
 * Kanade 1981). It must lie within about a cell and a half of what is guessed. Zooms are not told: from so few cells their
 * error over some seconds is larger than what they change.
 */
export function cameraMotion(measures: FrameMeasures, times: Float64Array, a: number, b: number, guess: CameraMotion): CameraMotion {
  const seconds = (times[b] as number) - (times[a] as number);
  const target = measures.cells.subarray(b * CELLS, (b + 1) * CELLS);
  const moved = new Float32Array(CELLS);
  let { right, down } = guess;
  for (let step = 0; step < STEPS; step++) {
    moveView(measures, a, { right, down }, seconds, moved);
    let [xx, xy, yy, xc, yc] = [NO_SLOPE, 0, NO_SLOPE, 0, 0];
    for (let row = 1; row < CELL_ROWS - 1; row++) {
      for (let cell = row * CELL_COLUMNS + 1, end = cell + CELL_COLUMNS - 2; cell < end; cell++) {
        const x = ((moved[cell + 1] as number) - (moved[cell - 1] as number)) / 2;
        const y = ((moved[cell + CELL_COLUMNS] as number) - (moved[cell - CELL_COLUMNS] as number)) / 2;
        const change = (moved[cell] as number) - (target[cell] as number);
        if (Number.isNaN(x + y + change)) continue;
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xc += x * change;
        yc += y * change;
      }
    }
    const determinant = xx * yy - xy * xy;
    const [stepRight, stepDown] = [(yy * xc - xy * yc) / determinant, (xx * yc - xy * xc) / determinant];
    right += stepRight / seconds;
    down += stepDown / seconds;
    if (Math.abs(stepRight) + Math.abs(stepDown) < STEP_MIN) break;
  }
  return { right, down };
}

/** Writes the cells of a frame as they are `seconds` later (or earlier) if its camera goes on; NaN where it had not looked yet. */
export function moveView({ cells }: FrameMeasures, frame: number, motion: CameraMotion, seconds: number, moved: Float32Array): void {
  const [x, y] = [-motion.right * seconds, -motion.down * seconds];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [beside, below] = [x - left, y - top];
  // At a whole cell the neighbour counts for nothing, and may lie outside.
  const [toRight, toBelow] = [Math.ceil(beside), CELL_COLUMNS * Math.ceil(below)];
  const columnEnd = Math.min(CELL_COLUMNS, CELL_COLUMNS - left - Math.ceil(beside));
  const rowEnd = Math.min(CELL_ROWS, CELL_ROWS - top - Math.ceil(below));
  moved.fill(Number.NaN);
  for (let row = Math.max(0, -top); row < rowEnd; row++) {
    const start = frame * CELLS + (row + top) * CELL_COLUMNS + left;
    for (let column = Math.max(0, -left); column < columnEnd; column++) {
      const at = start + column;
      const [a, b] = [cells[at] as number, cells[at + toBelow] as number];
      const upper = a + beside * ((cells[at + toRight] as number) - a);
      const lower = b + beside * ((cells[at + toBelow + toRight] as number) - b);
      moved[row * CELL_COLUMNS + column] = upper + below * (lower - upper);
    }
  }
}

import type { RgbPicture } from './pixels.ts';

/** Side of JPEG's blocks, and of the smallest of most video codecs. */
const BLOCK = 8;
/** Mean low quantisation step at which compression is 1/2: libjpeg's quality 11. */
const STEP_HALF = 60;
/** How many times as large as inside a block the steps at its border are where compression is 1/2. */
const GRID_HALF = 1.5;
const GRID_EXPONENT = 3;
/** Steps inside blocks are no smaller than this, in levels: of a wholly flat picture no grid can be seen. */
const SMALLEST_STEP = 0.5;
/** Rows, and columns in the middle of them, looked at at most: 12,000 steps at the border of blocks. */
export const GRID_ROWS = 128;
const COLUMNS = 768;

/** Visible compression in [0, 1] of a JPEG file with this mean low quantisation step, `s² / (s² + s₀²)`: 0.01 at quality 75, 0.8 at 5. */
export function compressionOfStep(step: number): number {
  return step ** 2 / (step ** 2 + STEP_HALF ** 2);
}

/**
 * Visible compression in [0, 1] from the pixels themselves, for pictures that were a JPEG once: `r³ / (r³ + r₀³)`, r how
 * much larger the differences between neighbours are at one column of every eight than at the columns between, in excess
 * of the same. Wherever the grid begins it is found; scaling the picture destroys it, so `picture` is in full size.
 */
export function compressionOfGrid({ data, width, height }: RgbPicture): number {
  const sums = new Float64Array(BLOCK);
  const counts = new Float64Array(BLOCK);
  const rows = Math.min(GRID_ROWS, height);
  const columns = Math.min(COLUMNS, width);
  const left = (width - columns) >> 1;
  for (let row = 0; row < rows; row++) {
    // Green is most of luma.
    let at = (Math.floor(((row + 0.5) * height) / rows) * width + left) * 3 + 1;
    let before = data[at] as number;
    for (let x = 1; x < columns; x++) {
      at += 3;
      const here = data[at] as number;
      const phase = x % BLOCK;
      sums[phase] = (sums[phase] as number) + Math.abs(here - before);
      counts[phase] = (counts[phase] as number) + 1;
      before = here;
    }
  }
  if (width <= 2 * BLOCK) return 0;
  const steps = [...sums].map((sum, phase) => sum / (counts[phase] as number)).sort((a, b) => b - a);
  const [border, next] = steps as [number, number];
  // A quiet column may stand beside the border, so what lies between is the median.
  const inside = Math.max(SMALLEST_STEP, ((steps[3] as number) + (steps[4] as number)) / 2);
  const excess = Math.max(0, border - next) / inside;
  return excess ** GRID_EXPONENT / (excess ** GRID_EXPONENT + GRID_HALF ** GRID_EXPONENT);
}

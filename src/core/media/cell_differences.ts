import { CELL_COLUMNS, CELL_ROWS, CELLS, type FrameMeasures } from './frame_measures.ts';

/** How far two frames are apart, from the mean luma of their cells. */
interface CellDifference {
  /** Root mean square difference, 0 to 255. */
  readonly distance: number;
  /** Pearson's correlation in [-1, 1], the largest of those with one frame moved by up to a cell; 0 where a frame is plain. */
  readonly correlation: number;
}

/** Standard deviation of cells below which a frame has no drawing that could correlate. */
const PLAIN = 1;
/** Sum of squares that rounding of the cells makes between two equal frames, at most. */
const ROUNDING = CELLS / 2;
const SHIFTS = [-1, 0, 1];
/** Correlation of two frames of one view: below, more than the light or a caption changed. */
const SAME_VIEW_CORRELATION = 0.6;
/** Distance of two views; noise and slow motion stay below. */
const VIEW_DISTANCE = 10;

/** Compares two frames. Light and contrast do not change the correlation, nor does a moving camera from one frame to the next. */
export function compareCells({ cells }: FrameMeasures, a: number, b: number): CellDifference {
  const first = cells.subarray(a * CELLS, (a + 1) * CELLS);
  const second = cells.subarray(b * CELLS, (b + 1) * CELLS);
  let squares = 0;
  for (let cell = 0; cell < CELLS; cell++) squares += ((first[cell] as number) - (second[cell] as number)) ** 2;
  const correlations = SHIFTS.flatMap((down) => SHIFTS.map((right) => correlation(first, second, right, down)));
  return { distance: Math.sqrt(squares / CELLS), correlation: Math.max(...correlations) };
}

/** Correlation of what two frames share when the second is moved. */
function correlation(first: Uint8Array, second: Uint8Array, right: number, down: number): number {
  let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
  const shift = down * CELL_COLUMNS + right;
  for (let row = Math.max(0, -down), rowEnd = CELL_ROWS - Math.max(0, down); row < rowEnd; row++) {
    const end = (row + 1) * CELL_COLUMNS - Math.max(0, right);
    for (let cell = row * CELL_COLUMNS + Math.max(0, -right); cell < end; cell++) {
      const a = first[cell] as number;
      const b = second[cell + shift] as number;
      x += a;
      y += b;
      xx += a * a;
      yy += b * b;
      xy += a * b;
    }
  }
  const n = (CELL_COLUMNS - Math.abs(right)) * (CELL_ROWS - Math.abs(down));
  const [varianceX, varianceY] = [xx / n - (x / n) ** 2, yy / n - (y / n) ** 2];
  if (varianceX < PLAIN ** 2 || varianceY < PLAIN ** 2) return 0;
  return (xy / n - (x / n) * (y / n)) / Math.sqrt(varianceX * varianceY);
}

/** Distance of two frames where they do not look alike: `distance · (1 - max(0, correlation))`. */
export function unlikeness(measures: FrameMeasures, a: number, b: number): number {
  const { distance, correlation } = compareCells(measures, a, b);
  return distance * (1 - Math.max(0, correlation));
}

/** How much the views of two frames differ: 1 less their correlation, in (0, 1]; 0 where they may be one view. */
export function viewChange(measures: FrameMeasures, a: number, b: number): number {
  const { distance, correlation } = compareCells(measures, a, b);
  return distance < VIEW_DISTANCE || correlation > SAME_VIEW_CORRELATION ? 0 : 1 - Math.max(0, correlation);
}

/** Whether two frames may show one view, under whatever light. */
export function showSameView(measures: FrameMeasures, a: number, b: number): boolean {
  return compareCells(measures, a, b).correlation > SAME_VIEW_CORRELATION;
}

/**
 * How straight the cells change around a frame: the cosine between the change over the `reach` frames before it and the
 * one over the `reach` frames behind it. Near 1 inside a fade or dissolve, where every pixel goes on in its direction; low
 * where things move, and 0 where nothing changes.
 */
export function straightness({ cells }: FrameMeasures, frame: number, reach: number): number {
  let [before, after, both] = [0, 0, 0];
  const step = reach * CELLS;
  for (let at = frame * CELLS, end = at + CELLS; at < end; at++) {
    const value = cells[at] as number;
    const b = value - (cells[at - step] as number);
    const a = (cells[at + step] as number) - value;
    before += b * b;
    after += a * a;
    both += a * b;
  }
  return both / (Math.sqrt(before * after) + ROUNDING);
}

/**
 * Share of the change between two frames that is no blend of them, in [0, 1]: the frames x between first a and last b are
 * projected onto `b - a`, and the rest `Σ |x - a - α (b - a)|² / Σ |x - a|²` is what some parts changed before others.
 */
export function blendResidual({ cells }: FrameMeasures, first: number, last: number): number {
  let [all, rest] = [0, 0];
  for (let frame = first + 1; frame <= last; frame++) {
    let [length, square, product] = [0, 0, 0];
    for (let cell = 0; cell < CELLS; cell++) {
      const origin = cells[first * CELLS + cell] as number;
      const whole = (cells[last * CELLS + cell] as number) - origin;
      const part = (cells[frame * CELLS + cell] as number) - origin;
      length += whole * whole;
      square += part * part;
      product += whole * part;
    }
    all += square;
    rest += square - (length > 0 ? product ** 2 / length : 0);
  }
  return all > 0 ? rest / all : 0;
}

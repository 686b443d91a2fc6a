/** Luma averaged to cells is what frames are compared by over longer times. */
export const CELL_COLUMNS = 18;
export const CELL_ROWS = 16;
export const CELLS = CELL_COLUMNS * CELL_ROWS;

/** Steps of luma and of each chroma in the histogram of colours. */
const STEPS = 8;
const COLOURS = STEPS ** 3;
const LUMA_SHIFT = 5;
/** Chroma seldom leaves the middle half of its range: steps of 16, grey in the middle of one. */
const CHROMA_STEP = Uint8Array.from({ length: 256 }, (_, value) => Math.max(0, Math.min(STEPS - 1, (value - 56) >> 4)));
/** Cells that count for sharpness: a subject in focus before a soft background fills about a quarter. */
const SHARPEST_CELLS = CELLS / 4;
/** Broadcast luma lies in 16 to 235; what reaches an end has lost its drawing. */
const DARKEST = 18;
const LIGHTEST = 233;
const FIRST_ROOM = 2048;

/** Size of frames in yuv420p: a plane of luma, then two of chroma with half the width and height. Both sides are even. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** What is known of every frame of a video: one number a frame in each array, {@link CELLS} in `cells`. */
export interface FrameMeasures {
  readonly count: number;
  /** Mean and standard deviation of luma, 0 to 255. */
  readonly luma: Float32Array;
  readonly deviation: Float32Array;
  /** Share of pixels at either end of the range, in [0, 1]. */
  readonly clipped: Float32Array;
  /** Root mean square of luma's Laplacian over the sharpest cells. */
  readonly sharpness: Float32Array;
  /** Root mean square distance of the chromas from grey, 0 to 181. */
  readonly chroma: Float32Array;
  /** Mean absolute difference of luma to the frame before, 0 to 255; 0 for the first frame and for a repeated one. */
  readonly motion: Float32Array;
  /** Half the sum of differences of the colour histogram to that of the frame before, in [0, 1]; 0 for the first frame. */
  readonly colourChange: Float32Array;
  /** Mean luma of the cells, row by row. */
  readonly cells: Uint8Array;
}

interface FrameMeter {
  /** Measures the next frame, whose bytes may be overwritten afterwards, and returns some of its measures. */
  readonly add: (frame: Uint8Array) => Numbers<'sharpness' | 'motion' | 'colourChange'>;
  /** The measures of all frames so far. */
  readonly measures: () => FrameMeasures;
}

/** A meter for the frames of a video in their order; memory grows by about 320 bytes a frame. */
export function createFrameMeter(size: FrameSize): FrameMeter {
  const readLuma = createLumaReader(size);
  const readDetail = createDetailReader(size);
  const readColours = createColourReader(size);
  let columns = createColumns(FIRST_ROOM);
  let count = 0;
  return {
    add: (frame) => {
      if (count === columns.luma.length) columns = enlarged(columns);
      const { luma, deviation, motion, cells } = readLuma(frame);
      const { sharpness, clipped } = readDetail(frame);
      const { chroma, colourChange } = readColours(frame);
      columns.luma[count] = luma;
      columns.deviation[count] = deviation;
      columns.motion[count] = count === 0 ? 0 : motion;
      columns.cells.set(cells, count * CELLS);
      columns.sharpness[count] = sharpness;
      columns.clipped[count] = clipped;
      columns.chroma[count] = chroma;
      columns.colourChange[count] = count === 0 ? 0 : colourChange;
      count++;
      return { sharpness, motion, colourChange };
    },
    measures: () => ({ count, ...columns }),
  };
}

type Columns = Omit<FrameMeasures, 'count'>;

function createColumns(room: number): Columns {
  const numbers = (): Float32Array => new Float32Array(room);
  return {
    ...{ luma: numbers(), deviation: numbers(), clipped: numbers(), sharpness: numbers() },
    ...{ chroma: numbers(), motion: numbers(), colourChange: numbers(), cells: new Uint8Array(room * CELLS) },
  };
}

function enlarged(columns: Columns): Columns {
  const larger = createColumns(columns.luma.length * 2);
  for (const name of Object.keys(columns) as (keyof Columns)[]) larger[name].set(columns[name]);
  return larger;
}

type Numbers<Name extends string> = Readonly<Record<Name, number>>;

/** Reads what concerns every pixel of luma. */
function createLumaReader({
  width,
  height,
}: FrameSize): (frame: Uint8Array) => Numbers<'luma' | 'deviation' | 'motion'> & { readonly cells: Uint8Array } {
  const columnEnds = ends(width, CELL_COLUMNS);
  const rowEnds = ends(height, CELL_ROWS);
  const pixels = width * height;
  const before = new Uint8Array(pixels);
  const sums = new Int32Array(CELLS);
  const cells = new Uint8Array(CELLS);
  const areas = sums.map((_, cell) => partLength(columnEnds, cell % CELL_COLUMNS) * partLength(rowEnds, Math.floor(cell / CELL_COLUMNS)));
  return (frame) => {
    sums.fill(0);
    let total = 0;
    let squares = 0;
    let difference = 0;
    for (let y = 0, row = 0; y < height; y++) {
      if (y === rowEnds[row]) row++;
      for (let column = 0, at = y * width; column < CELL_COLUMNS; column++) {
        let sum = 0;
        for (const end = y * width + (columnEnds[column] as number); at < end; at++) {
          const value = frame[at] as number;
          sum += value;
          squares += value * value;
          difference += Math.abs(value - (before[at] as number));
        }
        total += sum;
        const cell = row * CELL_COLUMNS + column;
        sums[cell] = (sums[cell] as number) + sum;
      }
    }
    before.set(frame.subarray(0, pixels));
    for (let cell = 0; cell < CELLS; cell++) cells[cell] = Math.round((sums[cell] as number) / (areas[cell] as number));
    const luma = total / pixels;
    return { luma, deviation: Math.sqrt(Math.max(0, squares / pixels - luma * luma)), motion: difference / pixels, cells };
  };
}

/** Reads sharpness and clipping in every second row: half of a frame tells as much of them as all of it. */
function createDetailReader({ width, height }: FrameSize): (frame: Uint8Array) => Numbers<'sharpness' | 'clipped'> {
  const columnEnds = ends(width, CELL_COLUMNS);
  const rowEnds = ends(height, CELL_ROWS);
  const squares = new Float64Array(CELLS);
  const rows = Math.floor((height - 1) / 2);
  return (frame) => {
    squares.fill(0);
    let clipped = 0;
    for (let y = 1, row = 0; y < height - 1; y += 2) {
      while (y >= (rowEnds[row] as number)) row++;
      let at = y * width + 1;
      let left = frame[at - 1] as number;
      let middle = frame[at] as number;
      for (let column = 0; column < CELL_COLUMNS; column++) {
        let sum = 0;
        for (const end = y * width + Math.min(columnEnds[column] as number, width - 1); at < end; at++) {
          const right = frame[at + 1] as number;
          const laplacian = left + right + (frame[at - width] as number) + (frame[at + width] as number) - 4 * middle;
          sum += laplacian * laplacian;
          if (middle <= DARKEST || middle >= LIGHTEST) clipped++;
          left = middle;
          middle = right;
        }
        const cell = row * CELL_COLUMNS + column;
        squares[cell] = (squares[cell] as number) + sum;
      }
    }
    squares.sort();
    let sharpest = 0;
    for (let cell = CELLS - SHARPEST_CELLS; cell < CELLS; cell++) sharpest += squares[cell] as number;
    const read = rows * (width - 2);
    return { sharpness: Math.sqrt(sharpest / (read * (SHARPEST_CELLS / CELLS))), clipped: clipped / read };
  };
}

/** Reads chroma and the histogram of colours in every second row of chroma. */
function createColourReader({ width, height }: FrameSize): (frame: Uint8Array) => Numbers<'chroma' | 'colourChange'> {
  const halfWidth = width / 2;
  const plane = halfWidth * (height / 2);
  const samples = halfWidth * Math.ceil(height / 4);
  let before = new Int32Array(COLOURS);
  let histogram = new Int32Array(COLOURS);
  return (frame) => {
    [before, histogram] = [histogram, before];
    histogram.fill(0);
    let squares = 0;
    for (let y = 0; y < height; y += 4) {
      for (let luma = y * width, at = width * height + (y / 2) * halfWidth, end = luma + width; luma < end; luma += 2, at++) {
        const u = frame[at] as number;
        const v = frame[at + plane] as number;
        squares += (u - 128) * (u - 128) + (v - 128) * (v - 128);
        const colour =
          ((frame[luma] as number) >> LUMA_SHIFT) * STEPS * STEPS + (CHROMA_STEP[u] as number) * STEPS + (CHROMA_STEP[v] as number);
        histogram[colour] = (histogram[colour] as number) + 1;
      }
    }
    let change = 0;
    for (let colour = 0; colour < COLOURS; colour++) change += Math.abs((histogram[colour] as number) - (before[colour] as number));
    return { chroma: Math.sqrt(squares / samples), colourChange: change / 2 / samples };
  };
}

/** Where each of `parts` nearly equal parts of a length ends. */
function ends(length: number, parts: number): Int32Array {
  return Int32Array.from({ length: parts }, (_, part) => Math.round(((part + 1) * length) / parts));
}

function partLength(partEnds: Int32Array, part: number): number {
  return (partEnds[part] as number) - (partEnds[part - 1] ?? 0);
}

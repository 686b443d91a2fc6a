import type { Random } from '../random.ts';
import { EMBEDDING_KERNELS } from './embedding_kernels_wasm.ts';

/**
 * The ids of a batch: cell i (a field of an example) holds `ids[ends[i−1]]` to `ids[ends[i] − 1]`, its rows in the table.
 */
export interface Cells {
  readonly ids: Int32Array;
  readonly ends: Int32Array;
}

export interface TableOptions {
  readonly rows: number;
  /** Floats a row; a multiple of 4. */
  readonly dimension: number;
  /** Most cells of a batch, and most ids in them. */
  readonly cells: number;
  readonly ids: number;
}

const FLOAT = 4;
const PAGE = 65_536;
/** What Adagrad's sum of squares starts at: about that of ten gradients of one click in 1,000 rows, so a first click does not move a row by the whole rate. */
const FIRST_SQUARE = 1e-6;
const LANES = 4;

type Kernel = (...numbers: number[]) => number;

/**
 * A table of embeddings trained by Adagrad on the rows that a batch touches (Duchi et al. 2011): `G ← G + g²`,
 * `w ← w − rate·g/√G`, with `g` the sum over a row's occurrences in the batch plus `decay·w`.
 *
 * Weights, sums of squares and a batch's numbers lie in one WebAssembly memory, which onnxruntime reads and writes in place.
 */
export class EmbeddingTable {
  readonly rows: number;
  readonly dimension: number;
  /** Shape [rows, dimension]. */
  readonly weights: Float32Array;
  /** Adagrad's sums of squares, [rows, dimension]. */
  readonly squares: Float32Array;
  /** L2 weight of each row: added to its gradient, times the row, when it is touched. */
  readonly decay: Float32Array;
  /** Where a batch's ids and ends are written. */
  readonly cells: Cells;
  /** Shape [cells, dimension]: the mean embedding of each cell, and the loss's gradient with respect to it. */
  readonly pooled: Float32Array;
  readonly gradient: Float32Array;
  private readonly kernels: Record<'unique' | 'pool' | 'spread' | 'adagrad', Kernel>;
  private readonly touched: Int32Array;
  private readonly slots: Int32Array;
  private readonly sums: Float32Array;
  private readonly bits: Int32Array;
  private readonly before: Int32Array;

  constructor({ rows, dimension, cells, ids }: TableOptions) {
    if (dimension % LANES !== 0) throw new RangeError(`Expected a dimension that is a multiple of ${LANES} but received ${dimension}.`);
    this.rows = rows;
    this.dimension = dimension;
    const words = Math.ceil(rows / 32);
    // Rows first: they start at address 0, a multiple of every cache line.
    const sizes = [rows * dimension, rows * dimension, rows, ids, cells, cells * dimension, cells * dimension, ids, ids, ids * dimension];
    const floats = sizes.reduce((sum, size) => sum + roundUp(size), 0) + 2 * roundUp(words);
    const memory = new WebAssembly.Memory({ initial: Math.ceil((floats * FLOAT) / PAGE), maximum: PAGE });
    let at = 0;
    const floatsOf = (length: number): Float32Array => new Float32Array(memory.buffer, reserve(length), length);
    const integersOf = (length: number): Int32Array => new Int32Array(memory.buffer, reserve(length), length);
    const reserve = (length: number): number => {
      at += roundUp(length) * FLOAT;
      return at - roundUp(length) * FLOAT;
    };
    this.weights = floatsOf(rows * dimension);
    this.squares = floatsOf(rows * dimension).fill(FIRST_SQUARE);
    this.decay = floatsOf(rows);
    this.cells = { ids: integersOf(ids), ends: integersOf(cells) };
    this.pooled = floatsOf(cells * dimension);
    this.gradient = floatsOf(cells * dimension);
    this.touched = integersOf(ids);
    this.slots = integersOf(ids);
    this.sums = floatsOf(ids * dimension);
    this.bits = integersOf(words);
    this.before = integersOf(words);
    const module = new WebAssembly.Module(Buffer.from(EMBEDDING_KERNELS, 'base64'));
    this.kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as typeof this.kernels;
  }

  /** Draws every weight uniformly from [−limit, limit], but zeros for the first `zeros` rows. */
  initialise(limit: number, zeros: number, random: Random): void {
    for (let i = zeros * this.dimension; i < this.weights.length; i++) this.weights[i] = limit * (2 * random.uniform() - 1);
  }

  /** Writes the mean embedding of the batch's first `cells` cells into `pooled`. */
  pool(cells: number): void {
    this.kernels.pool(
      this.weights.byteOffset,
      this.dimension * FLOAT,
      this.cells.ids.byteOffset,
      this.cells.ends.byteOffset,
      cells,
      this.pooled.byteOffset,
    );
  }

  /** One Adagrad step on the rows of the batch's first `cells` cells, by what stands in `gradient`; returns how many rows. */
  update(cells: number, rate: number): number {
    const { kernels, dimension, touched, slots, sums } = this;
    const { ids, ends } = this.cells;
    const width = dimension * FLOAT;
    const count = cells > 0 ? (ends[cells - 1] as number) : 0;
    const rows = kernels.unique(
      ids.byteOffset,
      count,
      this.bits.byteOffset,
      this.before.byteOffset,
      this.bits.length,
      touched.byteOffset,
      slots.byteOffset,
    );
    kernels.spread(this.gradient.byteOffset, width, slots.byteOffset, ends.byteOffset, cells, sums.byteOffset, rows);
    kernels.adagrad(
      this.weights.byteOffset,
      width,
      this.squares.byteOffset,
      this.decay.byteOffset,
      touched.byteOffset,
      rows,
      sums.byteOffset,
      rate,
    );
    return rows;
  }
}

/** Every array begins at a multiple of 64 bytes, a cache line. */
function roundUp(floats: number): number {
  return Math.ceil(floats / 16) * 16;
}

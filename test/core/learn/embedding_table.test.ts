import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EmbeddingTable } from '../../../src/core/learn/embedding_table.ts';
import { createRandom } from '../../../src/core/random.ts';

/** The ids of each cell. */
type Batch = readonly (readonly number[])[];

const ROWS = 70;

/** Row 0 and both sides of a word's border among them, so that ids repeat inside a cell and between cells. */
const batches = fc.array(fc.array(fc.constantFrom(0, 1, 30, 31, 32, 33, 63, 64, 69), { maxLength: 5 }), { minLength: 1, maxLength: 12 });
const dimensions = fc.constantFrom(4, 8, 16);

function tableOf(dimension: number, batch: Batch, seed = 1): EmbeddingTable {
  const ids = batch.reduce((sum, cell) => sum + cell.length, 0);
  const table = new EmbeddingTable({ rows: ROWS, dimension, cells: batch.length, ids });
  table.initialise(0.5, 0, createRandom(seed));
  put(table, batch);
  return table;
}

function put({ cells }: EmbeddingTable, batch: Batch): void {
  cells.ids.set(batch.flat());
  let end = 0;
  batch.forEach((ids, cell) => {
    end += ids.length;
    cells.ends[cell] = end;
  });
}

function rowOf(vector: Float32Array, row: number, dimension: number): number[] {
  return Array.from(vector.subarray(row * dimension, (row + 1) * dimension));
}

/** The mean of each cell's rows, in doubles. */
function pooledOf(weights: Float32Array, dimension: number, batch: Batch): number[] {
  return batch.flatMap((ids) =>
    Array.from({ length: dimension }, (_, d) =>
      ids.length === 0 ? 0 : ids.reduce((sum, id) => sum + (weights[id * dimension + d] as number), 0) / ids.length,
    ),
  );
}

/** One Adagrad step in doubles: the weights and squares of every row, and the rows that were touched. */
function updatedOf(table: EmbeddingTable, batch: Batch, rate: number) {
  const { dimension, decay } = table;
  const [weights, squares] = [Float64Array.from(table.weights), Float64Array.from(table.squares)];
  const gradients = new Map<number, number[]>();
  batch.forEach((ids, cell) => {
    for (const id of ids) {
      const sum = gradients.get(id) ?? new Array<number>(dimension).fill(0);
      gradients.set(
        id,
        sum.map((g, d) => g + (table.gradient[cell * dimension + d] as number) / ids.length),
      );
    }
  });
  for (const [id, gradient] of gradients) {
    gradient.forEach((own, d) => {
      const at = id * dimension + d;
      const g = own + (decay[id] as number) * (weights[at] as number);
      squares[at] = (squares[at] as number) + g * g;
      weights[at] = (weights[at] as number) - (rate * g) / Math.sqrt(squares[at] as number);
    });
  }
  return { weights, squares, touched: gradients.size };
}

/** Largest difference over the size of the numbers: single precision keeps 6e-8 of each, and a sum of some 60 loses at most 60 times that. */
function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [found[i] as number, expected[i] as number];
    most = Math.max(most, Math.abs(a - b) / Math.max(1e-2, Math.abs(b)));
  }
  return most;
}

describe('pooling', () => {
  it('gives every cell the mean of its rows, and zeros to a cell without ids', () => {
    fc.assert(
      fc.property(dimensions, batches, (dimension, batch) => {
        const table = tableOf(dimension, batch);
        table.pooled.fill(7);
        table.pool(batch.length);
        expect(difference(table.pooled, pooledOf(table.weights, dimension, batch))).toBeLessThan(1e-5);
      }),
    );
  });

  it('copies the row of a single id bit by bit', () => {
    const table = tableOf(8, [[33], [0]]);
    table.pool(2);
    expect(rowOf(table.pooled, 0, 8)).toEqual(rowOf(table.weights, 33, 8));
    expect(rowOf(table.pooled, 1, 8)).toEqual(rowOf(table.weights, 0, 8));
  });

  it('leaves the cells beyond those it is asked for as they are', () => {
    const table = tableOf(4, [[1], [2]]);
    table.pooled.fill(7);
    table.pool(1);
    expect(rowOf(table.pooled, 1, 4)).toEqual([7, 7, 7, 7]);
  });
});

describe('updating', () => {
  const gradients = (table: EmbeddingTable, seed: number): void => {
    const random = createRandom(seed, 5);
    table.gradient.set(Float32Array.from({ length: table.gradient.length }, () => random.normal()));
  };

  it('is one Adagrad step on the rows of the batch: duplicates summed, decay added, all others as they were', () => {
    fc.assert(
      fc.property(dimensions, fc.tuple(batches, batches), fc.boolean(), fc.nat(1000), (dimension, [first, second], hasDecay, seed) => {
        const cells = Math.max(first.length, second.length);
        const ids = Math.max(first.flat().length, second.flat().length);
        const table = new EmbeddingTable({ rows: ROWS, dimension, cells, ids });
        table.initialise(0.5, 0, createRandom(seed));
        if (hasDecay) table.decay.set(table.decay.map((_, row) => 0.1 / (1 + row)));
        // The second batch finds what the first one left in the scratch memory.
        for (const batch of [first, second]) {
          put(table, batch);
          gradients(table, seed);
          const before = table.weights.slice();
          const expected = updatedOf(table, batch, 0.1);
          expect(table.update(batch.length, 0.1)).toBe(expected.touched);
          expect(difference(table.squares, expected.squares)).toBeLessThan(1e-4);
          expect(difference(table.weights, expected.weights)).toBeLessThan(1e-3);
          const touched = new Set<number>(batch.flat());
          for (let row = 0; row < ROWS; row++) {
            if (!touched.has(row)) expect(rowOf(table.weights, row, dimension)).toEqual(rowOf(before, row, dimension));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('moves a row by the rate in its first step, however large the gradient', () => {
    const table = tableOf(4, [[5]]);
    const before = rowOf(table.weights, 5, 4);
    table.gradient.set([3, -0.5, 100, 1]);
    table.update(1, 0.25);
    rowOf(table.weights, 5, 4).forEach((weight, d) => {
      expect(weight - (before[d] as number)).toBeCloseTo(d === 1 ? 0.25 : -0.25, 4);
    });
  });

  it('does nothing for a gradient of zero', () => {
    const table = tableOf(4, [[5], [6, 6]]);
    const [weights, squares] = [table.weights.slice(), table.squares.slice()];
    expect(table.update(2, 0.25)).toBe(2);
    expect(table.weights).toEqual(weights);
    expect(table.squares).toEqual(squares);
  });

  it('takes a step without cells for none', () => {
    const table = tableOf(4, [[5]]);
    expect(table.update(0, 0.25)).toBe(0);
  });
});

describe('a table', () => {
  it('starts as its seed says, the first rows at zero', () => {
    const table = new EmbeddingTable({ rows: 100, dimension: 8, cells: 1, ids: 1 });
    table.initialise(0.05, 3, createRandom(1));
    expect(table.weights.subarray(0, 24).every((weight) => weight === 0)).toBe(true);
    const rest = table.weights.subarray(24);
    expect(Math.max(...rest.map(Math.abs))).toBeLessThanOrEqual(0.05);
    expect(Math.max(...rest)).toBeGreaterThan(0.04);
    expect(Math.min(...rest)).toBeLessThan(-0.04);
    const again = new EmbeddingTable({ rows: 100, dimension: 8, cells: 1, ids: 1 });
    again.initialise(0.05, 3, createRandom(1));
    expect(again.weights).toEqual(table.weights);
  });

  it('keeps its arrays in one memory, none over another, each at the start of a cache line', () => {
    const table = new EmbeddingTable({ rows: 33, dimension: 4, cells: 3, ids: 5 });
    const arrays = [table.weights, table.squares, table.decay, table.cells.ids, table.cells.ends, table.pooled, table.gradient];
    expect(arrays.map(({ length }) => length)).toEqual([132, 132, 33, 5, 3, 12, 12]);
    expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(1);
    const spans = arrays.map(({ byteOffset, byteLength }) => [byteOffset, byteOffset + byteLength] as const);
    spans.sort(([a], [b]) => a - b);
    for (const [i, [start]] of spans.entries()) {
      expect(start % 64).toBe(0);
      expect(start).toBeGreaterThanOrEqual(spans[i - 1]?.[1] ?? 0);
    }
  });

  it.each([1, 6, 17])('refuses embeddings of %i floats', (dimension) => {
    expect(() => new EmbeddingTable({ rows: 4, dimension, cells: 1, ids: 1 })).toThrow(
      `Expected a dimension that is a multiple of 4 but received ${dimension}.`,
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveByConjugateGradients } from '../../../../src/core/models/multi_instance/conjugate_gradients.ts';
import { createRandom } from '../../../../src/core/random.ts';

/** B'B + I for a random B: symmetric and positive definite. */
function drawMatrix(n: number, seed: number): number[][] {
  const random = createRandom(seed);
  const b = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()));
  return b.map((_, i) => b.map((_, j) => b.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), i === j ? 1 : 0)));
}

function multiplyBy(matrix: readonly (readonly number[])[]) {
  return (v: Float64Array, out: Float64Array): void => {
    matrix.forEach((row, i) => {
      out[i] = row.reduce((sum, own, j) => sum + own * (v[j] as number), 0);
    });
  };
}

function diagonalOf(matrix: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from(matrix, (row, i) => row[i] as number);
}

describe('solveByConjugateGradients', () => {
  it('solves any symmetric positive definite system', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (n, seed) => {
        const matrix = drawMatrix(n, seed);
        const random = createRandom(seed, 1);
        const x = Float64Array.from({ length: n }, () => random.normal());
        const b = new Float64Array(n);
        multiplyBy(matrix)(x, b);
        const found = solveByConjugateGradients(multiplyBy(matrix), diagonalOf(matrix), b, { tolerance: 1e-12, maxIterations: 10 * n });
        expect(Math.max(...found.map((own, i) => Math.abs(own - (x[i] as number))))).toBeLessThan(1e-7);
      }),
    );
  });

  it('needs one iteration where the matrix is diagonal, whatever its entries', () => {
    let products = 0;
    const diagonal = Float64Array.of(1, 1e-6, 1e6, 3);
    const multiply = (v: Float64Array, out: Float64Array): void => {
      products++;
      out.set(v.map((own, i) => own * (diagonal[i] as number)));
    };
    const found = solveByConjugateGradients(multiply, diagonal, Float64Array.of(1, 2, 3, 4), { tolerance: 1e-12, maxIterations: 50 });
    expect(products).toBe(1);
    expect([...found]).toEqual([1, 2 / 1e-6, 3 / 1e6, 4 / 3].map((own) => expect.closeTo(own, 6)));
  });

  it('leaves an unknown at 0 whose row and column are empty', () => {
    const matrix = [
      [2, 0, 1],
      [0, 0, 0],
      [1, 0, 2],
    ];
    const found = solveByConjugateGradients(multiplyBy(matrix), diagonalOf(matrix), Float64Array.of(3, 0, 3), {
      tolerance: 1e-12,
      maxIterations: 9,
    });
    expect([...found]).toEqual([expect.closeTo(1, 9), 0, expect.closeTo(1, 9)]);
  });
});

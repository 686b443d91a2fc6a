import { describe, expect, it } from 'vitest';
import { drawGamma } from '../../../src/core/numerics/gamma_draws.ts';
import { createRandom } from '../../../src/core/random.ts';

describe('drawGamma', () => {
  it.each([1, 2, 5, 20, 64, 65, 7.5, 200])('draws with mean and variance %d', (shape) => {
    const random = createRandom(3, shape);
    const n = 100_000;
    const draws = Array.from({ length: n }, () => drawGamma(shape, random));
    const mean = draws.reduce((sum, x) => sum + x, 0) / n;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    // Standard error of the mean √(shape/n); the table ends at its outermost quantiles, which takes a percent off the variance.
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / n) + 0.001 * shape);
    expect(Math.abs(variance / shape - 1)).toBeLessThan(0.04);
  });

  it('gives the same draws for the same seed', () => {
    const draw = (): number[] => {
      const random = createRandom(9);
      return [1, 3, 80, 3, 1].map((shape) => drawGamma(shape, random));
    };
    expect(draw()).toEqual(draw());
  });
});

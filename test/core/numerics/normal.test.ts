import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../../src/core/numerics/normal.ts';

// [p, float(mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(p) - 1))] with mp.dps = 50; the first two by scipy.special.ndtri(p) (1.17.1)
const QUANTILES = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-9, -5.9978070150076865],
  [1e-6, -4.753424308822899],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.07, -1.4757910281791706],
  [0.08, -1.4050715603096327],
  [0.3, -0.5244005127080408],
  [0.5, 0.0],
  [0.7, 0.5244005127080407],
  [0.925, 1.4395314709384561],
  [0.975, 1.9599639845400538],
  [0.999999, 4.753424308817087],
  [0.999999999, 5.9978070196016375],
] as const;

describe('normalQuantile', () => {
  it.each(QUANTILES)('at p = %d is what mpmath gives, to 1e-15', (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(expected)));
  });

  it('is antisymmetric about one half', () => {
    fc.assert(
      // Multiples of 2^−20: 1 − p is exact.
      fc.property(fc.integer({ min: 1, max: 2 ** 20 - 1 }), (n) => {
        expect(normalQuantile(n / 2 ** 20) + normalQuantile(1 - n / 2 ** 20)).toBe(0);
      }),
    );
  });

  it('is infinite at the ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});

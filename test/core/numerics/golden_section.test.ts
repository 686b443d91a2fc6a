import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maximise } from '../../../src/core/numerics/golden_section.ts';

describe('maximise', () => {
  it('finds the top of a parabola wherever it lies', () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 12, noNaN: true }), fc.double({ min: 0.1, max: 100, noNaN: true }), (top, height) => {
        expect(Math.abs(maximise((x) => -height * (x - top) ** 2, -3, 12) - top)).toBeLessThan(1e-6);
      }),
    );
  });

  it('finds the maximum of x·e^(−x), at 1, and of a kinked function', () => {
    // Near a smooth top f is flat below 1e-8: x is known to the root of the machine's precision.
    expect(Math.abs(maximise((x) => x * Math.exp(-x), 0, 20, 1e-9) - 1)).toBeLessThan(1e-7);
    expect(Math.abs(maximise((x) => -Math.abs(x - 0.3), 0, 1, 1e-12) - 0.3)).toBeLessThan(1e-12);
  });

  it('ends at the bound where the function keeps rising or falling', () => {
    expect(12 - maximise((x) => x, -3, 12)).toBeLessThan(1e-6);
    expect(maximise((x) => -x, -3, 12) + 3).toBeLessThan(1e-6);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitShift, shifted } from '../../../../src/core/models/dual_tower/logit_shift.ts';

const probability = fc.double({ min: 0.001, max: 0.6, noNaN: true });
const rows = fc.array(fc.record({ ctr: probability, effective: fc.integer({ min: 1, max: 5000 }) }), { minLength: 1, maxLength: 8 });

type Row = { readonly ctr: number; readonly effective: number };

function predictedClicks(drawn: readonly Row[], shift: number): number {
  return drawn.reduce((sum, { ctr, effective }) => sum + effective * shifted(Math.fround(ctr), shift), 0);
}

/** The shift of predictions to so many clicks, all of the first row. */
function shiftTo(drawn: readonly Row[], total: number): number {
  const clicks = Float64Array.from(drawn, (_, i) => (i === 0 ? total : 0));
  return fitShift(
    { clicks, effective: Float64Array.from(drawn, ({ effective }) => effective) },
    Float32Array.from(drawn, ({ ctr }) => ctr),
  );
}

describe('a shifted probability', () => {
  it('has a logit that is greater by the shift', () => {
    fc.assert(
      fc.property(probability, fc.double({ min: -5, max: 5, noNaN: true }), (p, shift) => {
        const q = shifted(p, shift);
        expect(Math.log(q / (1 - q))).toBeCloseTo(Math.log(p / (1 - p)) + shift, 9);
      }),
    );
    expect(shifted(0.3, 0)).toBeCloseTo(0.3, 15);
    expect([shifted(0, 2), shifted(1, -2)]).toEqual([0, 1]);
  });

  it('is greater for a greater probability, and for a greater shift', () => {
    fc.assert(
      fc.property(probability, probability, fc.double({ min: -4, max: 4, noNaN: true }), (p, other, shift) => {
        fc.pre(Math.abs(p - other) > 1e-9);
        expect(shifted(Math.max(p, other), shift)).toBeGreaterThan(shifted(Math.min(p, other), shift));
        expect(shifted(p, shift + 0.01)).toBeGreaterThan(shifted(p, shift));
      }),
    );
  });
});

describe('the shift of predictions', () => {
  it('makes them add up to the clicks', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0.1, max: 1.5, noNaN: true }), (drawn, times) => {
        const clicks = times * predictedClicks(drawn, 0);
        // A tenth to three halves of the clicks take a shift of 3 at most: the search goes as far as 5.
        expect(predictedClicks(drawn, shiftTo(drawn, clicks)) / clicks).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is 0 where they already do', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        expect(shiftTo(drawn, predictedClicks(drawn, 0))).toBeCloseTo(0, 9);
      }),
    );
  });

  it('is greater for more clicks', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0.1, max: 1.4, noNaN: true }), (drawn, times) => {
        const clicks = predictedClicks(drawn, 0);
        expect(shiftTo(drawn, 1.1 * times * clicks)).toBeGreaterThan(shiftTo(drawn, times * clicks));
      }),
    );
  });

  it('hangs on nothing that was not shown', () => {
    const shown = { clicks: Float64Array.of(30), effective: Float64Array.of(1000) };
    const more = { clicks: Float64Array.of(30, 0), effective: Float64Array.of(1000, 0) };
    expect(fitShift(more, Float32Array.of(0.02, 0.9))).toBe(fitShift(shown, Float32Array.of(0.02)));
    // One row: the odds of 3 % over those of 2 %.
    expect(fitShift(shown, Float32Array.of(0.02))).toBeCloseTo(Math.log(0.03 / 0.97 / (0.02 / 0.98)), 6);
  });
});

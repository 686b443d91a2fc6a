import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascendingOrder } from '../../../../src/core/models/metrics/ascending_order.ts';
import {
  binErrors,
  type CalibrationBin,
  calibrationBins,
  calibrationErrorEstimate,
  decileEnds,
} from '../../../../src/core/models/metrics/calibration.ts';
import type { HeldOutRows } from '../../../../src/core/models/metrics/held_out_rows.ts';
import { makeCounts, shuffledRows, takeRows } from './made_rows.ts';

function binsOf(rows: HeldOutRows, predictions: ArrayLike<number>): CalibrationBin[] {
  const order = ascendingOrder(predictions);
  return calibrationBins(rows, predictions, order, decileEnds(rows, predictions, order));
}

function errorsOf(rows: HeldOutRows, predictions: ArrayLike<number>, weights: Uint8Array): number {
  const order = ascendingOrder(predictions);
  return binErrors(rows, predictions, order, decileEnds(rows, predictions, order))(weights);
}

function uniformRows(rows: number): HeldOutRows {
  return { clicks: new Uint8Array(rows), ad: new Int32Array(rows), cluster: new Int32Array(rows) };
}

const counts = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer()).map(([rows, seed]) => makeCounts(rows, seed));

describe('calibrationBins', () => {
  it('are deciles of the impressions', () => {
    const bins = binsOf(
      uniformRows(50),
      Float64Array.from({ length: 50 }, (_, i) => ((7 * i) % 50) / 100),
    );
    expect(bins.map(({ impressions }) => impressions)).toEqual(new Array(10).fill(5));
    expect(bins[0]?.meanPrediction).toBeCloseTo(0.02, 14);
    expect(bins[9]?.meanPrediction).toBeCloseTo(0.47, 14);
  });

  it('weigh rows by their impressions', () => {
    const rows = { ...uniformRows(3), clicks: [1, 2, 30], impressions: [10, 30, 60] };
    const bins = binsOf(rows, [0.1, 0.2, 0.4]);
    // Middles at .05, .25 and .7 of the impressions: three bins.
    expect(bins.map(({ impressions, clicks, ctr }) => [impressions, clicks, ctr])).toEqual([
      [10, 1, 0.1],
      [30, 2, 2 / 30],
      [60, 30, 0.5],
    ]);
    // 60·.4 − 30 = −6, 30·.2 − 2 = 4, 10·.1 − 1 = 0.
    expect(errorsOf(rows, [0.1, 0.2, 0.4], Uint8Array.of(1))).toBeCloseTo(10, 12);
  });

  it('keep equal predictions together', () => {
    expect(binsOf(uniformRows(40), new Float32Array(40).fill(0.25))).toHaveLength(1);
    const bins = binsOf(
      uniformRows(40),
      Float32Array.from({ length: 40 }, (_, i) => (i % 2) / 2),
    );
    expect(bins.map(({ impressions, meanPrediction }) => [impressions, meanPrediction])).toEqual([
      [20, 0],
      [20, 0.5],
    ]);
  });

  it('hold each impression and click once, whatever the order of rows', () => {
    fc.assert(
      fc.property(counts, fc.integer(), (rows, seed) => {
        const bins = binsOf(rows, rows.predictions);
        const total = (column: Float64Array): number => column.reduce((sum, count) => sum + count, 0);
        expect(bins.reduce((sum, bin) => sum + bin.impressions, 0)).toBe(total(rows.impressions));
        expect(bins.reduce((sum, bin) => sum + bin.clicks, 0)).toBe(total(rows.clicks));
        expect(bins.length).toBeLessThanOrEqual(10);
        for (const bin of bins) expect(bin.impressions).toBeGreaterThan(0);
        const shuffled = takeRows(rows, shuffledRows(rows.clicks.length, seed));
        const ofShuffled = binsOf(shuffled, shuffled.predictions);
        expect(ofShuffled.map(({ impressions, clicks }) => [impressions, clicks])).toEqual(
          bins.map(({ impressions, clicks }) => [impressions, clicks]),
        );
      }),
    );
  });

  it.each([
    // Reference: scipy 1.17.1, binomtest(c, n).proportion_ci(method='wilson')
    [0, 40, 0, 0.08762160119728662],
    [3, 40, 0.025836025774588198, 0.19864233524310543],
    [17, 1000, 0.01064068985681633, 0.027055958840229925],
    [40, 40, 0.9123783988027133, 1],
  ])('have the interval of Wilson: %d of %d', (clicks, impressions, low, high) => {
    const [bin] = binsOf({ ...uniformRows(1), clicks: [clicks], impressions: [impressions] }, [0.5]);
    expect(bin?.ciLow).toBeCloseTo(low, 13);
    expect(bin?.ciHigh).toBeCloseTo(high, 13);
  });
});

describe('binErrors', () => {
  it('under weights are those of rows written down as often, in the same bins', () => {
    const weights = Uint8Array.of(2, 2, 2, 2);
    fc.assert(
      fc.property(counts, (rows) => {
        const twice = takeRows(
          rows,
          [...rows.clicks.keys()].flatMap((row) => [row, row]),
        );
        expect(errorsOf(rows, rows.predictions, weights)).toBeCloseTo(errorsOf(twice, twice.predictions, Uint8Array.of(1, 1, 1, 1)), 10);
      }),
    );
  });
});

describe('calibrationErrorEstimate', () => {
  it('mirrors the lower end at the value and lowers the upper one by the draws’ excess, never below 0 or short of the value', () => {
    const estimate = (value: number, ...draws: number[]) =>
      calibrationErrorEstimate({ value: { calibrationError: value }, draws: { calibrationError: Float64Array.from(draws) } }, null);
    const spread = Array.from({ length: 41 }, (_, i) => 0.08 + i / 1000);
    // Percentiles of .08 … .12 are .081 and .119, the mean is .1.
    const { ciLow, ciHigh } = estimate(0.09, ...spread, Number.NaN);
    expect(ciLow).toBeCloseTo(0.061, 12);
    expect(ciHigh).toBeCloseTo(0.109, 12);
    expect(estimate(0.05, ...spread).ciLow).toBe(0);
    expect(estimate(0.2, ...spread)).toMatchObject({ ciLow: 0.2, ciHigh: expect.closeTo(0.219, 12) });
    expect(estimate(0.05, 0.01, 0.05)).toMatchObject({ ciHigh: expect.closeTo(0.069, 12) });
  });
});

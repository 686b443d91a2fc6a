import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binOf, distinctValues, fewValues, quantileEdges } from '../../../../src/core/models/features/quantile_bins.ts';

const hundred = Float64Array.from({ length: 160 }, (_, i) => i);

describe('fewValues', () => {
  it('lists at most 16 values in ascending order, without those not given', () => {
    expect(fewValues(Float64Array.of(3, Number.NaN, 1, 3, -2))).toEqual([-2, 1, 3]);
    expect(fewValues(hundred.slice(0, 16))).toHaveLength(16);
    expect(fewValues(hundred.slice(0, 17))).toBeUndefined();
    expect(distinctValues(hundred.slice(0, 17))).toHaveLength(17);
  });
});

describe('quantileEdges', () => {
  it('cuts values that are spread evenly into 16 bins of as many rows', () => {
    const edges = quantileEdges(hundred, undefined, 160);
    expect(edges).toEqual(Array.from({ length: 15 }, (_, i) => 10 * (i + 1)));
  });

  it('looks at the first rows in the given order only', () => {
    const order = Int32Array.from({ length: 160 }, (_, i) => 159 - i);
    expect(quantileEdges(hundred, order, 32).every((edge) => edge >= 128)).toBe(true);
    expect(quantileEdges(hundred, undefined, 32).every((edge) => edge < 32)).toBe(true);
  });

  it('gives one bin where there is nothing to cut', () => {
    expect(quantileEdges(Float64Array.of(Number.NaN, Number.NaN), undefined, 2)).toEqual([]);
    expect(quantileEdges(new Float64Array(50).fill(7), undefined, 50)).toEqual([]);
  });

  it('gives ascending distinct edges, and no empty bin of the rows they come from, for any values', () => {
    const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Number.NaN)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, (list) => {
        const column = Float64Array.from(list);
        const edges = quantileEdges(column, undefined, column.length);
        expect(edges).toEqual([...new Set(edges)].sort((a, b) => a - b));
        const bins = new Set(list.filter((value) => !Number.isNaN(value)).map((value) => binOf(value, edges)));
        if (bins.size > 0) expect(bins.size).toBe(edges.length + 1);
      }),
    );
  });
});

describe('binOf', () => {
  it('counts the edges that are not above the value', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -50, max: 50 })), fc.integer({ min: -60, max: 60 }), (edges, value) => {
        edges.sort((a, b) => a - b);
        expect(binOf(value, edges)).toBe(edges.filter((edge) => edge <= value).length);
      }),
    );
  });
});

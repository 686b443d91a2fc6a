import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascendingOrder, groupedOrder } from '../../../../src/core/models/metrics/ascending_order.ts';

const numbers = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 0.5)), {
  maxLength: 60,
});

describe('ascendingOrder', () => {
  it('is the stable order of a comparing sort, for floats of either width and sign', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        // Array.sort is stable; a − b would be NaN for two infinities.
        const compare = (a: number, b: number): number => Number(a > b) - Number(a < b);
        const expected = [...values.keys()].sort((a, b) => compare(values[a] as number, values[b] as number));
        expect([...ascendingOrder(values)]).toEqual(expected);
        const singles = Float32Array.from(values);
        const expectedSingles = [...singles.keys()].sort((a, b) => compare(singles[a] as number, singles[b] as number));
        expect([...ascendingOrder(singles)]).toEqual(expectedSingles);
      }),
    );
  });
});

describe('groupedOrder', () => {
  it('puts groups one after another, empty ones too, and keeps the order inside each', () => {
    const { order, ends } = groupedOrder(Uint32Array.of(4, 2, 0, 1, 3), [2, 0, 2, 0, 2], 4);
    expect([...order]).toEqual([1, 3, 4, 2, 0]);
    expect([...ends]).toEqual([2, 2, 5, 5]);
  });

  it('leaves an order of one group as it is', () => {
    const { order, ends } = groupedOrder(Uint32Array.of(2, 0, 1), [1, 1, 1], 3);
    expect([...order]).toEqual([2, 0, 1]);
    expect([...ends]).toEqual([0, 3, 3]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listOrder, PADDING } from '../../../../src/core/models/dual_tower/list_order.ts';
import { LIST_WIDTH } from '../../../../src/core/models/dual_tower/network.ts';

/** The ad of each row of a log, and which of the rows are trained on, in any order. */
const logs = fc
  .array(fc.nat(4), { minLength: 1, maxLength: 120 })
  .chain((ad) => fc.shuffledSubarray([...ad.keys()]).map((rows) => ({ ad: Int32Array.from(ad), rows: Int32Array.from(rows) })));

function lists(order: Int32Array): number[][] {
  return Array.from({ length: order.length / LIST_WIDTH }, (_, list) => [...order.subarray(list * LIST_WIDTH, (list + 1) * LIST_WIDTH)]);
}

describe('the order of a pass', () => {
  it('has every training row once, in lists of one ad that are filled up at their ends', () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.nat(20), ({ ad, rows }, seed, epoch) => {
        const order = listOrder(rows, ad, 5, seed, epoch);
        expect([...order].filter((row) => row !== PADDING).sort()).toEqual([...rows].sort());
        expect(order.length % LIST_WIDTH).toBe(0);
        for (const list of lists(order)) {
          const real = list.filter((row) => row !== PADDING);
          expect(real.length).toBeGreaterThan(0);
          expect(list.slice(0, real.length)).toEqual(real);
          expect(new Set(real.map((row) => ad[row])).size).toBe(1);
        }
      }),
    );
  });

  it('fills up at most one list of each ad', () => {
    fc.assert(
      fc.property(logs, ({ ad, rows }) => {
        const short = lists(listOrder(rows, ad, 5, 1, 0)).filter((list) => list.includes(PADDING));
        expect(new Set(short.map(([row]) => ad[row as number])).size).toBe(short.length);
      }),
    );
  });

  const ad = Int32Array.from({ length: 400 }, (_, row) => row % 3);
  const rows = Int32Array.from(ad.keys());

  it('is the same for the same seed and epoch, another for another', () => {
    expect(listOrder(rows, ad, 3, 7, 2)).toEqual(listOrder(rows, ad, 3, 7, 2));
    expect(listOrder(rows, ad, 3, 7, 3)).not.toEqual(listOrder(rows, ad, 3, 7, 2));
    expect(listOrder(rows, ad, 3, 8, 2)).not.toEqual(listOrder(rows, ad, 3, 7, 2));
  });

  it('mixes rows inside ads and lists of different ads', () => {
    const [first = []] = lists(listOrder(rows, ad, 3, 1, 0));
    expect(first).not.toEqual(first.toSorted((a, b) => a - b));
    // A row is of the first half of its ad's rows in half of the places of a list, by chance in all of them once in 128 lists.
    const spread = lists(listOrder(rows, ad, 3, 1, 0)).filter(
      (list) => list.some((row) => row >= 0 && row < 200) && list.some((row) => row >= 200),
    );
    expect(spread.length).toBeGreaterThan(40);
    const ads = lists(listOrder(rows, ad, 3, 1, 0)).map(([row]) => ad[row as number]);
    expect(ads).not.toEqual(ads.toSorted());
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascendingOrder, groupedOrder } from '../../../../src/core/models/metrics/ascending_order.ts';
import { type GroupFigures, groupFigures, meanArea, oneClassGroups, rankRows } from '../../../../src/core/models/metrics/ranking.ts';
import { impressionsOf, type MadeRows, makeCounts, shuffledRows, takeRows } from './made_rows.ts';

function figures(rows: MadeRows, predictions: ArrayLike<number>, ofAds: boolean, weights?: Uint8Array): GroupFigures {
  const order = ascendingOrder(predictions);
  const groups = ofAds ? groupedOrder(order, rows.ad, 3) : { order, ends: Uint32Array.of(order.length) };
  return groupFigures(rankRows(rows, predictions, groups), weights ?? new Uint8Array(4).fill(1));
}

const auc = (rows: MadeRows, predictions: ArrayLike<number> = rows.predictions): number => meanArea(figures(rows, predictions, false));
const gauc = (rows: MadeRows, predictions: ArrayLike<number> = rows.predictions): number => meanArea(figures(rows, predictions, true));

/** By definition: pairs of a click and a miss, one by one. */
function pairedArea(rows: MadeRows): number {
  let [won, pairs] = [0, 0];
  for (const [i, p] of rows.predictions.entries()) {
    for (const [j, q] of rows.predictions.entries()) {
      const count = (rows.clicks[i] as number) * ((rows.impressions[j] as number) - (rows.clicks[j] as number));
      pairs += count;
      won += count * (p > q ? 1 : p === q ? 0.5 : 0);
    }
  }
  return won / pairs;
}

/** Alike but for rounding; both NaN where one class lacks. */
function expectSame(value: number, expected: number): void {
  if (Number.isNaN(expected)) expect(value).toBeNaN();
  else expect(value).toBeCloseTo(expected, 12);
}

const counts = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer()).map(([rows, seed]) => makeCounts(rows, seed));

// Reference: scikit-learn 1.6.1, with
// p = [.1, .4, .35, .8, .4, .1, .65, .4, .05, .9]; y = [0, 0, 1, 1, 1, 0, 0, 0, 0, 1]; ad = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
// n = [10, 4, 7, 3, 12, 5, 8, 6, 9, 2]; c = [1, 0, 3, 2, 4, 0, 5, 1, 0, 2]; yy = r_[ones(10), zeros(10)]; pp = r_[p, p]; w = r_[c, n - c]
const SINGLE: MadeRows = {
  predictions: Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.4, 0.1, 0.65, 0.4, 0.05, 0.9),
  clicks: Float64Array.of(0, 0, 1, 1, 1, 0, 0, 0, 0, 1),
  impressions: new Float64Array(10).fill(1),
  ad: Int32Array.of(0, 0, 0, 1, 1, 1, 1, 2, 2, 2),
  cluster: new Int32Array(10),
};
const COUNTED: MadeRows = {
  ...SINGLE,
  clicks: Float64Array.of(1, 0, 3, 2, 4, 0, 5, 1, 0, 2),
  impressions: Float64Array.of(10, 4, 7, 3, 12, 5, 8, 6, 9, 2),
};

describe('AUC', () => {
  it('is that of scikit-learn, of impressions and of counts', () => {
    // roc_auc_score(y, p); roc_auc_score(yy, pp, sample_weight=w)
    expect(auc(SINGLE)).toBeCloseTo(0.7916666666666666, 14);
    expect(auc(COUNTED)).toBeCloseTo(0.7951388888888888, 14);
  });

  it('counts pairs of a click and a miss, equal predictions half', () => {
    // A click at .2 beats the miss at .1 and ties one of the two at .2; that at .1 ties one of three: (1 + 2·½ + ½) / 6.
    const rows = { ...takeRows(SINGLE, [0, 1, 2, 3, 4]), clicks: Float64Array.of(1, 0, 1, 0, 0) };
    expect(auc(rows, [0.1, 0.1, 0.2, 0.2, 0.2])).toBeCloseTo(2.5 / 6, 14);
  });

  it('is the share of pairs in the right order, one by one', () => {
    fc.assert(
      fc.property(counts, (rows) => {
        expectSame(auc(rows), pairedArea(rows));
      }),
    );
  });

  it('depends on the order of predictions alone', () => {
    fc.assert(
      fc.property(counts, (rows) => {
        const raised = rows.predictions.map((p) => p ** 3 - 7);
        expect(auc(rows, raised)).toBe(auc(rows));
        const mirrored = rows.predictions.map((p) => -p);
        expectSame(auc(rows, mirrored), 1 - auc(rows));
      }),
    );
  });

  it('is the same whatever the order of rows', () => {
    fc.assert(
      fc.property(counts, fc.integer(), (rows, seed) => {
        const shuffled = takeRows(rows, shuffledRows(rows.clicks.length, seed));
        expectSame(auc(shuffled), auc(rows));
        expectSame(gauc(shuffled), gauc(rows));
      }),
    );
  });

  it('of counts is that of the impressions they stand for', () => {
    fc.assert(
      fc.property(counts, (rows) => {
        expectSame(auc(impressionsOf(rows)), auc(rows));
        expectSame(gauc(impressionsOf(rows)), gauc(rows));
      }),
    );
  });

  it('under weights is that of rows written down as often', () => {
    const weights = Uint8Array.of(0, 1, 3, 2);
    fc.assert(
      fc.property(counts, fc.boolean(), (rows, ofAds) => {
        const written = [...rows.cluster].flatMap((cluster, row) => new Array<number>(weights[cluster] as number).fill(row));
        const [weighted, plain] = [
          figures(rows, rows.predictions, ofAds, weights),
          figures(takeRows(rows, written), takeRows(rows, written).predictions, ofAds),
        ];
        expect([...weighted.clicks]).toEqual([...plain.clicks]);
        expect([...weighted.impressions]).toEqual([...plain.impressions]);
        expectSame(meanArea(weighted), meanArea(plain));
      }),
    );
  });
});

describe('GAUC', () => {
  it('is the mean of the ads’ AUC by scikit-learn, weighted by their impressions', () => {
    // average([roc_auc_score(y[ad == a], p[ad == a]) for a in range(3)], weights=[3, 4, 3]): areas .5, .75, 1
    expect(gauc(SINGLE)).toBeCloseTo(0.75, 14);
    // The same of (yy, pp, sample_weight=w), weights [21, 28, 17]
    expect(gauc(COUNTED)).toBeCloseTo(0.7387294449460224, 14);
  });

  it('of a single ad is AUC', () => {
    fc.assert(
      fc.property(counts, (rows) => {
        const single = { ...rows, ad: rows.ad.map(() => 1) };
        expectSame(gauc(single), auc(rows));
      }),
    );
  });

  it('leaves out ads of one class and says how many and what share of impressions', () => {
    const rows = { ...SINGLE, clicks: Float64Array.of(0, 0, 1, 1, 1, 1, 1, 0, 0, 0) };
    // Of the first ad the click at .35 lies between two misses; the second is clicked always, the third never.
    expect(gauc(rows)).toBeCloseTo(0.5, 14);
    expect(oneClassGroups(figures(rows, rows.predictions, true))).toEqual({ groups: 2, impressionShare: 0.7 });
    expect(gauc({ ...rows, clicks: new Float64Array(10) })).toBeNaN();
  });
});

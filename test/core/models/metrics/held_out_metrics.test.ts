import { beforeAll, describe, expect, it } from 'vitest';
import type { Estimate } from '../../../../src/core/feedback/evaluation.ts';
import { type HeldOutMetrics, heldOutMetrics } from '../../../../src/core/models/metrics/held_out_metrics.ts';
import { metricDifferences } from '../../../../src/core/models/metrics/metric_differences.ts';
import { tell } from '../../../real/real_data.ts';
import { impressionsOf, type MadeRows, makeCounts, makeImpressions, takeRows } from './made_rows.ts';

const ESTIMATES = ['auc', 'gauc', 'logLoss', 'normalisedEntropy', 'calibrationRatio', 'calibrationError'] as const;

function metrics(rows: MadeRows, seed = 1): HeldOutMetrics {
  return heldOutMetrics(rows, rows, { seed });
}

/** A model that tells five kinds of rows apart. */
function bluntly(p: number): number {
  return (Math.min(4, Math.floor(5 * p)) + 0.5) / 5;
}

describe('heldOutMetrics', () => {
  it('says how much it rests on', () => {
    const rows = {
      ...makeCounts(5, 1),
      clicks: [1, 0, 5, 0, 0],
      impressions: [4, 3, 9, 0, 2],
      ad: [0, 0, 3, 1, 3],
      cluster: [0, 0, 2, 1, 2],
    };
    const { rows: count, impressions, clicks, clusters, ads } = heldOutMetrics(rows, rows, { seed: 1 });
    expect({ count, impressions, clicks, clusters, ads }).toEqual({ count: 5, impressions: 18, clicks: 6, clusters: 2, ads: 2 });
  });

  it('has the same bytes for the same rows and seed, and other ends for another seed', () => {
    const rows = makeImpressions({ rows: 500, users: 50, ads: 3, seed: 2 });
    expect(JSON.stringify(metrics(rows))).toBe(JSON.stringify(metrics(rows)));
    expect(metrics(rows, 2).auc.value).toBe(metrics(rows).auc.value);
    expect(metrics(rows, 2).auc.ciLow).not.toBe(metrics(rows).auc.ciLow);
  });

  it('of counts is that of the impressions they stand for, intervals too', () => {
    const counts = makeCounts(80, 3);
    const [ofCounts, ofImpressions] = [metrics(counts), metrics(impressionsOf(counts))];
    for (const name of ESTIMATES) {
      for (const end of ['value', 'ciLow', 'ciHigh'] as const)
        expect(ofCounts[name][end]).toBeCloseTo(ofImpressions[name][end] as number, 10);
    }
    expect(ofCounts.oneClassAds).toEqual(ofImpressions.oneClassAds);
  });

  it.each<[string, Partial<Record<'clicks' | 'cluster', number[]>>, string]>([
    ['no click', { clicks: new Array(12).fill(0) }, '5 clicks are needed but there are 0'],
    ['nothing but clicks', { clicks: new Array(12).fill(1) }, '5 impressions without a click are needed but there are 0'],
    ['a single cluster', { cluster: new Array(12).fill(3) }, 'an interval needs 2 users, days or rows to resample but there is 1'],
  ])('has reasons instead of numbers for %s', (_, columns, reason) => {
    const rows = {
      clicks: [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
      ad: new Array(12).fill(0),
      cluster: [...new Array(12).keys()],
      ...columns,
    };
    const predictions = rows.clicks.map((_, i) => i / 12);
    const result = heldOutMetrics(rows, { predictions }, { seed: 1 });
    for (const name of ESTIMATES) expect(result[name]).toEqual({ value: null, ciLow: null, ciHigh: null, reason });
  });

  it('has no numbers of no rows', () => {
    const result = metrics(takeRows(makeCounts(1, 1), []));
    expect(result.auc.reason).toBe('5 clicks are needed but there are 0');
    expect(result.calibration).toEqual([]);
  });

  it('has AUC but no GAUC where each ad is of one class', () => {
    const predictions = [...new Array(20).keys()].map((i) => i / 20);
    const rows = { clicks: predictions.map((_, i) => i % 2), ad: predictions.map((_, i) => i % 2), cluster: [...predictions.keys()] };
    const result = heldOutMetrics(rows, { predictions }, { seed: 1 });
    expect(result.auc.value).toBeCloseTo(0.55, 12);
    expect(result.gauc.reason).toBe('no ad has impressions with a click and without');
    expect(result.oneClassAds).toEqual({ ads: 2, impressionShare: 1 });
    expect(metricDifferences(rows, predictions, predictions, { seed: 1 }).gauc.reason).toBe(result.gauc.reason);
  });

  it.each([
    [
      'a prediction that is not a number',
      { predictions: [0.1, Number.NaN] },
      'Expected predictions from 0 to 1 but received NaN in held-out row 1.',
    ],
    ['a prediction above 1', { predictions: [1.5, 0] }, 'Expected predictions from 0 to 1 but received 1.5 in held-out row 0.'],
    ['more clicks than impressions', { clicks: [0, 2] }, 'Expected from 0 to 1 clicks but received 2 in held-out row 1.'],
    ['a row without a cluster', { cluster: [0, -1] }, 'Expected an ad and a cluster but received 0 and -1 in held-out row 1.'],
    ['columns of unequal length', { ad: [0] }, 'Expected 2 values of ad but received 1.'],
  ])('refuses %s', (_, columns, message) => {
    const rows = { clicks: [0, 1], ad: [0, 0], cluster: [0, 1], predictions: [0.1, 0.2], ...columns };
    expect(() => heldOutMetrics(rows, rows, { seed: 1 })).toThrow(message);
  });
});

describe('metricDifferences', () => {
  const rows = makeImpressions({ rows: 2_000, users: 100, ads: 5, seed: 4 });
  const blunt = rows.predictions.map(bluntly);

  it('are those of the metrics themselves', () => {
    const difference = metricDifferences(rows, rows.predictions, blunt, { seed: 1 });
    const [a, b] = [metrics(rows), metrics({ ...rows, predictions: blunt })];
    for (const name of ['auc', 'gauc', 'logLoss'] as const) {
      expect(difference[name].value).toBeCloseTo((a[name].value as number) - (b[name].value as number), 12);
    }
  });

  it('of a model and itself are 0 for sure, and change their sign with the order', () => {
    for (const { value, ciLow, ciHigh } of Object.values(metricDifferences(rows, blunt, blunt, { seed: 1 }))) {
      expect([value, ciLow, ciHigh]).toEqual([0, 0, 0]);
    }
    const [ab, ba] = [
      metricDifferences(rows, rows.predictions, blunt, { seed: 1 }),
      metricDifferences(rows, blunt, rows.predictions, { seed: 1 }),
    ];
    expect(ab.auc.value).toBeCloseTo(-(ba.auc.value as number), 12);
    expect(ab.auc.ciLow).toBeCloseTo(-(ba.auc.ciHigh as number), 12);
  });

  it('are known better than either model, as their clusters are the same', () => {
    const width = ({ ciLow, ciHigh }: Estimate): number => (ciHigh as number) - (ciLow as number);
    const difference = metricDifferences(rows, rows.predictions, blunt, { seed: 1 });
    expect(width(difference.auc)).toBeLessThan(0.5 * width(metrics(rows).auc));
    expect(width(difference.logLoss)).toBeLessThan(0.5 * width(metrics(rows).logLoss));
  });
});

// Each world has users of its own, 300 of them with five impressions each. 200 worlds know a coverage of 95 % to a standard error of
// 1.5 %, so a sound interval lies within 90 and 99 %; percentiles of 200 draws lie a little short of 95 %.
const WORLDS = 200;
const WORLD = { rows: 1_500, users: 300, ads: 4 };

describe(`on ${WORLDS} worlds`, () => {
  const held = new Map<string, number>();

  beforeAll(() => {
    // So many users that this is the truth to a tenth of an interval's width.
    const population = makeImpressions({ ...WORLD, rows: 400_000, users: 80_000, seed: 0 });
    const truth = heldOutMetrics(population, population, { seed: 1, replicates: 1 });
    const trueDifference = metricDifferences(population, population.predictions, population.predictions.map(bluntly), {
      seed: 1,
      replicates: 1,
    });
    const note = (name: string, { ciLow, ciHigh }: Estimate, { value }: Estimate): void => {
      const holds = (ciLow as number) <= (value as number) && (value as number) <= (ciHigh as number);
      held.set(name, (held.get(name) ?? 0) + Number(holds));
    };
    for (let seed = 1; seed <= WORLDS; seed++) {
      const world = makeImpressions({ ...WORLD, seed });
      const result = metrics(world, seed);
      const difference = metricDifferences(world, world.predictions, world.predictions.map(bluntly), { seed });
      for (const name of ESTIMATES) note(name, result[name], truth[name]);
      for (const name of ['auc', 'gauc', 'logLoss'] as const) note(`${name} difference`, difference[name], trueDifference[name]);
    }
    tell(`true value held in % of ${WORLDS} worlds: ${[...held].map(([name, count]) => `${name} ${(100 * count) / WORLDS}`).join(', ')}`);
  });

  it.each([...ESTIMATES, 'auc difference', 'gauc difference', 'logLoss difference'])(
    '%s: the 95 %% interval holds the truth in 90 to 99 %% of them',
    (name) => {
      expect((held.get(name) ?? 0) / WORLDS).toBeGreaterThanOrEqual(0.9);
      expect((held.get(name) ?? 0) / WORLDS).toBeLessThanOrEqual(0.99);
    },
  );
});

import { describe, expect, it } from 'vitest';
import { heldOutMetrics } from '../../../../src/core/models/metrics/held_out_metrics.ts';
import { CREATIVE_SEGMENTS, creativeSegments, metricsBySegment } from '../../../../src/core/models/metrics/segments.ts';
import { makeImpressions, takeRows } from './made_rows.ts';

describe('creativeSegments', () => {
  it('tells head, tail and unseen by expected clicks in training', () => {
    const names = (impressions: number[], options: Parameters<typeof creativeSegments>[1]) =>
      [...creativeSegments(Float64Array.from(impressions), options)].map((code) => CREATIVE_SEGMENTS[code]);
    // 20 clicks are expected in 1,000 impressions.
    expect(names([0, 1, 999, 1_000, 50_000], { meanCtr: 0.02 })).toEqual(['unseen', 'tail', 'tail', 'head', 'head']);
    expect(names([0, 1, 249, 250], { meanCtr: 0.02, minExpectedClicks: 5 })).toEqual(['unseen', 'tail', 'tail', 'head']);
    expect(names([0, 50], { meanCtr: 0 })).toEqual(['unseen', 'tail']);
  });
});

describe('metricsBySegment', () => {
  const made = makeImpressions({ rows: 3_000, users: 100, ads: 4, seed: 6 });
  const rows = { ...made, shown: made.ad, propensity: made.predictions.map(() => 0.5) };
  const output = { predictions: made.predictions, top: made.ad.map((ad) => (ad === 1 ? 1 : 0)) };
  const segment = Uint8Array.from(made.clicks, (_, row) => (row % 3 === 0 ? 0 : 1));

  it('is the report of each segment’s rows by themselves', () => {
    const bySegment = metricsBySegment(rows, output, segment, CREATIVE_SEGMENTS, { seed: 1 });
    for (const [code, name] of ['head', 'tail'].entries()) {
      const members = [...segment.keys()].filter((row) => segment[row] === code);
      const taken = takeRows(made, members);
      const expected = heldOutMetrics(
        { ...taken, shown: taken.ad, propensity: taken.predictions.map(() => 0.5) },
        { predictions: taken.predictions, top: taken.ad.map((ad) => (ad === 1 ? 1 : 0)) },
        { seed: 1 },
      );
      expect(bySegment[name as 'head' | 'tail']).toEqual(expected);
      expect(expected.nsctr?.matchedRows).toBeGreaterThan(0);
    }
    expect(bySegment.head.rows + bySegment.tail.rows).toBe(3_000);
  });

  it('has reasons instead of numbers for a segment without rows', () => {
    const { unseen } = metricsBySegment(rows, output, segment, CREATIVE_SEGMENTS, { seed: 1 });
    expect(unseen).toMatchObject({ rows: 0, impressions: 0, clusters: 0, calibration: [] });
    expect(unseen.auc.reason).toBe('5 clicks are needed but there are 0');
    expect(unseen.nsctr?.nsctr.reason).toBe('5 clicks are needed but there are 0');
  });
});

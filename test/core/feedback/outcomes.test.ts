import { describe, expect, it } from 'vitest';
import { computeEcoi } from '../../../src/core/feedback/ecoi.ts';
import { collectOutcomes } from '../../../src/core/feedback/outcomes.ts';

/** Two ads: creatives 0 and 1 of ad 0, creative 2 of ad 1; one position. */
const AD = [0, 0, 1];
const ROWS = [
  { creative: 0, day: 3, impressions: 100, clicks: 4, views: 3, view_time_s: 30, log_view_time: 7, revenue: 2 },
  { creative: 0, day: 5, impressions: 200, clicks: 6, views: 6, view_time_s: 90, log_view_time: 15, revenue: 3 },
  { creative: 1, day: 3, impressions: 300, clicks: 3, views: 1, view_time_s: 5, log_view_time: 1, revenue: 0 },
  { creative: 2, day: 5, impressions: 50, clicks: 5, views: 5, view_time_s: 40, log_view_time: 10, revenue: 1 },
];

function collect(rows: typeof ROWS) {
  const column = (name: keyof (typeof ROWS)[number]): number[] => rows.map((row) => row[name]);
  const creative = column('creative');
  const counts = { impressions: column('impressions'), clicks: column('clicks') };
  const report = computeEcoi({ creatives: 3, positions: 1, creative, position: rows.map(() => 0), ad: AD, ...counts });
  const sums = { ...counts, views: column('views'), view_time_s: column('view_time_s'), log_view_time: column('log_view_time') };
  return collectOutcomes(
    { cells: rows.length, creative, day: column('day'), sums: { ...sums, revenue: column('revenue') } },
    report,
    AD,
    2,
  );
}

describe('collectOutcomes', () => {
  it('sums each creative over its days', () => {
    expect(collect(ROWS).creatives.map(({ ecoiShrunk: _, ...outcome }) => outcome)).toEqual([
      { clicks: 10, impressions: 300, effectiveImpressions: 300, revenue: 5, views: 9, logViewTime: 22 },
      { clicks: 3, impressions: 300, effectiveImpressions: 300, revenue: 0, views: 1, logViewTime: 1 },
      { clicks: 5, impressions: 50, effectiveImpressions: 50, revenue: 1, views: 5, logViewTime: 10 },
    ]);
  });

  it('sums each ad over its creatives, day by day, oldest first, whatever the order of the cells', () => {
    const ads = [
      {
        windows: [
          { views: 4, viewTime: 35, impressions: 400 },
          { views: 6, viewTime: 90, impressions: 200 },
        ],
        impressions: 600,
      },
      { windows: [{ views: 5, viewTime: 40, impressions: 50 }], impressions: 50 },
    ];
    expect(collect(ROWS).ads).toEqual(ads);
    expect(collect(ROWS.toReversed()).ads).toEqual(ads);
  });
});

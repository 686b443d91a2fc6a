import type { EcoiReport } from './ecoi.ts';
import type { CreativeOutcome, ViewTimeWindow } from './reward.ts';

/** Cells of the roll-up by index: which creative, which day, and what was summed there. */
export interface OutcomeCells {
  readonly cells: number;
  readonly creative: ArrayLike<number>;
  readonly day: ArrayLike<number>;
  readonly sums: Readonly<Record<'impressions' | 'views' | 'view_time_s' | 'log_view_time' | 'revenue', ArrayLike<number>>>;
}

/** The days of an ad, oldest first. */
export interface AdDays {
  readonly windows: readonly ViewTimeWindow[];
  readonly impressions: number;
}

export interface Outcomes {
  /** By creative index. */
  readonly creatives: readonly CreativeOutcome[];
  /** By ad index. */
  readonly ads: readonly AdDays[];
}

/** What became of every creative, and of every ad day by day, in one pass over the cells; the ad of each creative is in `ad`. */
export function collectOutcomes(cells: OutcomeCells, report: EcoiReport, ad: ArrayLike<number>, ads: number): Outcomes {
  const sums = report.creatives.map(() => ({ revenue: 0, views: 0, logViewTime: 0 }));
  const days = Array.from({ length: ads }, () => new Map<number, { views: number; viewTime: number; impressions: number }>());
  for (let cell = 0; cell < cells.cells; cell++) {
    const creative = cells.creative[cell] as number;
    const own = sums[creative] as { revenue: number; views: number; logViewTime: number };
    own.revenue += cells.sums.revenue[cell] as number;
    own.views += cells.sums.views[cell] as number;
    own.logViewTime += cells.sums.log_view_time[cell] as number;
    const adDays = days[ad[creative] as number] as Map<number, { views: number; viewTime: number; impressions: number }>;
    const day = adDays.get(cells.day[cell] as number) ?? { views: 0, viewTime: 0, impressions: 0 };
    day.views += cells.sums.views[cell] as number;
    day.viewTime += cells.sums.view_time_s[cell] as number;
    day.impressions += cells.sums.impressions[cell] as number;
    adDays.set(cells.day[cell] as number, day);
  }
  return {
    creatives: report.creatives.map((row, i) => ({
      ecoiShrunk: row.ecoiShrunk ?? 0,
      clicks: row.clicks,
      effectiveImpressions: row.effectiveImpressions,
      impressions: row.impressions,
      ...(sums[i] as { revenue: number; views: number; logViewTime: number }),
    })),
    ads: days.map((adDays) => {
      const windows = [...adDays].sort(([a], [b]) => a - b).map(([, day]) => day);
      return { windows, impressions: windows.reduce((total, day) => total + day.impressions, 0) };
    }),
  };
}

import type { Span } from '../config.ts';
import { MS_PER_DAY } from './days.ts';
import { addSums, type CreativeSums, noSums } from './reward.ts';

/** Cells of the roll-up by index: which creative, position and day, and what was summed there. */
export interface OutcomeCells {
  readonly cells: number;
  readonly creative: ArrayLike<number>;
  readonly position: ArrayLike<number>;
  readonly day: ArrayLike<number>;
  readonly sums: Readonly<Record<'impressions' | 'clicks' | 'views' | 'view_time_s' | 'log_view_time' | 'revenue', ArrayLike<number>>>;
}

/** One day of an ad: sums by creative, in the ad's own order. */
export interface AdDay {
  /** Days since 1970-01-01 UTC; −1 when undated. */
  readonly day: number;
  readonly creatives: readonly CreativeSums[];
}

/** A stretch of whole days of an ad, as the exit mechanism takes them. */
interface AdWindow {
  readonly firstDay: number;
  readonly lastDay: number;
  readonly creatives: readonly CreativeSums[];
}

/**
 * What became of every ad day by day, in one pass over the cells.
 * @param exposureFactor b_p by position index
 * @param place of each creative: the index of its ad, and its place among the ad's creatives
 * @param sizes number of creatives of each ad
 * @returns days of each ad, oldest first
 */
export function collectDays(
  cells: OutcomeCells,
  exposureFactor: ArrayLike<number>,
  place: readonly { readonly ad: number; readonly at: number }[],
  sizes: readonly number[],
): AdDay[][] {
  const days = sizes.map(() => new Map<number, CreativeSums[]>());
  for (let cell = 0; cell < cells.cells; cell++) {
    const { ad, at } = place[cells.creative[cell] as number] as { ad: number; at: number };
    const ofAd = days[ad] as Map<number, CreativeSums[]>;
    const day = cells.day[cell] as number;
    let creatives = ofAd.get(day);
    if (!creatives) {
      creatives = Array.from({ length: sizes[ad] as number }, noSums);
      ofAd.set(day, creatives);
    }
    const impressions = cells.sums.impressions[cell] as number;
    addSums(creatives[at] as CreativeSums, {
      impressions,
      clicks: cells.sums.clicks[cell] as number,
      exposure: impressions > 0 ? impressions * (exposureFactor[cells.position[cell] as number] as number) : 0,
      revenue: cells.sums.revenue[cell] as number,
      views: cells.sums.views[cell] as number,
      viewTime: cells.sums.view_time_s[cell] as number,
      logViewTime: cells.sums.log_view_time[cell] as number,
    });
  }
  return days.map((ofAd) => [...ofAd].sort(([a], [b]) => a - b).map(([day, creatives]) => ({ day, creatives })));
}

/** The full windows of an ad, and what has come since the last of them. */
export interface AdWindows {
  readonly full: readonly AdWindow[];
  readonly since: readonly CreativeSums[];
}

/**
 * Whole days put together until they hold a window's impressions, or span its time; a gap in which its time runs out ends a
 * window too. Days that do not fill a window yet stay outside: so a day that comes later never changes a window that is past.
 * @param size number of the ad's creatives
 */
export function windowsOf(days: readonly AdDay[], span: Span, size: number): AdWindows {
  const full: AdWindow[] = [];
  let open: { firstDay: number; lastDay: number; creatives: CreativeSums[] } | undefined;
  for (const { day, creatives } of days) {
    if (open && 'ms' in span && daysOf(span) < day - open.firstDay + 1) {
      full.push(open);
      open = undefined;
    }
    open ??= { firstDay: day, lastDay: day, creatives: Array.from({ length: size }, noSums) };
    open.lastDay = day;
    for (const [i, sums] of creatives.entries()) addSums(open.creatives[i] as CreativeSums, sums);
    const impressions = open.creatives.reduce((total, sums) => total + sums.impressions, 0);
    if ('ms' in span ? day - open.firstDay + 1 < daysOf(span) : impressions < span.impressions) continue;
    full.push(open);
    open = undefined;
  }
  return { full, since: open?.creatives ?? Array.from({ length: size }, noSums) };
}

/** A day cannot be divided. */
function daysOf({ ms }: { readonly ms: number }): number {
  return Math.ceil(ms / MS_PER_DAY);
}

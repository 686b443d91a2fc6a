import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/core/config.ts';
import { type AdDay, type AdWindows, collectDays, type OutcomeCells, windowsOf } from '../../../src/core/feedback/outcomes.ts';
import { addSums, type CreativeSums, noSums } from '../../../src/core/feedback/reward.ts';

const MS_PER_DAY = 86_400_000;

interface Row {
  readonly creative: number;
  readonly position: number;
  readonly day: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly views: number;
  readonly view_time_s: number;
  readonly log_view_time: number;
  readonly revenue: number;
}

/** Creatives 0 and 2 of ad 0, creative 1 of ad 1. */
const PLACE = [
  { ad: 0, at: 0 },
  { ad: 1, at: 0 },
  { ad: 0, at: 1 },
];
const SIZES = [2, 1];
/** Of positions 0 and 1; a power of two, so that sums are exact in any order. */
const FACTORS = [1, 0.5];

function cellsOf(rows: readonly Row[]): OutcomeCells {
  const column = (name: keyof Row): number[] => rows.map((row) => row[name]);
  return {
    cells: rows.length,
    creative: column('creative'),
    position: column('position'),
    day: column('day'),
    sums: {
      impressions: column('impressions'),
      clicks: column('clicks'),
      views: column('views'),
      view_time_s: column('view_time_s'),
      log_view_time: column('log_view_time'),
      revenue: column('revenue'),
    },
  };
}

const whole = fc.integer({ min: 0, max: 1_000 });
const rows = fc.array(
  fc.record({
    creative: fc.integer({ min: 0, max: 2 }),
    position: fc.integer({ min: 0, max: 1 }),
    day: fc.integer({ min: -1, max: 8 }),
    impressions: whole,
    clicks: whole,
    views: whole,
    view_time_s: whole,
    log_view_time: whole,
    revenue: whole,
  }),
  { maxLength: 40 },
);

function recount(given: readonly Row[], ad: number): AdDay[] {
  const own = given.filter(({ creative }) => PLACE[creative]?.ad === ad);
  return [...new Set(own.map(({ day }) => day))]
    .sort((a, b) => a - b)
    .map((day) => ({
      day,
      creatives: Array.from({ length: SIZES[ad] as number }, (_, at): CreativeSums => {
        const of = own.filter((row) => row.day === day && PLACE[row.creative]?.at === at);
        const sum = (value: (row: Row) => number): number => of.reduce((total, row) => total + value(row), 0);
        return {
          impressions: sum((row) => row.impressions),
          clicks: sum((row) => row.clicks),
          exposure: sum((row) => row.impressions * (FACTORS[row.position] as number)),
          revenue: sum((row) => row.revenue),
          views: sum((row) => row.views),
          viewTime: sum((row) => row.view_time_s),
          logViewTime: sum((row) => row.log_view_time),
        };
      }),
    }));
}

describe('collectDays', () => {
  it('sums each creative of each ad day by day, oldest first, whatever the order of the cells', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const days = collectDays(cellsOf(given), FACTORS, PLACE, SIZES);
        expect(days).toEqual([recount(given, 0), recount(given, 1)]);
        expect(collectDays(cellsOf(given.toReversed()), FACTORS, PLACE, SIZES)).toEqual(days);
      }),
    );
  });

  it('gives no exposure to a cell without impressions, whatever its position', () => {
    const row = { creative: 1, position: 0, day: 4, impressions: 0, clicks: 0, views: 0, view_time_s: 0, log_view_time: 0, revenue: 3 };
    expect(collectDays(cellsOf([row]), [Number.NaN], PLACE, SIZES)).toEqual([[], [{ day: 4, creatives: [{ ...noSums(), revenue: 3 }] }]]);
  });
});

/** Days of an ad of two, with so many impressions and as many clicks as the day's number. */
const manyDays = fc
  .uniqueArray(fc.tuple(fc.integer({ min: -1, max: 60 }), whole, whole), { maxLength: 25, selector: ([day]) => day })
  .map((drawn) => drawn.sort(([a], [b]) => a - b).map(([day, first, second]): AdDay => dayOf(day, first, second)));
const spans = fc.oneof(
  fc.integer({ min: 1, max: 3_000 }).map((impressions): Span => ({ impressions })),
  fc.integer({ min: 1, max: 20 }).map((halfDays): Span => ({ ms: (halfDays * MS_PER_DAY) / 2 })),
);

function dayOf(day: number, ...impressions: readonly number[]): AdDay {
  return { day, creatives: impressions.map((own) => ({ ...noSums(), impressions: own, exposure: own, clicks: day })) };
}

function total(windows: readonly (readonly CreativeSums[])[], at: number): CreativeSums {
  const sum = noSums();
  for (const creatives of windows) addSums(sum, creatives[at] as CreativeSums);
  return sum;
}

const daysOf = ({ full }: AdWindows) => full.map(({ firstDay, lastDay }) => [firstDay, lastDay]);

describe('windowsOf', () => {
  it('puts whole days together until they hold so many impressions', () => {
    const days = [dayOf(1, 300, 100), dayOf(2, 50, 50), dayOf(4, 500, 0), dayOf(5, 200, 0)];
    const windows = windowsOf(days, { impressions: 500 }, 2);
    expect(daysOf(windows)).toEqual([
      [1, 2],
      [4, 4],
    ]);
    expect(windows.full[0]?.creatives.map(({ impressions }) => impressions)).toEqual([350, 150]);
    expect(windows.since.map(({ impressions }) => impressions)).toEqual([200, 0]);
  });

  it('puts days together that span so much time, and takes a gap for the end of what was open', () => {
    const days = [1, 2, 3, 4, 9, 10, 30, 31].map((day) => dayOf(day, 10, 10));
    expect(daysOf(windowsOf(days, { ms: 3 * MS_PER_DAY }, 2))).toEqual([
      [1, 3],
      [4, 4],
      [9, 10],
    ]);
    expect(daysOf(windowsOf(days, { ms: MS_PER_DAY }, 2))).toHaveLength(8);
    // Less than a day cannot be told apart.
    expect(daysOf(windowsOf(days, { ms: MS_PER_DAY / 2 }, 2))).toHaveLength(8);
  });

  it('does not put undated outcomes together with dated ones that are a time away', () => {
    expect(daysOf(windowsOf([dayOf(-1, 5), dayOf(20_000, 5)], { ms: 7 * MS_PER_DAY }, 1))).toEqual([[-1, -1]]);
  });

  it('is empty without days', () => {
    expect(windowsOf([], { impressions: 500 }, 2)).toEqual({ full: [], since: [noSums(), noSums()] });
  });

  it('loses nothing, fills every window, and none sooner than it must', () => {
    fc.assert(
      fc.property(manyDays, spans, (days, span) => {
        const { full, since } = windowsOf(days, span, 2);
        const creatives = [...full.map((window) => window.creatives), since];
        for (const at of [0, 1])
          expect(total(creatives, at)).toEqual(
            total(
              days.map((day) => day.creatives),
              at,
            ),
          );
        const impressionsOf = (given: readonly AdDay[]): number =>
          given.reduce((sum, day) => sum + day.creatives.reduce((own, { impressions }) => own + impressions, 0), 0);
        let last = -2;
        for (const { firstDay, lastDay } of full) {
          expect(firstDay).toBeGreaterThan(last);
          last = lastDay;
          const own = days.filter(({ day }) => day >= firstDay && day <= lastDay);
          if ('impressions' in span) {
            expect(impressionsOf(own)).toBeGreaterThanOrEqual(span.impressions);
            expect(impressionsOf(own.slice(0, -1))).toBeLessThan(span.impressions);
          } else {
            expect(lastDay - firstDay + 1).toBeLessThanOrEqual(Math.ceil(span.ms / MS_PER_DAY));
          }
        }
      }),
    );
  });

  it('never changes a past window when a later day comes', () => {
    fc.assert(
      fc.property(manyDays, spans, fc.nat(), (days, span, cut) => {
        const some = windowsOf(days.slice(0, cut % (days.length + 1)), span, 2).full;
        expect(windowsOf(days, span, 2).full.slice(0, some.length)).toEqual(some);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { armCodes, ensureLog, positionCodes } from '../../../src/core/store/logs.ts';
import { dayOf, RollUp, type RollUpRows, readRollUp, SUMS } from '../../../src/core/store/roll_up.ts';
import { temporaryStore } from './temporary_store.ts';

const MS_PER_DAY = 86_400_000;
const ARMS = [
  ['ad', 'a'],
  ['ad', 'b'],
  ['other', 'a'],
] as const;
const POSITIONS = [
  ['', '0'],
  ['feed', '1'],
  ['feed', '2'],
  ['search', '1'],
] as const;

interface Row {
  readonly ts: number;
  readonly arm: number;
  readonly position: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly viewTime: number;
  readonly revenue: number;
  readonly conversions: number;
}

const row: fc.Arbitrary<Row> = fc
  .record({
    ts: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 3 * MS_PER_DAY })),
    arm: fc.integer({ min: 1, max: ARMS.length }),
    position: fc.integer({ min: 1, max: POSITIONS.length }),
    impressions: fc.integer({ min: 1, max: 1000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    viewTime: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 600 })),
    revenue: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 90 })),
    conversions: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 3 })),
  })
  .map(({ share, ...rest }) => ({ ...rest, clicks: Math.floor(share * rest.impressions) }));

function columnsOf(rows: readonly Row[]): RollUpRows {
  const column = (name: Exclude<keyof Row, 'arm' | 'position'>): Float64Array => Float64Array.from(rows, (each) => each[name]);
  return {
    rows: rows.length,
    ts: column('ts'),
    arms: Int32Array.from(rows, (each) => each.arm),
    positions: Int32Array.from(rows, (each) => each.position),
    impressions: column('impressions'),
    clicks: column('clicks'),
    viewTime: column('viewTime'),
    revenue: column('revenue'),
    conversions: column('conversions'),
  };
}

/** The sums of every cell by the plainest loop, as "arm,position,day" → sums. */
function plainSums(rows: readonly Row[]): Map<string, number[]> {
  const cells = new Map<string, number[]>();
  for (const { ts, arm, position, impressions, clicks, viewTime, revenue, conversions } of rows) {
    const viewed = clicks > 0 && !Number.isNaN(viewTime);
    const added = [
      impressions,
      clicks,
      viewed ? clicks : 0,
      viewed ? viewTime : 0,
      viewed ? clicks * Math.log1p(viewTime / clicks) : 0,
      revenue || 0,
      conversions || 0,
    ];
    const key = [arm, position, ts < 0 ? -1 : Math.floor(ts / MS_PER_DAY)].join();
    cells.set(
      key,
      (cells.get(key) ?? added.map(() => 0)).map((sum, index) => sum + (added[index] as number)),
    );
  }
  return cells;
}

function newLog() {
  const { store } = temporaryStore();
  armCodes(store, ARMS);
  positionCodes(store, POSITIONS);
  return { store, ids: ['one', 'two'].map((name) => ensureLog(store, name)) as [number, number] };
}

function storedSums(cells: ReturnType<typeof readRollUp>): Map<string, number[]> {
  const keys = Array.from({ length: cells.cells }, (_, cell) => [cells.arm[cell], cells.position[cell], cells.day[cell]].join());
  return new Map(keys.map((key, cell) => [key, SUMS.map((sum) => cells.sums[sum][cell] as number)]));
}

/** Whole numbers are summed exactly; the sum of logarithms depends on the order in its last bits. */
function expectSameCells(stored: Map<string, number[]>, plain: Map<string, number[]>): void {
  expect([...stored.keys()].sort()).toEqual([...plain.keys()].sort());
  for (const [key, sums] of plain) {
    const found = stored.get(key) ?? [];
    for (const [index, name] of SUMS.entries()) {
      if (name === 'log_view_time')
        expect(Math.abs((found[index] as number) - (sums[index] as number))).toBeLessThanOrEqual(1e-9 * (1 + (sums[index] as number)));
      else expect(found[index]).toBe(sums[index]);
    }
  }
}

describe('RollUp', () => {
  it('gives the same cells as one plain sum, however the rows are split into batches, transactions and logs', () => {
    const { store, ids } = newLog();
    const batches = fc.array(fc.record({ rows: fc.array(row, { maxLength: 30 }), save: fc.boolean(), second: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(batches, (parts) => {
        store.db.exec('DELETE FROM roll_up');
        const rollUps = [new RollUp(), new RollUp()] as const;
        for (const { rows, save, second } of parts) {
          rollUps[second ? 1 : 0].add(columnsOf(rows));
          if (save) rollUps[second ? 1 : 0].save(store, ids[second ? 1 : 0]);
        }
        for (const [index, rollUp] of rollUps.entries()) rollUp.save(store, ids[index] as number);
        expectSameCells(storedSums(readRollUp(store)), plainSums(parts.flatMap(({ rows }) => rows)));
        for (const [index, id] of ids.entries()) {
          expectSameCells(
            storedSums(readRollUp(store, id)),
            plainSums(parts.filter(({ second }) => second === (index === 1)).flatMap(({ rows }) => rows)),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('counts each row as one impression where impressions are not given', () => {
    const { store, ids } = newLog();
    const rollUp = new RollUp();
    const { impressions, viewTime, revenue, conversions, ...rows } = columnsOf([
      { ts: 0, arm: 1, position: 1, impressions: 9, clicks: 0, viewTime: 3, revenue: 1, conversions: 1 },
      { ts: 5, arm: 1, position: 1, impressions: 9, clicks: 1, viewTime: 3, revenue: 1, conversions: 1 },
    ]);
    rollUp.add({ ...rows, impressions: undefined, viewTime: undefined, revenue: undefined, conversions: undefined });
    rollUp.save(store, ids[0]);
    expect([...storedSums(readRollUp(store)).values()]).toEqual([[2, 1, 0, 0, 0, 0, 0]]);
  });

  it('keeps cells apart while their number grows', () => {
    const { store, ids } = newLog();
    const days = 500;
    const rows = Array.from({ length: days * ARMS.length }, (_, i) => ({
      ts: Math.floor(i / ARMS.length) * MS_PER_DAY,
      arm: 1 + (i % ARMS.length),
      position: 1,
      impressions: 1 + i,
      clicks: 0,
      viewTime: Number.NaN,
      revenue: 0,
      conversions: 0,
    }));
    const rollUp = new RollUp();
    rollUp.add(columnsOf(rows));
    store.db.transaction(() => rollUp.save(store, ids[0]))();
    expectSameCells(storedSums(readRollUp(store)), plainSums(rows));
  });

  it('reads cells in the order of arm, position and day', () => {
    const { store, ids } = newLog();
    const rollUp = new RollUp();
    rollUp.add(columnsOf(fc.sample(row, { numRuns: 200, seed: 1 })));
    rollUp.save(store, ids[0]);
    const { cells, arm, position, day } = readRollUp(store);
    const keys = Array.from(
      { length: cells },
      (_, cell) => (arm[cell] as number) * 1e6 + (position[cell] as number) * 1e3 + (day[cell] as number),
    );
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
  });
});

describe('dayOf', () => {
  it('counts days of UTC, and −1 for what has no date', () => {
    expect([-1, 0, MS_PER_DAY - 1, MS_PER_DAY].map(dayOf)).toEqual([-1, 0, 0, 1]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../../src/core/log_batch.ts';
import { readLogColumns } from '../../../src/core/store/log_columns.ts';
import { LogWriter } from '../../../src/core/store/log_writer.ts';
import { armCodes, ensureLog, positionCodes } from '../../../src/core/store/logs.ts';
import { readRollUp } from '../../../src/core/store/roll_up.ts';
import { temporaryStore } from './temporary_store.ts';

interface Row {
  readonly id: bigint;
  readonly ts: number;
  readonly arm: number;
  readonly click: number;
  readonly propensity: number;
}

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ts: fc.oneof(fc.constant(-1), fc.integer({ min: 1.7e12, max: 1.7e12 + 86_400_000 })),
  arm: fc.integer({ min: 1, max: 3 }),
  click: fc.constantFrom(0, 1),
  propensity: fc.oneof(fc.constant(Number.NaN), fc.double({ min: 1e-6, max: 1, noNaN: true })),
});
const rowsOfDifferentIds = fc.uniqueArray(row, { maxLength: 60, selector: ({ id }) => id });

function batchOf(rows: readonly Row[]): LogBatch {
  return {
    rows: rows.length,
    ids: BigUint64Array.from(rows, ({ id }) => id),
    users: undefined,
    ts: Float64Array.from(rows, ({ ts }) => ts),
    arms: Int32Array.from(rows, ({ arm }) => arm),
    positions: new Int32Array(rows.length).fill(1),
    numbers: new Map([
      ['click', Float64Array.from(rows, ({ click }) => click)],
      ['propensity', Float64Array.from(rows, ({ propensity }) => propensity)],
    ]),
    features: new Map(),
  };
}

/** A store, and a function that imports batches of a file into a new log of it. */
function openLog() {
  const { store, runId } = temporaryStore();
  armCodes(store, [
    ['ad', 'a'],
    ['ad', 'b'],
    ['ad', 'c'],
  ]);
  positionCodes(store, [['feed', '1']]);
  const writerAfter = (log: string, batches: readonly (readonly Row[])[], idsGiven: boolean): LogWriter => {
    const writer = new LogWriter(store, { logId: ensureLog(store, log), runId, unit: 'impression', idsGiven });
    for (const batch of batches) writer.add(batchOf(batch));
    writer.flush();
    return writer;
  };
  const write = (log: string, batches: readonly (readonly Row[])[], idsGiven = true) => {
    const { inserted, duplicates } = writerAfter(log, batches, idsGiven);
    return { inserted, duplicates };
  };
  const alsoIn = (log: string, batches: readonly (readonly Row[])[]) => writerAfter(log, batches, true).alsoIn;
  const read = (log: string): Omit<Row, 'id'>[] => {
    const { rows, columns } = readLogColumns(store, ensureLog(store, log), ['ts', 'arm', 'click', 'propensity']);
    const { ts, arm, click, propensity } = columns;
    return Array.from({ length: rows }, (_, i) => ({
      ts: ts[i] as number,
      arm: arm[i] as number,
      click: click[i] as number,
      propensity: propensity[i] as number,
    }));
  };
  return { store, write, alsoIn, read };
}

const withoutId = ({ ts, arm, click, propensity }: Row) => ({ ts, arm, click, propensity });
let logs = 0;
const newName = (): string => `log ${logs++}`;

describe('LogWriter', () => {
  it('reads back exactly the rows it wrote, in their order, whatever the batches', () => {
    const { write, read } = openLog();
    fc.assert(
      fc.property(rowsOfDifferentIds, fc.nat(), (rows, at) => {
        const log = newName();
        const cut = at % (rows.length + 1);
        expect(write(log, [rows.slice(0, cut), rows.slice(cut)])).toEqual({ inserted: rows.length, duplicates: 0 });
        expect(read(log)).toEqual(rows.map(withoutId));
      }),
      { numRuns: 50 },
    );
  });

  it('adds only the new rows of a file that overlaps an earlier one, to the log and to its roll-up', () => {
    const { store, write, read } = openLog();
    fc.assert(
      fc.property(rowsOfDifferentIds, fc.nat(), fc.nat(), (rows, a, b) => {
        const log = newName();
        const [from, to] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y) as [number, number];
        write(log, [rows.slice(0, to)]);
        expect(write(log, [rows.slice(from)])).toEqual({ inserted: rows.length - to, duplicates: to - from });
        expect(write(log, [rows])).toEqual({ inserted: 0, duplicates: rows.length });
        expect(read(log)).toEqual(rows.map(withoutId));
        const { sums } = readRollUp(store, ensureLog(store, log));
        expect(sums.impressions.reduce((sum, n) => sum + n, 0)).toBe(rows.length);
        expect(sums.clicks.reduce((sum, n) => sum + n, 0)).toBe(rows.filter(({ click }) => click === 1).length);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps equal rows of a file without ids, and takes the file once', () => {
    const { write, read } = openLog();
    const same: Row = { id: 5n, ts: 1.7e12, arm: 1, click: 0, propensity: 0.5 };
    expect(write('equal', [[same, same, same]], false)).toEqual({ inserted: 3, duplicates: 0 });
    expect(write('equal', [[same, same, same]], false)).toEqual({ inserted: 0, duplicates: 3 });
    expect(read('equal')).toEqual([same, same, same].map(withoutId));
  });

  it('takes an impression id once, also within one file', () => {
    const { write } = openLog();
    const one: Row = { id: 5n, ts: 1.7e12, arm: 1, click: 0, propensity: 0.5 };
    expect(write('ids', [[one, { ...one, click: 1 }], [one]])).toEqual({ inserted: 1, duplicates: 2 });
  });

  it('counts ids that other logs have at a time it overlaps, once each', () => {
    const { write, alsoIn } = openLog();
    const rowAt = (id: bigint, ts = 1.7e12): Row => ({ id, ts, arm: 1, click: 0, propensity: 0.5 });
    write('one', [[1n, 2n, 3n].map((id) => rowAt(id))]);
    write('two', [[3n, 4n].map((id) => rowAt(id))]);
    write('earlier', [[rowAt(3n, 1.6e12)]]);
    const batches = [
      [2n, 3n, 3n, 9n],
      [3n, 4n, 2n],
    ].map((ids) => ids.map((id) => rowAt(id)));
    const expected = new Map([
      ['one', 2],
      ['two', 2],
    ]);
    expect(alsoIn('new', batches)).toEqual(expected);
    expect(alsoIn('one', [[rowAt(9n)]])).toEqual(new Map([['new', 1]]));
  });
});

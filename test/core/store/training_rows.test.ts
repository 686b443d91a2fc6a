import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import type { LogBatch } from '../../../src/core/log_batch.ts';
import { LogWriter } from '../../../src/core/store/log_writer.ts';
import { armCodes, createFeatureCodes, ensureLog, positionCodes, saveFeatures } from '../../../src/core/store/logs.ts';
import { type LogFeature, readArmRows, readLoggedArms, readTrainingRows } from '../../../src/core/store/training_rows.ts';
import { temporaryStore } from './temporary_store.ts';

const START = 1.7e12;

/** A store, and a function that adds rows to a log of it, one chunk a call. */
function openLog() {
  const { store, runId } = temporaryStore();
  const arms = armCodes(store, [
    ['ad', 'a'],
    ['ad', 'b'],
    ['other', 'c'],
  ]);
  positionCodes(store, [['feed', '1']]);
  let rowsBefore = 0;
  const write = (log: string, unit: 'impression' | 'aggregate', rows: number, columns: Partial<LogBatch> = {}): number => {
    const logId = ensureLog(store, log);
    const writer = new LogWriter(store, { logId, runId, unit, idsGiven: true });
    const first = rowsBefore;
    rowsBefore += rows;
    const outcomes = unit === 'impression' ? ['click'] : ['impressions', 'clicks'];
    writer.add({
      rows,
      ids: BigUint64Array.from({ length: rows }, (_, row) => BigInt(first + row)),
      users: undefined,
      ts: new Float64Array(rows).fill(START),
      arms: new Int32Array(rows).fill(1),
      positions: new Int32Array(rows).fill(1),
      features: new Map(),
      ...columns,
      numbers: new Map([...outcomes.map((name) => [name, new Float64Array(rows)] as const), ...(columns.numbers ?? [])]),
    });
    writer.flush();
    return logId;
  };
  /** Adds rows with one text feature. */
  const writeTexts = (log: string, name: string, values: readonly string[]): number => {
    const logId = ensureLog(store, log);
    saveFeatures(store, logId, [{ name, type: 'text' }]);
    const codes = createFeatureCodes(store, logId, name)(values.map((value) => [value]));
    return write(log, 'impression', values.length, { features: new Map([[name, Int32Array.from(codes)]]) });
  };
  return { store, arms, write, writeTexts };
}

function valuesOf(feature: LogFeature): (string | number | undefined)[] {
  return feature.type === 'text' ? Array.from(feature.codes, (code) => feature.texts[code]) : [...feature.values];
}

let logs = 0;
const newName = (): string => `log ${logs++}`;

describe('readArmRows', () => {
  it('reads what rows of both kinds say of creatives, as they are read to learn from', () => {
    const { store, arms, write, writeTexts } = openLog();
    const logId = writeTexts('l', 'topic', ['food', '', 'tea']);
    const { rows, arm, features, feature } = readTrainingRows(store, logId);
    const alone = readArmRows(store, logId);
    expect([alone.rows, alone.arm, alone.features]).toEqual([rows, arm, features]);
    expect(alone.feature('topic')).toEqual(feature('topic'));
    write('l', 'aggregate', 2, { arms: Int32Array.of(2, 3) });
    const both = readArmRows(store, logId);
    expect([...both.arm]).toEqual([1, 1, 1, 2, 3]);
    expect(valuesOf(both.feature('topic'))).toEqual(['food', '', 'tea', '', '']);
    expect([...readArmRows(store, undefined, (code) => code === arms[2]).arm]).toEqual([3]);
  });
});

describe('readTrainingRows', () => {
  it('reads single impressions: arm, time, click, propensity where part of the log has it', () => {
    const { store, write } = openLog();
    const logId = write('l', 'impression', 2, { numbers: new Map([['click', Float64Array.of(0, 1)]]), arms: Int32Array.of(2, 1) });
    write('l', 'impression', 1, { numbers: new Map([['propensity', Float64Array.of(0.25)]]), ts: Float64Array.of(-1) });
    const rows = readTrainingRows(store, logId);
    expect(rows).toMatchObject({ rows: 3, impressions: undefined, users: undefined, features: [] });
    expect([...rows.arm]).toEqual([2, 1, 1]);
    expect([...rows.clicks]).toEqual([0, 1, 0]);
    expect([...rows.ts]).toEqual([START, START, -1]);
    expect([...(rows.propensity ?? [])]).toEqual([Number.NaN, Number.NaN, 0.25]);
  });

  it('reads aggregated rows with their impressions', () => {
    const { store, write } = openLog();
    const numbers = new Map([
      ['impressions', Float64Array.of(1000, 70_000)],
      ['clicks', Float64Array.of(20, 300)],
    ]);
    const rows = readTrainingRows(store, write('l', 'aggregate', 2, { numbers }));
    expect([[...rows.clicks], [...(rows.impressions ?? [])], rows.propensity]).toEqual([[20, 300], [1000, 70_000], undefined]);
  });

  it('refuses both together, naming what to do', () => {
    const { store, write } = openLog();
    const logId = write('l', 'aggregate', 1);
    write('l', 'impression', 1);
    expect(() => readTrainingRows(store, logId)).toThrow(UserError);
    const other = write('other', 'impression', 1);
    expect(() => readTrainingRows(store, undefined)).toThrow(/single impressions and aggregated rows/);
    expect(readTrainingRows(store, other).rows).toBe(1);
  });

  it('gives users an index in the order of first sight, −1 where not given, in all logs', () => {
    const { store, write } = openLog();
    write('a', 'impression', 3, { users: BigUint64Array.of(7n, 0n, 2n ** 40n) });
    write('b', 'impression', 2);
    write('b', 'impression', 2, { users: BigUint64Array.of(2n ** 40n, 2n ** 63n + 7n) });
    const { users } = readTrainingRows(store, undefined);
    expect(users?.count).toBe(3);
    expect([...(users?.of ?? [])]).toEqual([0, -1, 1, -1, -1, 1, 2]);
    expect([[...(users?.low ?? [])], [...(users?.high ?? [])]]).toEqual([
      [7, 0, 7],
      [0, 2 ** 8, 2 ** 31],
    ]);
  });

  it('gives every user of many the same index wherever it comes', () => {
    const { store, write } = openLog();
    const ids = BigUint64Array.from({ length: 5000 }, (_, row) => BigInt(1 + (row % 3000)) * 0x9e3779b97f4a7n);
    const { users } = readTrainingRows(store, write('l', 'impression', 5000, { users: ids }));
    expect(users?.count).toBe(3000);
    expect([...(users?.of ?? [])]).toEqual(Array.from({ length: 5000 }, (_, row) => row % 3000));
  });

  it('reads texts of several logs with one dictionary, and what a part does not have as not given', () => {
    const { store, write, writeTexts } = openLog();
    const value = fc.constantFrom('', 'food', 'home', '旅行', 'x');
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { maxLength: 3 }), (parts) => {
        const before = readTrainingRows(store, undefined).rows;
        for (const values of parts) writeTexts(newName(), 'topic', values);
        write(newName(), 'impression', 1);
        const rows = readTrainingRows(store, undefined);
        const expected = [...parts.flat(), ''];
        const read = parts.length > 0 || rows.features.length > 0 ? valuesOf(rows.feature('topic')) : new Array(rows.rows).fill('');
        expect(read.slice(before)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('reads numbers as they are, and as texts where another log has texts of that name', () => {
    const { store, write, writeTexts } = openLog();
    const logId = ensureLog(store, 'n');
    saveFeatures(store, logId, [{ name: 'size', type: 'number' }]);
    write('n', 'impression', 3, { features: new Map([['size', Float64Array.of(0.1, Number.NaN, 3)]]) });
    expect(valuesOf(readTrainingRows(store, logId).feature('size'))).toEqual([0.1, Number.NaN, 3]);
    writeTexts('t', 'size', ['large', '3']);
    const both = readTrainingRows(store, undefined);
    expect(both.features).toEqual(['size']);
    expect(valuesOf(both.feature('size'))).toEqual(['0.1', '', '3', 'large', '3']);
  });

  it('reads only the arms asked for, from every column', () => {
    const { store, writeTexts, write, arms } = openLog();
    write('l', 'impression', 4, {
      arms: Int32Array.of(1, 3, 3, 2),
      users: BigUint64Array.of(5n, 6n, 7n, 5n),
      numbers: new Map([['click', Float64Array.of(0, 1, 0, 1)]]),
    });
    const logId = writeTexts('l', 'topic', ['food', 'home']);
    const isOfAd = (arm: number): boolean => arm !== arms[2];
    const rows = readTrainingRows(store, logId, isOfAd);
    expect(rows.rows).toBe(4);
    expect([[...rows.arm], [...rows.clicks], [...(rows.users?.of ?? [])]]).toEqual([
      [1, 2, 1, 1],
      [0, 1, 0, 0],
      [0, 0, -1, -1],
    ]);
    expect(valuesOf(rows.feature('topic'))).toEqual(['', '', 'food', 'home']);
    expect(readTrainingRows(store, logId, () => false).rows).toBe(0);
  });
});

describe('readLoggedArms', () => {
  it('names the arms of one log, or of all', () => {
    const { store, write } = openLog();
    const logId = write('l', 'impression', 2, { arms: Int32Array.of(3, 1) });
    write('other', 'aggregate', 1, { arms: Int32Array.of(2) });
    expect(readLoggedArms(store, logId)).toEqual([1, 3]);
    expect(readLoggedArms(store, undefined)).toEqual([1, 2, 3]);
  });
});

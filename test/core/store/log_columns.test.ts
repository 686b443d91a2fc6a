import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../../src/core/log_batch.ts';
import { readLogCandidates, readLogColumns, readUserBuckets } from '../../../src/core/store/log_columns.ts';
import { LogWriter } from '../../../src/core/store/log_writer.ts';
import { armCodes, candidateCodes, ensureLog, positionCodes } from '../../../src/core/store/logs.ts';
import { temporaryStore } from './temporary_store.ts';

const START = 1.7e12;

/** A store, and a function that adds rows to a log of it, one chunk a call; columns not given are absent. */
function openLog() {
  const { store, runId } = temporaryStore();
  armCodes(store, [['ad', 'a']]);
  positionCodes(store, [['feed', '1']]);
  let rowsBefore = 0;
  const write = (log: string, rows: number, columns: Partial<LogBatch>): void => {
    const writer = new LogWriter(store, { logId: ensureLog(store, log), runId, unit: 'impression', idsGiven: true });
    const first = rowsBefore;
    rowsBefore += rows;
    writer.add({
      rows,
      ids: BigUint64Array.from({ length: rows }, (_, row) => BigInt(first + row)),
      users: undefined,
      ts: new Float64Array(rows).fill(START),
      arms: new Int32Array(rows).fill(1),
      positions: new Int32Array(rows).fill(1),
      features: new Map(),
      ...columns,
      numbers: new Map([['click', new Float64Array(rows)], ...(columns.numbers ?? [])]),
    });
    writer.flush();
  };
  return { store, write };
}

let logs = 0;
const newName = (): string => `log ${logs++}`;

describe('readLogColumns', () => {
  it('gives singles as the nearest 32-bit floats of what it gives as doubles, for any values and chunks', () => {
    const { store, write } = openLog();
    const value = fc.oneof(
      fc.constant(Number.NaN),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 0, max: 2 ** 31 }).map((whole) => 2 ** 33 + whole), // stored as offsets from a base of many digits
    );
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 20 }), { maxLength: 4 }), (chunks) => {
        const log = newName();
        for (const values of chunks) write(log, values.length, { numbers: new Map([['revenue', Float64Array.from(values)]]) });
        const logId = ensureLog(store, log);
        const { columns } = readLogColumns(store, logId, ['revenue']);
        const { rows, columns: single } = readLogColumns(store, logId, ['ts'], ['revenue', 'view_time_s']);
        expect(rows).toBe(chunks.flat().length);
        expect([...columns.revenue]).toEqual(chunks.flat());
        expect(single.revenue).toEqual(Float32Array.from(chunks.flat()));
        expect(single.view_time_s).toEqual(new Float32Array(rows).fill(Number.NaN));
        expect([...single.ts]).toEqual(new Array(rows).fill(START));
      }),
      { numRuns: 40 },
    );
  });
});

describe('readUserBuckets', () => {
  const hash = fc.oneof(
    fc.constant(0n),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.bigInt(1n, 9n).map((high) => high << 32n),
  );

  it('gives the low bits of the hash, and of the row number where no user is given, for any chunks', () => {
    const { store, write } = openLog();
    fc.assert(
      fc.property(fc.array(fc.array(hash, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }), fc.nat(16), (chunks, bits) => {
        const log = newName();
        for (const users of chunks) write(log, users.length, { users: BigUint64Array.from(users) });
        const expected = chunks.flat().map((user, row) => Number((user === 0n ? BigInt(row) : user) % 2n ** BigInt(bits)));
        expect([...(readUserBuckets(store, ensureLog(store, log), 2 ** bits) ?? [])]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('is undefined where part of the log has no users, or where there are no rows', () => {
    const { store, write } = openLog();
    expect(readUserBuckets(store, ensureLog(store, 'empty'), 8)).toBeUndefined();
    write('part', 2, { users: BigUint64Array.of(1n, 2n) });
    expect(readUserBuckets(store, ensureLog(store, 'part'), 8)).toEqual(Uint16Array.of(1, 2));
    write('part', 2, {});
    expect(readUserBuckets(store, ensureLog(store, 'part'), 8)).toBeUndefined();
  });

  it.each([0, 3, -4, 0.5, 131_072, Number.NaN])('refuses %d buckets', (buckets) => {
    const { store } = openLog();
    expect(() => readUserBuckets(store, undefined, buckets)).toThrow(RangeError);
  });
});

describe('readLogCandidates', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', '创意', 'a|b', '"', ' x '), { maxLength: 6 });

  it('gives each row the set it was given with, in the order of import, and 0 where there is none', () => {
    const { store, write } = openLog();
    const chunk = fc.oneof(fc.constant(undefined), fc.array(list, { minLength: 1, maxLength: 10 }));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 4 }), (chunks) => {
        const log = newName();
        for (const lists of chunks)
          write(log, lists?.length ?? 2, lists ? { candidates: Int32Array.from(candidateCodes(store, lists)) } : {});
        const read = readLogCandidates(store, ensureLog(store, log));
        if (chunks.every((lists) => lists === undefined)) {
          expect(read).toBeUndefined();
          return;
        }
        const expected = chunks.flatMap((lists) => lists ?? [[], []]);
        expect([...(read?.codes ?? [])].map((code) => (code === 0 ? [] : read?.sets.get(code)))).toEqual(
          expected.map((ids) => [...new Set(ids)].sort()),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('gives equal sets one code, in every log', () => {
    const { store, write } = openLog();
    const codes = candidateCodes(store, [['b', 'a'], ['a', 'b', 'a', ''], ['a'], [], ['']]);
    expect(codes).toEqual([codes[0], codes[0], codes[2], 0, 0]);
    expect(candidateCodes(store, [['a', 'b']])).toEqual([codes[0]]);
    for (const log of ['one', 'two']) write(log, 1, { candidates: Int32Array.of(codes[0] as number) });
    write('two', 1, { candidates: Int32Array.of(codes[2] as number) });
    expect(readLogCandidates(store, undefined)?.codes).toEqual(Int32Array.of(codes[0] as number, codes[0] as number, codes[2] as number));
  });
});

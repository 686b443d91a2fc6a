import { describe, expect, it } from 'vitest';
import { literal, withDuckDb } from '../../../src/core/ingest/duckdb.ts';
import {
  candidatesProblemSql,
  parseCandidatesSql,
  parseNumberSql,
  parseTimeSql,
  problemSql,
  timeProblemSql,
} from '../../../src/core/ingest/log_fields.ts';

/** What is parsed of each text, and whether that is a problem. */
function evaluate(texts: readonly string[], parse: (column: string) => string, problem: (parsed: string) => string): Promise<unknown[][]> {
  return withDuckDb(async (connection) => {
    const rows = texts.map((text, index) => `(${index}, ${text === '' ? 'NULL' : literal(text)})`).join(', ');
    const sql = `SELECT parsed, coalesce(${problem('parsed')}, true) FROM (SELECT i, ${parse('text')} AS parsed FROM (VALUES ${rows}) t(i, text)) ORDER BY i`;
    return (await connection.runAndReadAll(sql)).getRowsJS();
  });
}

describe('a number', () => {
  it('is read with thousands commas, per cent and truth values', async () => {
    const numbers: Readonly<Record<string, number>> = {
      '3': 3,
      ' 3.5 ': 3.5,
      '-1e-3': -0.001,
      '1,234': 1234,
      '1,234,567.5': 1234567.5,
      '5.5%': 0.055,
      '1,250%': 12.5,
      true: 1,
      FALSE: 0,
    };
    const texts = Object.keys(numbers);
    expect(await evaluate(texts, parseNumberSql, (parsed) => problemSql(parsed, 'isfinite(v)', true))).toEqual(
      texts.map((text) => [numbers[text], false]),
    );
  });

  it('that is not given is a problem only where it must be; one that cannot be read or is out of range always is', async () => {
    const isProblem = async (texts: readonly string[], mustBeGiven: boolean): Promise<unknown[]> =>
      (await evaluate(texts, parseNumberSql, (parsed) => problemSql(parsed, 'v > 0 AND v <= 1', mustBeGiven))).map(
        ([, problem]) => problem,
      );
    const notGiven = ['', 'NULL', '-', '--', 'nan', '\\N', 'None'];
    const wrong = ['0', '1.5', '-0.5', 'x', '%', '3 apples', 'inf', '-inf'];
    for (const mustBeGiven of [true, false]) {
      expect(await isProblem(notGiven, mustBeGiven)).toEqual(notGiven.map(() => mustBeGiven));
      expect(await isProblem(wrong, mustBeGiven)).toEqual(wrong.map(() => true));
      expect(await isProblem(['0.5', '1', '50%'], mustBeGiven)).toEqual([false, false, false]);
    }
  });
});

describe('a list of candidates', () => {
  /** The ids of each text, and whether it is a problem that the creative "a" was shown. */
  const idsOf = async (texts: readonly string[]) =>
    (await evaluate(texts, parseCandidatesSql, (parsed) => candidatesProblemSql(parsed, "'a'"))) as [string[] | null, boolean][];

  it('is a JSON array as it stands, or ids between bars without the spaces around them', async () => {
    const lists: Readonly<Record<string, readonly (string | null)[] | null>> = {
      'a|b': ['a', 'b'],
      ' b | a ': ['b', 'a'],
      'a||': ['a', '', ''],
      a: ['a'],
      '[a|a': ['[a', 'a'],
      '["a", " b|c "]': ['a', ' b|c '],
      ' ["a"] ': ['a'],
      '["a", 12345678901234567890, 1.5, null]': ['a', '12345678901234567890', '1.5', null],
      '': null,
      '  ': null,
    };
    expect((await idsOf(Object.keys(lists))).map(([ids, problem]) => [ids, problem])).toEqual(
      Object.values(lists).map((ids) => [ids, false]),
    );
  });

  it('is a problem where it does not hold the shown creative', async () => {
    const texts = ['b|c', 'aa|b', 'A', '|', '[]', '["b"]', '[" a"]', '[null]', '["a"', '{"a":1}'];
    expect((await idsOf(texts)).map(([, problem]) => problem)).toEqual(texts.map(() => true));
  });

  it('never holds a creative without an id', async () => {
    const [row] = await evaluate(['a||b'], parseCandidatesSql, (parsed) => candidatesProblemSql(parsed, "''"));
    expect(row?.[1]).toBe(true);
  });
});

describe('a time', () => {
  it('from 1970 to 2099 is read as milliseconds since 1970', async () => {
    const times: Readonly<Record<string, number>> = {
      '1970-01-01': 0,
      '2099-12-31T23:59:59.999Z': Date.UTC(2099, 11, 31, 23, 59, 59, 999),
      '2026-01-01T00:00:00+14:00': Date.UTC(2025, 11, 31, 10),
      '2026-01-01 00:00:00-0330': Date.UTC(2026, 0, 1, 3, 30),
      '2026-01-01 00:00:00': Date.UTC(2026, 0, 1),
      '2026-01-01 00:00': Date.UTC(2026, 0, 1),
      '2026-01-01T00:00:00.5': Date.UTC(2026, 0, 1, 0, 0, 0, 500),
      '2026-02-28': Date.UTC(2026, 1, 28),
    };
    const texts = Object.keys(times);
    expect(await evaluate(texts, parseTimeSql, timeProblemSql)).toEqual(texts.map((text) => [times[text], false]));
    expect(await evaluate(['20260228', '1772236800', '1772236800000'], parseTimeSql, timeProblemSql)).toEqual(
      Array(3).fill([Date.UTC(2026, 1, 28), false]),
    );
  });

  it('of any other kind is a problem', async () => {
    const texts = ['2100-01-01', '1969-12-31T23:59:59Z', '2026-02-30', '1e300', '-5', 'nan', 'inf', 'infinity', '-infinity', '', 'soon'];
    expect((await evaluate(texts, parseTimeSql, timeProblemSql)).map(([, problem]) => problem)).toEqual(texts.map(() => true));
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDuckDb } from '../../../src/core/ingest/duckdb.ts';
import { formatOf, mapColumns, openSource, relationOf, type TableSource } from '../../../src/core/ingest/source.ts';
import { temporaryFolder } from '../publish/command_line.ts';

const source = (...columns: readonly string[]): TableSource => ({ path: 'f.csv', name: 'f.csv', format: 'csv', columns, delimiter: ',' });

async function rowsOf(name: string, content: string | Buffer): Promise<unknown[][]> {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return withDuckDb(async (connection) => {
    const result = await connection.runAndReadAll(`SELECT * FROM ${relationOf(await openSource(connection, path))}`);
    return result.getRowsJS();
  });
}

describe('the columns of a table', () => {
  const fields = { ts: ['timestamp', '日期'], ad_id: [], note: ['text'] };

  it('are found by --map first, then by name, then by another name, in any case', () => {
    expect([...mapColumns(source('Timestamp', 'AD_ID', 'text'), new Map(), fields)]).toEqual([
      ['ts', 0],
      ['ad_id', 1],
      ['note', 2],
    ]);
    expect([...mapColumns(source('日期', 'ts', 'when'), new Map([['when', 'ts']]), fields)]).toEqual([['ts', 2]]);
    expect(mapColumns(source('timestamp', 'ts'), new Map(), fields).get('ts')).toBe(1);
  });

  it('stand for one field only', () => {
    expect([...mapColumns(source('text'), new Map([['text', 'ad_id']]), fields)]).toEqual([['ad_id', 0]]);
  });

  it('must be there when --map names them', () => {
    expect(() => mapColumns(source('a', '', 'b'), new Map([['c', 'ts']]), fields)).toThrow(
      'Expected a column "c" for --map c=ts but f.csv has: a, b.',
    );
  });
});

describe('a table as rows of texts', () => {
  it('has NULL for an empty field, and no row for a blank line', async () => {
    expect(await rowsOf('t.csv', 'a,b\n1,\n\n"",x\n')).toEqual([
      [true, '1', null],
      [true, null, 'x'],
    ]);
    expect(await rowsOf('one.csv', 'a\n1\n\n""\n2\n')).toEqual([
      [true, '1'],
      [true, null],
      [true, '2'],
    ]);
  });

  it('says of each JSON line whether it is an object, keeps blank lines as NULL, and nested values as JSON', async () => {
    const lines = ['{"b": {"x": [1, "y"]}, "a": true}', '', '[1]', 'oops', '{"a": 1234567890123456789, "we\\"ird. key": 2.5}'];
    expect(await rowsOf('t.jsonl', lines.join('\n'))).toEqual([
      [true, 'true', '{"x":[1,"y"]}', null],
      [null, null, null, null],
      [false, null, null, null],
      [false, null, null, null],
      [true, '1234567890123456789', null, '2.5'],
    ]);
  });
});

describe('the format of a file', () => {
  it.each([
    ['a.csv', 'csv'],
    ['a.TSV.GZ', 'csv'],
    ['a.ndjson', 'jsonl'],
    ['a.b.jsonl.gz', 'jsonl'],
    ['a.pq', 'parquet'],
    ['csv', undefined],
    ['a.csv.zip', undefined],
  ])('of %s is %s', (path, format) => {
    expect(formatOf(path)).toBe(format);
  });
});

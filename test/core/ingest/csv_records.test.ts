import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectDelimiter, readCsvRecords, readLines, splitCsvRecord } from '../../../src/core/ingest/csv_records.ts';
import { temporaryFolder } from '../publish/command_line.ts';

const field = fc.string({ unit: fc.constantFrom('a', '"', '\n', '\r\n', ',', ';', ' ', '茶', '😀'), maxLength: 6 });
const table = fc
  .integer({ min: 2, max: 4 })
  .chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }));

async function readAll(path: string, delimiter?: string): Promise<{ line: number; fields: string[] | undefined }[]> {
  const records = [];
  for await (const { line, bytes } of readCsvRecords(path, delimiter)) {
    records.push({ line, fields: splitCsvRecord(bytes.toString('utf8'), delimiter ?? ',') });
  }
  return records;
}

describe('records of a CSV file', () => {
  it('are what was written, each with the line on which it begins, for any texts, delimiter, line end and mark', async () => {
    const folder = temporaryFolder();
    const formats = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      newline: fc.constantFrom('\n', '\r\n'),
      bom: fc.boolean(),
      gz: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, formats, async (rows, { delimiter, newline, bom, gz }) => {
        const text = stringify(rows, { delimiter, record_delimiter: newline, quoted_match: /[\r\n]/, bom });
        const path = join(folder, gz ? 'table.csv.gz' : 'table.csv');
        writeFileSync(path, gz ? gzipSync(text) : text);
        let line = 1;
        const expected = rows.map((fields) => {
          const record = { line, fields };
          line += 1 + fields.join('').split('\n').length - 1;
          return record;
        });
        expect(await readAll(path, delimiter)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('survive the borders between the pieces in which a file is read', async () => {
    const path = join(temporaryFolder(), 'long.csv');
    const rows = Array.from({ length: 60_000 }, (_, n) => [`id ${n}`, n % 3 === 0 ? `茶 "quoted"\n${n}` : '😀'.repeat(n % 20)]);
    writeFileSync(path, stringify(rows));
    expect((await readAll(path)).map(({ fields }) => fields)).toEqual(rows);
  });

  it('take a quote inside a text as text', async () => {
    const path = join(temporaryFolder(), 'inch.csv');
    writeFileSync(path, 'a,5" screen\nb,"x ""y"" z"\nc,""\nd,6""\ne,"open\n');
    expect(await readAll(path)).toEqual([
      { line: 1, fields: ['a', '5" screen'] },
      { line: 2, fields: ['b', 'x "y" z'] },
      { line: 3, fields: ['c', ''] },
      { line: 4, fields: ['d', '6""'] },
      { line: 5, fields: undefined },
    ]);
  });
});

describe('lines of a file', () => {
  it('are numbered with the blank ones and come without their ends', async () => {
    const path = join(temporaryFolder(), 'lines.jsonl.gz');
    const lines = ['{"a": 1}', '', '茶'.repeat(700_000), '', 'last'];
    writeFileSync(path, gzipSync(`\ufeff${lines.join('\r\n')}`));
    const found = [];
    for await (const { line, bytes } of readLines(path)) found.push([line, bytes.toString('utf8')]);
    expect(found).toEqual(lines.map((text, index) => [index + 1, text]));
  });
});

describe('the delimiter', () => {
  it.each([
    ['a,b,c', ','],
    ['a;b;c,d', ';'],
    ['a\tb', '\t'],
    ['"x,y"|b|c', '|'],
    ['alone', ','],
  ])('of %j is %j', (header, delimiter) => {
    expect(detectDelimiter(header)).toBe(delimiter);
  });
});

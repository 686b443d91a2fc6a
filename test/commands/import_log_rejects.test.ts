import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCsvRecords, splitCsvRecord } from '../../src/core/ingest/csv_records.ts';
import { commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { importLog, storedRows } from './stored_log.ts';

interface Reject {
  readonly file: string;
  readonly line: number;
  readonly column: string;
  readonly reason: string;
  readonly row: string;
}

async function readRejects(path: string | null): Promise<Reject[]> {
  const rejects: Reject[] = [];
  if (path === null) return rejects;
  for await (const record of readCsvRecords(path, ',')) {
    const [file = '', line = '', column = '', reason = '', row = ''] = splitCsvRecord(record.bytes.toString('utf8'), ',') ?? [];
    if (record.index > 0) rejects.push({ file, line: Number(line), column, reason, row });
  }
  return rejects;
}

/** Imports a file of this content; gives the counts, the rejects and the creatives of the rows that landed. */
async function importContent(name: string, content: string | Buffer, ...flags: readonly string[]) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), content);
  const imported = await importLog(folder, name, ...flags);
  const rejects = await readRejects(imported.rejects_file);
  const landed = imported.inserted > 0 ? (await storedRows(folder)).map(({ creative_id }) => creative_id) : [];
  return { ...imported, rejects, landed, path: join(folder, name) };
}

const HEADER = 'impression_id,ts,ad_id,creative_id,position,propensity,click,view_time_s';

describe('a bad row of impressions', () => {
  it.each([
    ['without a creative', 'i2,2026-01-01,ad,,1,0.5,0,', 'creative_id', 'an id'],
    ['without an ad', 'i2,2026-01-01,,b,1,0.5,0,', 'ad_id', 'an id'],
    ['without its impression id', ',2026-01-01,ad,b,1,0.5,0,', 'impression_id', 'an id'],
    ['without a click value', 'i2,2026-01-01,ad,b,1,0.5,,', 'click', '0 or 1'],
    ['with click 2', 'i2,2026-01-01,ad,b,1,0.5,2,', 'click', '0 or 1'],
    ['with click "yes"', 'i2,2026-01-01,ad,b,1,0.5,yes,', 'click', '0 or 1'],
    ['with position 0', 'i2,2026-01-01,ad,b,0,0.5,0,', 'position', 'a whole number from 1 on'],
    ['with position 1.5', 'i2,2026-01-01,ad,b,1.5,0.5,0,', 'position', 'a whole number from 1 on'],
    ['with position "top"', 'i2,2026-01-01,ad,b,top,0.5,0,', 'position', 'a whole number from 1 on'],
    ['with propensity 0', 'i2,2026-01-01,ad,b,1,0,0,', 'propensity', 'a probability above 0 and at most 1'],
    ['with propensity -0.5', 'i2,2026-01-01,ad,b,1,-0.5,0,', 'propensity', 'a probability above 0 and at most 1'],
    ['with propensity 1.2', 'i2,2026-01-01,ad,b,1,1.2,0,', 'propensity', 'a probability above 0 and at most 1'],
    ['with propensity "high"', 'i2,2026-01-01,ad,b,1,high,0,', 'propensity', 'a probability above 0 and at most 1'],
    ['with a negative view time', 'i2,2026-01-01,ad,b,1,0.5,1,-3', 'view_time_s', 'seconds, 0 or more'],
    ['without a time', 'i2,,ad,b,1,0.5,0,', 'ts', 'a time such as'],
    ['with a time that is none', 'i2,yesterday,ad,b,1,0.5,0,', 'ts', 'a time such as'],
    ['with a day that is none', 'i2,2026-02-30,ad,b,1,0.5,0,', 'ts', 'a time such as'],
    ['with the time NaN', 'i2,nan,ad,b,1,0.5,0,', 'ts', 'a time such as'],
    ['with an infinite time', 'i2,infinity,ad,b,1,0.5,0,', 'ts', 'a time such as'],
    ['from the year 9999', 'i2,9999-12-31,ad,b,1,0.5,0,', 'ts', 'a time such as 2026-01-31T20:15:00Z, from 1970 to 2099'],
    ['from before 1970', 'i2,1969-12-31,ad,b,1,0.5,0,', 'ts', 'a time such as 2026-01-31T20:15:00Z, from 1970 to 2099'],
    ['with too few columns', 'i2,2026-01-01,ad,b', '', '8 columns but received 4'],
    ['with too many columns', 'i2,2026-01-01,ad,b,1,0.5,0,,x', '', '8 columns but received 9'],
    ['with text after a closing quote', 'i2,2026-01-01,ad,"b"x,1,0.5,0,', '', 'every quote to be closed'],
  ])('%s is listed with its line, column, reason and text, and the rest lands', async (_, row, column, expected) => {
    const content = `${HEADER}\ni1,2026-01-01,ad,a,1,0.5,1,3\n${row}\ni3,2026-01-01,ad,c,-,-,0,\n`;
    const { code, rows, inserted, rejected, rejects, landed, path } = await importContent('log.csv', content);
    expect({ code, rows, inserted, rejected }).toEqual({ code: 1, rows: 3, inserted: 2, rejected: 1 });
    expect(rejects).toEqual([{ file: path, line: 3, column, reason: expect.stringContaining(`Expected ${expected}`), row }]);
    expect(landed).toEqual(['a', 'c']);
  });

  it('with two problems is one rejected row with two reasons', async () => {
    const { rejected, rejects } = await importContent('log.csv', `${HEADER}\ni1,2026-01-01,ad,a,0,2,1,\n`);
    expect(rejected).toBe(1);
    expect(rejects.map(({ line, column }) => [line, column])).toEqual([
      [2, 'position'],
      [2, 'propensity'],
    ]);
  });

  it.each([
    ['holds other creatives only', 'b|c'],
    ['holds no creative', '|'],
    ['is an empty array', '[]'],
    ['holds a longer id', 'aa|b'],
    ['has the id in a text that is no array', '[""a""'],
  ])('whose list of candidates %s is listed, and the rest lands', async (_, list) => {
    const bad = `i2,2026-01-01,ad,a,0,"${list}"`;
    const { code, rows, inserted, rejected, rejects, landed, path } = await importContent(
      'log.csv',
      `impression_id,ts,ad_id,creative_id,click,candidates\ni1,2026-01-01,ad,a,1,a|b\n${bad}\ni3,2026-01-01,ad,c,0,\n`,
    );
    expect({ code, rows, inserted, rejected, landed }).toEqual({ code: 1, rows: 3, inserted: 2, rejected: 1, landed: ['a', 'c'] });
    expect(rejects).toEqual([
      { file: path, line: 3, column: 'candidates', reason: 'Expected a list that holds the shown creative_id', row: bad },
    ]);
  });

  it('that is no UTF-8 is listed, and the rest lands', async () => {
    const content = Buffer.concat([
      Buffer.from('ts,ad_id,creative_id,click\n2026-01-01,ad,a,0\n2026-01-01,ad,'),
      Buffer.from([0xb4, 0xb4, 0xd2, 0xe2]), // 创意 in GBK
      Buffer.from(',0\n2026-01-01,ad,c,0\n'),
    ]);
    const { code, rejects, landed } = await importContent('log.csv', content);
    expect(code).toBe(1);
    expect(rejects).toMatchObject([{ line: 3, column: '', reason: 'Expected UTF-8 text' }]);
    expect(landed).toEqual(['a', 'c']);
  });

  it('with a quote that is never closed takes the rest of the file with it, which is listed as it stands', async () => {
    const { rejected, rejects, landed } = await importContent(
      'log.csv',
      'ts,ad_id,creative_id,click\n2026-01-01,ad,a,0\n2026-01-01,ad,"b,0\n2026-01-01,ad,c,0\n',
    );
    expect(rejected).toBe(1);
    expect(rejects).toMatchObject([
      { line: 3, reason: 'Expected every quote to be closed', row: '2026-01-01,ad,"b,0\n2026-01-01,ad,c,0\n' },
    ]);
    expect(landed).toEqual(['a']);
  });
});

describe('the line of a bad row', () => {
  const BAD = '2026-01-01,ad,bad,7,x';
  const GOOD = '2026-01-01,ad,good,0,x';

  it.each([
    ['after a quoted newline', `2026-01-01,ad,a,0,"two\nlines"\n${BAD}\n`, 4],
    ['after a quoted blank line', `2026-01-01,ad,a,0,"one\n\nthree"\n${BAD}\n`, 5],
    ['after blank lines', `\n${GOOD}\n\n\n${BAD}\n`, 6],
    ['after a quote inside a text, as in 5"', `2026-01-01,ad,a,0,5" screen\n${BAD}\n${GOOD}\n`, 3],
    ['after doubled quotes', `2026-01-01,ad,a,0,"he said ""go"""\n${BAD}\n`, 3],
    ['after rows that are broken themselves', `2026-01-01\n${GOOD}\n1,2,3,4,5,6,7\n${BAD}\n`, 5],
    ['without a newline at the end', `${GOOD}\n${BAD}`, 3],
  ])('is right %s', async (_, body, line) => {
    const header = 'ts,ad_id,creative_id,click,text';
    for (const content of [`${header}\n${body}`, `\ufeff${header}\n${body}`, `${header}\n${body}`.replaceAll('\n', '\r\n')]) {
      for (const [name, bytes] of [
        ['log.csv', content],
        ['log.csv.gz', gzipSync(content)],
      ] as const) {
        const { rejects } = await importContent(name, bytes);
        expect(rejects.find(({ column }) => column === 'click')).toMatchObject({ line, row: BAD });
      }
    }
  });

  it('is right in a file of several batches', async () => {
    const lines = Array.from({ length: 70_000 }, (_, n) => `i${n},2026-01-01,ad,a,${n % 30_000 === 29_999 ? 5 : 0}`);
    const { rows, inserted, rejects } = await importContent('log.csv', `impression_id,ts,ad_id,creative_id,click\n${lines.join('\n')}\n`);
    expect({ rows, inserted }).toEqual({ rows: 70_000, inserted: 69_998 });
    expect(rejects.map(({ line, row }) => [line, row.split(',')[0]])).toEqual([
      [30_001, 'i29999'],
      [60_001, 'i59999'],
    ]);
  });
});

describe('a bad line of JSON lines', () => {
  const row = (values: object): string => JSON.stringify({ ts: '2026-01-01', ad_id: 'ad', creative_id: 'a', click: 0, ...values });

  it('is listed with its number and text, and the rest lands', async () => {
    const bad = [row({ click: 3 }), 'not json', '[1, 2]', '{"ts": "2026-01-01",', row({ creative_id: null })];
    const content = [row({}), ...bad.slice(0, 2), '', ...bad.slice(2), row({ creative_id: 'z' })].join('\n');
    for (const text of [content, `\ufeff${content.replaceAll('\n', '\r\n')}\r\n`]) {
      const { code, rows, inserted, rejected, rejects, landed } = await importContent('log.jsonl', text);
      expect({ code, rows, inserted, rejected }).toEqual({ code: 1, rows: 7, inserted: 2, rejected: 5 });
      expect(rejects.map(({ line, column, row }) => ({ line, column, row }))).toEqual(
        bad.map((text, index) => ({ line: [2, 3, 5, 6, 7][index], column: ['click', '', '', '', 'creative_id'][index], row: text })),
      );
      expect(rejects[1]?.reason).toBe('Expected one JSON object per line');
      expect(landed).toEqual(['a', 'z']);
    }
  });

  it('that is no UTF-8 is listed, and later lines keep their numbers', async () => {
    const content = Buffer.concat([Buffer.from(`${row({})}\n{"ts": "`), Buffer.from([0xff]), Buffer.from(`"}\n\n${row({ click: 9 })}\n`)]);
    const { inserted, rejects } = await importContent('log.jsonl', content);
    expect(inserted).toBe(1);
    expect(rejects.map(({ line, column }) => [line, column])).toEqual([
      [2, ''],
      [4, 'click'],
    ]);
  });
});

describe('a bad row of a report', () => {
  it.each([
    ['with more clicks than impressions', '5,6', 'clicks', 'no more clicks than impressions'],
    ['with half an impression', '5.5,1', 'impressions', 'a whole number'],
    ['with endless impressions', 'inf,1', 'impressions', 'a whole number'],
    ['with negative clicks', '5,-1', 'clicks', 'a whole number'],
    ['without impressions', '-,1', 'impressions', 'a whole number'],
  ])('%s is listed', async (_, numbers, column, expected) => {
    const { code, inserted, rejects } = await importContent(
      'log.csv',
      `ad_id,creative_id,impressions,clicks\nad,a,"1,234",12\nad,b,${numbers}\n`,
    );
    expect({ code, inserted }).toEqual({ code: 1, inserted: 1 });
    expect(rejects).toMatchObject([{ line: 3, column, reason: expect.stringContaining(expected), row: `ad,b,${numbers}` }]);
  });
});

describe('import logs, what it cannot read at all', () => {
  const cut = gzipSync(`ts,creative_id,click\n${Array.from({ length: 50_000 }, (_, n) => `2026-01-01,a${n * 7919},0`).join('\n')}\n`);
  it.each<[string, string, string | Buffer | undefined, RegExp]>([
    ['a missing file', 'log.csv', undefined, /log\.csv but there is none/],
    ['an empty file', 'log.csv', '', /is empty/],
    ['a file of blank lines', 'log.csv', '\n\n', /header line/],
    ['an empty gzip', 'log.csv.gz', gzipSync(''), /header line/],
    ['a gzip that is none', 'log.csv.gz', 'ts,creative_id,click\n', /gzip data/],
    ['a gzip cut off', 'log.csv.gz', cut.subarray(0, cut.length / 2), /Expected (gzip data|a file that can be read to its end)/],
    ['UTF-16', 'log.csv', Buffer.from('\ufeffts,creative_id,click\n', 'utf16le'), /UTF-8/],
    ['another kind of file', 'log.xlsx', 'PK', /Expected a \.csv/],
    ['a Parquet file that is none', 'log.parquet', 'PAR1', /Parquet/],
    ['a JSON array on one line', 'log.json', '[{"ts": "2026-01-01"}]', /one JSON array/],
    ['a JSON array over lines', 'log.json', '[\n{"ts": "2026-01-01"}\n]', /one JSON array/],
    ['lines without any object', 'log.jsonl', 'one\ntwo\n', /one JSON object per line/],
    ['a file without clicks', 'log.csv', 'ts,creative_id,shown\n2026-01-01,a,1\n', /column click.*ts, creative_id, shown/],
    ['line ends of two kinds', 'log.csv', 'ts,creative_id,click\r\n2026-01-01,a,1\n2026-01-01,b,1\r\n', /same end on every line/],
  ])('%s is refused with a reason and exit code 2', async (_, name, content, reason) => {
    const folder = temporaryFolder();
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const { code, stdout, stderr } = await commandLine(folder, ['import', 'logs', name, '--json']);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(reason) });
  });

  it('refuses a folder, and a column for --map that is not there, naming those that are', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'logs.csv'));
    expect(await commandLine(folder, ['import', 'logs', 'logs.csv'])).toMatchObject({ code: 2 });
    writeFileSync(join(folder, 'log.csv'), 'ts,creative_id,click\n2026-01-01,a,1\n');
    const { code, stderr } = await commandLine(folder, ['import', 'logs', 'log.csv', '--map', 'clicked=click']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/"clicked".*ts, creative_id, click/);
  });

  it('removes the rejects of the last import when this one has none', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'ts,creative_id,click\n2026-01-01,a,7\n');
    const { rejects_file } = await importLog(folder, 'log.csv');
    expect(await readRejects(rejects_file)).toHaveLength(1);
    writeFileSync(join(folder, 'log.csv'), 'ts,creative_id,click\n2026-01-01,a,1\n');
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, rejects_file: null });
    await expect(readRejects(rejects_file)).rejects.toThrow('ENOENT');
  });
});

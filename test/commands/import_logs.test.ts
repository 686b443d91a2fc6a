import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { importLog, rollUpOf, storedRows } from './stored_log.ts';

const DAY_MS = 86_400_000;
/** Sums of up to a hundred numbers in two orders differ in the last bits. */
const ROUNDING = 9;

const COLUMNS = ['impression_id', 'ts', 'ad_id', 'creative_id', 'scene', 'position', 'propensity', 'click', 'view_time_s', 'device', 'age'];
const ROWS: readonly (readonly (string | number | null)[])[] = [
  ['i1', '2026-01-01T23:30:00Z', 'ad-1', 'a', 'feed', 1, 0.5, 1, 12.5, 'phone, "old"', 31],
  ['i2', '2026-01-02T00:30:00Z', 'ad-1', 'b', 'feed', 2, 0.25, 0, null, '平板', 54],
  ['i3', '2026-01-02T08:00:00Z', 'ad-2', 'a', 'search', 3, 0.125, 0, null, 'phone, "old"', null],
  ['i4', '2026-01-02T09:00:00Z', 'ad-2', 'c', null, null, null, 1, 3, null, 7.5],
];

function delimited(delimiter: string): string {
  const cell = (value: string | number | null): string =>
    value === null ? '' : typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value);
  return `${[COLUMNS, ...ROWS].map((row) => row.map(cell).join(delimiter)).join('\n')}\n`;
}

function jsonLines(): string {
  return ROWS.map((row) => JSON.stringify(Object.fromEntries(COLUMNS.map((name, index) => [name, row[index]])))).join('\n');
}

async function writeParquet(path: string): Promise<void> {
  const value = (cell: string | number | null): string =>
    cell === null ? 'NULL' : typeof cell === 'string' ? `'${cell}'` : `${cell}::DOUBLE`;
  const rows = ROWS.map((row) => `(${row.map((cell, index) => (index === 1 ? `TIMESTAMPTZ '${cell}'` : value(cell))).join(', ')})`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT * REPLACE (position::INTEGER AS position, click = 1 AS click) FROM (VALUES ${rows.join(', ')}) t(${COLUMNS.join(', ')})) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

async function writeCandidatesParquet(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `('i1', DATE '2026-01-01', 'ad', 'a', true, ['c', 'b', 'a']), ('i2', DATE '2026-01-01', 'ad', 'c', false, NULL)`;
  await connection.run(
    `COPY (FROM (VALUES ${rows}) t(impression_id, ts, ad_id, creative_id, click, candidates)) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

describe('import logs, formats', () => {
  it('reads the same log out of CSV, TSV, JSON lines, Parquet and their gzip', async () => {
    const contents: Record<string, Buffer | string> = {
      'log.csv': delimited(','),
      'marked.csv': `\ufeff${delimited(',')}`,
      'windows.csv': delimited(',').replaceAll('\n', '\r\n'),
      'semicolons.csv': delimited(';'),
      'log.tsv': delimited('\t'),
      'log.jsonl': jsonLines(),
      'marked.jsonl': `\ufeff${jsonLines().replaceAll('\n', '\r\n')}\r\n`,
      'log.csv.gz': gzipSync(delimited(',')),
      'log.jsonl.gz': gzipSync(jsonLines()),
    };
    const stores: Record<string, unknown> = {};
    for (const file of [...Object.keys(contents), 'log.parquet']) {
      const folder = temporaryFolder();
      const content = contents[file];
      if (content === undefined) await writeParquet(join(folder, file));
      else writeFileSync(join(folder, file), content);
      expect(await importLog(folder, file), file).toMatchObject({ code: 0, rows: 4, inserted: 4, rejected: 0, rejects_file: null });
      stores[file] = { rows: await storedRows(folder), rollUp: rollUpOf(folder) };
    }
    for (const [file, stored] of Object.entries(stores)) expect(stored, file).toEqual(stores['log.csv']);
    expect((stores['log.csv'] as { rows: unknown[] }).rows[0]).toMatchObject({
      ts: '2026-01-01T23:30:00.000Z',
      ad_id: 'ad-1',
      creative_id: 'a',
      scene: 'feed',
      position: '1',
      propensity: '0.5',
      click: '1',
      view_time_s: '12.5',
      device: 'phone, "old"',
      age: '31',
    });
  });

  it.each([
    ['with an offset', '2026-01-31T20:15:00+08:00'],
    ['with an offset without a colon', '2026-01-31 07:15:00-0500'],
    ['in UTC', '2026-01-31T12:15:00Z'],
    ['without an offset, which is UTC', '2026-01-31 12:15:00'],
    ['with microseconds', '2026-01-31 12:15:00.000000+00:00'],
    ['with slashes', '2026/01/31 12:15'],
    ['in Unix seconds', '1769861700'],
    ['in Unix seconds with a fraction', '1769861700.0'],
    ['in Unix milliseconds', '1769861700000'],
    ['in Unix microseconds', '1769861700000000'],
  ])('reads a time %s', async (_, time) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), `ts,creative_id,click\n${time},a,0\n`);
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, inserted: 1 });
    expect(await storedRows(folder)).toMatchObject([{ ts: '2026-01-31T12:15:00.000Z' }]);
  });

  it('reads a day as its midnight in UTC, with hyphens or without', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'ts,creative_id,click\n20260131,a,0\n2026-01-31,b,0\n');
    await importLog(folder, 'log.csv');
    expect((await storedRows(folder)).map(({ ts }) => ts)).toEqual(Array(2).fill('2026-01-31T00:00:00.000Z'));
  });

  it("reads a platform report's numbers with thousands commas and per cent, under its own column names", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'report.csv'),
      '日期,单元ID,创意ID,展现量,点击量,点击率,消费\n20260131,u1,c1,"1,234","69","5.5%","1,010.50"\n20260131,u1,c2,"12,000",-,,-\n20260131,u1,c3,900,0,0%,3\n',
    );
    expect(await importLog(folder, 'report.csv')).toMatchObject({ code: 1, inserted: 2, rejected: 1 });
    const [first] = await storedRows(folder);
    expect(first).toMatchObject({ ad_id: 'u1', creative_id: 'c1', impressions: '1234', clicks: '69', 消费: '1010.5', 点击率: '0.055' });
    expect(rollUpOf(folder).get('20484/u1/c1//0')).toMatchObject({ impressions: 1234, clicks: 69 });
  });

  it('keeps every other column as a feature, a number or a text, and names it as --map says', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), ',ts,creative_id,click,age,city,raw\n0,2026-01-01,a,0,31,上海,x1\n1,2026-01-01,b,1,,Paris,x2\n');
    await importLog(folder, 'log.csv', '--map', 'raw=code');
    expect(await storedRows(folder)).toMatchObject([
      { age: '31', city: '上海', code: 'x1' },
      { age: '', city: 'Paris', code: 'x2' },
    ]);
  });

  it('reads candidates out of a list with bars, a JSON array, an array of JSON lines and a list of Parquet as one and the same', async () => {
    const rows = 'i1,2026-01-01,ad,a,1,LIST\ni2,2026-01-01,ad,c,0,\n';
    const header = 'impression_id,ts,ad_id,creative_id,click,candidates\n';
    const line = (values: object) => JSON.stringify({ ts: '2026-01-01', ad_id: 'ad', click: 0, ...values });
    const contents: Record<string, string> = {
      'bars.csv': header + rows.replace('LIST', 'a|b|c'),
      'loose.csv': header + rows.replace('LIST', ' c | b|a |a||').replace('candidates', 'candidate_ids'),
      'array.csv': header + rows.replace('LIST', '"[""c"", ""a"", ""b"", ""a""]"'),
      'lines.jsonl': [line({ creative_id: 'a', candidates: ['b', 'a', 'c'], click: 1 }), line({ creative_id: 'c', candidates: null })].join(
        '\n',
      ),
    };
    for (const file of [...Object.keys(contents), 'lists.parquet']) {
      const folder = temporaryFolder();
      const content = contents[file];
      if (content === undefined) await writeCandidatesParquet(join(folder, file));
      else writeFileSync(join(folder, file), content);
      expect(await importLog(folder, file), file).toMatchObject({ code: 0, inserted: 2 });
      const stored = await storedRows(folder);
      expect(
        stored.map(({ creative_id, candidates }) => [creative_id, candidates]),
        file,
      ).toEqual([
        ['a', 'a|b|c'],
        ['c', ''],
      ]);
    }
  });

  it('keeps numbers in a JSON array of candidates to the last digit', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'log.jsonl'),
      '{"ts":"2026-01-01","creative_id":17299812345678901235,"click":0,"candidates":[17299812345678901234,17299812345678901235]}',
    );
    expect(await importLog(folder, 'log.jsonl')).toMatchObject({ code: 0, inserted: 1 });
    expect(await storedRows(folder)).toMatchObject([{ candidates: '17299812345678901234|17299812345678901235' }]);
  });

  it('takes candidates of an aggregated report for a feature', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'report.csv'), 'date,creative_id,impressions,clicks,candidates\n2026-01-01,a,10,1,3\n2026-01-01,b,10,1,4\n');
    expect(await importLog(folder, 'report.csv')).toMatchObject({ code: 0, inserted: 2 });
    expect(await storedRows(folder)).toMatchObject([{ candidates: '3' }, { candidates: '4' }]);
  });

  it('takes a log in any order of time, and each row once', async () => {
    const folder = temporaryFolder();
    const times = ['10:00', '08:00', '12:00', '09:00', '08:30'];
    const lines = times.map((time, index) => `i${index},2026-01-01T${time}:00Z,ad,c${index},0\n`);
    writeFileSync(join(folder, 'log.csv'), `impression_id,ts,ad_id,creative_id,click\n${lines.join('')}`);
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, inserted: 5, duplicates: 0 });
    expect((await storedRows(folder)).map(({ ts }) => ts?.slice(11, 16))).toEqual(times);
    writeFileSync(join(folder, 'log.csv'), `impression_id,ts,ad_id,creative_id,click\n${lines.toReversed().join('')}`);
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, inserted: 0, duplicates: 5 });
  });

  it.each([
    ['no column of propensities', 'ts,creative_id,click\n2026-01-01,a,0\n2026-01-01,b,1\n'],
    ['no value in it', 'ts,creative_id,click,propensity\n2026-01-01,a,0,\n2026-01-01,b,1,NULL\n'],
  ])('takes a log with %s, and leaves them not given', async (_, content) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), content);
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, inserted: 2, rejected: 0 });
    expect(await storedRows(folder)).toMatchObject([{ propensity: '' }, { propensity: '' }]);
  });

  it('names the one ad of a log without ads after the log', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'men.csv'), 'timestamp,item_id,click,propensity_score\n2026-01-01,7,1,0.5\n');
    await importLog(folder, 'men.csv', '--log', 'random', '--map', 'item_id=creative_id,timestamp=ts,propensity_score=propensity');
    await importLog(folder, 'men.csv');
    expect(await storedRows(folder, 'random')).toMatchObject([{ ad_id: 'random', creative_id: '7', propensity: '0.5' }]);
    expect(await storedRows(folder, 'default')).toMatchObject([{ ad_id: 'men' }]);
  });
});

describe('import logs, the same rows again', () => {
  it('counts two equal rows without ids as two impressions, and adds nothing the second time', async () => {
    const folder = temporaryFolder();
    const row = '2026-01-01T10:00:00Z,ad,a,1\n';
    writeFileSync(join(folder, 'log.csv'), `ts,ad_id,creative_id,click\n${row}${row}2026-01-01T11:00:00Z,ad,a,0\n`);
    expect(await importLog(folder, 'log.csv')).toMatchObject({ inserted: 3, duplicates: 0 });
    const before = { rows: await storedRows(folder), rollUp: rollUpOf(folder) };
    expect(before.rollUp.get('20454/ad/a//0')).toMatchObject({ impressions: 3, clicks: 2 });
    expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, rows: 3, inserted: 0, duplicates: 3 });
    expect({ rows: await storedRows(folder), rollUp: rollUpOf(folder) }).toEqual(before);
  });

  it.each(['ts,ad_id,creative_id,click', 'impression_id,ts,ad_id,creative_id,click'])(
    'adds only the new rows of a file that has grown: %s',
    async (header) => {
      const folder = temporaryFolder();
      const ids = header.startsWith('impression_id');
      const row = (n: number): string => `${ids ? `i${n},` : ''}2026-01-01T10:${String(n % 60).padStart(2, '0')}:00Z,ad,a,${n % 2}\n`;
      writeFileSync(join(folder, 'log.csv'), `${header}\n${row(0)}${row(1)}`);
      await importLog(folder, 'log.csv');
      // Row 60 equals row 0 but for its id, if it has one.
      appendFileSync(join(folder, 'log.csv'), `${row(2)}${row(60)}`);
      expect(await importLog(folder, 'log.csv')).toMatchObject({ inserted: 2, duplicates: 2 });
      expect(rollUpOf(folder).get('20454/ad/a//0')).toMatchObject({ impressions: 4, clicks: 1 });
    },
  );

  it('takes an impression id once, in one file and over files, whatever the rest of the row says', async () => {
    const folder = temporaryFolder();
    const header = 'impression_id,ts,ad_id,creative_id,click\n';
    writeFileSync(join(folder, 'one.csv'), `${header}i1,2026-01-01,ad,a,1\ni2,2026-01-01,ad,b,0\ni1,2026-01-01,ad,a,1\n`);
    writeFileSync(join(folder, 'two.csv'), `${header}i2,2026-01-01,ad,b,0\ni3,2026-01-01,ad,b,0\n`);
    expect(await importLog(folder, 'one.csv', 'two.csv')).toMatchObject({ code: 0, rows: 5, inserted: 3, duplicates: 2 });
    expect((await storedRows(folder)).map(({ creative_id }) => creative_id)).toEqual(['a', 'b', 'b']);
  });

  it('keeps logs of different names apart, though their ids are the same', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'impression_id,ts,ad_id,creative_id,click\ni1,2026-01-01,ad,a,1\n');
    for (const log of ['random', 'bts'])
      expect(await importLog(folder, 'log.csv', '--log', log)).toMatchObject({ inserted: 1, duplicates: 0 });
    expect(rollUpOf(folder, 'random')).toEqual(rollUpOf(folder, 'bts'));
  });

  it('says how many impression ids other logs have too, whether they are new or there already', async () => {
    const folder = temporaryFolder();
    const write = (name: string, ids: readonly number[], day = '2026-01-01'): void => {
      const lines = ids.map((id) => `i${id},${day},ad,a,0\n`);
      writeFileSync(join(folder, name), `impression_id,ts,ad_id,creative_id,click\n${lines.join('')}`);
    };
    write('one.csv', [1, 2, 3, 4]);
    write('two.csv', [4, 5]);
    write('three.csv', [3, 4, 5, 6, 6, 3]);
    write('later.csv', [1, 2, 3], '2026-02-01');
    expect(await importLog(folder, 'one.csv', '--log', 'b')).toMatchObject({ also_in: [] });
    expect(await importLog(folder, 'two.csv', '--log', 'a')).toMatchObject({ also_in: [{ log: 'b', impressions: 1 }] });
    const both = [
      { log: 'a', impressions: 2 },
      { log: 'b', impressions: 2 },
    ];
    expect(await importLog(folder, 'three.csv', '--log', 'c')).toMatchObject({ code: 0, inserted: 4, duplicates: 2, also_in: both });
    expect(await importLog(folder, 'three.csv', '--log', 'c')).toMatchObject({ code: 0, inserted: 0, duplicates: 6, also_in: both });
    expect(await importLog(folder, 'later.csv', '--log', 'd')).toMatchObject({ inserted: 3, also_in: [] });
    const { stdout } = await commandLine(folder, ['import', 'logs', 'three.csv', '--log', 'c']);
    expect(stdout).toContain(
      '2 of these impression ids are also in log "b": reports over all logs count both; use --log if they are the same impressions\n',
    );
  });

  it('does not compare rows without ids with other logs', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'ts,ad_id,creative_id,click\n2026-01-01,ad,a,1\n');
    for (const log of ['random', 'bts'])
      expect(await importLog(folder, 'log.csv', '--log', log)).toMatchObject({ inserted: 1, also_in: [] });
  });
});

// ---- the roll-up ----

const impression = fc.record({
  minute: fc.integer({ min: 0, max: 3 * 1440 }),
  ad: fc.constantFrom('ad-1', 'ad-2'),
  creative: fc.constantFrom('a', 'b', '创意'),
  scene: fc.constantFrom('', 'feed', 'search'),
  position: fc.option(fc.integer({ min: 1, max: 4 })),
  click: fc.integer({ min: 0, max: 1 }),
  view: fc.option(fc.integer({ min: 0, max: 600 })),
  revenue: fc.option(fc.integer({ min: -100, max: 1000 })),
  conversion: fc.option(fc.integer({ min: 0, max: 2 })),
});

describe('import logs, the roll-up', () => {
  it('equals a plain sum over the rows, for any rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(impression, { minLength: 1, maxLength: 100 }), async (impressions) => {
        const folder = temporaryFolder();
        const start = Date.UTC(2026, 0, 1);
        const expected = new Map<string, Record<string, number>>();
        const lines = impressions.map(({ minute, ad, creative, scene, position, click, view, revenue, conversion }, index) => {
          const time = start + minute * 60_000;
          const key = [Math.floor(time / DAY_MS), ad, creative, scene, position ?? 0].join('/');
          const sums = expected.get(key) ?? {
            impressions: 0,
            clicks: 0,
            views: 0,
            view_time_s: 0,
            log_view_time: 0,
            revenue: 0,
            conversions: 0,
          };
          const add = (sum: string, value: number): void => {
            sums[sum] = (sums[sum] as number) + value;
          };
          add('impressions', 1);
          add('clicks', click);
          if (click === 1 && view !== null) {
            add('views', 1);
            add('view_time_s', view);
            add('log_view_time', Math.log(1 + view));
          }
          add('revenue', revenue ?? 0);
          add('conversions', conversion ?? 0);
          expected.set(key, sums);
          return [index, new Date(time).toISOString(), ad, creative, scene, position, click, view, revenue, conversion].join(',');
        });
        writeFileSync(
          join(folder, 'log.csv'),
          `impression_id,ts,ad_id,creative_id,scene,position,click,view_time_s,revenue,conversion\n${lines.join('\n')}\n`,
        );
        expect(await importLog(folder, 'log.csv')).toMatchObject({ code: 0, inserted: impressions.length });
        const rollUp = rollUpOf(folder);
        expect([...rollUp.keys()]).toEqual([...expected.keys()].sort());
        for (const [key, sums] of expected)
          for (const [sum, value] of Object.entries(sums)) expect(rollUp.get(key)?.[sum], `${key} ${sum}`).toBeCloseTo(value, ROUNDING);
      }),
      { numRuns: 12 },
    );
  });

  it('sums aggregated rows by day, undated ones apart', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'report.csv'),
      'date,ad_id,creative_id,impressions,clicks,view_time_s\n2026-01-01,ad,a,100,4,8\n2026-01-01,ad,a,50,1,\n,ad,a,10,0,\n',
    );
    expect(await importLog(folder, 'report.csv')).toMatchObject({ code: 0, inserted: 3 });
    expect(rollUpOf(folder)).toEqual(
      new Map([
        ['-1/ad/a//0', { impressions: 10, clicks: 0, views: 0, view_time_s: 0, log_view_time: 0, revenue: 0, conversions: 0 }],
        [
          '20454/ad/a//0',
          { impressions: 150, clicks: 5, views: 4, view_time_s: 8, log_view_time: 4 * Math.log1p(2), revenue: 0, conversions: 0 },
        ],
      ]),
    );
  });
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Violation } from '../../src/core/publish/violations.ts';
import { readLogCandidates, readLogColumns } from '../../src/core/store/log_columns.ts';
import { findLog, readArms, readPositions } from '../../src/core/store/logs.ts';
import { openStore, type Store } from '../../src/core/store/open.ts';
import { savePlans } from '../../src/core/store/plans.ts';
import { beginRun } from '../../src/core/store/runs.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';

const NOW = new Date('2026-03-01T00:00:00Z');

interface Exported {
  readonly files: string[];
  readonly violations: Violation[];
  readonly creatives: number;
  readonly assets: number;
}

type Creatives = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A store of these creatives ("ad/creative" → elements); pictures are named by their colour. */
async function storeOf(creatives: Creatives): Promise<string> {
  const folder = temporaryFolder();
  const pictures = new Set(Object.values(creatives).flatMap(({ image }) => (image?.endsWith('.png') ? [image] : [])));
  for (const name of pictures) {
    const background = basename(name, '.png');
    await sharp({ create: { width: 30, height: 40, channels: 3, background } }).toFile(join(folder, name));
  }
  const lines = Object.entries(creatives).map(([name, elements]) => {
    const [ad_id, creative_id] = name.split('/');
    return JSON.stringify({ ad_id, creative_id, note_id: `note-${ad_id}`, elements });
  });
  writeFileSync(join(folder, 'creatives.jsonl'), lines.join('\n'));
  expect((await commandLine(folder, ['import', 'creatives', 'creatives.jsonl'])).code).toBe(0);
  return folder;
}

function withStore<Result>(folder: string, work: (store: Store) => Result): Result {
  const store = openStore(join(folder, 'atelier.db'), { create: false, now: NOW });
  try {
    return work(store);
  } finally {
    store.db.close();
  }
}

function exportSet(folder: string, ...flags: readonly string[]): Promise<Exported & { readonly code: number }> {
  return commandJson<Exported>(folder, ['export', '--platform', 'generic', '--out', 'out', ...flags]);
}

const TWO_ADS: Creatives = {
  'ad-2/z': { title: '茶山的雾', image: 'teal.png', highlight: '九点前到, "雾正浓"' },
  'ad-1/b': { title: 'Tea at nine', image: 'navy.png' },
  'ad-1/a': { title: 'Tea at nine', image: 'teal.png', tagline: 'Moon at ten' },
};
const LONG: Creatives = { ...TWO_ADS, 'ad-3/long': { title: 'x'.repeat(101), image: 'navy.png' } };

describe('export --platform generic', () => {
  it('writes one row per creative in a fixed order, one per element, and each picture once', async () => {
    const folder = await storeOf(TWO_ADS);
    const { code, files, creatives, assets, violations } = await exportSet(folder);
    expect({ code, creatives, assets, violations }).toEqual({ code: 0, creatives: 3, assets: 2, violations: [] });
    expect(files.map((file) => existsSync(file))).toEqual([true, true, true, true]);
    const lines = readFileSync(join(folder, 'out/creatives.csv'), 'utf8').split('\n');
    expect(lines.map((line) => line.replace(/assets\/[0-9a-f]{64}\.jpg/, 'PICTURE'))).toEqual([
      'creative_id,ad_id,note_id,title,highlight,image,width,height,score,share,status,element.tagline',
      'a,ad-1,note-ad-1,Tea at nine,,PICTURE,30,40,,,paused,Moon at ten',
      'b,ad-1,note-ad-1,Tea at nine,,PICTURE,30,40,,,paused,',
      'z,ad-2,note-ad-2,茶山的雾,"九点前到, ""雾正浓""",PICTURE,30,40,,,paused,',
      '',
    ]);
    const elements = readFileSync(join(folder, 'out/elements.csv'), 'utf8').split('\n').slice(1, -1);
    expect(elements.map((line) => line.split(',')[1])).toEqual(['highlight', 'image', 'image', 'tagline', 'title', 'title']);
    expect(readdirSync(join(folder, 'out/assets'))).toHaveLength(2);
  });

  it("gives each creative its share in its ad's newest plan", async () => {
    const folder = await storeOf(TWO_ADS);
    const row = { state: 'live', propensity: 0.5, bound: 1, reward: null, ecoiShrunk: null, reason: 'tried' } as const;
    withStore(folder, (store) => {
      const runId = beginRun(store, { command: 'select', arguments: [], seed: 1, version: '0', startedAt: NOW });
      const plan = (share: number) => [
        {
          adId: 'ad-1',
          state: 'explore' as const,
          lambda: 1,
          creatives: [
            { ...row, creativeId: 'a', share },
            { ...row, creativeId: 'b', share: 1 - share },
          ],
          windows: [],
          transitions: [],
        },
      ];
      savePlans(store, '2026-03-02', plan(0.25), runId);
      savePlans(store, '2026-03-01', plan(0.75), runId);
    });
    await exportSet(folder);
    const lines = readFileSync(join(folder, 'out/creatives.csv'), 'utf8').split('\n').slice(1, -1);
    expect(lines.map((line) => line.split(',').at(-3))).toEqual(['0.25', '0.75', '']);
  });

  it('begins with a byte order mark and ends lines with CRLF for Excel', async () => {
    const folder = await storeOf(TWO_ADS);
    await exportSet(folder, '--excel');
    for (const name of ['creatives.csv', 'elements.csv']) {
      const text = readFileSync(join(folder, 'out', name), 'utf8');
      expect(text.startsWith('\ufeff')).toBe(true);
      expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    }
  });

  it('writes nothing while a creative breaks a rule, lists it, and leaves the earlier export as it was', async () => {
    const folder = await storeOf(TWO_ADS);
    await exportSet(folder);
    const before = readFileSync(join(folder, 'out/creatives.csv'), 'utf8');
    writeFileSync(
      join(folder, 'more.jsonl'),
      JSON.stringify({ ad_id: 'ad-3', creative_id: 'sum', elements: { title: '=SUM(A1:A9)', image: 'teal.png' } }),
    );
    await commandLine(folder, ['import', 'creatives', 'more.jsonl']);
    const { code, files, creatives, violations } = await exportSet(folder);
    expect({ code, files, creatives }).toEqual({ code: 1, files: [], creatives: 0 });
    expect(violations).toMatchObject([{ ad_id: 'ad-3', creative_id: 'sum', field: 'title', value: '=SUM(A1:A9)', limit: null }]);
    expect(readFileSync(join(folder, 'out/creatives.csv'), 'utf8')).toBe(before);
    const { stdout, stderr } = await commandLine(folder, ['export', '--platform', 'generic', '--out', 'out']);
    expect(stdout).toContain('nothing was written');
    expect(stderr).toContain('failed: ad-3/sum: title:');
  });

  it('writes the valid creatives only with --allow-invalid, and still says what is wrong', async () => {
    const folder = await storeOf(LONG);
    const { code, creatives, violations } = await exportSet(folder, '--allow-invalid');
    expect({ code, creatives }).toEqual({ code: 1, creatives: 3 });
    expect(violations).toMatchObject([{ creative_id: 'long', field: 'title', limit: 100, value: 'x'.repeat(101) }]);
    expect(readFileSync(join(folder, 'out/creatives.csv'), 'utf8')).not.toContain('long');
  });

  it("refuses a creative whose picture is gone from the store's files", async () => {
    const folder = await storeOf(TWO_ADS);
    rmSync(join(folder, 'atelier.db.files'), { recursive: true });
    const { code, violations } = await exportSet(folder, '--allow-invalid');
    expect(code).toBe(1);
    expect(violations.map(({ field }) => field)).toEqual(['image', 'image', 'image']);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('lists an unknown ad as failed and exports the others', async () => {
    const folder = await storeOf(TWO_ADS);
    const { code, creatives } = await exportSet(folder, '--ads', 'ad-1,nobody');
    expect({ code, creatives }).toEqual({ code: 1, creatives: 2 });
  });

  it('cannot run without creatives, without a target, or into a file', async () => {
    const folder = await storeOf(TWO_ADS);
    expect(await commandLine(folder, ['export', '--platform', 'generic', '--ads', 'nobody', '--out', 'out'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nobody: Expected an ad'),
    });
    expect(await commandLine(temporaryFolder(), ['export', '--platform', 'generic', '--out', 'out'])).toMatchObject({ code: 2 });
    expect((await commandLine(folder, ['export', '--out', 'out'])).stderr).toContain('Expected --platform NAME or --log NAME');
    expect((await commandLine(folder, ['export', '--platform', 'generic', '--log', 'x', '--out', 'out'])).stderr).toContain(
      'cannot be used with',
    );
    expect(await commandLine(folder, ['export', '--platform', 'generic', '--out', 'creatives.jsonl'])).toMatchObject({ code: 2 });
  });
});

const LOG = `ts,ad_id,creative_id,scene,position,propensity,click,view_time_s,revenue,user_id,age,device
2026-01-01T00:00:00Z,ad-1,a,feed,1,0.5,1,2.25,,u1,31,"phone, old"
2026-01-01T00:00:00.000001Z,ad-1,b,feed,2,0.25,0,,,u2,,"say ""hi"""
2026-01-02T23:59:59.999Z,"ad,2",z,search,,,0,,-1.5,u1,47.5,"two
lines"
2026-01-02T23:59:59.999999Z,ad-1,a,,12,0.000001,1,0.1,3,,31,
`;

async function importLog(folder: string, file: string, log: string): Promise<void> {
  const { code, stderr } = await commandLine(folder, ['import', 'logs', file, '--log', log]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

/** The log's impressions with their codes looked up, as replay and training read them. */
function rowsOf(folder: string, log: string): unknown {
  return withStore(folder, (store) => {
    const names = ['ts', 'propensity', 'click', 'view_time_s', 'revenue', 'conversion'] as const;
    const { columns } = readLogColumns(store, findLog(store, log), [...names, 'arm', 'position']);
    const arms = readArms(store);
    const positions = readPositions(store);
    return {
      arms: [...columns.arm].map((arm) => arms.get(arm)),
      positions: [...columns.position].map((position) => positions.get(position)),
      numbers: names.map((name) => [name, [...columns[name]]]),
    };
  });
}

describe('export --log', () => {
  it('gives the rows back as they were written, times to the microsecond', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), LOG);
    await importLog(folder, 'log.csv', 'shop');
    const { code, rows } = await commandJson<{ rows: number }>(folder, ['export', '--log', 'shop', '--out', 'out/shop.csv']);
    expect({ code, rows }).toEqual({ code: 0, rows: 4 });
    const text = readFileSync(join(folder, 'out/shop.csv'), 'utf8');
    expect(
      text.replaceAll(/[0-9a-f]{16}/g, 'USER'),
    ).toBe(`ts,ad_id,creative_id,scene,position,propensity,click,view_time_s,revenue,conversion,user_id,age,device
2026-01-01T00:00:00.000Z,ad-1,a,feed,1,0.5,1,2.25,,,USER,31,"phone, old"
2026-01-01T00:00:00.000001Z,ad-1,b,feed,2,0.25,0,,,,USER,,"say ""hi"""
2026-01-02T23:59:59.999Z,"ad,2",z,search,,,0,,-1.5,,USER,47.5,"two
lines"
2026-01-02T23:59:59.999999Z,ad-1,a,,12,0.000001,1,0.1,3,,USER,31,
`);
    expect(readdirSync(join(folder, 'out'))).toEqual(['shop.csv']);
  });

  it.each(['csv', 'parquet'])('gives the same log when the %s is imported again', async (format) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), LOG);
    await importLog(folder, 'log.csv', 'before');
    await commandLine(folder, ['export', '--log', 'before', '--out', `again.${format}`]);
    await importLog(folder, `again.${format}`, 'after');
    expect(rowsOf(folder, 'after')).toEqual(rowsOf(folder, 'before'));
  });

  it.each(['csv', 'parquet'])('gives the candidates of a log back in a %s that is read as the same', async (format) => {
    const folder = temporaryFolder();
    const lists = [['b', 'a'], null, ['a|b', 'c'], ['[1]'], ['a', ' b '], ['创意, "一"', 'x\ny'], ['"']];
    const lines = lists.map((candidates, index) =>
      JSON.stringify({ impression_id: index, ts: '2026-01-01', ad_id: 'ad', creative_id: candidates?.[0] ?? 'a', click: 0, candidates }),
    );
    writeFileSync(join(folder, 'log.jsonl'), lines.join('\n'));
    await importLog(folder, 'log.jsonl', 'before');
    await commandLine(folder, ['export', '--log', 'before', '--out', `again.${format}`]);
    await importLog(folder, `again.${format}`, 'after');
    const candidatesOf = (log: string) =>
      withStore(folder, (store) => {
        const { codes, sets } = readLogCandidates(store, findLog(store, log)) ?? { codes: [], sets: new Map() };
        return [...codes].map((code) => sets.get(code));
      });
    expect(candidatesOf('before')).toEqual(lists.map((list) => list?.toSorted()));
    expect(candidatesOf('after')).toEqual(candidatesOf('before'));
  });

  it('keeps a feature apart from the candidates that a log does not have', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'ts,ad_id,creative_id,click,pool\n2026-01-01,ad,a,1,x\n');
    expect(await commandLine(folder, ['import', 'logs', 'log.csv', '--map', 'pool=candidate_ids'])).toMatchObject({ code: 0 });
    await commandLine(folder, ['export', '--log', 'default', '--out', 'back.csv']);
    expect(readFileSync(join(folder, 'back.csv'), 'utf8').split('\n')[0]).toMatch(/,user_id,feature\.candidate_ids$/);
  });

  it('gives Parquet columns their types', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), LOG);
    await importLog(folder, 'log.csv', 'shop');
    await commandLine(folder, ['export', '--log', 'shop', '--out', 'shop.parquet']);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const types = await connection.runAndReadAll(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${join(folder, 'shop.parquet')}')`,
    );
    connection.closeSync();
    expect(Object.fromEntries(types.getRowsJS() as [string, string][])).toMatchObject({
      ts: 'TIMESTAMP WITH TIME ZONE',
      creative_id: 'VARCHAR',
      position: 'INTEGER',
      propensity: 'DOUBLE',
      age: 'DOUBLE',
      device: 'VARCHAR',
    });
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('gives aggregated rows back with their impressions and clicks', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'report.csv'), 'date,ad_id,creative_id,impressions,clicks\n2026-01-01,ad,a,1200,7\n2026-01-02,ad,a,900,3\n');
    await importLog(folder, 'report.csv', 'report');
    await commandLine(folder, ['export', '--log', 'report', '--out', 'back.csv']);
    expect(readFileSync(join(folder, 'back.csv'), 'utf8').split('\n').slice(0, 2)).toEqual([
      'ts,ad_id,creative_id,scene,position,impressions,clicks,view_time_s,revenue,conversion,user_id',
      '2026-01-01T00:00:00.000Z,ad,a,,,1200,7,,,,',
    ]);
  });

  it('leaves the time empty where a log has none, or one that no calendar holds', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'report.csv'), 'date,ad_id,creative_id,impressions,clicks\n,ad,a,12,7\n');
    await importLog(folder, 'report.csv', 'report');
    withStore(folder, (store) =>
      store.db.exec('INSERT INTO log_chunks SELECT 99, log_id, unit, rows, ts_min, ts_max, run_id FROM log_chunks'),
    );
    withStore(folder, (store) =>
      store.db.exec(
        "INSERT INTO log_chunk_columns SELECT 99, name, codec, CASE name WHEN 'ts' THEN 1e17 ELSE base END, data FROM log_chunk_columns",
      ),
    );
    await commandLine(folder, ['export', '--log', 'report', '--out', 'back.parquet']);
    await commandLine(folder, ['export', '--log', 'report', '--out', 'back.csv']);
    expect(readFileSync(join(folder, 'back.csv'), 'utf8').split('\n').slice(1)).toEqual([',ad,a,,,12,7,,,,', ',ad,a,,,12,7,,,,', '']);
    expect(existsSync(join(folder, 'back.parquet'))).toBe(true);
  });

  it("keeps a feature apart from a column of the contract's with the same name", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), 'ts,ad_id,creative_id,click,uid\n2026-01-01,ad,a,1,x\n');
    expect(await commandLine(folder, ['import', 'logs', 'log.csv', '--log', 'shop', '--map', 'uid=User_Id'])).toMatchObject({ code: 0 });
    await commandLine(folder, ['export', '--log', 'shop', '--out', 'back.csv']);
    expect(readFileSync(join(folder, 'back.csv'), 'utf8').split('\n')[0]).toMatch(/,user_id,feature\.User_Id$/);
  });

  it('refuses an unknown log and a file of another kind', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log.csv'), LOG);
    await importLog(folder, 'log.csv', 'shop');
    expect(await commandLine(folder, ['export', '--log', 'nope', '--out', 'a.csv'])).toMatchObject({ code: 2 });
    expect(await commandLine(folder, ['export', '--log', 'shop', '--out', 'a.xlsx'])).toMatchObject({ code: 2 });
  });
});

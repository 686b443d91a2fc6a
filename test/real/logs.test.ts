import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsvRecords, splitCsvRecord } from '../../src/core/ingest/csv_records.ts';
import { hasRealData, realFile, runJson, runText, tell } from './real_data.ts';

interface Imported {
  readonly rows: number;
  readonly inserted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly rejects_file: string | null;
}

interface Estimate {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
}

interface Replayed {
  readonly rounds: number;
  readonly matched: number;
  readonly coverage: number;
  readonly effective_sample_size: number;
  readonly estimators: Readonly<Record<'replay' | 'ips' | 'snips' | 'dm' | 'dr', Estimate>>;
}

interface Ecoi {
  readonly positions: { position: number | null; impressions: number; clicks: number }[];
  readonly creatives: { ad_id: string; creative_id: string; impressions: number; clicks: number }[];
}

/** Records of a CSV file, by column; the import itself reads it with DuckDB. */
async function readRecords(path: string): Promise<Record<string, string>[]> {
  const rows: string[][] = [];
  for await (const { bytes } of readCsvRecords(path, ',')) rows.push(splitCsvRecord(bytes.toString('utf8'), ',') ?? []);
  const names = rows.shift() ?? [];
  return rows.map((fields) => Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ''])));
}

function sum(records: readonly Readonly<Record<string, unknown>>[], column: string): number {
  return records.reduce((total, record) => total + Number(record[column]), 0);
}

const found = hasRealData();

describe.skipIf(!found)('Open Bandit, two real logs of 10,000 impressions', () => {
  const LOGS = [
    { log: 'random', clicks: 46 },
    { log: 'bts', clicks: 69 },
  ] as const;
  const file = (log: string): string => realFile('open-bandit', log, 'men.csv.gz');
  let folder: string;

  const importLog = (log: string): Promise<Imported & { code: number }> =>
    runJson<Imported>(
      folder,
      'import',
      'logs',
      file(log),
      '--map',
      'item_id=creative_id,timestamp=ts,propensity_score=propensity',
      '--log',
      log,
    );

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-real-logs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(LOGS)('imports $log once: 10,000 rows with $clicks clicks, and nothing the second time', async ({ log, clicks }) => {
    expect(await importLog(log)).toMatchObject({ code: 0, rows: 10_000, inserted: 10_000, duplicates: 0, rejected: 0, rejects_file: null });
    expect(await importLog(log)).toMatchObject({ code: 0, rows: 10_000, inserted: 0, duplicates: 10_000 });
    const { creatives, positions } = await runJson<Ecoi>(folder, 'ecoi', '--log', log);
    expect([sum(creatives, 'impressions'), sum(creatives, 'clicks')]).toEqual([10_000, clicks]);
    expect(positions.map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(creatives).toHaveLength(new Set((await readRecords(file(log))).map(({ item_id }) => item_id)).size);
  });

  it('evaluates the uniform policy on the uniform log as the click rate itself', async () => {
    const { rounds, estimators, coverage, effective_sample_size } = await runJson<Replayed>(
      folder,
      'replay',
      '--policy',
      'uniform',
      '--log',
      'random',
    );
    const { ips, snips, replay } = estimators;
    tell(`uniform on random: ips ${ips.value}, replay ${replay.value}, coverage ${coverage}`);
    expect(rounds).toBe(10_000);
    // Every weight is (1/34)/(1/34), up to the rounding of 1/34 in the file.
    expect(ips.value).toBeCloseTo(46 / 10_000, 12);
    expect(snips.value).toBeCloseTo(46 / 10_000, 12);
    expect(effective_sample_size).toBeCloseTo(10_000, 6);
    expect(coverage).toBeGreaterThan(0.02);
    expect(coverage).toBeLessThan(0.04);
    expect(ips.ci_low).toBeLessThan(46 / 10_000);
    expect(ips.ci_high).toBeGreaterThan(46 / 10_000);
  });

  it.each(['ucb', 'ucb1', 'uniform'])('evaluates %s on the Thompson sampling log, or says that it cannot', async (policy) => {
    const { matched, estimators } = await runJson<Replayed>(folder, 'replay', '--policy', policy, '--log', 'bts');
    tell(
      `${policy} on bts: ${matched} matched, ${Object.entries(estimators)
        .map(([name, { value }]) => `${name} ${value}`)
        .join(', ')}`,
    );
    for (const { value, ci_low, ci_high } of Object.values(estimators)) {
      if (value === null) expect([ci_low, ci_high]).toEqual([null, null]);
      else {
        expect(ci_low).toBeLessThanOrEqual(value);
        expect(ci_high).toBeGreaterThanOrEqual(value);
      }
    }
    if (Object.values(estimators).some(({ value }) => value === null)) {
      expect((await runText(folder, 'replay', '--policy', policy, '--log', 'bts')).stdout).toContain('cannot be evaluated');
    }
  });
});

describe.skipIf(!found)('Upworthy, 11,044 arms of real A/B tests', () => {
  const file = realFile('upworthy/packages.csv.gz');
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-real-upworthy-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('imports every arm as a creative, and nothing the second time', async () => {
    const flags = ['import', 'creatives', file, '--map', 'test_id=ad_id,arm=creative_id,headline=element.title,image_id=element.image'];
    const records = await readRecords(file);
    const document = await runJson<{ ads: number; creatives: number; elements: number; inserted: number; skipped: unknown[] }>(
      folder,
      ...flags,
    );
    tell(`upworthy: ${document.ads} ads, ${document.creatives} creatives, ${document.elements} elements`);
    expect(document).toMatchObject({ code: 0, creatives: 11_044, inserted: 11_044, ads: 2_292, skipped: [] });
    expect(document.ads).toBe(new Set(records.map(({ test_id }) => test_id)).size);
    const distinct = (column: string): number => new Set(records.map((record) => record[column]).filter(Boolean)).size;
    expect(document.elements).toBe(distinct('headline') + distinct('image_id'));
    expect(await runJson(folder, ...flags)).toMatchObject({ creatives: 11_044, inserted: 0, unchanged: 11_044 });
  });

  it('imports the same file as an aggregated log, whose ECOI covers every arm and every click', async () => {
    const flags = ['import', 'logs', file, '--map', 'test_id=ad_id,arm=creative_id', '--log', 'upworthy'];
    expect(await runJson(folder, ...flags)).toMatchObject({ code: 0, rows: 11_044, inserted: 11_044, rejected: 0 });
    expect(await runJson(folder, ...flags)).toMatchObject({ inserted: 0, duplicates: 11_044 });
    const records = await readRecords(file);
    const { creatives } = await runJson<Ecoi>(folder, 'ecoi', '--log', 'upworthy');
    expect(creatives).toHaveLength(11_044);
    expect([sum(creatives, 'impressions'), sum(creatives, 'clicks')]).toEqual([sum(records, 'impressions'), sum(records, 'clicks')]);
    const byArm = new Map(records.map(({ test_id, arm, impressions, clicks }) => [`${test_id} ${arm}`, `${impressions} ${clicks}`]));
    for (const { ad_id, creative_id, impressions, clicks } of creatives)
      expect(byArm.get(`${ad_id} ${creative_id}`)).toBe(`${impressions} ${clicks}`);
  });
});

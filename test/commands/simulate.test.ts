import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SIMULATED_COLUMNS } from '../../src/core/feedback/simulator_csv.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth } from './simulated_store.ts';

const SMALL = ['simulate', '--ads', '2', '--creatives', '3', '--impressions', '2000', '--days', '2', '--out', 'world'];

describe('simulate', () => {
  it('writes a log, its creatives and the truth', async () => {
    const folder = temporaryFolder();
    const document = await commandJson<{ files: string[]; truth_file: string; impressions: number; clicks: number }>(folder, SMALL);
    expect(document).toMatchObject({
      code: 0,
      files: [join(folder, 'world', 'logs.csv'), join(folder, 'world', 'creatives.jsonl')],
      truth_file: join(folder, 'world', 'truth.json'),
      impressions: 2_000,
    });
    const rows = csvTable(join(folder, 'world', 'logs.csv'));
    expect(rows).toHaveLength(2_000);
    expect(Object.keys(rows[0] ?? {}).join(',')).toBe(SIMULATED_COLUMNS);
    expect(rows.filter((row) => row.click === '1')).toHaveLength(document.clicks);
    const truth = readTruth(folder);
    expect(truth).toMatchObject({ impressions: 2_000, clicks: document.clicks });
    const creatives = readFileSync(join(folder, 'world', 'creatives.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(creatives.map((line) => (JSON.parse(line) as { creative_id: string }).creative_id)).toEqual(
      truth.ads.flatMap((ad) => ad.creatives.map(({ creative_id }) => creative_id)),
    );
  });

  it('writes the same bytes for the same seed, and others for another', async () => {
    const bytesOf = async (...flags: readonly string[]): Promise<string> => {
      const folder = temporaryFolder();
      await commandLine(folder, [...SMALL, ...flags]);
      return ['logs.csv', 'creatives.jsonl', 'truth.json'].map((name) => readFileSync(join(folder, 'world', name), 'utf8')).join('\0');
    };
    expect(await bytesOf()).toBe(await bytesOf('--seed', '1'));
    expect(await bytesOf()).not.toBe(await bytesOf('--seed', '2'));
  });

  it('starts on the day it is given and spreads over the days it is given', async () => {
    const folder = temporaryFolder();
    await commandLine(folder, [...SMALL, '--start', '2026-02-27', '--days', '3']);
    const days = new Set(csvTable(join(folder, 'world', 'logs.csv')).map((row) => row.ts?.slice(0, 10)));
    expect([...days]).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
  });

  it('refuses what it cannot read', async () => {
    const folder = temporaryFolder();
    for (const flags of [
      ['--start', '2026-02-30x'],
      ['--ads', '0'],
      ['--impressions', 'many'],
      ['--logging', 'odd'],
      ['--placement', 'x'],
    ])
      expect(await commandLine(folder, [...SMALL, ...flags])).toMatchObject({ code: 2 });
    expect(await commandLine(folder, ['simulate'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--out') });
  });
});

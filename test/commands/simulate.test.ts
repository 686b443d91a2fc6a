import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LEARNING_POLICIES } from '../../src/commands/simulate.ts';
import { POLICIES } from '../../src/core/feedback/policies/registry.ts';
import { SIMULATED_COLUMNS } from '../../src/core/feedback/simulator_csv.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth } from './simulated_store.ts';

interface RichTruth {
  readonly ads: readonly {
    readonly best: string;
    readonly phase?: string;
    readonly leader?: string;
    readonly transitions?: readonly unknown[];
    readonly creatives: readonly {
      readonly creative_id: string;
      readonly topic?: string;
      readonly median_view_time_s: number;
      readonly ctr_at_day_ends?: readonly number[];
      readonly impressions?: number;
    }[];
  }[];
}

interface RunDocument {
  readonly truth_file: string;
  readonly loss: number;
  readonly expected_clicks: number;
  readonly oracle_clicks: number;
  readonly config: unknown;
}

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

  it('writes the same world, with more columns only where users have interests', async () => {
    const folder = temporaryFolder();
    await commandLine(folder, [...SMALL, '--interests', '1', '--drift', '0.3', '--tension', '-1', '--delay', '6h']);
    const rows = csvTable(join(folder, 'world', 'logs.csv'));
    expect(Object.keys(rows[0] ?? {}).join(',')).toBe(`${SIMULATED_COLUMNS},topic`);
    const { ads, ...truth } = JSON.parse(readFileSync(join(folder, 'world', 'truth.json'), 'utf8')) as RichTruth;
    expect(truth).toMatchObject({ logging: 'uniform', interests: 1, mean_delay_s: 21_600 });
    const creatives = new Map(ads.flatMap((ad) => ad.creatives.map((creative) => [creative.creative_id, creative])));
    for (const row of rows) expect(row.topic).toBe(creatives.get(row.creative_id ?? '')?.topic);
    for (const ad of ads) {
      const views = ad.creatives.map(({ median_view_time_s }) => median_view_time_s);
      expect(creatives.get(ad.best)?.median_view_time_s).toBe(Math.min(...views));
      for (const { ctr_at_day_ends } of ad.creatives) expect(ctr_at_day_ends).toHaveLength(2);
    }
  });

  it('lets each policy that learns write the log, and tells what that cost', async () => {
    for (const name of LEARNING_POLICIES) {
      const folder = temporaryFolder();
      const document = await commandJson<RunDocument>(folder, [...SMALL, '--logging', name]);
      expect(document).toMatchObject({ code: 0, impressions: 2_000, config: { policy: { epsilon: 0.1 }, exit: { ring: 5 } } });
      expect(document.loss).toBeCloseTo(1 - document.expected_clicks / document.oracle_clicks, 12);
      const rows = csvTable(join(folder, 'world', 'logs.csv'));
      const propensities = rows.map((row) => Number(row.propensity));
      // 5 % are dealt out evenly over three creatives.
      expect(Math.min(...propensities)).toBeGreaterThanOrEqual(0.05 / 3 - 1e-12);
      expect(new Set(propensities).size).toBeGreaterThan(1);
      const truth = JSON.parse(readFileSync(document.truth_file, 'utf8')) as RichTruth;
      expect(truth).toMatchObject({ logging: name, regret: { loss: document.loss, oracle_clicks: document.oracle_clicks } });
      for (const { creative_id, impressions } of truth.ads.flatMap(({ creatives }) => creatives))
        expect(rows.filter((row) => row.creative_id === creative_id)).toHaveLength(impressions ?? -1);
      for (const { phase, transitions } of truth.ads) expect([phase, transitions]).toEqual(['explore', []]);
    }
  });

  it('stops exploring with --exit, by the settings it is given', async () => {
    const folder = temporaryFolder();
    const line = [
      ...SMALL,
      '--impressions',
      '40000',
      '--logging',
      'thompson',
      '--random-share',
      '0',
      '--exit',
      '--config',
      'settings.yaml',
    ];
    writeFileSync(join(folder, 'settings.yaml'), 'exit:\n  stability: 10\n  expected_loss: 10\nreward:\n  lambda_max: 0\n');
    const { stdout } = await commandLine(folder, line);
    expect(stdout).toMatch(/thompson: \d+\.\d% of the oracle's clicks lost/);
    expect(stdout).toMatch(/mean view time after a click: \d+\.\d s/);
    expect(stdout).toMatch(/2 of 2 ads show their leader only/);
    const truth = JSON.parse(readFileSync(join(folder, 'world', 'truth.json'), 'utf8')) as RichTruth;
    for (const { leader, transitions, creatives } of truth.ads) {
      expect(transitions?.at(-1)).toMatchObject({ event: 'exit', creative_id: leader });
      expect(creatives.map(({ creative_id }) => creative_id)).toContain(leader);
    }
    const document = await commandJson<RunDocument>(folder, line);
    expect(document.config).toMatchObject({ exit: { stability: 10, expected_loss: 10 }, reward: { lambda_max: 0 } });
  });

  it('refuses settings it cannot read, and flags that would change nothing', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'odd.yaml'), 'exit:\n  odd: 1\n');
    for (const [flags, message] of [
      [['--exit'], 'with --exit but received uniform'],
      [['--logging', 'skewed', '--random-share', '0.1'], 'with --random-share but received skewed'],
      [['--logging', 'ucb', '--placement', '1'], 'with --placement but received ucb'],
      [['--logging', 'ucb', '--config', 'none.yaml'], 'none.yaml cannot be read'],
      [['--logging', 'ucb', '--config', 'odd.yaml'], 'odd.yaml:2:3'],
    ] as const)
      expect(await commandLine(folder, [...SMALL, ...flags])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('offers the registered policies that learn', () => {
    expect([...LEARNING_POLICIES].sort()).toEqual(
      Object.keys(POLICIES)
        .filter((name) => !['uniform', 'logged', 'plan'].includes(name))
        .sort(),
    );
  });

  it('refuses what it cannot read', async () => {
    const folder = temporaryFolder();
    for (const flags of [
      ['--start', '2026-02-30x'],
      ['--ads', '0'],
      ['--impressions', 'many'],
      ['--logging', 'odd'],
      ['--placement', 'x'],
      ['--tension', '1.5'],
      ['--drift', '-1'],
      ['--delay', '6 hours'],
      ['--interests', '-0.1'],
      ['--logging', 'ucb', '--random-share', '2'],
      ['--logging', 'plan'],
    ])
      expect(await commandLine(folder, [...SMALL, ...flags])).toMatchObject({ code: 2 });
    expect(await commandLine(folder, ['simulate'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--out') });
  });
});

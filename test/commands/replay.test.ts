import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/commands/replay.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth, simulatedStore } from './simulated_store.ts';

interface Estimate {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
}

interface Report {
  readonly code: number;
  readonly policy: string;
  readonly rounds: number;
  readonly matched: number;
  readonly coverage: number;
  readonly effective_sample_size: number;
  readonly estimators: Readonly<Record<string, Estimate>>;
  readonly events_per_second: number;
  readonly logged_reward: number;
  readonly estimated_propensities: number;
  readonly sorted_by_time: boolean;
}

describe('replay', () => {
  it.each(POLICY_NAMES)('evaluates %s with the keys of the contract', async (policy) => {
    const folder = await simulatedStore('--logging', 'skewed');
    const report = await commandJson<Report>(folder, ['replay', '--policy', policy, '--log', 'sim']);
    expect(report).toMatchObject({ code: 0, policy, rounds: 12_000, estimated_propensities: 0, sorted_by_time: true });
    expect(report.coverage).toBe(report.matched / 12_000);
    expect(report.effective_sample_size).toBeGreaterThan(50);
    expect(report.events_per_second).toBeGreaterThan(0);
    expect(Object.keys(report.estimators)).toEqual(['replay', 'ips', 'snips', 'dm', 'dr']);
    for (const { value, ci_low, ci_high } of Object.values(report.estimators)) {
      expect(ci_low).toBeLessThan(value ?? 0);
      expect(ci_high).toBeGreaterThan(value ?? 1);
    }
  });

  it('gives the uniform policy the click rate of a uniform log', async () => {
    const folder = await simulatedStore();
    const { estimators, logged_reward } = await commandJson<Report>(folder, ['replay', '--policy', 'uniform']);
    expect(logged_reward).toBe(readTruth(folder).clicks / 12_000);
    expect(estimators.ips?.value).toBeCloseTo(logged_reward, 12);
  });

  it('estimates propensities that are not given, sorts rows, and says both', async () => {
    const folder = await simulatedStore();
    const [header, ...lines] = readFileSync(join(folder, 'world', 'logs.csv'), 'utf8')
      .trimEnd()
      .split('\n') as [string, ...string[]];
    const without = (line: string): string => line.split(',').toSpliced(6, 1).join(',');
    writeFileSync(join(folder, 'bare.csv'), [header, ...lines.reverse()].map(without).join('\n'));
    await commandLine(folder, ['import', 'logs', 'bare.csv', '--log', 'bare']);
    const given = await commandJson<Report>(folder, ['replay', '--policy', 'uniform', '--log', 'sim']);
    const bare = await commandJson<Report>(folder, ['replay', '--policy', 'uniform', '--log', 'bare']);
    expect(bare).toMatchObject({ rounds: 12_000, estimated_propensities: 12_000, sorted_by_time: false });
    // Shares of four creatives in about 100 rows of a cell are near .25.
    expect(Math.abs((bare.estimators.snips?.value ?? 0) / (given.estimators.snips?.value ?? 1) - 1)).toBeLessThan(0.1);
    const { stdout } = await commandLine(folder, ['replay', '--policy', 'uniform', '--log', 'bare']);
    expect(stdout).toContain('12,000 propensities were not given');
    expect(stdout).toContain('it was sorted');
  });

  it('is the same for the same seed, and by the day another than by the row', async () => {
    const folder = await simulatedStore();
    const run = async (...flags: readonly string[]): Promise<Omit<Report, 'events_per_second'>> => {
      const { events_per_second: _, ...report } = await commandJson<Report>(folder, ['replay', '--policy', 'ucb', ...flags]);
      return report;
    };
    expect(await run('--seed', '3')).toEqual(await run('--seed', '3'));
    expect((await run('--batch', '1d')).matched).not.toBe((await run()).matched);
  });

  it('says what cannot be evaluated', async () => {
    const folder = temporaryFolder();
    const rows = Array.from({ length: 30 }, (_, i) => `2026-01-01T00:00:${10 + i}Z,a,c${i % 2},${i % 5 === 0 ? 1 : 0},0.5`);
    writeFileSync(join(folder, 'tiny.csv'), ['ts,ad_id,creative_id,click,propensity', ...rows].join('\n'));
    await commandLine(folder, ['import', 'logs', 'tiny.csv']);
    const { estimators, code } = await commandJson<Report>(folder, ['replay', '--policy', 'uniform']);
    expect(code).toBe(0);
    for (const estimate of Object.values(estimators)) expect(estimate).toEqual({ value: null, ci_low: null, ci_high: null });
    expect((await commandLine(folder, ['replay', '--policy', 'uniform'])).stdout).toContain('cannot be evaluated');
  });

  it('replays the ads asked for only, and lists those that are not there', async () => {
    const folder = await simulatedStore();
    const rows = csvTable(join(folder, 'world', 'logs.csv')).filter((row) => row.ad_id === 'ad-0002');
    const report = await commandJson<Report>(folder, ['replay', '--policy', 'uniform', '--ads', 'ad-0002,nobody']);
    expect(report).toMatchObject({ code: 1, rounds: rows.length, sorted_by_time: true });
    expect(report.logged_reward).toBeCloseTo(rows.filter((row) => row.click === '1').length / rows.length, 12);
    expect((await commandLine(folder, ['replay', '--policy', 'ucb', '--ads', 'nobody'])).stderr).toContain('nobody: Expected an ad');
  });

  it('refuses aggregated rows, an unknown policy, no policy and an odd batch', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), 'ad_id,creative_id,impressions,clicks\na,x,1000,20\n');
    await commandLine(folder, ['import', 'logs', 'rows.csv']);
    const { code, stderr } = await commandLine(folder, ['replay', '--policy', 'ucb']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('aggregated') });
    for (const flags of [['--policy', 'best'], [], ['--policy', 'ucb', '--batch', '2d'], ['--policy', 'ucb', '--batch', '0']])
      expect(await commandLine(folder, ['replay', ...flags])).toMatchObject({ code: 2 });
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/commands/replay.ts';
import { POLICIES } from '../../src/core/feedback/policies/registry.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth, simulatedStore } from './simulated_store.ts';

interface Estimate {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly reason?: string;
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
  readonly mean_weight: Estimate | null;
  readonly outcomes: Readonly<Record<'view_time_s' | 'revenue_per_mille', Estimate | null>>;
  readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly plan_day: string | null;
}

describe('replay', () => {
  it('offers the policies there are', () => {
    expect([...POLICY_NAMES].sort()).toEqual(Object.keys(POLICIES).sort());
  });

  it.each(POLICY_NAMES)('evaluates %s with the keys of the contract', async (policy) => {
    const folder = await simulatedStore('--logging', 'skewed');
    await commandLine(folder, ['select']);
    const report = await commandJson<Report>(folder, ['replay', '--policy', policy, '--log', 'sim']);
    expect(report).toMatchObject({ code: 0, policy, rounds: 12_000, estimated_propensities: 0, sorted_by_time: true });
    expect(report.coverage).toBeCloseTo(report.matched / 12_000, 12);
    expect(report.mean_weight?.ci_low).toBeLessThan(1.000001);
    expect(report.mean_weight?.ci_high).toBeGreaterThan(0.95);
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
    expect(stdout).toContain('they were sorted');
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
    for (const { reason, ...estimate } of Object.values(estimators)) {
      expect(estimate).toEqual({ value: null, ci_low: null, ci_high: null });
      expect(reason).toMatch(/needed but/);
    }
    const { stdout } = await commandLine(folder, ['replay', '--policy', 'uniform']);
    expect(stdout).toContain('cannot be evaluated');
    expect(stdout).toContain('50 rows are needed but there are 30');
  });

  it('replays the ads asked for only, and lists those that are not there', async () => {
    const folder = await simulatedStore();
    const rows = csvTable(join(folder, 'world', 'logs.csv')).filter((row) => row.ad_id === 'ad-0002');
    const report = await commandJson<Report>(folder, ['replay', '--policy', 'uniform', '--ads', 'ad-0002,nobody']);
    expect(report).toMatchObject({ code: 1, rounds: rows.length, sorted_by_time: true });
    expect(report.logged_reward).toBeCloseTo(rows.filter((row) => row.click === '1').length / rows.length, 12);
    expect((await commandLine(folder, ['replay', '--policy', 'ucb', '--ads', 'nobody'])).stderr).toContain('nobody: Expected an ad');
  });

  it('gives the log itself back for the logged policy, with view time and revenue', async () => {
    const folder = await simulatedStore('--logging', 'skewed');
    const report = await commandJson<Report>(folder, ['replay', '--policy', 'logged', '--seeds', '1']);
    const clicked = csvTable(join(folder, 'world', 'logs.csv')).filter((row) => row.click === '1');
    const mean = (column: string): number => clicked.reduce((sum, row) => sum + Number(row[column]), 0) / clicked.length;
    expect(report).toMatchObject({ matched: 12_000, coverage: 1 });
    for (const { value } of Object.values(report.estimators).filter((_, i) => i !== 3)) expect(value).toBeCloseTo(report.logged_reward, 9);
    // Seconds and revenue are read as 32-bit floats.
    expect(report.outcomes.view_time_s?.value).toBeCloseTo(mean('view_time_s'), 4);
    expect(report.outcomes.revenue_per_mille?.value).toBeCloseTo((1000 * mean('revenue') * clicked.length) / 12_000, 3);
  });

  it('tries the plan of a day on the log, and says when there is none', async () => {
    const folder = await simulatedStore();
    const without = await commandLine(folder, ['replay', '--policy', 'plan']);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('Make one with atelier select') });
    await commandLine(folder, ['select', '--day', '2026-02-01']);
    const plan = await commandJson<Report>(folder, ['replay', '--policy', 'plan', '--seeds', '1']);
    expect(plan.plan_day).toBe('2026-02-01');
    // Its shares come from this log, so it does better than showing all alike.
    expect(plan.estimators.ips?.value).toBeGreaterThan(plan.logged_reward);
    expect(await commandLine(folder, ['replay', '--policy', 'plan', '--day', '2026-02-02'])).toMatchObject({ code: 2 });
  });

  it('takes settings from a file and prints them back', async () => {
    const folder = await simulatedStore();
    writeFileSync(join(folder, 'night.yaml'), 'policy: { alpha: 0, window: 2000 }\nreward: { lambda_max: 0 }\n');
    const greedy = await commandJson<Report>(folder, ['replay', '--policy', 'ucb', '--config', 'night.yaml']);
    expect(greedy.config).toMatchObject({ policy: { alpha: 0, window: 2_000, epsilon: 0.1 }, reward: { lambda_max: 0 } });
    expect(greedy.matched).not.toBe((await commandJson<Report>(folder, ['replay', '--policy', 'ucb'])).matched);
  });

  it('refuses aggregated rows, an unknown policy, no policy and an odd batch', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), 'ad_id,creative_id,impressions,clicks\na,x,1000,20\n');
    await commandLine(folder, ['import', 'logs', 'rows.csv']);
    const { code, stderr } = await commandLine(folder, ['replay', '--policy', 'ucb']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('aggregated') });
    for (const flags of [
      ['--policy', 'best'],
      [],
      ['--policy', 'ucb', '--batch', '2d'],
      ['--policy', 'ucb', '--batch', '0'],
      ['--policy', 'logged', '--exit'],
      ['--policy', 'ucb', '--day', '2026-01-01'],
      ['--policy', 'ucb', '--curve', 'curve.txt'],
      ['--policy', 'ucb', '--config', 'nothing.yaml'],
    ])
      expect(await commandLine(folder, ['replay', ...flags])).toMatchObject({ code: 2 });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { simulatedStore } from './simulated_store.ts';

interface Report {
  readonly code: number;
  readonly rounds: number;
  readonly clusters: { readonly by: string; readonly count: number };
  readonly mean_weight: { readonly value: number };
  readonly ads_without_plan?: number;
  readonly estimators: Readonly<Record<string, { readonly value: number | null; readonly reason?: string }>>;
}

/** A store with a log of two creatives shown evenly, and more columns as given. */
async function evenLog(columns: string, values: string): Promise<string> {
  const folder = temporaryFolder();
  const random = createRandom(3);
  const rows = Array.from({ length: 3_000 }, (_, i) => {
    const click = random.uniform() < 0.05 ? 1 : 0;
    return `${new Date(Date.UTC(2026, 0, 1) + i * 1_000).toISOString()},a,${random.below(2) === 0 ? 'x' : 'y'},${click},0.5,${values}`;
  });
  writeFileSync(join(folder, 'log.csv'), [`ts,ad_id,creative_id,click,propensity,${columns}`, ...rows].join('\n'));
  await commandLine(folder, ['import', 'logs', 'log.csv']);
  return folder;
}

describe('what a log cannot show', () => {
  it('is a candidate that was never shown: the policy may choose it, and the mean weight lacks it', async () => {
    const folder = await evenLog('candidates', 'x|y|never|nor this');
    const { mean_weight, estimators } = await commandJson<Report>(folder, ['replay', '--policy', 'uniform']);
    expect(mean_weight.value).toBeCloseTo(0.5, 9);
    for (const { value, reason } of Object.values(estimators)) {
      expect(value).toBeNull();
      expect(reason).toContain('the log shows only 50 % of what the policy chooses');
    }
    const complete = await evenLog('candidates', 'y|x');
    expect((await commandJson<Report>(complete, ['replay', '--policy', 'uniform'])).mean_weight.value).toBeCloseTo(1, 9);
  });

  it('is a plan for creatives that are new', async () => {
    const folder = await evenLog('scene', 'feed');
    const creatives = ['x', 'y', 'new', 'newer'].map((id) => JSON.stringify({ ad_id: 'a', creative_id: id, elements: { title: id } }));
    writeFileSync(join(folder, 'creatives.jsonl'), creatives.join('\n'));
    await commandLine(folder, ['import', 'creatives', 'creatives.jsonl']);
    await commandLine(folder, ['select']);
    const { estimators, mean_weight } = await commandJson<Report>(folder, ['replay', '--policy', 'plan']);
    expect(mean_weight.value).toBeLessThan(0.9);
    for (const { value } of Object.values(estimators)) expect(value).toBeNull();
  });

  it('is how users differ, where there is one: stretches of time are resampled', async () => {
    const { clusters } = await commandJson<Report>(await evenLog('user_id', 'bob'), ['replay', '--policy', 'uniform']);
    expect(clusters.by).toBe('stretch of time');
    expect(clusters.count).toBeGreaterThan(500);
  });
});

describe('ads and days', () => {
  it('without a plan are left out, and counted', async () => {
    const folder = await simulatedStore();
    await commandLine(folder, ['select', '--ads', 'ad-0002']);
    const planned = await commandJson<Report>(folder, ['replay', '--policy', 'plan', '--seeds', '1']);
    const alone = await commandJson<Report>(folder, ['replay', '--policy', 'uniform', '--seeds', '1', '--ads', 'ad-0002']);
    expect(planned).toMatchObject({ code: 0, ads_without_plan: 2, rounds: alone.rounds });
  });

  it('from the day of a plan on are not learnt from', async () => {
    const folder = await simulatedStore();
    interface Plan {
      readonly ads: readonly { readonly windows: readonly { readonly last_day: string }[] }[];
    }
    const lastDays = async (...flags: readonly string[]): Promise<string[]> => {
      const { ads } = await commandJson<Plan>(folder, ['select', ...flags]);
      return ads.flatMap(({ windows }) => windows.at(-1)?.last_day ?? []);
    };
    // The log goes from January 1 to 5.
    expect(new Set(await lastDays())).toEqual(new Set(['2026-01-05']));
    expect(new Set(await lastDays('--day', '2026-01-04'))).toEqual(new Set(['2026-01-03']));
    expect(await lastDays('--day', '2026-01-01')).toEqual([]);
  });
});

describe('a replay', () => {
  it('keeps the settings of its sweep in the record of the run', async () => {
    const folder = await simulatedStore();
    await commandLine(folder, ['replay', '--policy', 'ucb', '--sweep', 'alpha=0.5,1', '--seeds', '1']);
    const { rows } = await commandJson<{ rows: readonly { arguments: readonly string[] }[] }>(folder, ['list', 'runs']);
    expect(rows.some((row) => row.arguments.includes('--sweep=alpha=0.5,1'))).toBe(true);
  });

  it.each([['replay', '--policy', 'ucb'], ['select']])('and a plan stop when they are interrupted: %s', async (...argv) => {
    const folder = await simulatedStore();
    const stop = new AbortController();
    stop.abort();
    expect(await commandLine(folder, argv, { signal: stop.signal })).toMatchObject({ code: 130 });
  });
});

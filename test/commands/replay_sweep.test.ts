import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtJson, commandJson, commandLine } from '../core/publish/command_line.ts';
import { csvTable, simulatedStore } from './simulated_store.ts';

interface Estimate {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
}

interface Setting {
  readonly rank: number;
  readonly setting: Readonly<Record<string, string>>;
  readonly matched: number;
  readonly estimators: Readonly<Record<string, Estimate>>;
  readonly behind_best: Estimate | null;
}

interface Sweep {
  readonly code: number;
  readonly seeds: number;
  readonly matched: number;
  readonly estimators: Readonly<Record<string, Estimate>>;
  readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly ranked_by: string;
  readonly settings: readonly Setting[];
}

describe('replay --sweep', () => {
  it('runs every setting with every seed, best first, and compares each with the best', async () => {
    const folder = await simulatedStore('--spread', '0.6');
    const flags = ['replay', '--policy', 'ucb1', '--sweep', 'alpha=0.03,0.1,10', '--seeds', '4'];
    const sweep = await commandJson<Sweep>(folder, flags);
    expect(sweep).toMatchObject({ code: 0, seeds: 4, ranked_by: 'replay' });
    expect(sweep.settings.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect(sweep.settings.map(({ setting }) => setting.alpha).sort()).toEqual(['0.03', '0.1', '10']);
    const values = sweep.settings.map(({ estimators }) => estimators.replay?.value as number);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    // A width of 10 shows all alike.
    expect(sweep.settings[2]?.setting).toEqual({ alpha: '10' });
    for (const [rank, { behind_best }] of sweep.settings.entries()) {
      if (rank === 0) expect(behind_best).toBeNull();
      else expect(behind_best?.value).toBeCloseTo((values[0] as number) - (values[rank] as number), 12);
    }
    expect(sweep.settings[2]?.behind_best?.ci_low).toBeGreaterThan(0);
    // What stands at the top is the best setting.
    expect(sweep.matched).toBe(sweep.settings[0]?.matched);
    expect(sweep.config.policy?.alpha).toBe(Number(sweep.settings[0]?.setting.alpha));
    const { stdout } = await commandLine(folder, flags);
    expect(stdout).toContain('behind the best');
  });

  it('gives each setting what it would have been given alone', async () => {
    const folder = await simulatedStore();
    const sweep = await commandJson<Sweep>(folder, ['replay', '--policy', 'epsilon-greedy', '--sweep', 'epsilon=0.1,0.5', '--seeds', '2']);
    const alone = await commandJson<Sweep>(folder, ['replay', '--policy', 'epsilon-greedy', '--seeds', '2']);
    expect(sweep.settings.find(({ setting }) => setting.epsilon === '0.1')?.estimators).toEqual(alone.estimators);
  });

  it('takes every combination of several settings, and ranks by another estimator', async () => {
    const folder = await simulatedStore();
    const sweep = await commandJson<Sweep>(folder, [
      ...['replay', '--policy', 'ucb', '--exit', '--sweep', 'alpha=0.5,1', '--sweep', 'exit.window=200,1d'],
      ...['--seeds', '1', '--by', 'snips'],
    ]);
    expect(sweep.ranked_by).toBe('snips');
    expect(sweep.settings.map(({ setting }) => `${setting.alpha} ${setting['exit.window']}`).sort()).toEqual([
      '0.5 1d',
      '0.5 200',
      '1 1d',
      '1 200',
    ]);
    const values = sweep.settings.map(({ estimators }) => estimators.snips?.value as number);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });

  it('gives the same numbers on threads of the built program as here', async () => {
    const folder = await simulatedStore();
    // 90 runs over 12,000 rows: enough for threads to be started.
    const flags = ['replay', '--policy', 'ucb1', '--sweep', 'alpha=0.05,0.1,0.2', '--seeds', '30'];
    const { events_per_second: _, code, ...here } = await commandJson<Record<string, unknown>>(folder, flags);
    const { events_per_second: __, ...built } = builtJson<Record<string, unknown>>(folder, flags);
    expect(code).toBe(0);
    expect(built).toEqual(here);
  });

  it.each([
    ['alpha', /Expected a setting and its values/],
    ['alpha=wide', /Expected policy.alpha to be a number/],
    ['beta=1', /Expected one of .*policy.alpha.* but received beta/],
    ['epsilon=0.1', /Expected a setting that ucb heeds \(alpha, window\)/],
    ['exit.stability=0.1', /Expected --exit beside/],
    ['plan.random_floor=0.1', /which only select does/],
  ])('refuses --sweep %s', async (sweep, message) => {
    const folder = await simulatedStore();
    const { code, stderr } = await commandLine(folder, ['replay', '--policy', 'ucb', '--sweep', sweep]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });
});

describe('replay --curve', () => {
  it('writes clicks so far, and the share, state and λ of every creative, along the log', async () => {
    const folder = await simulatedStore();
    const flags = ['replay', '--policy', 'ucb', '--exit', '--seeds', '1'];
    const { matched } = await commandJson<Sweep>(folder, [...flags, '--curve', 'curve.csv']);
    const rows = csvTable(join(folder, 'curve.csv'));
    expect(rows).toHaveLength(100 * 12);
    expect(rows.reduce((sum, row) => sum + Number(row.plays), 0)).toBe(matched);
    expect(rows.at(-1)).toMatchObject({ rows: '12000', matched: String(matched) });
    const sharesAt = new Map<string, number>();
    for (const { rows: at, ad_id, share } of rows) {
      if (share !== '') sharesAt.set(`${at} ${ad_id}`, (sharesAt.get(`${at} ${ad_id}`) ?? 0) + Number(share));
    }
    for (const total of sharesAt.values()) expect(total).toBeCloseTo(1, 9);
    expect(new Set(rows.map(({ state }) => state))).toContain('explore');
  });

  it('is of one setting', async () => {
    const folder = await simulatedStore();
    const flags = ['replay', '--policy', 'ucb', '--sweep', 'alpha=1,2', '--curve', 'curve.csv'];
    expect(await commandLine(folder, flags)).toMatchObject({ code: 2, stderr: expect.stringContaining('without --sweep') });
  });
});

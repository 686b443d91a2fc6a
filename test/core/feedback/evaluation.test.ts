import { describe, expect, it } from 'vitest';
import { ESTIMATORS, SUM, SUMS_PER_CLUSTER } from '../../../src/core/feedback/estimators.ts';
import { compare, type Estimate, evaluate, type ReplayResult } from '../../../src/core/feedback/evaluation.ts';
import { createPlanPolicy } from '../../../src/core/feedback/policies/plan.ts';
import { createUcbPolicy } from '../../../src/core/feedback/policies/ucb.ts';
import { createUniformPolicy } from '../../../src/core/feedback/policies/uniform.ts';
import { type ReplayOptions, type ReplayRun, runReplay } from '../../../src/core/feedback/replay.ts';
import type { ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { type MadeRow, makeLog, replayed, replayOptions, simulateLog } from './made_logs.ts';
import { makeWorld } from './made_worlds.ts';

const uniform = replayed(createUniformPolicy);

function runsOf(log: ReplayLog, policy: ReplayOptions['policy'], seeds = 1, changes: Partial<ReplayOptions> = {}): ReplayRun[] {
  return Array.from({ length: seeds }, (_, seed) => runReplay(log, replayOptions(log, { ...changes, policy, seed })));
}

function resultOf(log: ReplayLog, policy: ReplayOptions['policy'], seeds = 1, changes: Partial<ReplayOptions> = {}): ReplayResult {
  return evaluate(log, runsOf(log, policy, seeds, changes), 1);
}

function width({ ciLow, ciHigh }: Estimate): number {
  return (ciHigh ?? Number.NaN) - (ciLow ?? Number.NaN);
}

const cannot = (reason: string | RegExp) => ({ value: null, ciLow: null, ciHigh: null, reason: expect.stringMatching(reason) });

describe('evaluate', () => {
  it('has an interval of about ±1.96 standard errors around each estimate', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 4, seed: 3 }), 8_000, 3);
    const result = resultOf(log, uniform);
    const p = result.loggedReward;
    expect(result.estimators.ips.value).toBeCloseTo(p, 14);
    // 1,000 resamples know the ends to about 4 %.
    expect(Math.abs(width(result.estimators.ips) / (2 * 1.96 * Math.sqrt((p * (1 - p)) / 8_000)) - 1)).toBeLessThan(0.15);
    const { value, ciLow, ciHigh } = result.estimators.replay;
    expect(ciLow as number).toBeLessThan(value as number);
    expect(ciHigh as number).toBeGreaterThan(value as number);
  });

  it('has wider intervals where the rows of a user are alike', () => {
    // 50 users with 20 rows each, who click always or never.
    const rows = Array.from(
      { length: 1_000 },
      (_, i): MadeRow => ({ ts: i, arm: i % 2, click: (i % 50) % 3 === 0 ? 1 : 0, propensity: 0.5, user: i % 50 }),
    );
    const withoutUsers = rows.map(({ user, ...row }): MadeRow => row);
    const widthOf = (made: readonly MadeRow[]): number => width(resultOf(makeLog(made, ['a', 'a']), uniform).estimators.ips);
    const ratio = widthOf(rows) / widthOf(withoutUsers);
    // √20 = 4.47 by the design effect.
    expect(ratio).toBeGreaterThan(3.5);
    expect(ratio).toBeLessThan(5.5);
  });

  it('averages several runs of a policy', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 5, seed: 7 }), 4_000, 7);
    const runs = runsOf(log, replayed(createUcbPolicy), 8);
    const together = evaluate(log, runs, 1);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(together).toMatchObject({ runs: 8, rounds: 4_000 });
    expect(together.matched).toBeCloseTo(mean(runs.map(({ matched }) => matched)), 9);
    const alone = runs.map((run) => evaluate(log, [run], 1).estimators.ips.value as number);
    expect(together.estimators.ips.value).toBeCloseTo(mean(alone), 12);
  });

  it('is the same for the same seed, and another for another', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 3, seed: 5 }), 3_000, 5);
    const runs = runsOf(log, uniform, 2);
    expect(evaluate(log, runs, 3)).toEqual(evaluate(log, runs, 3));
    expect(evaluate(log, runs, 3).estimators.ips.ciLow).not.toBe(evaluate(log, runs, 4).estimators.ips.ciLow);
  });

  it('tells the view time after a click and the revenue of what the policy showed', () => {
    // Arm 0: 30 s after each click and a revenue of .5; arm 1: 10 s and none.
    const rows = Array.from({ length: 2_000 }, (_, i): MadeRow => {
      const [arm, click] = [i % 2, i % 10 < 2 ? 1 : 0];
      const outcome = click ? { viewTime: arm === 0 ? 30 : 10, ...(arm === 0 && { revenue: 0.5 }) } : { viewTime: Number.NaN };
      return { ts: i, arm, click, propensity: 0.5, revenue: Number.NaN, ...outcome };
    });
    const log = makeLog(rows, ['a', 'a']);
    const { viewTime, revenue } = resultOf(log, replayed(createPlanPolicy, [1, 0])).outcomes;
    // Every tenth row is a click on arm 0, of 1,000 matched.
    expect([viewTime?.value, viewTime?.ciLow, viewTime?.ciHigh]).toEqual([30, 30, 30]);
    expect(revenue?.value).toBeCloseTo(1_000 * 0.2 * 0.5, 9);
    const both = resultOf(log, uniform).outcomes;
    expect(both.viewTime?.ciLow).toBeLessThan(20);
    expect(both.viewTime?.ciHigh).toBeGreaterThan(20);
    expect(
      resultOf(
        makeLog(
          rows.map(({ viewTime: _, revenue: __, ...row }) => row),
          ['a', 'a'],
        ),
        uniform,
      ).outcomes,
    ).toEqual({
      viewTime: null,
      revenue: null,
    });
  });
});

describe('what cannot be evaluated', () => {
  it('is a policy that hardly ever did what the log did', () => {
    const rows = Array.from(
      { length: 300 },
      (_, i): MadeRow => ({ ts: i, arm: i < 280 ? 0 : 1, click: i % 10 === 0 ? 1 : 0, propensity: i < 280 ? 0.95 : 0.05 }),
    );
    const { estimators, matched } = resultOf(makeLog(rows, ['a', 'a']), replayed(createPlanPolicy, [0, 1]));
    expect(matched).toBe(20);
    expect(estimators).toMatchObject({
      replay: cannot(/^50 matched rows are needed but there are 20$/),
      ips: cannot(/^an effective sample of 50 rows is needed but it is 20$/),
      snips: cannot(/effective sample/),
      dr: cannot(/effective sample/),
    });
    // The direct model needs no match.
    expect(estimators.dm.value).toBeCloseTo(0.02, 12);
  });

  it('is a policy that chooses what the log does not show', () => {
    const rows = Array.from(
      { length: 2_000 },
      (_, i): MadeRow => ({ ts: i, arm: i % 2, click: i % 10 < 2 ? 1 : 0, propensity: 0.5, candidates: 1 }),
    );
    const log = makeLog(rows, ['a', 'a', 'a'], new Map([[1, [0, 1, 2]]]));
    const { estimators, meanWeight } = resultOf(log, replayed(createPlanPolicy, [0.3, 0.3, 0.4]));
    const reason = /^the log shows only 60 % of what the policy chooses \(mean weight 0\.60 \[0\.\d\d, 0\.\d\d\]\)$/;
    for (const name of ESTIMATORS) expect(estimators[name]).toMatchObject(cannot(reason));
    expect(meanWeight?.value).toBeCloseTo(0.6, 12);
    expect(resultOf(log, replayed(createPlanPolicy, [0.5, 0.48, 0.02])).estimators.ips.reason).toBeNull();
  });

  it('is, by ips and dr, a log whose propensities are not its own', () => {
    const rows = Array.from({ length: 2_000 }, (_, i): MadeRow => ({ ts: i, arm: i % 2, click: i % 10 < 2 ? 1 : 0, propensity: 0.4 }));
    const { estimators } = resultOf(makeLog(rows, ['a', 'a']), replayed(createPlanPolicy, [0.5, 0.5]));
    const reason = /^the propensities are smaller than the log's own shares \(mean weight 1\.25 \[1\.\d\d, 1\.\d\d\] instead of 1\)$/;
    expect(estimators).toMatchObject({ ips: cannot(reason), dr: cannot(reason) });
    // Where all are too small alike, it cancels.
    expect(estimators.snips.value).toBeCloseTo(0.2, 12);
    expect(estimators.replay.reason).toBeNull();
  });

  it('is a log without rows, or with few', () => {
    const empty = resultOf(makeLog([], []), uniform);
    expect(empty).toMatchObject({ rounds: 0, matched: 0, coverage: 0, matchedShare: 0, meanWeight: null, loggedReward: 0 });
    for (const name of ESTIMATORS) expect(empty.estimators[name].value).toBeNull();
    const few = Array.from({ length: 49 }, (_, ts): MadeRow => ({ ts, arm: 0, click: 1, propensity: 1 }));
    expect(resultOf(makeLog(few, ['a']), uniform).estimators.dm).toMatchObject(cannot(/^50 rows are needed but there are 49$/));
  });

  it('is a view time after too few clicks', () => {
    const rows = Array.from(
      { length: 200 },
      (_, i): MadeRow => ({ ts: i, arm: 0, click: i % 25 === 0 ? 1 : 0, propensity: 1, viewTime: i % 25 === 0 ? 9 : Number.NaN }),
    );
    const { outcomes, estimators } = resultOf(makeLog(rows, ['a']), uniform);
    expect(outcomes.viewTime).toMatchObject(cannot(/^10 matched clicks with a view time are needed but there are 8$/));
    expect(estimators.replay.value).toBe(0.04);
  });
});

describe('a log in which nothing was clicked', () => {
  const log = makeLog(
    Array.from({ length: 600 }, (_, i): MadeRow => ({ ts: i, arm: i % 2, click: 0, propensity: 0.5 })),
    ['a', 'a'],
  );
  const model = { directModel: new Float64Array(2), directWeight: new Float64Array(2).fill(1 / 300) };

  it('gives 0 with the upper limit of so many rows', () => {
    const { estimators, matched } = resultOf(log, uniform, 1, model);
    for (const name of ESTIMATORS) expect(estimators[name]).toMatchObject({ ciLow: 0, reason: null });
    for (const name of ESTIMATORS) expect(estimators[name].value).toBeCloseTo(0, 15);
    expect(estimators.replay.ciHigh).toBeCloseTo(3 / matched, 12);
    for (const name of ['ips', 'snips', 'dm', 'dr'] as const) expect(estimators[name].ciHigh).toBeCloseTo(3 / 600, 12);
    // All weight on half of the rows, and on half of what the model has seen.
    const { ips, dm } = resultOf(log, replayed(createPlanPolicy, [1, 0]), 1, model).estimators;
    expect([ips.ciHigh, dm.ciHigh]).toEqual([3 / 300, 3 / 300].map((limit) => expect.closeTo(limit, 12)));
  });

  it('compares two policies as no further apart than their limits', () => {
    const runsA = runsOf(log, uniform, 1, model);
    const runsB = runsOf(log, replayed(createPlanPolicy, [1, 0]), 1, model);
    expect(compare(log, runsA, runsB, 'ips', 1)).toEqual({
      value: 0,
      ciLow: expect.closeTo(-3 / 300, 12),
      ciHigh: expect.closeTo(3 / 600, 12),
      reason: null,
    });
  });
});

describe('compare', () => {
  const log = simulateLog(makeWorld({ ads: 1, creatives: 3, seed: 11 }), 20_000, 11);
  const plan = (...shares: readonly number[]): ReplayRun[] => runsOf(log, replayed(createPlanPolicy, shares), 2);

  it('is the difference of the values, much surer for policies that are alike', () => {
    const [a, b] = [plan(0.5, 0.3, 0.2), plan(0.45, 0.35, 0.2)];
    const difference = compare(log, a, b, 'ips', 1);
    const [own, other] = [evaluate(log, a, 1).estimators.ips, evaluate(log, b, 1).estimators.ips];
    expect(difference.value).toBeCloseTo((own.value as number) - (other.value as number), 12);
    expect(width(difference)).toBeLessThan(0.3 * width(own));
    const back = compare(log, b, a, 'ips', 1);
    expect([back.value, back.ciLow, back.ciHigh]).toEqual(
      [difference.value, difference.ciHigh, difference.ciLow].map((end) => expect.closeTo(-(end as number), 12)),
    );
  });

  it('adds the spread between the runs of both', () => {
    const [a, b] = [plan(0.6, 0.2, 0.2), plan(0.2, 0.2, 0.6)];
    const within = width(compare(log, a.slice(0, 1), b.slice(0, 1), 'replay', 1));
    const own = (runs: readonly ReplayRun[]): number => width(evaluate(log, runs, 1).estimators.replay);
    expect(within).toBeGreaterThan(Math.max(own(a.slice(0, 1)), own(b.slice(0, 1))));
    const far = {
      ...(a[0] as ReplayRun),
      sums: (a[0] as ReplayRun).sums.map((value, i) => (i % SUMS_PER_CLUSTER === SUM.matchedReward ? 2 * value : value)),
    };
    expect(width(compare(log, [a[0] as ReplayRun, far], b, 'replay', 1))).toBeGreaterThan(2 * within);
  });

  it('cannot be evaluated where one of both cannot', () => {
    const few = runsOf(makeLog([{ ts: 0, arm: 0, click: 1, propensity: 1 }], ['a']), uniform);
    expect(compare(log, few, plan(1, 1, 1), 'replay', 1)).toMatchObject(cannot(/matched rows are needed but there are 1$/));
  });
});

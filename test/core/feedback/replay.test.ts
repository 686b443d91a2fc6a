import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Estimator, figureOf, totalOf } from '../../../src/core/feedback/estimators.ts';
import { createLoggedPolicy } from '../../../src/core/feedback/policies/logged.ts';
import { createPlanPolicy } from '../../../src/core/feedback/policies/plan.ts';
import type { Feedback, Policy } from '../../../src/core/feedback/policies/policy.ts';
import { createUcbPolicy } from '../../../src/core/feedback/policies/ucb.ts';
import { createUcb1Policy, UCB1_WIDTH } from '../../../src/core/feedback/policies/ucb1.ts';
import { createUniformPolicy } from '../../../src/core/feedback/policies/uniform.ts';
import { type CurvePoint, type ReplayOptions, type ReplayRun, runReplay } from '../../../src/core/feedback/replay.ts';
import type { ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { createRandom } from '../../../src/core/random.ts';
import { type MadeRow, MS_PER_DAY, makeLog, replayed, replayOptions, simulateLog } from './made_logs.ts';
import { makeWorld } from './made_worlds.ts';

interface Recorded {
  readonly choices: number[];
  /** What it was told, and after how many choices. */
  readonly learnt: ({ readonly arm: number; readonly after: number } & Feedback)[];
}

/** The policy itself, with a record of what it chose and learnt. */
function recorded(create: ReplayOptions['policy']): { policy: ReplayOptions['policy']; record: Recorded } {
  const record: Recorded = { choices: [], learnt: [] };
  const policy: ReplayOptions['policy'] = (given): Policy => {
    const inner = create(given);
    return {
      ...inner,
      select: (ad, row) => {
        const arm = inner.select(ad, row);
        record.choices.push(arm);
        return arm;
      },
      update: (ad, arm, feedback) => {
        record.learnt.push({ ...feedback, arm, after: record.choices.length });
        inner.update(ad, arm, feedback);
      },
    };
  };
  return { policy, record };
}

function figure(run: ReplayRun, estimator: Estimator): number {
  return figureOf(totalOf(run.sums), estimator);
}

const DAYS = 3;
/** Sets of candidates of smallLog: those of ad a, those of ad b, and two of each in one. */
const SETS = new Map([
  [1, [0, 1, 2]],
  [2, [3, 4]],
  [3, [4, 1, 0, 3]],
]);

/** A small log of five arms in two ads; arm 2 goes after the first day and arm 4 comes on the last. */
function smallLog(seed: number, rows: number, { skewed = false, candidates = false } = {}): ReplayLog {
  const random = createRandom(seed);
  const made = Array.from({ length: rows }, (_, row): MadeRow => {
    const day = Math.floor((row * DAYS) / rows);
    const live = [[0, 1, ...(day === 0 ? [2] : [])], day === DAYS - 1 ? [3, 4] : [3]][random.below(2)] as number[];
    const first = skewed && live.length > 1 ? 0.7 : 1 / live.length;
    const at = random.uniform() < first ? 0 : 1 + random.below(live.length - 1);
    return {
      ts: day * MS_PER_DAY + row,
      arm: live[at] as number,
      position: random.below(2),
      click: random.uniform() < 0.3 ? 1 : 0,
      propensity: at === 0 ? first : (1 - first) / (live.length - 1),
      ...(candidates && { candidates: random.below(4) }),
    };
  });
  return makeLog(made, ['a', 'a', 'a', 'b', 'b'], candidates ? SETS : undefined);
}

/** All of replay again, with nothing kept between rows: what is live, known and likely is found anew at each. */
function naiveReplay(log: ReplayLog, given: ReplayOptions, policy: 'ucb1' | 'uniform', { choices, learnt }: Recorded) {
  const rows = [...Array(log.rows).keys()];
  const dayAt = (row: number): number => Math.floor((log.ts[row] as number) / MS_PER_DAY);
  const armAt = (row: number): number => log.arm[row] as number;
  const isLive = (arm: number, row: number): boolean => {
    const set = SETS.get(log.candidates?.setOf[row] ?? 0);
    if (set) return set.includes(arm);
    const days = rows.filter((other) => armAt(other) === arm).map(dayAt);
    return Math.min(...days) <= dayAt(row) && dayAt(row) <= Math.max(...days);
  };
  const terms = rows.map((row) => {
    const ad = log.adOf[armAt(row)] as number;
    const live = [...Array(log.arms).keys()].filter((arm) => log.adOf[arm] === ad && isLive(arm, row));
    const chosen = choices[row] as number;
    expect(live).toContain(chosen);
    // Between batches it counts what it waits for too: see the tests of play counts.
    if (policy === 'ucb1' && given.batch === 1) {
      const known = learnt.filter(({ after }) => after <= row);
      const plays = (arm: number) => known.filter((learned) => learned.arm === arm);
      const adPlays = known.filter(({ arm }) => log.adOf[arm] === ad).length;
      const exposureOf = (arm: number): number => plays(arm).reduce((sum, { exposure }) => sum + exposure, 0);
      const indexOf = (arm: number): number => {
        const own = plays(arm);
        if (own.length === 0) return Number.POSITIVE_INFINITY;
        const mean = own.reduce((sum, { click }) => sum + click, 0) / exposureOf(arm);
        return mean + UCB1_WIDTH * Math.sqrt((2 * Math.log(adPlays)) / own.length);
      };
      const highest = Math.max(...live.map(indexOf));
      const best = live.filter((arm) => indexOf(arm) === highest || Math.abs(indexOf(arm) - highest) < 1e-12);
      const least = Math.min(...best.map(exposureOf));
      expect(best.filter((arm) => exposureOf(arm) < least + 1e-9)).toContain(chosen);
    }
    const factor = given.exposureFactor[log.position[row] as number] as number;
    const click = log.click[row] as number;
    const target = (arm: number): number => (policy === 'uniform' ? 1 / live.length : arm === chosen ? 1 : 0);
    const weight = target(armAt(row)) / (log.propensity[row] as number);
    const direct = live.reduce((sum, arm) => sum + target(arm) * (given.directModel[arm] as number) * factor, 0);
    return { click, weight, direct, robust: direct + weight * (click - (given.directModel[armAt(row)] as number) * factor) };
  });
  const sum = (value: (term: (typeof terms)[number]) => number): number => terms.reduce((total, term) => total + value(term), 0);
  const weighted = sum((term) => term.weight * term.click);
  return {
    ips: weighted / log.rows,
    snips: weighted / sum((term) => term.weight),
    dm: sum((term) => term.direct) / log.rows,
    dr: sum((term) => term.robust) / log.rows,
    effectiveSampleSize: sum((term) => term.weight) ** 2 / sum((term) => term.weight ** 2),
    largestWeight: Math.max(...terms.map((term) => term.weight)),
  };
}

describe('replay against a plain re-implementation', () => {
  const model = {
    exposureFactor: Float64Array.from([1.4, 0.6]),
    directModel: Float64Array.from([0.3, 0.2, 0.35, 0.25, 0.3]),
    // The model's own error moves intervals, never values.
    directWeight: new Float64Array(5).fill(0.01),
  };

  it.each([
    { what: 'a uniform log', names: ['ucb1'] as const, log: {} },
    { what: 'a skewed log', names: ['ucb1', 'uniform'] as const, log: { skewed: true } },
    { what: 'a log whose candidates change from row to row', names: ['ucb1', 'uniform'] as const, log: { candidates: true } },
  ])('agrees on $what', ({ names, log: kind }) => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 120, max: 300 }),
        fc.constantFrom(1, 7, 50, 'day' as const),
        fc.constantFrom(...names),
        (seed, rows, batch, name) => {
          const log = smallLog(seed, rows, kind);
          fc.pre(log.arms === 5);
          const { policy, record } = recorded(replayed(name === 'ucb1' ? createUcb1Policy : createUniformPolicy));
          const given = replayOptions(log, { policy, batch, seed, ...model });
          const run = runReplay(log, given);
          const naive = naiveReplay(log, given, name, record);
          expect(record.choices).toHaveLength(rows);
          expect(run.sample.ips).toBeCloseTo(naive.effectiveSampleSize, 6);
          expect(run.largestWeight).toBeCloseTo(naive.largestWeight, 9);
          // Sums that cancel leave an error of the terms' size, not of the figure's.
          for (const estimator of ['ips', 'snips', 'dm', 'dr'] as const)
            expect(Math.abs(figure(run, estimator) - naive[estimator])).toBeLessThan(1e-9 * Math.max(0.1, Math.abs(naive[estimator])));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('replay', () => {
  it('gives the uniform policy the mean of a uniform log, and weights of 1', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 4, seed: 3 }), 5_000, 3);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUniformPolicy) }));
    const mean = log.click.reduce((sum, click) => sum + click, 0) / 5_000;
    // Propensities of a uniform log are 1/4 to the last bit or so.
    expect(figure(run, 'ips')).toBeCloseTo(mean, 14);
    expect(figure(run, 'snips')).toBeCloseTo(mean, 14);
    expect(run.sample.ips).toBeCloseTo(5_000, 6);
    expect(run.largestWeight).toBeCloseTo(1, 12);
  });

  it('lets a policy that learns by the day show several creatives in it, as a plan does', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 4, seed: 3 }), 6_000, 3, { days: 3 });
    const { policy, record } = recorded(replayed(createUcbPolicy));
    runReplay(log, replayOptions(log, { policy, batch: 'day' }));
    const firstDay = record.choices.slice(0, 2_000);
    for (const arm of [0, 1, 2, 3]) expect(firstDay.filter((own) => own === arm).length).toBeGreaterThan(300);
  });

  it('gives the policy that follows the log the mean of any log by every estimator', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 4, logging: 'skewed', placement: 0.5, seed: 3 }), 5_000, 3);
    const directModel = Float64Array.from({ length: 8 }, (_, arm) => 0.01 + 0.002 * arm);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createLoggedPolicy), followsLog: true, directModel }));
    const mean = log.click.reduce((sum, click) => sum + click, 0) / 5_000;
    for (const estimator of ['replay', 'ips', 'snips', 'dr'] as const) expect(figure(run, estimator)).toBeCloseTo(mean, 12);
    expect(figure(run, 'dm')).toBeCloseTo(log.arm.reduce((sum, arm) => sum + (directModel[arm] as number), 0) / 5_000, 12);
    expect([run.chosen, run.matched, run.largestWeight]).toEqual([5_000, 5_000, 1]);
  });

  it('gives the estimates computed by hand', () => {
    // Arm 0 shown 90 times at .9 with 9 clicks, arm 1 30 times at .3 (its propensity is wrong on purpose) with 6.
    const rows = [
      ...Array.from({ length: 90 }, (_, i): MadeRow => ({ ts: i, arm: 0, click: i < 9 ? 1 : 0, propensity: 0.9 })),
      ...Array.from({ length: 30 }, (_, i): MadeRow => ({ ts: 90 + i, arm: 1, click: i < 6 ? 1 : 0, propensity: 0.3 })),
    ];
    const log = makeLog(rows, ['a', 'a']);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUniformPolicy), directModel: Float64Array.from([0.1, 0.3]) }));
    // w = 5/9 and 5/3: Σw = 50 + 50, Σw² = 250/9 + 250/3 = 1000/9, Σwr = 5 + 10.
    expect(figure(run, 'ips')).toBeCloseTo(15 / 120, 12);
    expect(figure(run, 'snips')).toBeCloseTo(15 / 100, 12);
    expect(run.sample.ips).toBeCloseTo(90, 9);
    expect(run.largestWeight).toBeCloseTo(5 / 3, 12);
    // q̂ of the policy is .2; dr = .2 + (Σwr − 50·.1 − 50·.3)/120.
    expect(figure(run, 'dm')).toBeCloseTo(0.2, 12);
    expect(figure(run, 'dr')).toBeCloseTo(0.2 + (15 - 5 - 15) / 120, 12);
  });

  it('agrees with Open Bandit Pipeline on a random log', () => {
    // numpy: r = default_rng(12); p = array([.5, .3, .2]); a = r.choice(3, size=120, p=p)
    // c = (r.random(120) < array([.1, .25, .4])[a]).astype(int); dist = full((120, 3, 1), 1/3); q = tile([[[.1], [.2], [.3]]], (120, 1, 1))
    const shown =
      '020000102201000002001222021200111001020100012111112002202120210110022001220210000101021110020100120121100000120111001010';
    const clicked =
      '101011100010000110000110001100000000011110000100100001001010000000111000000000000100000001000000010110000000110000000100';
    const log = makeLog(
      [...shown].map(
        (arm, i): MadeRow => ({ ts: i, arm: Number(arm), click: Number(clicked[i]), propensity: [0.5, 0.3, 0.2][Number(arm)] as number }),
      ),
      ['a', 'a', 'a'],
    );
    const directModel = Float64Array.from([0.1, 0.2, 0.3]);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUniformPolicy), directModel }));
    // obp 0.4.1: InverseProbabilityWeighting().estimate_policy_value(reward=c, action=a, pscore=p[a], action_dist=dist), and so on.
    expect(figure(run, 'ips')).toBeCloseTo(0.3074074074074074, 12);
    expect(figure(run, 'snips')).toBeCloseTo(0.2988298829882988, 12); // SelfNormalizedInverseProbabilityWeighting
    expect(figure(run, 'dm')).toBeCloseTo(0.20000000000000004, 12); // DirectMethod with estimated_rewards_by_reg_model=q
    expect(figure(run, 'dr')).toBeCloseTo(0.2952777777777778, 12); // DoublyRobust, likewise
  });

  it('lets a policy learn of matched rows only, at once when it learns by row, and of all that came of them', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 3, seed: 5 }), 3_000, 5);
    const exposureFactor = Float64Array.from([2, 1, 0.5, 1, 1, 1, 1, 1]);
    const { policy, record } = recorded(replayed(createUcb1Policy));
    const run = runReplay(log, replayOptions(log, { policy, exposureFactor }));
    const matched = record.choices.flatMap((arm, row) => {
      if (arm !== log.arm[row]) return [];
      const exposure = exposureFactor[log.position[row] as number];
      const [ts, click, viewTime, revenue] = [log.ts, log.click, log.viewTime, log.revenue].map((column) => column?.[row]);
      return [{ arm, ts, click, exposure, viewTime, revenue, after: row + 1 }];
    });
    expect(record.learnt).toEqual(matched);
    expect(run).toMatchObject({ matched: matched.length, chosen: matched.length });
    expect(figure(run, 'replay')).toBeCloseTo(matched.reduce((sum, { click }) => sum + (click ?? 0), 0) / matched.length, 12);
  });

  it('hands over what was learnt at the end of each day, or of each batch, in the order of the rows', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 3, seed: 6 }), 3_000, 6, { days: 3 });
    const learntBy = (batch: number | 'day'): Recorded['learnt'] => {
      const { policy, record } = recorded(replayed(createUcb1Policy));
      runReplay(log, replayOptions(log, { policy, batch }));
      return record.learnt;
    };
    const afters = (learnt: Recorded['learnt']): number[] => [...new Set(learnt.map(({ after }) => after))];
    // Three equal days; what the last one taught is of no use any more.
    expect(afters(learntBy('day'))).toEqual([1_000, 2_000]);
    const byBatch = learntBy(700);
    expect(afters(byBatch)).toEqual([700, 1_400, 2_100, 2_800]);
    expect(byBatch.every(({ ts }, i) => i === 0 || ts >= (byBatch[i - 1]?.ts as number))).toBe(true);
    expect(afters(learntBy(5_000))).toEqual([]);
  });

  it('accepts rows of a skewed log with the least propensity over their own', () => {
    // Arm 0 shown four times as often as arm 1: a quarter of its matches count.
    const random = createRandom(8);
    const rows = Array.from({ length: 40_000 }, (_, i): MadeRow => {
      const arm = random.uniform() < 0.8 ? 0 : 1;
      return { ts: i, arm, click: random.uniform() < (arm === 0 ? 0.1 : 0.3) ? 1 : 0, propensity: arm === 0 ? 0.8 : 0.2 };
    });
    const log = makeLog(rows, ['a', 'a']);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUniformPolicy) }));
    // Each row is chosen with one chance in two; 40000·.2 rows, in each of which both arms have one chance in two: 8000·½·2.
    expect(Math.abs(run.chosen - 20_000)).toBeLessThan(300); // standard error 100
    expect(Math.abs(run.matched - 8_000)).toBeLessThan(250); // standard error 80
    expect(Math.abs(figure(run, 'replay') - 0.2)).toBeLessThan(0.015);
  });

  it('keeps the mix of ads, though ads of many creatives are matched less often', () => {
    // Ad a has one creative clicked every second time, ad b nine that never are; each has half of the rows.
    const rows = Array.from({ length: 20_000 }, (_, i): MadeRow => {
      const arm = i % 2 === 0 ? 0 : 1 + (((i - 1) / 2) % 9);
      return { ts: i, arm, click: i % 4 === 0 ? 1 : 0, propensity: arm === 0 ? 1 : 1 / 9 };
    });
    const log = makeLog(rows, ['a', ...new Array<string>(9).fill('b')]);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUniformPolicy) }));
    expect(Math.abs(run.matched - (10_000 + 10_000 / 9))).toBeLessThan(130);
    // Weight 10000 of ad a to 9 · (about 1111 ± 31) of ad b; without it this would be .45.
    expect(Math.abs(figure(run, 'replay') - 0.25)).toBeLessThan(0.015);
    expect(figure(run, 'ips')).toBeCloseTo(0.25, 12);
  });

  it('shows an arm only from its first to its last day, and new arms first', () => {
    const { policy, record } = recorded(replayed(createUcb1Policy));
    const log = smallLog(3, 300);
    runReplay(log, replayOptions(log, { policy }));
    const chosenOn = (day: number): Set<number> => new Set(record.choices.filter((_, row) => Math.floor(row / 100) === day));
    expect([chosenOn(0).has(2), chosenOn(1).has(2), chosenOn(1).has(4), chosenOn(2).has(4)]).toEqual([true, false, false, true]);
    // On its first day arm 4 is chosen for every row of its ad until one matches.
    const first = record.learnt.findIndex(({ arm }) => arm === 4);
    const since = record.choices.slice(200, record.learnt[first]?.after).filter((arm) => arm >= 3);
    expect(new Set(since)).toEqual(new Set([4]));
  });

  it('lets a policy choose candidates that the log never showed, and tells it of new candidates only when they are other ones', () => {
    const rows = Array.from(
      { length: 90 },
      (_, i): MadeRow => ({ ts: i, arm: i % 2, click: 0, propensity: 0.5, candidates: i < 30 ? 1 : i < 60 ? 2 : 1 }),
    );
    const log = makeLog(
      rows,
      ['a', 'a', 'a'],
      new Map([
        [1, [0, 1]],
        [2, [0, 1, 2]],
      ]),
    );
    const { policy, record } = recorded(replayed(createUcb1Policy));
    let refreshed = 0;
    runReplay(
      log,
      replayOptions(log, {
        policy: (given) => {
          const inner = policy(given);
          return {
            ...inner,
            refresh: (ad) => {
              refreshed++;
              inner.refresh(ad);
            },
          };
        },
      }),
    );
    expect(refreshed).toBe(3);
    expect(new Set(record.choices.slice(30, 60))).toEqual(new Set([2]));
    expect(new Set([...record.choices.slice(0, 30), ...record.choices.slice(60)])).toEqual(new Set([0, 1]));
  });

  it('is the same for the same seed, and another for another', () => {
    const log = simulateLog(makeWorld({ ads: 3, creatives: 4, logging: 'skewed', seed: 2 }), 4_000, 2);
    for (const create of [createUcbPolicy, createUniformPolicy]) {
      const run = (seed: number): ReplayRun => runReplay(log, replayOptions(log, { policy: replayed(create), seed }));
      expect(run(7)).toEqual(run(7));
      expect(run(7).matched).not.toBe(run(8).matched);
    }
  });

  it('leaves plain data behind', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 3, seed: 2 }), 500, 2);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUcbPolicy) }));
    expect(structuredClone(run)).toEqual(run);
  });

  it('runs over a log without rows', () => {
    const log = makeLog([], []);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createUcbPolicy) }));
    expect(run).toMatchObject({ matched: 0, chosen: 0, largestWeight: 0, sample: { replay: 0, ips: 0, dm: 0 } });
  });
});

describe('the learning curve of a replay', () => {
  const pointsOf = (log: ReplayLog): { points: CurvePoint[]; run: ReplayRun } => {
    const points: CurvePoint[] = [];
    const policy = replayed(createPlanPolicy, new Array(log.arms).fill(1));
    return { run: runReplay(log, replayOptions(log, { policy, onPoint: (point) => points.push(point) })), points };
  };

  it('has about a hundred points, whose plays add up to the matched rows', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 3, seed: 4 }), 12_345, 4);
    const { points, run } = pointsOf(log);
    expect(points.map(({ rows }) => rows)).toEqual([...Array.from({ length: 99 }, (_, i) => 124 * (i + 1)), 12_345]);
    expect(points.every(({ rows, ts }) => ts === log.ts[rows - 1])).toBe(true);
    const plays = points.map((point) => point.plays.reduce((sum, count) => sum + count, 0));
    let matched = 0;
    for (const [i, count] of plays.entries()) {
      matched += count;
      expect(points[i]?.matched).toBe(matched);
    }
    expect(matched).toBe(run.matched);
    expect((points.at(-1)?.clicks ?? 0) / matched).toBeCloseTo(figure(run, 'replay'), 12);
  });

  it('has a point per row on a short log', () => {
    const rows = Array.from({ length: 7 }, (_, ts): MadeRow => ({ ts, arm: 0, click: ts % 2, propensity: 1 }));
    expect(pointsOf(makeLog(rows, ['a'])).points.map(({ clicks }) => clicks)).toEqual([0, 1, 1, 2, 2, 3, 3]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ESTIMATORS, MIN_SUPPORT } from '../../../src/core/feedback/estimators.ts';
import type { Policy, PolicyOptions } from '../../../src/core/feedback/policies/policy.ts';
import { createUcbPolicy } from '../../../src/core/feedback/policies/ucb.ts';
import { createUcb1Policy, UCB1_WIDTH } from '../../../src/core/feedback/policies/ucb1.ts';
import { createUniformPolicy } from '../../../src/core/feedback/policies/uniform.ts';
import { type ReplayOptions, type ReplayResult, replay } from '../../../src/core/feedback/replay.ts';
import type { ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import type { LoggingPolicy, SimulatedAd, World } from '../../../src/core/feedback/simulator.ts';
import { createRandom } from '../../../src/core/random.ts';
import { type MadeRow, MS_PER_DAY, makeLog, simulateLog } from './made_logs.ts';
import { creativesOf, makeWorld } from './made_worlds.ts';

function options(log: ReplayLog, changes: Partial<ReplayOptions> & Pick<ReplayOptions, 'policy'>): ReplayOptions {
  return { seed: 1, exposureFactor: new Float64Array(8).fill(1), directModel: new Float64Array(log.arms).fill(0.02), batch: 1, ...changes };
}

/** Shows each arm of an ad with a fixed probability: a target whose value is known. */
function fixedPolicy(probabilities: readonly number[]): (given: PolicyOptions) => Policy {
  return ({ arms, random }) => {
    const ownProbability = (ad: number, arm: number): number => probabilities[arm - (arms.firstArm[ad] as number)] ?? 0;
    return {
      select: (ad) => {
        let rest = random.uniform();
        let at = 0;
        for (; at < probabilities.length - 1 && rest >= (probabilities[at] as number); at++) rest -= probabilities[at] as number;
        return (arms.firstArm[ad] as number) + at;
      },
      update: () => {},
      probability: ownProbability,
      expectation: (ad, values) =>
        probabilities.reduce((sum, probability, i) => sum + probability * (values[(arms.firstArm[ad] as number) + i] as number), 0),
      liveChanged: () => {},
    };
  };
}

interface Recorded {
  readonly choices: number[];
  /** What it was told, and after how many choices. */
  readonly learnt: { readonly arm: number; readonly clicks: number; readonly exposure: number; readonly after: number }[];
}

/** The policy itself, with a record of what it chose and learnt. */
function recorded(create: (given: PolicyOptions) => Policy): { policy: (given: PolicyOptions) => Policy; record: Recorded } {
  const record: Recorded = { choices: [], learnt: [] };
  const policy = (given: PolicyOptions): Policy => {
    const inner = create(given);
    return {
      ...inner,
      select: (ad) => {
        const arm = inner.select(ad);
        record.choices.push(arm);
        return arm;
      },
      update: (ad, arm, clicks, exposure) => {
        record.learnt.push({ arm, clicks, exposure, after: record.choices.length });
        inner.update(ad, arm, clicks, exposure);
      },
    };
  };
  return { policy, record };
}

const DAYS = 3;

/** A small log of five arms in two ads; arm 2 goes after the first day and arm 4 comes on the last. */
function smallLog(seed: number, rows: number, skewed: boolean): ReplayLog {
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
    };
  });
  return makeLog(made, ['a', 'a', 'a', 'b', 'b']);
}

/** All of replay again, with nothing kept between rows: what is live, known and likely is found anew at each. */
function naiveReplay(log: ReplayLog, given: ReplayOptions, policy: 'ucb1' | 'uniform', { choices, learnt }: Recorded) {
  const rows = [...Array(log.rows).keys()];
  const dayAt = (row: number): number => Math.floor((log.ts[row] as number) / MS_PER_DAY);
  const armAt = (row: number): number => log.arm[row] as number;
  const isLive = (arm: number, day: number): boolean => {
    const days = rows.filter((row) => armAt(row) === arm).map(dayAt);
    return Math.min(...days) <= day && day <= Math.max(...days);
  };
  const terms = rows.map((row) => {
    const ad = log.adOf[armAt(row)] as number;
    const live = [...Array(log.arms).keys()].filter((arm) => log.adOf[arm] === ad && isLive(arm, dayAt(row)));
    const chosen = choices[row] as number;
    expect(live).toContain(chosen);
    if (policy === 'ucb1') {
      const known = learnt.filter(({ after }) => after <= row);
      const plays = (arm: number) => known.filter((learned) => learned.arm === arm);
      const adPlays = known.filter(({ arm }) => log.adOf[arm] === ad).length;
      const exposureOf = (arm: number): number => plays(arm).reduce((sum, { exposure }) => sum + exposure, 0);
      const indexOf = (arm: number): number => {
        const own = plays(arm);
        if (own.length === 0) return Number.POSITIVE_INFINITY;
        const mean = own.reduce((sum, { clicks }) => sum + clicks, 0) / exposureOf(arm);
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

function expectSame(result: ReplayResult, naive: ReturnType<typeof naiveReplay>): void {
  expect(result.effectiveSampleSize).toBeCloseTo(naive.effectiveSampleSize, 6);
  expect(result.largestWeight).toBeCloseTo(naive.largestWeight, 9);
  for (const name of ['ips', 'snips', 'dm', 'dr'] as const) {
    const supported = name === 'dm' || naive.effectiveSampleSize >= MIN_SUPPORT;
    if (supported) expect(result.estimators[name].value).toBeCloseTo(naive[name], 10);
    else expect(result.estimators[name]).toEqual({ value: null, ciLow: null, ciHigh: null });
  }
}

const batches = fc.constantFrom(1, 7, 50, 'day' as const);

describe('replay against a plain re-implementation', () => {
  const factors = Float64Array.from([1.4, 0.6]);
  const direct = Float64Array.from([0.3, 0.2, 0.35, 0.25, 0.3]);

  it('agrees for UCB1 on a uniform log, which is matched wherever the choice is what was shown', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 120, max: 300 }), batches, (seed, rows, batch) => {
        const log = smallLog(seed, rows, false);
        fc.pre(log.arms === 5);
        const { policy, record } = recorded((given) => createUcb1Policy(given));
        const given = options(log, { policy, batch, exposureFactor: factors, directModel: direct, seed });
        const result = replay(log, given);
        expectSame(result, naiveReplay(log, given, 'ucb1', record));
        expect(record.choices).toHaveLength(rows);
      }),
      { numRuns: 25 },
    );
  });

  it('agrees for UCB1 and for the uniform policy on a skewed log', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 120, max: 300 }),
        batches,
        fc.constantFrom('ucb1' as const, 'uniform' as const),
        (seed, rows, batch, name) => {
          const log = smallLog(seed, rows, true);
          fc.pre(log.arms === 5);
          const { policy, record } = recorded(name === 'ucb1' ? (given) => createUcb1Policy(given) : createUniformPolicy);
          const given = options(log, { policy, batch, exposureFactor: factors, directModel: direct, seed });
          expectSame(replay(log, given), naiveReplay(log, given, name, record));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('replay', () => {
  it('gives the uniform policy the mean of a uniform log, and weights of 1', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 4, seed: 3 }), 5_000, 3);
    const { estimators, loggedReward, effectiveSampleSize, largestWeight } = replay(log, options(log, { policy: createUniformPolicy }));
    expect(loggedReward).toBe(log.click.reduce((sum, click) => sum + click, 0) / 5_000);
    // Propensities of a uniform log are 1/4 to the last bit or so.
    expect(estimators.ips.value).toBeCloseTo(loggedReward, 14);
    expect(estimators.snips.value).toBeCloseTo(loggedReward, 14);
    expect(effectiveSampleSize).toBeCloseTo(5_000, 6);
    expect(largestWeight).toBeCloseTo(1, 12);
  });

  it('gives the estimates computed by hand', () => {
    // Arm 0 shown 90 times at .9 with 9 clicks, arm 1 30 times at .3 (its propensity is wrong on purpose) with 6.
    const rows = [
      ...Array.from({ length: 90 }, (_, i): MadeRow => ({ ts: i, arm: 0, click: i < 9 ? 1 : 0, propensity: 0.9 })),
      ...Array.from({ length: 30 }, (_, i): MadeRow => ({ ts: 90 + i, arm: 1, click: i < 6 ? 1 : 0, propensity: 0.3 })),
    ];
    const log = makeLog(rows, ['a', 'a']);
    const result = replay(log, options(log, { policy: createUniformPolicy, directModel: Float64Array.from([0.1, 0.3]) }));
    // w = 5/9 and 5/3: Σw = 50 + 50, Σw² = 250/9 + 250/3 = 1000/9, Σwr = 5 + 10.
    expect(result.estimators.ips.value).toBeCloseTo(15 / 120, 12);
    expect(result.estimators.snips.value).toBeCloseTo(15 / 100, 12);
    expect(result.effectiveSampleSize).toBeCloseTo(90, 9);
    expect(result.largestWeight).toBeCloseTo(5 / 3, 12);
    // q̂ of the policy is .2; dr = .2 + (Σwr − 50·.1 − 50·.3)/120.
    expect(result.estimators.dm.value).toBeCloseTo(0.2, 12);
    expect(result.estimators.dr.value).toBeCloseTo(0.2 + (15 - 5 - 15) / 120, 12);
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
    const { estimators } = replay(log, options(log, { policy: createUniformPolicy, directModel: Float64Array.from([0.1, 0.2, 0.3]) }));
    // obp 0.4.1: InverseProbabilityWeighting().estimate_policy_value(reward=c, action=a, pscore=p[a], action_dist=dist), and so on.
    expect(estimators.ips.value).toBeCloseTo(0.3074074074074074, 12);
    expect(estimators.snips.value).toBeCloseTo(0.2988298829882988, 12); // SelfNormalizedInverseProbabilityWeighting
    expect(estimators.dm.value).toBeCloseTo(0.20000000000000004, 12); // DirectMethod with estimated_rewards_by_reg_model=q
    expect(estimators.dr.value).toBeCloseTo(0.2952777777777778, 12); // DoublyRobust, likewise
  });

  it('lets a policy learn of matched rows only, at once when it learns by row', () => {
    const log = simulateLog(makeWorld({ ads: 2, creatives: 3, seed: 5 }), 3_000, 5);
    const exposureFactor = Float64Array.from([2, 1, 0.5, 1, 1, 1, 1, 1]);
    const { policy, record } = recorded((given) => createUcb1Policy(given));
    const result = replay(log, options(log, { policy, exposureFactor }));
    const matched = record.choices.flatMap((arm, row) =>
      arm === log.arm[row] ? [{ arm, clicks: log.click[row], exposure: exposureFactor[log.position[row] as number], after: row + 1 }] : [],
    );
    expect(record.learnt).toEqual(matched);
    expect(result.matched).toBe(matched.length);
    expect(result.coverage).toBe(matched.length / 3_000);
    expect(result.estimators.replay.value).toBe(matched.reduce((sum, { clicks }) => sum + (clicks ?? 0), 0) / matched.length);
  });

  it('hands over what was learnt at the end of each day, or of each batch', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 3, seed: 6 }), 3_000, 6, { days: 3 });
    const learntAfter = (batch: number | 'day'): number[] => {
      const { policy, record } = recorded((given) => createUcb1Policy(given));
      replay(log, options(log, { policy, batch }));
      return [...new Set(record.learnt.map(({ after }) => after))];
    };
    // Three equal days; what the last one taught is of no use any more.
    expect(learntAfter('day')).toEqual([1_000, 2_000]);
    expect(learntAfter(700)).toEqual([700, 1_400, 2_100, 2_800]);
  });

  it('accepts rows of a skewed log with the least propensity over their own', () => {
    // Arm 0 shown four times as often as arm 1: a quarter of its matches count.
    const random = createRandom(8);
    const rows = Array.from({ length: 40_000 }, (_, i): MadeRow => {
      const arm = random.uniform() < 0.8 ? 0 : 1;
      return { ts: i, arm, click: random.uniform() < (arm === 0 ? 0.1 : 0.3) ? 1 : 0, propensity: arm === 0 ? 0.8 : 0.2 };
    });
    const log = makeLog(rows, ['a', 'a']);
    const { matched, estimators } = replay(log, options(log, { policy: createUniformPolicy }));
    // 40000·.2 rows, in each of which both arms have one chance in two: 8000·½·2. Standard error 80.
    expect(Math.abs(matched - 8_000)).toBeLessThan(250);
    expect(Math.abs((estimators.replay.value ?? 0) - 0.2)).toBeLessThan(0.015);
  });

  it('keeps the mix of ads, though ads of many creatives are matched less often', () => {
    // Ad a has one creative clicked every second time, ad b nine that never are; each has half of the rows.
    const rows = Array.from({ length: 20_000 }, (_, i): MadeRow => {
      const arm = i % 2 === 0 ? 0 : 1 + (((i - 1) / 2) % 9);
      return { ts: i, arm, click: i % 4 === 0 ? 1 : 0, propensity: arm === 0 ? 1 : 1 / 9 };
    });
    const log = makeLog(rows, ['a', ...new Array<string>(9).fill('b')]);
    const { estimators, matched } = replay(log, options(log, { policy: createUniformPolicy }));
    expect(Math.abs(matched - (10_000 + 10_000 / 9))).toBeLessThan(130);
    // Weight 10000 of ad a to 9 · (about 1111 ± 31) of ad b; without it this would be .45.
    expect(Math.abs((estimators.replay.value ?? 0) - 0.25)).toBeLessThan(0.015);
    expect(estimators.ips.value).toBeCloseTo(0.25, 12);
  });

  it('cannot evaluate a policy that hardly ever did what the log did', () => {
    const rows = Array.from(
      { length: 300 },
      (_, i): MadeRow => ({ ts: i, arm: i < 280 ? 0 : 1, click: i % 10 === 0 ? 1 : 0, propensity: i < 280 ? 0.95 : 0.05 }),
    );
    const log = makeLog(rows, ['a', 'a']);
    const { estimators, matched } = replay(log, options(log, { policy: fixedPolicy([0, 1]) }));
    expect(matched).toBe(20);
    const none = { value: null, ciLow: null, ciHigh: null };
    expect(estimators).toMatchObject({ replay: none, ips: none, snips: none, dr: none });
    // The direct model needs no match.
    expect(estimators.dm.value).toBeCloseTo(0.02, 12);
  });

  it('evaluates nothing on a log without rows', () => {
    const log = makeLog([], []);
    const result = replay(log, options(log, { policy: createUcbPolicy }));
    expect(result).toMatchObject({ rounds: 0, matched: 0, coverage: 0, loggedReward: 0 });
    for (const name of ESTIMATORS) expect(result.estimators[name].value).toBeNull();
  });

  it('shows an arm only from its first to its last day, and new arms first', () => {
    const { policy, record } = recorded((given) => createUcb1Policy(given));
    const log = smallLog(3, 300, false);
    replay(log, options(log, { policy }));
    const chosenOn = (day: number): Set<number> => new Set(record.choices.filter((_, row) => Math.floor(row / 100) === day));
    expect([chosenOn(0).has(2), chosenOn(1).has(2), chosenOn(1).has(4), chosenOn(2).has(4)]).toEqual([true, false, false, true]);
    // On its first day arm 4 is chosen for every row of its ad until one matches.
    const first = record.learnt.findIndex(({ arm }) => arm === 4);
    const since = record.choices.slice(200, record.learnt[first]?.after).filter((arm) => arm >= 3);
    expect(new Set(since)).toEqual(new Set([4]));
  });

  it('is the same for the same seed, and another for another', () => {
    const log = simulateLog(makeWorld({ ads: 3, creatives: 4, logging: 'skewed', seed: 2 }), 4_000, 2);
    const run = (policy: (given: PolicyOptions) => Policy, seed: number): ReplayResult => replay(log, options(log, { policy, seed }));
    for (const policy of [createUcbPolicy, createUniformPolicy]) {
      expect(run(policy, 7)).toEqual(run(policy, 7));
      expect(run(policy, 7).matched).not.toBe(run(policy, 8).matched);
    }
  });

  it('resamples users where they are known, days where there are many, stretches of time else', () => {
    const rows = Array.from(
      { length: 600 },
      (_, i): MadeRow => ({ ts: (i * MS_PER_DAY) / 20, arm: i % 2, click: i % 7 === 0 ? 1 : 0, propensity: 0.5 }),
    );
    const clustersOf = (log: ReplayLog): ReplayResult['clusters'] => replay(log, options(log, { policy: createUniformPolicy })).clusters;
    expect(
      clustersOf(
        makeLog(
          rows,
          ['a', 'a'],
          rows.map((_, i) => 1 + (i % 40)),
        ),
      ),
    ).toEqual({ by: 'user', count: 40 });
    // Hash 0 is a user not given: its 15 rows stand for themselves, beside 39 users.
    const withUnknown = rows.map((_, i) => i % 40);
    expect(clustersOf(makeLog(rows, ['a', 'a'], withUnknown))).toEqual({ by: 'user', count: 39 + 15 });
    expect(clustersOf(makeLog(rows, ['a', 'a']))).toEqual({ by: 'day', count: 30 });
    expect(clustersOf(makeLog(rows.slice(0, 300), ['a', 'a']))).toEqual({ by: 'stretch of time', count: 300 });
  });

  it('has wider intervals where the rows of a user are alike', () => {
    // 50 users with 20 rows each, who click always or never.
    const rows = Array.from(
      { length: 1_000 },
      (_, i): MadeRow => ({ ts: i, arm: i % 2, click: (i % 50) % 3 === 0 ? 1 : 0, propensity: 0.5 }),
    );
    const width = (log: ReplayLog): number => {
      const { ciLow, ciHigh } = replay(log, options(log, { policy: createUniformPolicy })).estimators.ips;
      return (ciHigh ?? 0) - (ciLow ?? 0);
    };
    const ratio =
      width(
        makeLog(
          rows,
          ['a', 'a'],
          rows.map((_, i) => 1 + (i % 50)),
        ),
      ) / width(makeLog(rows, ['a', 'a']));
    // √20 = 4.47 by the design effect.
    expect(ratio).toBeGreaterThan(3.5);
    expect(ratio).toBeLessThan(5.5);
  });
});

const TARGET = [0.6, 0.3, 0.1];

/** Clicks per impression of a fixed policy in a world: factors have mean 1 over positions. */
function trueValue(world: World): number {
  const values = world.ads.map((ad) => ad.creatives.reduce((sum, { ctr }, i) => sum + ctr * (TARGET[i] as number), 0));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('replay on logs whose truth is known', () => {
  it.each<LoggingPolicy>(['uniform', 'skewed'])('has ips intervals that hold the true value in 90 to 99 of 100 %s logs', (logging) => {
    let held = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const world = makeWorld({ ads: 2, creatives: 3, logging, placement: 0.3, seed });
      const log = simulateLog(world, 6_000, seed, { users: 200 });
      const { ips } = replay(log, options(log, { policy: fixedPolicy(TARGET), seed })).estimators;
      const truth = trueValue(world);
      if ((ips.ciLow ?? 1) <= truth && truth <= (ips.ciHigh ?? 0)) held++;
    }
    expect(held).toBeGreaterThanOrEqual(90);
    expect(held).toBeLessThanOrEqual(99);
  });

  it.each([
    { name: 'ucb', create: createUcbPolicy },
    { name: 'ucb1', create: (given: PolicyOptions) => createUcb1Policy(given) },
  ])('values $name as showing it would', ({ create }) => {
    const world = makeWorld({ ads: 1, creatives: 4, seed: 12 });
    const exposureFactor = Float64Array.from(world.positions, ({ factor }) => factor);
    const replays = Array.from({ length: 8 }, (_, seed) => {
      const log = simulateLog(world, 60_000, seed + 1);
      return replay(log, options(log, { policy: create, exposureFactor, seed }));
    });
    const matched = mean(replays.map((result) => result.matched));
    const shown = mean(Array.from({ length: 24 }, (_, seed) => showPolicy(world, create, matched, seed + 1)));
    const values = replays.map(({ estimators }) => estimators.replay);
    expect(values.filter(({ ciLow, ciHigh }) => (ciLow ?? 1) <= shown && shown <= (ciHigh ?? 0)).length).toBeGreaterThanOrEqual(7);
    // About 400 clicks in each of 8 replays and 24 runs: standard error .02.
    expect(Math.abs(mean(values.map(({ value }) => value ?? 0)) / shown - 1)).toBeLessThan(0.05);
    const uniform = mean(creativesOf(world).ctr);
    expect(shown).toBeGreaterThan(1.08 * uniform);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Clicks per impression of a policy that is really shown. */
function showPolicy(world: World, create: (given: PolicyOptions) => Policy, impressions: number, seed: number): number {
  const { creatives } = world.ads[0] as SimulatedAd;
  const random = createRandom(seed, 5);
  const arms = { ads: 1, firstArm: Int32Array.from([0, creatives.length]), live: new Uint8Array(creatives.length).fill(1) };
  const policy = create({ arms, random: createRandom(seed, 6) });
  let clicks = 0;
  for (let i = 0; i < impressions; i++) {
    let place = random.uniform();
    let position = 0;
    for (; position < world.positions.length - 1 && place >= (world.positionShares[position] as number); position++)
      place -= world.positionShares[position] as number;
    const arm = policy.select(0);
    const factor = world.positions[position]?.factor as number;
    const click = random.uniform() < (creatives[arm]?.ctr as number) * factor ? 1 : 0;
    clicks += click;
    policy.update(0, arm, click, factor);
  }
  return clicks / impressions;
}

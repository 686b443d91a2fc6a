import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, type RewardConfig } from '../../../src/core/config.ts';
import {
  addSums,
  type CreativeSums,
  computeReward,
  noSums,
  type Prior,
  type RewardOptions,
  shrunkEcoi,
  shrunkViewTime,
  stepLambda,
  viewTimeFloor,
} from '../../../src/core/feedback/reward.ts';

/** Ten clicks in 500 effective impressions. */
const PRIOR: Prior = { k: 10, m: 0.02 };
const REWARD: RewardConfig = DEFAULT_CONFIG.reward;
const WITH_REVENUE: RewardConfig = { ...REWARD, revenueWeight: 0.5 };

/** 990 clicks in 49,500 effective impressions shrink to themselves: 1,000 in 50,000. */
function sumsOf(changes: Partial<CreativeSums> = {}): CreativeSums {
  return { ...noSums(), impressions: 49_500, clicks: 990, exposure: 49_500, ...changes };
}

/** View times that all are `seconds`. */
function viewed(views: number, seconds: number, changes: Partial<CreativeSums> = {}): CreativeSums {
  return sumsOf({ views, viewTime: views * seconds, logViewTime: views * Math.log1p(seconds), ...changes });
}

function rewardOf(creatives: readonly CreativeSums[], changes: Partial<RewardOptions> = {}) {
  return computeReward(creatives, { priors: creatives.map(() => PRIOR), base: 0, lambda: 0, config: REWARD, ...changes });
}

function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] as number, 12);
}

const manySums = fc.array(
  fc
    .record({
      impressions: fc.integer({ min: 0, max: 100_000 }),
      factor: fc.double({ min: 0.1, max: 3, noNaN: true }),
      ctr: fc.double({ min: 0, max: 0.1, noNaN: true }),
      measured: fc.double({ min: 0, max: 1, noNaN: true }),
      seconds: fc.double({ min: 0, max: 300, noNaN: true }),
      price: fc.double({ min: 0, max: 5, noNaN: true }),
    })
    .map(({ impressions, factor, ctr, measured, seconds, price }): CreativeSums => {
      const clicks = Math.floor(impressions * ctr);
      const views = Math.floor(clicks * measured);
      return {
        impressions,
        clicks,
        exposure: impressions * factor,
        revenue: clicks * price,
        views,
        viewTime: views * seconds,
        logViewTime: views * Math.log1p(seconds),
      };
    }),
  { minLength: 1, maxLength: 8 },
);

describe('addSums', () => {
  it('adds every sum', () => {
    const one: CreativeSums = { impressions: 1, clicks: 2, exposure: 3, revenue: 4, views: 5, viewTime: 6, logViewTime: 7 };
    const total = noSums();
    addSums(total, one);
    addSums(total, one);
    expect(total).toEqual({ impressions: 2, clicks: 4, exposure: 6, revenue: 8, views: 10, viewTime: 12, logViewTime: 14 });
  });
});

describe('shrunkEcoi', () => {
  it('adds k clicks in k/m effective impressions, and is m for a creative never shown', () => {
    expect(shrunkEcoi(sumsOf({ clicks: 40, exposure: 500 }), PRIOR)).toBeCloseTo(50 / 1_000, 15);
    expect(shrunkEcoi(noSums(), PRIOR)).toBeCloseTo(0.02, 15);
  });
});

describe('computeReward', () => {
  it('is the uplift of shrunk ECOI over the base creative', () => {
    // (490 + 10)/(24,500 + 500) = .02, (1,490 + 10)/(49,500 + 500) = .03, (140 + 10)/(9,500 + 500) = .015
    const creatives = [
      sumsOf({ clicks: 490, exposure: 24_500 }),
      sumsOf({ clicks: 1_490, exposure: 49_500 }),
      sumsOf({ clicks: 140, exposure: 9_500 }),
    ];
    const reward = rewardOf(creatives);
    expectClose(reward.rewards, [0, 0.5, -0.25]);
    expect(reward.rest).toEqual([0, 0, 0]);
    expect(reward.base).toBeCloseTo(0.02, 15);
    expect(reward.slope).toBeCloseTo(50, 10);
    expectClose(rewardOf(creatives, { config: { ...REWARD, ctrWeight: 3 } }).rewards, [0, 1.5, -0.75]);
  });

  it('shrinks the ECOI of each creative to its own prior, that of the base too', () => {
    // (30 + 10)/(1,500 + 500) = .02, (30 + 10)/(1,500 + 250) = .022857…, and .03 of one never shown
    const creatives = [sumsOf({ clicks: 30, exposure: 1_500 }), sumsOf({ clicks: 30, exposure: 1_500 }), noSums()];
    const priors: Prior[] = [PRIOR, { k: 10, m: 0.04 }, { k: 3, m: 0.03 }];
    expectClose(rewardOf(creatives, { priors }).rewards, [0, 1 / 7, 0.5]);
    expectClose(rewardOf(creatives, { priors, base: 1 }).rewards, [-0.125, 0, 0.3125]);
    expectClose(rewardOf([noSums(), noSums()], { priors: priors.slice(0, 2), base: undefined }).rewards, [-1 / 3, 1 / 3]);
  });

  it('never lowers a posterior for a higher prior mean', () => {
    const mean = fc.double({ min: 1e-4, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(manySums, mean, mean, fc.double({ min: 0.05, max: 1e4, noNaN: true }), (creatives, one, other, k) => {
        for (const sums of creatives) {
          const [low, high] = [one, other].sort((a, b) => a - b).map((m) => shrunkEcoi(sums, { k, m }));
          expect(high).toBeGreaterThanOrEqual(low as number);
        }
      }),
    );
  });

  it('takes the impression-weighted mean as base where no creative is the base', () => {
    // (.02·30,000 + .04·10,000)/40,000 = .025
    const creatives = [sumsOf({ impressions: 30_000 }), sumsOf({ clicks: 1_990, impressions: 10_000 })];
    const { base, rewards } = rewardOf(creatives, { base: undefined });
    expect(base).toBeCloseTo(0.025, 12);
    expectClose(rewards, [-0.2, 0.6]);
  });

  it('is 0 for every creative of an ad that was never shown', () => {
    expectClose(rewardOf([noSums(), noSums()], { base: undefined }).rewards, [0, 0]);
  });

  it('adds the uplift of revenue per effective impression, shrunk like ECOI, by its weight', () => {
    // Mean 8,000/100,000 = .08; with 500 more effective impressions of .08: 1,040/50,000 and 7,040/51,500.
    const creatives = [sumsOf({ revenue: 1_000 }), sumsOf({ exposure: 50_500, clicks: 1_010, revenue: 7_000 })];
    const { rest, rewards, notes } = rewardOf(creatives, { config: WITH_REVENUE });
    const uplift = 7_040 / 51_000 / (1_040 / 50_000) - 1;
    expectClose(rest, [0, 0.5 * uplift]);
    expectClose(rewards, [0, 1_020 / 51_000 / 0.02 - 1 + 0.5 * uplift]);
    expect(notes).toEqual(['QoE not measured']);
    // Without a base creative: over the mean.
    expectClose(
      rewardOf(creatives, { config: WITH_REVENUE, base: undefined }).rest,
      [1_040 / 50_000, 7_040 / 51_000].map((rpm) => 0.5 * (rpm / 0.08 - 1)),
    );
  });

  it('shrinks the revenue of a creative hardly shown to that of the ad', () => {
    const lucky = sumsOf({ impressions: 10, exposure: 10, clicks: 1, revenue: 50 });
    const { rest } = rewardOf([sumsOf({ revenue: 990 }), lucky], { config: WITH_REVENUE });
    // 5 a time against .02 would be 249 times as much; ten impressions beside 500 of the prior say 5 times.
    expect(rest[1]).toBeGreaterThan(1);
    expect(rest[1]).toBeLessThan(3);
  });

  it('makes nothing of revenue that came without an impression', () => {
    const { rest } = rewardOf([{ ...noSums(), revenue: 5 }, noSums()], { config: WITH_REVENUE, base: undefined });
    expect(rest).toEqual([0, 0]);
  });

  it('does not look at revenue while its weight is 0', () => {
    const { rest, notes } = rewardOf([sumsOf({ revenue: 10 }), sumsOf({ revenue: 900 })]);
    expect(rest).toEqual([0, 0]);
    expect(notes).toEqual(['QoE not measured']);
  });

  it('uses value per click where revenue follows clicks, however much exposure differs', () => {
    const perClick = (values: readonly number[]) =>
      [
        { clicks: 30, exposure: 1_000 },
        { clicks: 4, exposure: 100 },
        { clicks: 180, exposure: 10_000 },
      ].map((given, i) => sumsOf({ ...given, revenue: given.clicks * (values[i] as number) }));
    const followed = 'revenue follows clicks exactly, so value per click is used';
    const oneBid = rewardOf(perClick([0.5, 0.5, 0.5]), { config: WITH_REVENUE });
    expect(oneBid.notes).toContain(followed);
    expectClose(oneBid.rest, [0, 0, 0]);
    expect(rewardOf(perClick([0.5, 2, 0.2]), { config: WITH_REVENUE }).notes).not.toContain(followed);
    // A little more a click than the others, too little to break the line: 10 clicks of the mean, 5.045, are the prior.
    const nearly = rewardOf(perClick([5, 5.01, 5.05]), { config: WITH_REVENUE });
    expect(nearly.notes).toContain(followed);
    const mean = (150 + 20.04 + 909) / 214;
    const value = (revenue: number, clicks: number): number => (revenue + 10 * mean) / (clicks + 10);
    expectClose(
      nearly.rest,
      [value(150, 30), value(20.04, 4), value(909, 180)].map((own) => 0.5 * (own / value(150, 30) - 1)),
    );
  });

  it('does not take two creatives, which always lie on a line, for revenue that follows clicks', () => {
    const creatives = [sumsOf({ revenue: 990 }), sumsOf({ clicks: 1_089, revenue: 9_900 })];
    const { rest, notes } = rewardOf(creatives, { config: WITH_REVENUE });
    expect(notes).toEqual(['QoE not measured']);
    expect(rest[1]).toBeGreaterThan(4);
  });

  it('says what was not measured', () => {
    const { notes, rest } = rewardOf([sumsOf(), sumsOf()], { config: WITH_REVENUE, lambda: 1 });
    expect(notes).toEqual(['revenue not measured', 'QoE not measured']);
    expect(rest).toEqual([0, 0]);
  });

  it('adds λ times the view time in robust standard deviations, clamped to ±1', () => {
    // ln(1+T) means 2.5, 3, 3.2, 5 from 990 views each; shrunk by 10 views to the mean 3.425.
    const means = [2.5, 3, 3.2, 5];
    const creatives = means.map((mean) => sumsOf({ views: 990, viewTime: 1, logViewTime: 990 * mean }));
    const { rest, rewards, notes } = rewardOf(creatives, { lambda: 0.3 });
    const shrunk = means.map((mean) => (990 * mean + 10 * 3.425) / 1_000);
    const centre = ((shrunk[1] as number) + (shrunk[2] as number)) / 2;
    const distances = shrunk.map((time) => Math.abs(time - centre)).sort((a, b) => a - b);
    const spread = 1.4826 * (((distances[1] as number) + (distances[2] as number)) / 2);
    const q = shrunk.map((time) => Math.max(-1, Math.min(1, (time - 3.425) / spread)));
    expect(q[3]).toBe(1);
    expectClose(
      rest,
      q.map((value) => 0.3 * value),
    );
    expectClose(rewards, rest);
    expect(notes).toEqual([]);
  });

  it('gives a creative without a view time neither bonus nor malus, and none at all where all are alike', () => {
    expect(rewardOf([viewed(500, 10), viewed(500, 20), sumsOf()], { lambda: 1 }).rest[2]).toBeCloseTo(0, 12);
    expectClose(rewardOf([viewed(500, 20), viewed(500, 20)], { lambda: 1 }).rest, [0, 0]);
  });

  it('is finite, linear in ECOI by its slope and rest, and its view-time part stays within ±λ', () => {
    fc.assert(
      fc.property(manySums, fc.double({ min: 0, max: 2, noNaN: true }), fc.nat(), fc.boolean(), (creatives, lambda, at, hasBase) => {
        const base = hasBase ? at % creatives.length : undefined;
        const config = { ...REWARD, revenueWeight: 0.7, ctrWeight: 1.3 };
        const { rewards, rest, slope, base: baseEcoi } = rewardOf(creatives, { lambda, base, config });
        const plain = rewardOf(creatives, { lambda: 0, base, config });
        for (const [i, sums] of creatives.entries()) {
          expect(Number.isFinite(rewards[i])).toBe(true);
          expect(rewards[i]).toBeCloseTo(slope * shrunkEcoi(sums, PRIOR) - 1.3 + (rest[i] as number), 9);
          expect(Math.abs((rest[i] as number) - (plain.rest[i] as number))).toBeLessThanOrEqual(lambda + 1e-12);
        }
        expect(slope * baseEcoi).toBeCloseTo(1.3, 12);
        if (base !== undefined) expect(plain.rewards[base]).toBeCloseTo(0, 9);
      }),
    );
  });
});

describe('viewTimeFloor', () => {
  it('is (1 − tolerance) × what showing every creative as often would give', () => {
    expect(viewTimeFloor([viewed(1_000, 10), viewed(1_000, 30)], undefined, REWARD)).toBeCloseTo(0.9 * 20, 12);
    const strict = { ...REWARD, viewTimeTolerance: 0.25 };
    expect(viewTimeFloor([viewed(1_000, 10), viewed(1_000, 30), sumsOf()], undefined, strict)).toBeCloseTo(0.75 * 20, 12);
  });

  it('does not follow the traffic: what a policy shows most does not pull it down', () => {
    const even = viewTimeFloor([viewed(5_000, 10), viewed(5_000, 30)], undefined, REWARD) as number;
    const skewed = viewTimeFloor([viewed(100_000, 10), viewed(1_000, 30)], undefined, REWARD) as number;
    // A mean over views would be 0.9 · 10.2 s; ten views of shrinkage in 1,000 leave less than a per cent.
    expect(Math.abs(skewed / even - 1)).toBeLessThan(0.01);
    fc.assert(
      fc.property(
        fc.array(fc.record({ views: fc.integer({ min: 2_000, max: 1e6 }), seconds: fc.double({ min: 1, max: 300, noNaN: true }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        (drawn) => {
          const floor = viewTimeFloor(
            drawn.map(({ views, seconds }) => viewed(views, seconds)),
            undefined,
            REWARD,
          ) as number;
          const evenly = (0.9 * drawn.reduce((sum, { seconds }) => sum + seconds, 0)) / drawn.length;
          expect(Math.abs(floor / evenly - 1)).toBeLessThan(0.01);
        },
      ),
    );
  });

  it('is (1 − tolerance) × the view time of the base creative where there is one, shrunk by ten views', () => {
    const creatives = [viewed(990, 40), viewed(990, 20)];
    expect(viewTimeFloor(creatives, 0, REWARD)).toBeCloseTo((0.9 * (990 * 40 + 10 * 30)) / 1_000, 12);
    expect(shrunkViewTime(creatives[1], creatives)).toBeCloseTo((990 * 20 + 10 * 30) / 1_000, 12);
    expect(shrunkViewTime(sumsOf(), creatives)).toBeCloseTo(30, 12);
  });

  it('is the configured one where there is one, and null where nothing was measured', () => {
    const config = { ...REWARD, viewTimeFloor: 12.5 };
    expect(viewTimeFloor([viewed(10, 30)], undefined, config)).toBe(12.5);
    expect(viewTimeFloor([sumsOf()], undefined, config)).toBeNull();
    expect(viewTimeFloor([sumsOf()], undefined, REWARD)).toBeNull();
  });
});

describe('revenue of creatives without a click', () => {
  it('says nothing of whether revenue follows clicks', () => {
    const creatives = [
      sumsOf({ clicks: 150, exposure: 5_000, revenue: 300 }),
      sumsOf({ clicks: 0, exposure: 60 }),
      sumsOf({ clicks: 0, exposure: 60 }),
    ];
    const { notes, rest } = rewardOf(creatives, { config: WITH_REVENUE });
    expect(notes).not.toContain('revenue follows clicks exactly, so value per click is used');
    expect(rest[0]).not.toBe(rest[1]);
  });
});

describe('stepLambda', () => {
  const step = (lambda: number, views: number, seconds: number, floor: number | null = 20, config = REWARD): number =>
    stepLambda(lambda, { views, viewTime: views * seconds }, floor, config);

  it('rises by η·(1.02·floor − T)/floor below 1.02 × the floor, and falls above', () => {
    expect(step(0.5, 200, 15)).toBeCloseTo(0.5 + (0.5 * 5.4) / 20, 12);
    expect(step(0.5, 200, 20.2)).toBeCloseTo(0.5 + (0.5 * 0.2) / 20, 12);
    expect(step(0.5, 200, 20.4)).toBeCloseTo(0.5, 12);
    expect(step(0.5, 200, 24.4)).toBeCloseTo(0.4, 12);
  });

  it('moves in proportion to the views of a window of fewer than 50', () => {
    expect(step(0.5, 50, 15) - 0.5).toBeCloseTo(step(0.5, 5_000, 15) - 0.5, 12);
    expect(step(0.5, 5, 15) - 0.5).toBeCloseTo((step(0.5, 50, 15) - 0.5) / 10, 12);
  });

  it('stays where no view time or no floor is known', () => {
    expect(step(0.5, 0, 15)).toBe(0.5);
    expect(step(0.5, 100, 15, null)).toBe(0.5);
    expect(step(0.5, 100, 15, 0)).toBe(0.5);
  });

  it('stays from 0 to its maximum, and moves towards the floor only', () => {
    const number = (max: number) => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(
        number(1),
        fc.integer({ min: 1, max: 5_000 }),
        number(300),
        // A floor of less than a millisecond is a matter of the last digits of a double.
        fc.double({ min: 1e-3, max: 100, noNaN: true }),
        number(20),
        number(3),
        (part, views, seconds, floor, lambdaStep, lambdaMax) => {
          const lambda = part * lambdaMax;
          const next = step(lambda, views, seconds, floor, { ...REWARD, lambdaStep, lambdaMax });
          expect(next).toBeGreaterThanOrEqual(0);
          expect(next).toBeLessThanOrEqual(lambdaMax);
          if (seconds < 1.02 * floor * (1 - 1e-9)) expect(next).toBeGreaterThanOrEqual(lambda);
          if (seconds > 1.02 * floor * (1 + 1e-9)) expect(next).toBeLessThanOrEqual(lambda);
        },
      ),
    );
    expect(step(1.99, 100, 0)).toBe(2);
    expect(step(0.01, 100, 300)).toBe(0);
    expect(step(0, 100, 0, 20, { ...REWARD, lambdaMax: 0 })).toBe(0);
  });
});

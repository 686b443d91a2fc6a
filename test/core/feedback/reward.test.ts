import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CreativeOutcome, computeReward, REWARD, type ViewTimeWindow } from '../../../src/core/feedback/reward.ts';

function outcome(changes: Partial<CreativeOutcome>): CreativeOutcome {
  return {
    ecoiShrunk: 0.02,
    clicks: 20,
    effectiveImpressions: 1_000,
    impressions: 1_000,
    revenue: 0,
    views: 0,
    logViewTime: 0,
    ...changes,
  };
}

const WITH_REVENUE = { ...REWARD, revenueWeight: 0.5 };

function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] as number, 12);
}

describe('computeReward', () => {
  it('is the uplift of ECOI over the base creative', () => {
    const creatives = [0.02, 0.03, 0.015].map((ecoiShrunk) => outcome({ ecoiShrunk }));
    const reward = computeReward(creatives, 0, []);
    expectClose(reward.rewards, [0, 0.5, -0.25]);
    expect(reward).toMatchObject({ base: 0.02, lambda: 0, rest: [0, 0, 0] });
  });

  it('takes the impression-weighted mean as base where no creative is the base', () => {
    // (.02·3000 + .04·1000)/4000 = .025
    const creatives = [outcome({ ecoiShrunk: 0.02, impressions: 3_000 }), outcome({ ecoiShrunk: 0.04, impressions: 1_000 })];
    const { base, rewards } = computeReward(creatives, undefined, []);
    expect(base).toBeCloseTo(0.025, 12);
    expectClose(rewards, [-0.2, 0.6]);
  });

  it('adds the uplift of revenue per effective impression, by its weight', () => {
    // RPM .03, .01, .09 against .03: v = 0, −2/3, 2; CTRs .02, .02, .03 do not follow it.
    const creatives = [
      outcome({ revenue: 30 }),
      outcome({ effectiveImpressions: 2_000, clicks: 40, revenue: 20 }),
      outcome({ effectiveImpressions: 500, clicks: 15, ecoiShrunk: 0.03, revenue: 45 }),
    ];
    const { rewards, rest, notes } = computeReward(creatives, 0, [], WITH_REVENUE);
    expectClose(rest, [0, -1 / 3, 1]);
    expectClose(rewards, [0, -1 / 3, 1.5]);
    expect(notes).toEqual(['QoE not measured']);
    // Without a base creative: 95 over 3500.
    expectClose(
      computeReward(creatives, undefined, [], WITH_REVENUE).rest,
      [0.03, 0.01, 0.09].map((rpm) => 0.5 * (rpm / (95 / 3500) - 1)),
    );
  });

  it('uses value per click where revenue follows clicks, however much ECOI was shrunk', () => {
    const perClick = (values: readonly number[]) =>
      [
        { ecoiShrunk: 0.021, clicks: 30, effectiveImpressions: 1_000 },
        { ecoiShrunk: 0.0205, clicks: 4, effectiveImpressions: 100 },
        { ecoiShrunk: 0.019, clicks: 180, effectiveImpressions: 10_000 },
      ].map((given, i) => outcome({ ...given, revenue: given.clicks * (values[i] as number) }));
    const oneBid = computeReward(perClick([0.5, 0.5, 0.5]), 0, [], WITH_REVENUE);
    expect(oneBid.notes).toContain('revenue follows clicks exactly, so value per click is used');
    expectClose(oneBid.rest, [0, 0, 0]);
    expect(computeReward(perClick([0.5, 2, 0.2]), 0, [], WITH_REVENUE).notes).not.toContain(oneBid.notes[0]);
  });

  it('does not take two creatives, which always lie on a line, for revenue that follows clicks', () => {
    const creatives = [outcome({ revenue: 20 }), outcome({ ecoiShrunk: 0.022, clicks: 22, revenue: 220 })];
    const { rest, notes } = computeReward(creatives, 0, [], WITH_REVENUE);
    expect(notes).toEqual(['QoE not measured']);
    expectClose(rest, [0, 0.5 * 10]);
  });

  it('says what was not measured', () => {
    const { notes, rest } = computeReward([outcome({}), outcome({})], 0, [], WITH_REVENUE);
    expect(notes).toEqual(['revenue not measured', 'QoE not measured']);
    expect(rest).toEqual([0, 0]);
  });

  it('adds λ times the view time in robust standard deviations, clamped to ±1', () => {
    // ln(1+T) means 2.5, 3, 3.2, 5 from 990 views each; shrunk by 10 views to the mean 3.425.
    const means = [2.5, 3, 3.2, 5];
    const creatives = means.map((mean) => outcome({ views: 990, logViewTime: 990 * mean }));
    const windows: ViewTimeWindow[] = [
      { views: 10_000, viewTime: 300_000 },
      { views: 10_000, viewTime: 100_000 },
    ];
    const { lambda, rest, rewards } = computeReward(creatives, 0, windows);
    const shrunk = means.map((mean) => (990 * mean + 10 * 3.425) / 1_000);
    const [low, high] = [shrunk[1] as number, shrunk[2] as number];
    const centre = (low + high) / 2;
    const distances = shrunk.map((time) => Math.abs(time - centre)).sort((a, b) => a - b);
    const spread = 1.4826 * (((distances[1] as number) + (distances[2] as number)) / 2);
    const q = shrunk.map((time) => Math.max(-1, Math.min(1, (time - 3.425) / spread)));
    expect(lambda).toBeGreaterThan(0.1);
    expectClose(
      rest,
      q.map((value) => lambda * value),
    );
    expect(q[3]).toBe(1);
    expectClose(rewards, rest);
  });

  it('steps λ by η·(T_floor − T)/T_floor from window to window', () => {
    // Baseline 20 s, floor 18 s; windows of 950 views shrunk by 50 to 29.5 s and 10.5 s: 0 first, then ½·(18 − 10.5)/18.
    const windows: ViewTimeWindow[] = [
      { views: 950, viewTime: 950 * 30 },
      { views: 950, viewTime: 950 * 10 },
    ];
    expect(computeReward([outcome({})], 0, windows).lambda).toBeCloseTo((0.5 * 7.5) / 18, 12);
    // The other way round it falls back by more than it rose.
    expect(computeReward([outcome({})], 0, [...windows].reverse()).lambda).toBe(0);
  });

  it('raises λ only below the floor, and keeps it from 0 to its maximum', () => {
    const window = fc.record({ views: fc.integer({ min: 0, max: 5_000 }), seconds: fc.double({ min: 0, max: 300, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 30 }), fc.double({ min: 0, max: 20, noNaN: true }), (drawn, lambdaStep) => {
        const windows = drawn.map(({ views, seconds }) => ({ views, viewTime: views * seconds }));
        const { lambda } = computeReward([outcome({})], 0, windows, { ...REWARD, lambdaStep });
        expect(lambda).toBeGreaterThanOrEqual(0);
        expect(lambda).toBeLessThanOrEqual(REWARD.lambdaMax);
        const views = windows.reduce((sum, { views: own }) => sum + own, 0);
        const baseline = windows.reduce((sum, { viewTime }) => sum + viewTime, 0) / Math.max(1, views);
        if (drawn.every(({ seconds, views: own }) => own === 0 || seconds >= 0.9 * baseline)) expect(lambda).toBe(0);
      }),
    );
    const falling = [60, 5, 5, 5, 5, 5, 5, 5, 5].map((seconds) => ({ views: 10_000, viewTime: 10_000 * seconds }));
    const lambdas = falling.map((_, i) => computeReward([outcome({})], 0, falling.slice(0, i + 1), { ...REWARD, lambdaStep: 5 }).lambda);
    expect(lambdas[0]).toBe(0);
    expect(lambdas.at(-1)).toBe(REWARD.lambdaMax);
  });

  it('is 0 for everything where the base was never clicked', () => {
    expect(computeReward([outcome({ ecoiShrunk: 0 }), outcome({})], 0, []).rewards).toEqual([0, 0]);
  });
});

import { describe, expect, it } from 'vitest';
import { armsOf, type OnPolicyOptions, type OnPolicySummary, runOnPolicy, simulateOnPolicy } from '../../../src/core/feedback/on_policy.ts';
import {
  clickProbability,
  type SimulatedAd,
  type SimulatedBatch,
  type SimulatedCreative,
  type World,
} from '../../../src/core/feedback/simulator.ts';
import { MS_PER_DAY } from './made_logs.ts';
import { makeFlatWorld, makeWorld, START } from './made_worlds.ts';
import { policyOf, watch } from './watched_policies.ts';

const HOUR = MS_PER_DAY / 24;
const RICH = { ads: 3, creatives: 4, seed: 4, drift: 0.3, interests: 1, tension: -0.5, delay: 2 * HOUR } as const;

function options(policy: OnPolicyOptions['policy'], impressions: number, more: Partial<OnPolicyOptions> = {}): OnPolicyOptions {
  return { policy, impressions, start: START, days: 4, users: 500, seed: 7, ...more };
}

/** A whole run with its rows. */
function collect(world: World, given: OnPolicyOptions): { batches: SimulatedBatch[]; summary: OnPolicySummary } {
  const batches: SimulatedBatch[] = [];
  const run = simulateOnPolicy(world, given);
  let next = run.next();
  for (; !next.done; next = run.next()) batches.push(next.value);
  return { batches, summary: next.value };
}

function bytesOf({ rows, ...columns }: SimulatedBatch): Buffer {
  return Buffer.concat(Object.values(columns).flatMap((column) => (ArrayBuffer.isView(column) ? [Buffer.from(column.buffer)] : [])));
}

/** Rows of a run, one after the other. */
function rowsOf(batches: readonly SimulatedBatch[]) {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.rows }, (_, row) => ({
      ts: batch.ts[row] as number,
      ad: batch.ad[row] as number,
      creative: batch.creative[row] as number,
      position: batch.position[row] as number,
      propensity: batch.propensity[row] as number,
      click: batch.click[row] as number,
      viewTime: batch.viewTime[row] as number,
      revenue: batch.revenue[row] as number,
      user: batch.user[row] as number,
    })),
  );
}

describe('a run of a policy', () => {
  it('gives the same rows and the same sums for the same seed only, with rows or without', () => {
    const world = makeWorld(RICH);
    const given = options(policyOf('epsilon-greedy'), 70_000, { randomShare: 0.1 });
    const { batches, summary } = collect(world, given);
    expect(batches.map(({ rows }) => rows)).toEqual([65_536, 4_464]);
    const again = collect(world, given);
    expect(again.summary).toEqual(summary);
    expect(again.batches.map(bytesOf).every((bytes, i) => bytes.equals(bytesOf(batches[i] as SimulatedBatch)))).toBe(true);
    expect(runOnPolicy(world, given)).toEqual(summary);
    expect(runOnPolicy(world, { ...given, seed: 8 }).clicks).not.toBe(summary.clicks);
  });

  it('sums up what its rows and the truth say', () => {
    const world = makeWorld(RICH);
    const { batches, summary } = collect(world, options(policyOf('ucb'), 20_000, { randomShare: 0.2 }));
    const sums = { clicks: 0, expected: 0, oracle: 0, viewTime: 0, expectedView: 0, revenue: 0 };
    const plays = new Float64Array(12);
    for (const { ts: time, ad, creative, position, click, viewTime, revenue, user } of rowsOf(batches)) {
      const creatives = (world.ads[ad] as SimulatedAd).creatives;
      const p = creatives.map((_, i) => clickProbability(world, { ad, creative: i, position, user, time }));
      const shown = creatives[creative] as SimulatedCreative;
      sums.clicks += click;
      sums.expected += p[creative] as number;
      sums.oracle += Math.max(...p);
      if (click === 1) sums.viewTime += viewTime;
      if (click === 1) sums.revenue += revenue;
      sums.expectedView += (p[creative] as number) * shown.viewTime * Math.exp(0.32);
      plays[4 * ad + creative] = (plays[4 * ad + creative] as number) + 1;
    }
    expect(summary).toMatchObject({ impressions: 20_000, clicks: sums.clicks, plays });
    expect(summary.expectedClicks).toBeCloseTo(sums.expected, 6);
    expect(summary.oracleClicks).toBeCloseTo(sums.oracle, 6);
    expect(summary.loss).toBeCloseTo(1 - sums.expected / sums.oracle, 10);
    expect(summary.meanViewTime).toBeCloseTo(sums.viewTime / sums.clicks, 8);
    expect(summary.expectedViewTime).toBeCloseTo(sums.expectedView / sums.expected, 8);
    expect(summary.revenue).toBeCloseTo(sums.revenue, 6);
  });

  it('has as many clicks and as long a view time as is expected of it', () => {
    const world = makeWorld({ ...RICH, delay: 0 });
    const { clicks, expectedClicks, meanViewTime, expectedViewTime } = runOnPolicy(world, options(policyOf('ucb'), 400_000));
    expect(Math.abs(clicks - expectedClicks)).toBeLessThan(4 * Math.sqrt(expectedClicks));
    // A log-normal of σ = .8 has a standard deviation of .95 of its mean; creatives and ads add less than as much.
    expect(Math.abs(meanViewTime / expectedViewTime - 1)).toBeLessThan((4 * 1.4) / Math.sqrt(clicks));
  });

  it('loses 1 − mean/max of the clicks under the uniform policy', () => {
    const ctrs = [0.0268, 0.0225, 0.02, 0.019, 0.0172, 0.0144];
    const { loss, plays, oracleClicks } = runOnPolicy(makeFlatWorld(ctrs), options(policyOf('uniform'), 200_000));
    const mean = ctrs.reduce((sum, ctr) => sum + ctr, 0) / 6;
    const error = Math.sqrt(ctrs.reduce((sum, ctr) => sum + (ctr - mean) ** 2, 0) / 6 / 200_000) / 0.0268;
    expect(Math.abs(loss - (1 - mean / 0.0268))).toBeLessThan(4 * error);
    expect(oracleClicks).toBeCloseTo(200_000 * 0.0268, 6);
    // Five degrees of freedom: .999 quantile of χ².
    expect(plays.reduce((sum, n) => sum + (n - 200_000 / 6) ** 2 / (200_000 / 6), 0)).toBeLessThan(20.5);
  });

  it('lets every policy meet the same impressions', () => {
    const world = makeWorld(RICH);
    const [one, other] = ['ucb', 'uniform'].map((name) => rowsOf(collect(world, options(policyOf(name), 5_000)).batches));
    const met = (rows: ReturnType<typeof rowsOf> | undefined) => rows?.map(({ ts, ad, position, user }) => [ts, ad, position, user]);
    expect(met(one)).toEqual(met(other));
    expect(one).not.toEqual(other);
  });

  it('says when a policy has nothing to show', () => {
    const none: OnPolicyOptions['policy'] = (given) => ({ ...policyOf('uniform')(given), select: () => -1 });
    expect(() => runOnPolicy(makeFlatWorld([0.1]), options(none, 1))).toThrow(/chose no creative for ad 0/);
  });
});

describe('propensities of a run', () => {
  it.each(['thompson', 'epsilon-greedy', 'ucb'])('of %s are how often creatives are shown that have them', (name) => {
    const world = makeFlatWorld([0.05, 0.045, 0.04, 0.03]);
    const share = 0.1;
    const bins = 10;
    const [shown, expected, variance] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
    const told: number[] = [];
    const policy: OnPolicyOptions['policy'] = (given) => {
      const inner = policyOf(name)(given);
      return {
        ...inner,
        // Asked once per row, for the arm that is shown: the moment at which the chances of all arms are what they were.
        probability: (ad, arm, row) => {
          for (let other = 0; other < 4; other++) {
            const p = (1 - share) * inner.probability(ad, other, row) + share / 4;
            const bin = Math.min(bins - 1, Math.floor(bins * p));
            shown[bin] = (shown[bin] as number) + Number(other === arm);
            expected[bin] = (expected[bin] as number) + p;
            variance[bin] = (variance[bin] as number) + p * (1 - p);
            if (other === arm) told.push(p);
          }
          return inner.probability(ad, arm, row);
        },
      };
    };
    const { batches } = collect(world, options(policy, 40_000, { randomShare: share }));
    expected.forEach((mean, bin) => {
      expect(Math.abs((shown[bin] as number) - mean)).toBeLessThanOrEqual(4 * Math.sqrt(variance[bin] as number));
    });
    const propensities = rowsOf(batches).map(({ propensity }) => propensity);
    expect(Math.max(...propensities.map((p, i) => Math.abs(p - (told[i] as number))))).toBeLessThan(1e-12);
    expect(Math.min(...propensities)).toBeGreaterThanOrEqual(share / 4);
  });

  it('weight what was shown back to even shares', () => {
    const { batches } = collect(makeFlatWorld([0.03, 0.02, 0.01]), options(policyOf('thompson'), 60_000, { randomShare: 0.3 }));
    const weights = new Float64Array(3);
    for (const { creative, propensity } of rowsOf(batches)) weights[creative] = (weights[creative] as number) + 1 / propensity;
    // Each weight is at most 10, so its variance is at most 9: the standard error of the mean is below √(9/60000) = .012.
    for (const weight of weights) expect(Math.abs(weight / 60_000 - 1)).toBeLessThan(0.05);
  });
});

describe('feedback of a run', () => {
  it('reaches the policy at once where the world has no delay', () => {
    const world = makeWorld({ ads: 2, creatives: 3, seed: 1 });
    const { firstArm } = armsOf(world);
    const learnt: unknown[] = [];
    let asked = 0;
    const policy: OnPolicyOptions['policy'] = (given) =>
      watch(policyOf('ucb')(given), {
        selects: (_, row) => {
          expect([row, learnt.length]).toEqual([asked, asked]);
          asked++;
        },
        learns: (ad, arm, feedback) => learnt.push({ ad, creative: arm - (firstArm[ad] as number), ...feedback }),
      });
    const { batches } = collect(world, options(policy, 3_000));
    expect(learnt).toEqual(
      rowsOf(batches).map(({ ts, ad, creative, position, click, viewTime, revenue }) => ({
        ts,
        ad,
        creative,
        click,
        viewTime,
        revenue,
        exposure: world.positions[position]?.factor,
      })),
    );
  });

  it('reaches the policy in order of arrival, and not before, where it is delayed', () => {
    const delay = 6 * HOUR;
    const impressions = 96_000;
    const days = 4;
    const arrived: number[] = [];
    let behind = 0;
    let early = 0;
    const policy: OnPolicyOptions['policy'] = (given) =>
      watch(policyOf('uniform')(given), {
        selects: (_, row) => {
          const now = START.getTime() + Math.floor((days * MS_PER_DAY * row) / impressions);
          if ((arrived.at(-1) ?? 0) > now) early++;
          behind += row - arrived.length;
        },
        learns: (_, __, { ts }) => arrived.push(ts),
      });
    const { clicks } = runOnPolicy(makeFlatWorld([0.2, 0.1], delay), options(policy, impressions, { days }));
    expect(clicks).toBeGreaterThan(0);
    expect(early).toBe(0);
    expect(arrived.every((ts, i) => i === 0 || ts >= (arrived[i - 1] as number))).toBe(true);
    // 1,000 impressions an hour: under way at t are on average 1,000·d·(1 − e^(−t/d)), d = 6 h; at the end and over the run.
    const atEnd = 6_000 * (1 - Math.exp(-96 / 6));
    expect(Math.abs(impressions - arrived.length - atEnd)).toBeLessThan(4 * Math.sqrt(atEnd));
    const overRun = 6_000 * (1 - (6 / 96) * (1 - Math.exp(-96 / 6)));
    expect(Math.abs(behind / impressions / overRun - 1)).toBeLessThan(0.03);
  });

  it('comes too late to be of use when it takes longer than the run', () => {
    const [prompt, late] = [undefined, 1_000 * MS_PER_DAY].map((delay) =>
      runOnPolicy(makeFlatWorld([0.06, 0.02], delay), options(policyOf('thompson'), 40_000)),
    );
    expect(prompt?.loss).toBeLessThan(0.05);
    expect(late?.loss).toBeGreaterThan(0.2);
  });
});

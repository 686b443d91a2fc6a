import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlannedCreative, type PlanOptions, planShares, RANDOM_FLOOR } from '../../../src/core/feedback/plan.ts';
import { gammaQuantile } from '../../../src/core/numerics/gamma.ts';
import { createRandom } from '../../../src/core/random.ts';

function plan(creatives: readonly PlannedCreative[], changes: Partial<PlanOptions> = {}, seed = 1) {
  return planShares(creatives, {
    k: 10,
    m: 0.02,
    base: 0.02,
    dispersion: 1,
    impressions: 10_000,
    windows: 14,
    random: createRandom(seed),
    ...changes,
  });
}

function creative(clicks: number, effectiveImpressions: number, rewardRest = 0): PlannedCreative {
  return { clicks, effectiveImpressions, rewardRest };
}

const creatives = fc.array(
  fc
    .record({
      exposure: fc.double({ min: 0, max: 1e5, noNaN: true }),
      ctr: fc.double({ min: 0, max: 0.1, noNaN: true }),
      rest: fc.double({ min: -2, max: 2, noNaN: true }),
    })
    .map(({ exposure, ctr, rest }) => creative(Math.floor(exposure * ctr), exposure, rest)),
  { minLength: 1, maxLength: 12 },
);

describe('planShares', () => {
  it('deals out shares that sum to 1, none below its part of the random 5 %', () => {
    fc.assert(
      fc.property(creatives, fc.double({ min: 1, max: 5, noNaN: true }), fc.integer({ min: 0, max: 60 }), (given, dispersion, windows) => {
        const shares = plan(given, { dispersion, windows }).map(({ share }) => share);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        for (const share of shares) expect(share).toBeGreaterThanOrEqual(RANDOM_FLOOR / given.length);
      }),
    );
  });

  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(creatives, fc.integer(), (given, seed) => {
        expect(plan(given, {}, seed)).toEqual(plan(given, {}, seed));
      }),
      { numRuns: 20 },
    );
  });

  it('bounds the reward by the Bayes-UCB quantile of ECOI, with counts divided by φ', () => {
    const given = [creative(60, 3_000, 0.1), creative(30, 1_000, -0.2)];
    const level = 1 - 1 / (15 * Math.log(4_002));
    const expected = given.map(
      ({ clicks, effectiveImpressions, rewardRest }) =>
        gammaQuantile(level, clicks / 2 + 10, effectiveImpressions / 2 + 10 / 0.02) / 0.02 - 1 + rewardRest,
    );
    plan(given, { dispersion: 2 }).forEach(({ bound }, i) => {
      expect(bound).toBeCloseTo(expected[i] as number, 12);
    });
  });

  it('has no bound for a creative never shown, and shows it', () => {
    const [known, fresh] = plan([creative(200, 10_000), creative(0, 0)]) as [
      { share: number; bound: number },
      { share: number; bound: number },
    ];
    expect(Number.isFinite(known.bound)).toBe(true);
    expect(fresh.bound).toBe(Number.POSITIVE_INFINITY);
    // Its wide bound is worth more than one virtual step of 1/200.
    expect(fresh.share).toBeGreaterThan(0.05);
  });

  it('deals out evenly among creatives never shown', () => {
    for (const { share } of plan(Array.from({ length: 5 }, () => creative(0, 0)))) expect(Math.abs(share - 0.2)).toBeLessThan(0.02);
  });

  it('gives a single creative everything', () => {
    expect(plan([creative(5, 100)]).map(({ share }) => share)).toEqual([1]);
  });

  it('gives nearly everything to a creative that is surely best', () => {
    const [best, worse] = plan([creative(4_000, 100_000), creative(1_000, 100_000)]);
    expect(best?.share).toBeCloseTo(0.975, 12);
    expect(worse?.share).toBeCloseTo(0.025, 12);
  });

  it('lets the rest of the reward decide where CTRs are alike', () => {
    const [liked, plain] = plan([creative(200, 10_000, 0.5), creative(200, 10_000, 0)]);
    expect(liked?.share).toBeGreaterThan(0.9);
    expect(plain?.share).toBeLessThan(0.1);
  });

  it('breaks ties by the least exposure', () => {
    // No clicks weight: the bound is the rest alone, the same for both.
    const reward = { ctrWeight: 0, revenueWeight: 0, lambdaStep: 0, lambdaMax: 0, viewTimeTolerance: 0 };
    const [much, little] = plan([creative(10, 50_000), creative(0, 10)], { reward, impressions: 1_000 });
    expect(little?.share).toBeCloseTo(0.975, 12);
    expect(much?.share).toBeCloseTo(0.025, 12);
  });

  it('learns less from the same counts when they are over-dispersed', () => {
    const given = [creative(230, 10_000), creative(200, 10_000)];
    const shareOfWorse = (dispersion: number): number => plan(given, { dispersion, impressions: 20_000 })[1]?.share as number;
    expect(shareOfWorse(6)).toBeGreaterThan(2 * shareOfWorse(1));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, withSettings } from '../../../src/core/config.ts';
import { type PlannedShare, type PlanOptions, planShares } from '../../../src/core/feedback/plan.ts';
import { type CreativeSums, noSums, type Prior } from '../../../src/core/feedback/reward.ts';
import { gammaQuantile } from '../../../src/core/numerics/gamma.ts';
import { createRandom } from '../../../src/core/random.ts';

const PRIOR = { k: 10, m: 0.02 };

interface Given extends Partial<PlanOptions> {
  readonly isShown?: readonly boolean[];
  readonly rest?: readonly number[];
  readonly seed?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Shares of an ad that explores, with a base of 2 % and creatives past the floor unless said otherwise. */
function plan(creatives: readonly CreativeSums[], { isShown, rest, seed = 1, settings = {}, ...changes }: Given = {}): PlannedShare[] {
  return planShares(creatives, isShown ?? creatives.map(() => true), {
    phase: 'explore',
    isLive: creatives.map(() => true),
    leader: 0,
    priors: creatives.map(() => PRIOR),
    dispersion: 1,
    reward: { slope: 1 / 0.02, rest: rest ?? creatives.map(() => 0) },
    exposureFloor: 0,
    impressions: 10_000,
    windows: 14,
    config: withSettings(DEFAULT_CONFIG, new Map(Object.entries(settings))),
    random: createRandom(seed),
    ...changes,
  });
}

function creative(clicks: number, exposure: number): CreativeSums {
  return { ...noSums(), impressions: exposure, clicks, exposure };
}

const sharesOf = (planned: readonly PlannedShare[]): number[] => planned.map(({ share }) => share);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const ads = fc
  .array(
    fc.record({
      exposure: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e5, noNaN: true })),
      ctr: fc.double({ min: 0, max: 0.1, noNaN: true }),
      rest: fc.double({ min: -2, max: 2, noNaN: true }),
      isShown: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .filter((drawn) => drawn.some(({ isShown }) => isShown))
  .map((drawn) => ({
    creatives: drawn.map(({ exposure, ctr }) => creative(Math.floor(exposure * ctr), exposure)),
    isShown: drawn.map((one) => one.isShown),
    rest: drawn.map((one) => one.rest),
  }));
const knowledge = fc.record({
  dispersion: fc.double({ min: 1, max: 5, noNaN: true }),
  windows: fc.integer({ min: 0, max: 60 }),
  impressions: fc.integer({ min: 1, max: 1_000_000 }),
  exposureFloor: fc.integer({ min: 0, max: 5_000 }),
});

describe('planShares while an ad explores', () => {
  it('deals out shares that sum to 1: to all that are tried their part of the random 5 %, to others nothing', () => {
    fc.assert(
      fc.property(ads, knowledge, fc.constantFrom('explore', 'reopened'), ({ creatives, isShown, rest }, known, phase) => {
        const shares = sharesOf(plan(creatives, { isShown, rest, ...known, phase }));
        expect(sum(shares)).toBeCloseTo(1, 12);
        // Those retired are tried where all but one are.
        const shown = isShown.filter(Boolean).length;
        const isTried = isShown.map((is) => is || shown === 1);
        const least = 0.05 / isTried.filter(Boolean).length;
        for (const [i, share] of shares.entries()) {
          if (isTried[i]) expect(share).toBeGreaterThanOrEqual(least - 1e-15);
          else expect(share).toBe(0);
        }
      }),
    );
  });

  it('takes the random floor from the settings', () => {
    const sure = [creative(4_000, 100_000), creative(1_000, 100_000), creative(1_000, 100_000), creative(1_000, 100_000)];
    expect(sharesOf(plan(sure, { settings: { 'plan.random_floor': '0.2' } })).map((share) => Number(share.toFixed(9)))).toEqual([
      0.85, 0.05, 0.05, 0.05,
    ]);
    expect(sharesOf(plan(sure, { settings: { 'plan.random_floor': '0' } }))).toEqual([1, 0, 0, 0]);
    expect(sharesOf(plan(sure, { settings: { 'plan.random_floor': '1' } }))).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(ads, knowledge, fc.integer(), ({ creatives, isShown, rest }, known, seed) => {
        expect(plan(creatives, { isShown, rest, ...known, seed })).toEqual(plan(creatives, { isShown, rest, ...known, seed }));
      }),
      { numRuns: 20 },
    );
  });

  it('does not depend on the order of the creatives, but for ties', () => {
    const given = [creative(60, 3_000), creative(30, 1_100), creative(90, 4_300), creative(10, 700)];
    const shares = sharesOf(plan(given));
    expect(sharesOf(plan(given.toReversed())).toReversed()).toEqual(shares);
  });

  it('bounds the reward by the Bayes-UCB quantile of ECOI, with counts divided by φ', () => {
    const given = [creative(60, 3_000), creative(30, 1_000)];
    const rest = [0.1, -0.2];
    const level = 1 - 1 / (15 * Math.log(4_002));
    for (const alpha of [1, 0.5, 2]) {
      const expected = given.map(({ clicks, exposure }, i) => {
        const [shape, rate] = [clicks / 2 + 10, exposure / 2 + 10 / 0.02];
        const theta = (1 - alpha) * (shape / rate) + alpha * gammaQuantile(level, shape, rate);
        return theta / 0.02 - 1 + (rest[i] as number);
      });
      plan(given, { dispersion: 2, rest, settings: { alpha: String(alpha) } }).forEach(({ bound }, i) => {
        expect(bound).toBeCloseTo(expected[i] as number, 12);
      });
    }
  });

  it('has no bound for a creative never shown, and shows it', () => {
    const [known, fresh] = plan([creative(200, 10_000), creative(0, 0)]);
    expect(Number.isFinite(known?.bound)).toBe(true);
    expect(fresh?.bound).toBe(Number.POSITIVE_INFINITY);
    // Its wide bound is worth more than one virtual step of 1/200.
    expect(fresh?.share).toBeGreaterThan(0.05);
  });

  it('plays creatives below the exposure floor first, the least shown before the others', () => {
    // Steps of 50: 20 take the new one from 0 to 1,000, and 10 the hardly shown one from 500; the rest is for the best.
    const given = [creative(4_000, 100_000), creative(0, 0), creative(0, 500)];
    const shares = sharesOf(plan(given, { exposureFloor: 1_000 }));
    const floor = 0.05 / 3;
    expect(shares[1]).toBeCloseTo((0.95 * 20) / 200 + floor, 12);
    expect(shares[2]).toBeCloseTo((0.95 * 10) / 200 + floor, 12);
    // A day too short for the floor is spent on them alone, and evens them out.
    const short = sharesOf(
      plan([creative(4_000, 100_000), creative(0, 0), creative(0, 400)], { exposureFloor: 1_000, impressions: 1_000 }),
    );
    expect(short[0]).toBeCloseTo(floor, 12);
    expect(short[1]).toBeCloseTo(0.95 * 0.7 + floor, 2);
    expect(short[2]).toBeCloseTo(0.95 * 0.3 + floor, 2);
  });

  it('counts the floor in effective impressions, not in those divided by φ', () => {
    const given = [creative(4_000, 100_000), creative(0, 0)];
    const known = { exposureFloor: 1_000, dispersion: 4, rest: [0, -5] };
    expect(plan(given, known)[1]?.share).toBeCloseTo((0.95 * 20) / 200 + 0.025, 12);
  });

  it('deals out evenly among creatives never shown', () => {
    for (const share of sharesOf(plan(Array.from({ length: 5 }, () => creative(0, 0))))) expect(Math.abs(share - 0.2)).toBeLessThan(0.02);
  });

  it('gives a single creative everything', () => {
    expect(sharesOf(plan([creative(5, 100)]))).toEqual([1]);
    // But for the random 5 %, dealt out over both where the other one retired.
    expect(sharesOf(plan([creative(5, 100), creative(90, 100)], { isShown: [true, false] }))).toEqual([0.975, 0.025]);
  });

  it('gives nearly everything to a creative that is surely best', () => {
    const [best, worse] = sharesOf(plan([creative(4_000, 100_000), creative(1_000, 100_000)]));
    expect(best).toBeCloseTo(0.975, 12);
    expect(worse).toBeCloseTo(0.025, 12);
  });

  it('lets the rest of the reward decide where CTRs are alike', () => {
    const [liked, plain] = sharesOf(plan([creative(200, 10_000), creative(200, 10_000)], { rest: [0.5, 0] }));
    expect(liked).toBeGreaterThan(0.9);
    expect(plain).toBeLessThan(0.1);
  });

  it('breaks ties by the least exposure', () => {
    // No slope: the bound is the rest alone, the same for both.
    const [much, little] = sharesOf(
      plan([creative(10, 50_000), creative(0, 10)], { reward: { slope: 0, rest: [0, 0] }, impressions: 1_000 }),
    );
    expect(little).toBeCloseTo(0.975, 12);
    expect(much).toBeCloseTo(0.025, 12);
  });

  it('learns less from the same counts when they are over-dispersed', () => {
    const given = [creative(230, 10_000), creative(200, 10_000)];
    const shareOfWorse = (dispersion: number): number => plan(given, { dispersion, impressions: 20_000 })[1]?.share as number;
    expect(shareOfWorse(6)).toBeGreaterThan(2 * shareOfWorse(1));
  });
});

describe('planShares where ECOI is predicted', () => {
  const predicted = (...means: number[]): Prior[] => means.map((m) => ({ k: 10, m, isPredicted: true }));

  it('bounds a creative never shown by the quantile of its prior', () => {
    const given = [creative(60, 3_000), creative(0, 0), creative(0, 0)];
    const level = 1 - 1 / (15 * Math.log(3_002));
    const [shown, good, poor] = plan(given, { priors: predicted(0.02, 0.03, 0.01), rest: [0, 0, 0.1] });
    expect(shown?.bound).toBeCloseTo(gammaQuantile(level, 70, 3_500) / 0.02 - 1, 12);
    expect(good?.bound).toBeCloseTo(gammaQuantile(level, 10, 10 / 0.03) / 0.02 - 1, 12);
    expect(poor?.bound).toBeCloseTo(gammaQuantile(level, 10, 10 / 0.01) / 0.02 - 0.9, 12);
    // One that the model does not know is tried as it always was.
    expect(plan(given, { priors: [...predicted(0.02, 0.03), PRIOR] })[2]?.bound).toBe(Number.POSITIVE_INFINITY);
  });

  it('shows the promising of an ad never shown before more, and all of them some', () => {
    const shares = sharesOf(plan([creative(0, 0), creative(0, 0), creative(0, 0)], { priors: predicted(0.01, 0.03, 0.02), windows: 0 }));
    expect(shares[1]).toBeGreaterThan(shares[2] as number);
    expect(shares[2]).toBeGreaterThanOrEqual(shares[0] as number);
    expect(shares[0]).toBeGreaterThanOrEqual(0.05 / 3 - 1e-15);
    // Ten clicks' worth of 1 % against 3 % is nearly enough to decide.
    expect(shares[1]).toBeGreaterThan(0.8);
  });

  it('gives all creatives their floor, the promising first where the day is too short', () => {
    const given = [creative(4_000, 100_000), creative(0, 0), creative(0, 0)];
    const known = { exposureFloor: 1_000, priors: predicted(0.02, 0.001, 0.01) };
    // Steps of 50: 20 take each of the new ones to 1,000, however poor it is predicted to be.
    const shares = sharesOf(plan(given, known));
    expect(shares[1]).toBeCloseTo((0.95 * 20) / 200 + 0.05 / 3, 12);
    expect(shares[2]).toBeCloseTo((0.95 * 20) / 200 + 0.05 / 3, 12);
    // A day of 1,000 is enough for one of them.
    const short = sharesOf(plan(given, { ...known, impressions: 1_000 }));
    expect(short[2]).toBeCloseTo(0.95 + 0.05 / 3, 12);
    expect(short[1]).toBeCloseTo(0.05 / 3, 12);
  });

  it('is the plan of the common prior where all predictions are the same', () => {
    fc.assert(
      fc.property(ads, knowledge, fc.integer(), ({ creatives, isShown, rest }, known, seed) => {
        // Without a floor a creative never shown comes first only where nothing is known of it.
        fc.pre(known.exposureFloor > 0 || creatives.every(({ exposure }) => exposure > 1));
        const given = { isShown, rest, ...known, seed };
        const alike = plan(creatives, { ...given, priors: predicted(...creatives.map(() => PRIOR.m)) });
        expect(sharesOf(alike)).toEqual(sharesOf(plan(creatives, given)));
      }),
    );
  });

  it('never shows a creative less for a higher prediction', () => {
    const drawn = fc.record({
      at: fc.nat(),
      means: fc.array(fc.double({ min: 0.002, max: 0.1, noNaN: true }), { minLength: 12, maxLength: 12 }),
      k: fc.double({ min: 0.5, max: 200, noNaN: true }),
      times: fc.double({ min: 1, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(ads, knowledge, drawn, ({ creatives, isShown, rest }, known, { at, means, k, times }) => {
        const raised = at % creatives.length;
        const shareOf = (factor: number): number => {
          const priors = creatives.map((_, i) => ({ k, m: (means[i] as number) * (i === raised ? factor : 1), isPredicted: true }));
          return plan(creatives, { isShown, rest, ...known, priors })[raised]?.share as number;
        };
        // Bounds of the others age by up to 2 % of the impressions, which may cost a virtual step.
        expect(shareOf(times)).toBeGreaterThanOrEqual(shareOf(1) - 1 / 200);
      }),
    );
  });
});

describe('planShares after the exit', () => {
  const given = [creative(60, 3_000), creative(30, 1_000), creative(9, 900), creative(80, 3_000)];

  it('gives the leader all but the probes, those to the others evenly, and nothing to those retired', () => {
    const shares = sharesOf(plan(given, { phase: 'exploit', leader: 3, isShown: [true, true, false, true] }));
    expect(shares).toEqual([0.005, 0.005, 0, 0.99]);
    const probed = sharesOf(plan(given, { phase: 'exploit', leader: 3, settings: { 'exit.probe': '0.3' } }));
    expect(probed.map((share) => Number(share.toFixed(12)))).toEqual([0.1, 0.1, 0.1, 0.7]);
  });

  it('probes those retired where all others are, and gives the leader everything when there is nobody else', () => {
    const probed = sharesOf(plan(given, { phase: 'exploit', leader: 1, isShown: [false, true, false, false] }));
    expect(probed).toEqual([0.01 / 3, 0.99, 0.01 / 3, 0.01 / 3]);
    expect(sharesOf(plan(given.slice(0, 1), { phase: 'exploit', leader: 0 }))).toEqual([1]);
    expect(sharesOf(plan(given, { phase: 'exploit', leader: 1, settings: { 'exit.probe': '0' } }))).toEqual([0, 1, 0, 0]);
  });

  it('sums to 1 whoever leads and whoever retired', () => {
    fc.assert(
      fc.property(ads, fc.nat(), ({ creatives, isShown, rest }, at) => {
        const shown = isShown.flatMap((is, i) => (is ? [i] : []));
        const leader = shown[at % shown.length] as number;
        const shares = sharesOf(plan(creatives, { phase: 'exploit', leader, isShown, rest }));
        expect(sum(shares)).toBeCloseTo(1, 12);
        expect(Math.max(...shares)).toBe(shares[leader]);
        if (shown.length > 1) for (const [i, is] of isShown.entries()) if (!is) expect(shares[i]).toBe(0);
      }),
    );
  });
});

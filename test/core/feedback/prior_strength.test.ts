import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../src/core/config.ts';
import { type AdPlanOptions, planAd } from '../../../src/core/feedback/ad_plan.ts';
import { fitPriorStrength, type PriorStrength } from '../../../src/core/feedback/prior_strength.ts';
import { noSums, type Prior } from '../../../src/core/feedback/reward.ts';
import { fitShrinkage, type Shrinkage } from '../../../src/core/feedback/shrinkage.ts';
import { createRandom, type Random } from '../../../src/core/random.ts';
import { poisson } from './made_cells.ts';

/** The negative-binomial log-probabilities, with ln Γ(c+k)/Γ(k) as a plain sum. */
function logMarginal(clicks: readonly number[], expected: readonly number[], k: number): number {
  return clicks.reduce((sum, c, i) => {
    const mean = expected[i] as number;
    let value = k * Math.log(k / (k + mean)) + c * Math.log(mean / (k + mean));
    for (let j = 0; j < c; j++) value += Math.log(k + j);
    return sum + value;
  }, 0);
}

const rows = fc.array(
  fc.record({
    clicks: fc.integer({ min: 0, max: 60 }),
    exposure: fc.integer({ min: 1, max: 5_000 }),
    mean: fc.double({ min: 1e-4, max: 0.2, noNaN: true }),
  }),
  { minLength: 2, maxLength: 10 },
);

function fitRows(drawn: readonly { clicks: number; exposure: number; mean: number }[], times = 1): PriorStrength | undefined {
  return fitPriorStrength(
    drawn.map(({ clicks }) => clicks),
    drawn.map(({ exposure }) => exposure),
    drawn.map(({ mean }) => times * mean),
  );
}

describe('fitPriorStrength', () => {
  it('scales predictions to the clicks, and gives the likelihood at its k', () => {
    // Σ p·E = 10 + 30 = 40 for 50 clicks: means 12.5 and 37.5. All 1,500 impressions alike: 100/3 and 50/3.
    const fitted = fitPriorStrength([20, 30], [1_000, 500], [0.01, 0.06]) as PriorStrength;
    expect(fitted.scale).toBeCloseTo(1.25, 12);
    expect(fitted.logLikelihood).toBeCloseTo(logMarginal([20, 30], [12.5, 37.5], fitted.k), 8);
    const constant = fitShrinkage([20, 30], [1_000, 500]) as Shrinkage;
    expect(fitted.logLikelihoodOfConstant).toBeCloseTo(logMarginal([20, 30], [100 / 3, 50 / 3], constant.k), 8);
  });

  it('maximises the negative-binomial marginal over its range where the maximum is within', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const fitted = fitRows(drawn);
        fc.pre(fitted !== undefined);
        const { k, scale, atBound } = fitted as PriorStrength;
        fc.pre(!atBound);
        const clicks = drawn.map((row) => row.clicks);
        const expected = drawn.map(({ mean, exposure }) => scale * mean * exposure);
        const best = logMarginal(clicks, expected, k);
        // Between grid points the curve may have a second hill; a hundredth of a nat is no preference.
        for (let x = -3; x <= 12; x += 0.25) expect(logMarginal(clicks, expected, Math.exp(x))).toBeLessThanOrEqual(best + 0.01);
      }),
    );
  });

  it('takes the least strength that the clicks allow where none is too large', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        // Clicks as the predictions say: no rate differs from its mean.
        const exact = drawn.map((row) => ({ ...row, clicks: Math.round(row.mean * row.exposure) }));
        const fitted = fitRows(exact);
        fc.pre(fitted?.atBound === true);
        const { k, scale, logLikelihood } = fitted as PriorStrength;
        const clicks = exact.map((row) => row.clicks);
        const expected = exact.map(({ mean, exposure }) => scale * mean * exposure);
        expect(k).toBeLessThan(Math.exp(12));
        // The lower end of a 95 % interval: 1.92 nats below the best, or the least k of the range where that is not so far below.
        const fall = logLikelihood - logMarginal(clicks, expected, k);
        if (k > Math.exp(-3) * 1.001) expect(fall).toBeCloseTo(1.92, 3);
        else expect(fall).toBeLessThan(1.93);
      }),
    );
  });

  it('proves more strength the more clicks agree', () => {
    const strengths = [10, 100, 1_000].map((clicks) => {
      const fitted = fitPriorStrength([clicks, clicks, clicks], [1_000, 2_000, 4_000], [0.04, 0.02, 0.01]) as PriorStrength;
      expect(fitted.atBound).toBe(true);
      return fitted.k;
    });
    expect(strengths).toEqual(strengths.toSorted((a, b) => a - b));
    expect(strengths[2]).toBeGreaterThan(10 * (strengths[0] as number));
  });

  it('finds the strength and the scale that rates were drawn with', () => {
    for (const k of [1, 8, 40]) {
      const random = createRandom(k);
      const exposure = Array.from({ length: 3_000 }, (_, i) => 500 + (i % 10) * 500);
      const means = exposure.map(() => 0.01 * Math.exp(0.5 * random.normal()));
      const clicks = exposure.map((e, i) => poisson(random, (e * 2 * (means[i] as number) * random.gamma(k)) / k));
      const fitted = fitPriorStrength(clicks, exposure, means) as PriorStrength;
      // Standard error of ln k from 3,000 creatives is about .03 to .06, of the scale 2 % at k = 1.
      expect(Math.abs(Math.log(fitted.k / k))).toBeLessThan(0.2);
      expect(Math.abs(fitted.scale / 2 - 1)).toBeLessThan(0.1);
      expect(fitted.atBound).toBe(false);
      expect(fitted.logLikelihood).toBeGreaterThan(fitted.logLikelihoodOfConstant);
    }
  });

  it('is the common prior where all predictions are the same', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const alike = drawn.map((row) => ({ ...row, mean: 0.03 }));
        const fitted = fitRows(alike);
        fc.pre(fitted !== undefined);
        const { k, scale, atBound, logLikelihood, logLikelihoodOfConstant } = fitted as PriorStrength;
        const common = fitShrinkage(
          drawn.map(({ clicks }) => clicks),
          drawn.map(({ exposure }) => exposure),
        ) as Shrinkage;
        expect(scale * 0.03).toBeCloseTo(common.m, 12);
        expect(atBound).toBe(common.atBound);
        // The search stops at 1e-6 in ln k; at the far end the curve is flat to the last bits.
        if (!atBound) expect(Math.abs(Math.log(k / common.k))).toBeLessThan(1e-2);
        expect(logLikelihood).toBeCloseTo(logLikelihoodOfConstant, 6);
      }),
    );
  });

  it('does not depend on the unit of the predictions', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0.01, max: 100, noNaN: true }), (drawn, times) => {
        const [one, other] = [fitRows(drawn), fitRows(drawn, times)];
        fc.pre(one !== undefined && other !== undefined);
        expect((other as PriorStrength).scale * times).toBeCloseTo((one as PriorStrength).scale, 9);
        expect((other as PriorStrength).logLikelihood).toBeCloseTo((one as PriorStrength).logLikelihood, 6);
      }),
    );
  });

  it('leaves out rows without exposure, whatever is predicted for them', () => {
    const fitted = fitPriorStrength([5, 9, 20], [300, 310, 290], [0.01, 0.03, 0.05]);
    expect(fitPriorStrength([5, 0, 9, 20], [300, 0, 310, 290], [0.01, Number.NaN, 0.03, 0.05])).toEqual(fitted);
  });

  it('has nothing to say without a click', () => {
    expect(fitPriorStrength([0, 0], [10, 20], [0.1, 0.2])).toBeUndefined();
    expect(fitPriorStrength([], [], [])).toBeUndefined();
  });

  it('refuses predictions that no click can come from', () => {
    for (const mean of [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => fitPriorStrength([1, 2], [10, 20], [0.1, mean])).toThrow(`Expected predicted CTRs above 0 but received ${mean}.`);
    }
  });
});

interface Made {
  readonly ctr: number;
  readonly predicted: number;
}

/** Creatives around 2 % CTR, and predictions whose logarithms correlate so much with the truth's, on a scale of their own. */
function makeCreatives(creatives: number, correlation: number, random: Random): Made[] {
  return Array.from({ length: creatives }, () => {
    const seen = random.normal();
    const own = correlation * seen + Math.sqrt(1 - correlation ** 2) * random.normal();
    return { ctr: 0.02 * Math.exp(0.5 * own), predicted: 0.013 * Math.exp(0.5 * seen) };
  });
}

/** Both priors, from 400 held-out creatives with 300 to 2,400 impressions. */
function fitHeldOut(correlation: number): { strength: PriorStrength; common: Shrinkage } {
  const random = createRandom(5);
  const held = makeCreatives(400, correlation, random);
  const exposure = held.map((_, i) => 300 * (1 + (i % 8)));
  const clicks = held.map(({ ctr }, i) => poisson(random, ctr * (exposure[i] as number)));
  const predicted = held.map((creative) => creative.predicted);
  return {
    strength: fitPriorStrength(clicks, exposure, predicted) as PriorStrength,
    common: fitShrinkage(clicks, exposure) as Shrinkage,
  };
}

/** Share of the best creative's clicks that tomorrow's plan loses, after one day of so many impressions dealt out evenly. */
function lossOf(ad: readonly Made[], priors: readonly Prior[], impressions: number, seed: number): number {
  const random = createRandom(seed, 1);
  const even = impressions / ad.length;
  const creatives = ad.map(({ ctr }) => ({ ...noSums(), impressions: even, exposure: even, clicks: poisson(random, even * ctr) }));
  const options: AdPlanOptions = {
    creatives: ad.length,
    days: impressions > 0 ? [{ day: 1, creatives }] : [],
    isStored: ad.map(() => true),
    base: undefined,
    priors,
    dispersion: 1,
    config: DEFAULT_CONFIG,
    random: createRandom(seed),
  };
  const clicks = planAd(options).creatives.reduce((sum, { share }, i) => sum + share * (ad[i] as Made).ctr, 0);
  return 1 - clicks / Math.max(...ad.map(({ ctr }) => ctr));
}

/** How much less predictions lose than the common prior, over 100 ads of eight creatives: the mean and its standard error. */
function gainOf(correlation: number, impressions: number): { mean: number; error: number } {
  const { strength, common } = fitHeldOut(correlation);
  const gains = Array.from({ length: 100 }, (_, seed) => {
    const ad = makeCreatives(8, correlation, createRandom(seed, 2));
    const own = ad.map(({ predicted }): Prior => ({ k: strength.k, m: strength.scale * predicted, isPredicted: true }));
    const alike = ad.map(() => common);
    return lossOf(ad, alike, impressions, seed) - lossOf(ad, own, impressions, seed);
  });
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  return { mean, error: Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (gains.length - 1) / gains.length) };
}

describe('plans whose prior means are predicted', () => {
  // Beside each bound what 150 ads gave; three standard errors above it would be bad luck in 700.
  it.each([
    { impressions: 0, least: 0.2 }, // .311 of the best creative's clicks
    { impressions: 500, least: 0.04 }, // .071
    { impressions: 2_000, least: 0.01 }, // .038
  ])('lose less than with the common prior after $impressions impressions where predictions tell something', ({ impressions, least }) => {
    const { mean, error } = gainOf(0.8, impressions);
    expect(mean).toBeGreaterThan(least);
    expect(mean).toBeGreaterThan(3 * error);
  });

  it('count predictions for more the better they are', () => {
    const strengths = [0, 0.3, 0.6, 0.8, 0.95].map((correlation) => fitHeldOut(correlation).strength.k);
    expect(strengths).toEqual(strengths.toSorted((a, b) => a - b));
  });

  it('are not preferred by the likelihood where predictions are noise, which count for less than the mean of all', () => {
    const { strength, common } = fitHeldOut(0);
    // Rates lie twice as far from noise as from their mean: 1/k is (e^¼)² − 1 against e^¼ − 1.
    expect(strength.k).toBeLessThan(0.7 * common.k);
    expect(strength.logLikelihood).toBeLessThan(strength.logLikelihoodOfConstant - 50);
    // The clicks make up for most of it.
    expect(gainOf(0, 5_000).mean).toBeGreaterThan(-0.02);
    expect(fitHeldOut(0.8).strength.logLikelihood).toBeGreaterThan(fitHeldOut(0.8).strength.logLikelihoodOfConstant + 50);
  });
});

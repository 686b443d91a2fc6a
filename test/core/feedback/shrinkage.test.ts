import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitShrinkage, fitStrength } from '../../../src/core/feedback/shrinkage.ts';
import { createRandom } from '../../../src/core/random.ts';
import { poisson } from './made_cells.ts';

/** Clicks of creatives whose rates are drawn from Gamma(k, k/m). */
function drawClicks(k: number, m: number, exposure: readonly number[], seed: number): number[] {
  const random = createRandom(seed);
  return exposure.map((e) => poisson(random, (e * m * random.gamma(k)) / k));
}

/** The negative-binomial log-probabilities, with ln Γ(c+k)/Γ(k) as a plain sum. */
function logMarginal(clicks: readonly number[], exposure: readonly number[], m: number, k: number): number {
  return clicks.reduce((sum, c, i) => {
    const mean = m * (exposure[i] as number);
    let value = k * Math.log(k / (k + mean)) + c * Math.log(mean / (k + mean));
    for (let j = 0; j < c; j++) value += Math.log(k + j);
    return sum + value;
  }, 0);
}

describe('fitShrinkage', () => {
  it('finds the k that rates were drawn with', () => {
    const exposure = Array.from({ length: 3_000 }, (_, i) => 500 + (i % 10) * 500);
    for (const k of [1, 8, 40]) {
      const fitted = fitShrinkage(drawClicks(k, 0.02, exposure, 3), exposure);
      // Standard error of ln k from 3,000 creatives is about .03 to .06.
      expect(Math.abs(Math.log((fitted?.k ?? 0) / k))).toBeLessThan(0.2);
      expect(Math.abs((fitted?.m ?? 0) / 0.02 - 1)).toBeLessThan(0.1);
      expect(fitted?.atBound).toBe(false);
    }
  });

  it('maximises the negative-binomial marginal over its range', () => {
    const exposures = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(exposures, fc.integer(), (exposure, seed) => {
        const clicks = drawClicks(3, 0.01, exposure, seed);
        const fitted = fitShrinkage(clicks, exposure);
        fc.pre(fitted !== undefined);
        const { k, m } = fitted as { k: number; m: number };
        const best = logMarginal(clicks, exposure, m, k);
        for (let x = -3; x <= 12; x += 0.25) expect(logMarginal(clicks, exposure, m, Math.exp(x))).toBeLessThanOrEqual(best + 1e-5);
      }),
    );
  });

  it('finds the higher of two maxima', () => {
    // 6 clicks in 116 and 42 in 4463: a maximum at k = 1.1, a valley, and the rise towards the end of the range.
    const exposure = [116, 4463];
    const clicks = drawClicks(3, 0.01, exposure, 14);
    expect(clicks).toEqual([6, 42]);
    const { k, m } = fitShrinkage(clicks, exposure) as { k: number; m: number };
    const grid = Array.from({ length: 1_501 }, (_, i) => logMarginal(clicks, exposure, m, Math.exp(-3 + i / 100)));
    expect(logMarginal(clicks, exposure, m, k)).toBeGreaterThanOrEqual(Math.max(...grid) - 1e-5);
  });

  it('leaves out rows without exposure', () => {
    const [clicks, exposure] = [
      [5, 9, 20],
      [300, 310, 290],
    ];
    expect(fitShrinkage([...clicks, 0], [...exposure, 0])).toEqual(fitShrinkage(clicks, exposure));
  });

  it('has nothing to say without a click or without exposure', () => {
    expect(fitShrinkage([0, 0], [10, 20])).toBeUndefined();
    expect(fitShrinkage([], [])).toBeUndefined();
    expect(fitShrinkage([0], [0])).toBeUndefined();
  });
});

describe('the least strength', () => {
  it('is the lower end of a 95 % interval by the likelihood ratio', () => {
    for (const k of [1, 8, 40]) {
      const exposure = Array.from({ length: 300 }, (_, i) => 500 + (i % 10) * 500);
      const clicks = drawClicks(k, 0.02, exposure, 3);
      const fitted = fitStrength(
        clicks,
        exposure.map((e) => 0.02 * e),
      );
      const least = fitted.atLeast();
      expect(least).toBeLessThan(fitted.k);
      // Half of the .95 quantile of χ² with one degree of freedom.
      expect(logMarginal(clicks, exposure, 0.02, fitted.k) - logMarginal(clicks, exposure, 0.02, least)).toBeCloseTo(1.92, 4);
    }
  });

  it('is below the strength that rates were drawn with, 39 times in 40', () => {
    const exposure = Array.from({ length: 200 }, (_, i) => 500 + (i % 10) * 500);
    const above = Array.from({ length: 200 }, (_, seed) => {
      const { atLeast } = fitStrength(
        drawClicks(8, 0.02, exposure, seed),
        exposure.map((e) => 0.02 * e),
      );
      return atLeast() > 8;
    }).filter(Boolean).length;
    // 5 of 200 with a deviation of 2.2: four of them.
    expect(above).toBeLessThan(14);
  });

  it('is finite where the strength is at its bound', () => {
    const { atBound, atLeast } = fitStrength([40, 40, 40], [40, 40, 40]);
    expect(atBound).toBe(true);
    expect(atLeast()).toBeGreaterThan(1);
    expect(atLeast()).toBeLessThan(1_000);
  });
});

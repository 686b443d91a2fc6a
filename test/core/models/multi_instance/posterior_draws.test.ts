import { describe, expect, it } from 'vitest';
import { type AdditivePrior, fitAdditive } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import { drawPosterior } from '../../../../src/core/models/multi_instance/posterior_draws.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { fitDensely } from './dense_fit.ts';
import { allRows, makeBags } from './made_bags.ts';

const DRAWS = 20_000;

describe('drawPosterior', () => {
  it('has the covariance of the inverse Hessian, between elements, between ads, and between elements and ads', () => {
    for (const [family, phi] of [
      ['binomial', 1],
      ['binomial', 2.5],
      ['poisson', 1],
    ] as const) {
      const bags = makeBags({ seed: 11, rows: 25, ads: 3, elementsPerKind: [3, 2], absent: 0.2 });
      const prior: AdditivePrior = { family, phi, priorSd: Float64Array.of(0.5, 0.2), adSd: 2 };
      const fit = fitAdditive(bags, allRows(bags), prior);
      const { effect, ad } = drawPosterior(bags, allRows(bags), fit, { ...prior, draws: DRAWS, random: createRandom(1) });
      const wanted = fitDensely(bags, prior).covariance;
      const deviationOf = (draw: number, i: number): number => (i < 5 ? effect[draw * 5 + i] : ad[draw * 3 + i - 5]) as number;
      for (let i = 0; i < 8; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let draw = 0; draw < DRAWS; draw++) sum += deviationOf(draw, i) * deviationOf(draw, j);
          const scale = Math.sqrt((wanted[i]?.[i] as number) * (wanted[j]?.[j] as number));
          // Standard error of a correlation from 20,000 draws is .007, of a variance .01; 4 of them.
          expect(Math.abs(sum / DRAWS - (wanted[i]?.[j] as number)) / scale).toBeLessThan(0.04);
        }
      }
    }
  });

  it('draws elements and ads without rows from their priors, and kinds without spread as certain', () => {
    const bags = makeBags({ seed: 2, rows: 40, ads: 4, elementsPerKind: [3, 2, 2], absent: 0 });
    const rows = allRows(bags).filter((row) => bags.ad[row] !== 3 && bags.members[row * 3] !== 0);
    const prior: AdditivePrior = { family: 'binomial', priorSd: Float64Array.of(0.5, 0.2, 0), adSd: 2 };
    const fit = fitAdditive(bags, rows, prior);
    const { effect, ad } = drawPosterior(bags, rows, fit, { ...prior, draws: 4_000, random: createRandom(1) });
    const sdOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, own) => sum + own * own, 0) / values.length);
    // Standard error of a standard deviation from 4,000 draws: 1.1 %.
    expect(sdOf(effect.filter((_, i) => i % 7 === 0))).toBeCloseTo(0.5, 1);
    expect(sdOf(effect.filter((_, i) => i % 7 === 1))).toBeLessThan(0.45);
    expect(effect.filter((_, i) => i % 7 >= 5).every((own) => own === 0)).toBe(true);
    // An ad never shown also has the uncertainty of the ads' mean, here of three ads: √(4 + 4/3) = 2.3.
    expect(sdOf(ad.filter((_, i) => i % 4 === 3))).toBeGreaterThan(2.1);
    expect(sdOf(ad.filter((_, i) => i % 4 === 3))).toBeLessThan(2.5);
  });

  it('is the same for the same generator', () => {
    const bags = makeBags({ seed: 2, rows: 40, ads: 4, elementsPerKind: [3, 2], absent: 0 });
    const prior: AdditivePrior = { family: 'binomial', priorSd: Float64Array.of(0.5, 0.2), adSd: 2 };
    const fit = fitAdditive(bags, allRows(bags), prior);
    const draw = (seed: number) => drawPosterior(bags, allRows(bags), fit, { ...prior, draws: 3, random: createRandom(seed) });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

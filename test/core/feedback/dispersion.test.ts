import { describe, expect, it } from 'vitest';
import { type DailyCells, measureDispersion } from '../../../src/core/feedback/dispersion.ts';
import { createRandom } from '../../../src/core/random.ts';
import { poisson } from './made_cells.ts';

/** Pairs shown on several days, ordered by pair and day; every count times `times`. */
function dailyPoisson(pairs: number, days: number, times: number, seed: number): DailyCells {
  const random = createRandom(seed);
  const cells = Array.from({ length: pairs * days }, (_, at) => {
    const impressions = 200 + random.below(800);
    return { pair: Math.floor(at / days), impressions: times * impressions, clicks: times * poisson(random, 0.02 * impressions) };
  });
  return {
    creative: cells.map(({ pair }) => pair),
    position: cells.map(() => 0),
    impressions: cells.map(({ impressions }) => impressions),
    clicks: cells.map(({ clicks }) => clicks),
    cells: cells.length,
  };
}

describe('measureDispersion', () => {
  it('is 1 for Poisson counts and 2 for doubled ones', () => {
    // df 2,700: the standard error of X²/df is √(2/2700) = .027, relative.
    for (const seed of [1, 2, 3]) {
      const { pearson, degreesOfFreedom } = measureDispersion(dailyPoisson(300, 10, 1, seed));
      expect(degreesOfFreedom).toBe(2_700);
      expect(Math.abs(pearson / degreesOfFreedom - 1)).toBeLessThan(0.1);
      expect(Math.abs(measureDispersion(dailyPoisson(300, 10, 2, seed)).phi - 2)).toBeLessThan(0.2);
    }
  });

  it('adds (c − e)²/e over the days of each pair', () => {
    // Pair 0: 40 clicks in 1000, so 10 and 30 expected: 25/10 + 25/30. Pair 1 shown once, pair 2 never clicked, pair 3 as expected.
    const found = measureDispersion({
      creative: [0, 0, 1, 2, 2, 3, 3, 3],
      position: [0, 0, 0, 0, 0, 1, 1, 1],
      impressions: [250, 750, 500, 100, 100, 100, 200, 300],
      clicks: [15, 25, 9, 0, 0, 1, 2, 3],
      cells: 8,
    });
    expect(found.pearson).toBeCloseTo(2.5 + 25 / 30, 12);
    expect(found.degreesOfFreedom).toBe(1 + 2);
    expect(found.phi).toBeCloseTo((2.5 + 25 / 30) / 3, 12);
  });

  it('never falls below 1, and is 1 where no cell is repeated', () => {
    expect(measureDispersion({ creative: [0, 0], position: [0, 0], impressions: [100, 100], clicks: [5, 5], cells: 2 }).phi).toBe(1);
    expect(measureDispersion({ creative: [0, 1], position: [0, 0], impressions: [9, 9], clicks: [1, 5], cells: 2 })).toEqual({
      phi: 1,
      pearson: 0,
      degreesOfFreedom: 0,
    });
  });

  it('does not count days without impressions', () => {
    const found = measureDispersion({ creative: [0, 0, 0], position: [0, 0, 0], impressions: [100, 0, 100], clicks: [4, 0, 6], cells: 3 });
    expect(found.degreesOfFreedom).toBe(1);
    expect(found.pearson).toBeCloseTo(0.4, 12);
  });
});

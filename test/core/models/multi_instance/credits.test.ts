import { describe, expect, it } from 'vitest';
import { type CombinationWorldOptions, naiveRates } from '../../../../src/core/models/multi_instance/combination_world.ts';
import { creditElements } from '../../../../src/core/models/multi_instance/credits.ts';
import { attributeBags, drawConfoundedWorld, rankCorrelation, trueCredits } from './attributed_world.ts';

/** Attribution of several worlds against their truth. */
function judge(count: number, options: Partial<CombinationWorldOptions> = {}) {
  const worlds = Array.from({ length: count }, (_, i) => i + 1).map((seed) => {
    const world = drawConfoundedWorld(seed, options);
    const { prior, credits } = attributeBags(world.bags, seed);
    const truth = trueCredits(world);
    const rates = naiveRates(world.bags);
    return {
      phi: prior.phi as number,
      correlation: rankCorrelation(
        credits.map(({ credit }) => credit),
        truth,
      ),
      naive: rankCorrelation(rates, truth),
      covered: credits.filter(({ element, low, high }) => low <= (truth[element] as number) && (truth[element] as number) <= high).length,
      called: credits.filter(({ evidence }) => evidence === 'higher' || evidence === 'lower').length,
      rightly: credits.filter(({ element, evidence }) => evidence === ((truth[element] as number) > 0 ? 'higher' : 'lower')).length,
      credits: credits.length,
    };
  });
  const mean = (of: (world: (typeof worlds)[number]) => number): number => worlds.reduce((sum, own) => sum + of(own), 0) / worlds.length;
  const all = mean(({ credits }) => credits);
  return {
    phi: mean((own) => own.phi),
    correlation: mean((own) => own.correlation),
    leastCorrelation: Math.min(...worlds.map((own) => own.correlation)),
    naive: mean((own) => own.naive),
    coverage: mean((own) => own.covered) / all,
    called: mean((own) => own.called) / all,
    rightly: mean((own) => own.rightly) / mean((own) => own.called),
  };
}

// The standard error of a coverage of 95 % is 1 % over 20 worlds of 24 elements, and 1.8 % over 6.
describe('creditElements, in worlds where good ads favour certain elements', () => {
  it('ranks elements as the truth does (.99, against .4 of the elements’ own CTRs) with intervals that cover it', () => {
    const { correlation, leastCorrelation, naive, coverage, rightly } = judge(20);
    expect(leastCorrelation).toBeGreaterThan(0.93);
    expect(correlation).toBeGreaterThan(0.97);
    expect(naive).toBeLessThan(0.6);
    expect(coverage).toBeGreaterThan(0.9);
    expect(coverage).toBeLessThan(0.99);
    expect(rightly).toBeGreaterThan(0.97);
  });

  it('finds next to nothing where elements do nothing', () => {
    expect(judge(6, { effectSd: 0 }).called).toBeLessThanOrEqual(0.05);
  });

  it('finds how much clicks vary beyond chance, and is as much less certain', () => {
    const { phi, coverage, leastCorrelation } = judge(6, { phi: 3 });
    expect(Math.abs(phi - 3)).toBeLessThan(0.15);
    expect(leastCorrelation).toBeGreaterThan(0.93);
    expect(coverage).toBeGreaterThan(0.9);
    expect(coverage).toBeLessThan(0.99);
    expect(judge(6, { phi: 3, effectSd: 0 }).called).toBeLessThanOrEqual(0.05);
  });

  it('covers effects so small that a prior chosen by held-out rows is tempted to say there are none', () => {
    expect(judge(6, { effectSd: 0.03 }).coverage).toBeGreaterThan(0.9);
  });
});

describe('creditElements', () => {
  const world = drawConfoundedWorld(1, { ads: 30, impressionsPerCombination: 40 });
  const { bags } = world;
  const posterior = {
    draws: 2,
    effect: Float32Array.from({ length: 48 }, (_, i) => (i < 24 ? 1 : -1) * (i % 8 === 0 ? 0.8 : 0)),
    ad: new Float32Array(60),
  };
  const model = { family: 'binomial' as const, main: world.effect, pairs: undefined, adEffect: world.adEffect, posterior, phi: 1 };
  const rows = Int32Array.from({ length: bags.rows }, (_, row) => row);

  it('takes the interval from the draws of the centred effect, and judges by it', () => {
    const credits = creditElements(bags, rows, model);
    const own = credits.find(({ element }) => element === 8);
    const exposure = credits.filter(({ element }) => element >= 8 && element < 16).reduce((sum, each) => sum + each.exposure, 0);
    const sd = 0.8 * (1 - (own?.exposure as number) / exposure);
    expect((own?.high as number) - (own?.credit as number)).toBeCloseTo(1.96 * sd, 3);
    expect(own?.multiplier).toBe(Math.exp(own?.credit as number));
    for (const { credit, low, high, evidence, expected } of credits) {
      expect(high - credit).toBeCloseTo(credit - low, 10);
      expect(evidence).toBe(expected < 5 ? 'insufficient' : low > 0 ? 'higher' : high < 0 ? 'lower' : 'unclear');
    }
  });

  it('expects of an element what its ads get with mean elements, and does not judge it under 5 of that, φ taken into account', () => {
    const own = creditElements(bags, rows, model).find(({ element }) => element === 3);
    const sums = { exposure: 0, outcomes: 0 };
    rows.forEach((row) => {
      if (!bags.members.subarray(row * 3, row * 3 + 3).includes(3)) return;
      sums.exposure += bags.exposure[row] as number;
      sums.outcomes += bags.outcomes[row] as number;
    });
    expect(own).toMatchObject(sums);
    const expected = own?.expected as number;
    const phi = expected / 5;
    expect(creditElements(bags, rows, { ...model, phi: phi * 1.01 }).find(({ element }) => element === 3)?.evidence).toBe('insufficient');
    expect(creditElements(bags, rows, { ...model, phi: phi * 0.99 }).find(({ element }) => element === 3)?.evidence).not.toBe(
      'insufficient',
    );
  });

  it('credits the elements of one ad among themselves', () => {
    const own = rows.filter((row) => bags.ad[row] === 4);
    const credits = creditElements(bags, own, model);
    const shown = Array.from(own, (row) => [...bags.members.subarray(row * 3, row * 3 + 3)]).flat();
    expect(credits.map(({ element }) => element)).toEqual([...new Set(shown)].sort((a, b) => a - b));
    const weighted = credits.filter(({ element }) => element < 8).reduce((sum, { credit, exposure }) => sum + credit * exposure, 0);
    expect(weighted).toBeCloseTo(0, 8);
  });
});

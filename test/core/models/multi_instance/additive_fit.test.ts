import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdditiveFit,
  type AdditivePrior,
  fitAdditive,
  measureLoss,
  measurePhi,
} from '../../../../src/core/models/multi_instance/additive_fit.ts';
import type { Bags, Family } from '../../../../src/core/models/multi_instance/bags.ts';
import { drawCombinationWorld } from '../../../../src/core/models/multi_instance/combination_world.ts';
import { createRandom, shuffle } from '../../../../src/core/random.ts';
import { fitDensely } from './dense_fit.ts';
import { allRows, arbitraryBags, makeBags } from './made_bags.ts';

const families = fc.constantFrom<Family>('binomial', 'poisson');
const sds = [0.05, 0.3, 1];

function priorOf({ kinds }: Bags, options: Partial<AdditivePrior> = {}): AdditivePrior {
  return { family: 'binomial', priorSd: Float64Array.from(kinds, (_, kind) => sds[kind % 3] as number), adSd: 2, ...options };
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(0, ...Array.from(a, (own, i) => Math.abs(own - (b[i] as number))));
}

/** Largest difference of any effect of two fits. */
function differenceOf(a: Pick<AdditiveFit, 'effect' | 'adEffect'>, b: Pick<AdditiveFit, 'effect' | 'adEffect'>): number {
  return Math.max(distance(a.effect, b.effect), distance(a.adEffect, b.adEffect));
}

function worldOf(options: Partial<Parameters<typeof drawCombinationWorld>[0]> = {}): Bags {
  return drawCombinationWorld({
    ads: 60,
    elementsPerKind: [6, 5, 4],
    combinationsPerAd: 12,
    impressionsPerCombination: 400,
    ctr: 0.03,
    adSd: 0.6,
    effectSd: 0.2,
    confounding: 1,
    random: createRandom(3),
    ...options,
  }).bags;
}

describe('fitAdditive', () => {
  it("finds what Newton's method finds with dense matrices", () => {
    fc.assert(
      fc.property(arbitraryBags, families, fc.constantFrom(1, 2.5), fc.boolean(), (bags, family, phi, hasOffset) => {
        const offset = Float64Array.from({ length: bags.rows }, (_, row) => Math.sin(row));
        const prior = priorOf(bags, { family, phi, ...(hasOffset && { offset }) });
        const fit = fitAdditive(bags, allRows(bags), prior);
        const dense = fitDensely(bags, prior);
        expect(distance([fit.adMean], [dense.adMean])).toBeLessThan(1e-4);
        expect(distance(fit.effect, dense.effect)).toBeLessThan(1e-5);
        expect(distance(fit.adEffect, dense.adEffect)).toBeLessThan(1e-4);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves no score: outcomes beyond what is expected of an element are what its prior holds back', () => {
    const bags = worldOf();
    const prior = priorOf(bags);
    const { adMean, adEffect, effect } = fitAdditive(bags, allRows(bags), prior);
    const score = effect.map((own, e) => -own * (prior.priorSd[bags.elements[e]?.kind as number] as number) ** -2);
    const adScore = adEffect.map((own) => -(own - adMean) / 4);
    for (let row = 0; row < bags.rows; row++) {
      const ad = bags.ad[row] as number;
      const own = bags.members.slice(row * 3, row * 3 + 3);
      const link = own.reduce((sum, e) => sum + (effect[e] as number), adEffect[ad] as number);
      const residual = (bags.outcomes[row] as number) - (bags.exposure[row] as number) / (1 + Math.exp(-link));
      for (const e of own) score[e] = (score[e] as number) + residual;
      adScore[ad] = (adScore[ad] as number) + residual;
    }
    // Clicks: against some 600 of each element and 150 of each ad.
    expect(
      distance(
        score,
        score.map(() => 0),
      ),
    ).toBeLessThan(1e-3);
    expect(
      distance(
        adScore,
        adScore.map(() => 0),
      ),
    ).toBeLessThan(1e-3);
  });

  it('does not depend on the order of rows, nor on where it begins', () => {
    const bags = worldOf();
    const prior = priorOf(bags);
    const fit = fitAdditive(bags, allRows(bags), prior);
    expect(differenceOf(fitAdditive(bags, shuffle(allRows(bags), createRandom(1)), prior), fit)).toBeLessThan(1e-6);
    const start = fitAdditive(bags, allRows(bags).subarray(0, 100), priorOf(bags, { priorSd: Float64Array.of(1, 1, 1) }));
    expect(differenceOf(fitAdditive(bags, allRows(bags), { ...prior, start }), fit)).toBeLessThan(1e-6);
  });

  it('takes a row listed twice as twice its counts, and φ as a divisor of counts', () => {
    const bags = worldOf();
    const doubled = { ...bags, outcomes: bags.outcomes.map((own) => 2 * own), exposure: bags.exposure.map((own) => 2 * own) };
    const prior = priorOf(bags);
    const once = fitAdditive(bags, allRows(bags), prior);
    const twice = fitAdditive(bags, Int32Array.from([...allRows(bags), ...allRows(bags)]), prior);
    expect(differenceOf(fitAdditive(doubled, allRows(bags), prior), twice)).toBeLessThan(1e-6);
    expect(differenceOf(fitAdditive(doubled, allRows(bags), { ...prior, phi: 2 }), once)).toBeLessThan(1e-6);
    expect(differenceOf(twice, once)).toBeGreaterThan(1e-3);
  });

  it('knows no unit of amounts: in cents the ads earn a hundred times as much and elements do what they did', () => {
    const bags = worldOf();
    const cents = { ...bags, outcomes: bags.outcomes.map((own) => 100 * own) };
    const prior = priorOf(bags, { family: 'poisson' });
    const [rows, fit] = [allRows(bags), fitAdditive(bags, allRows(bags), prior)];
    const phi = measurePhi(bags, rows, fit, prior);
    const inUnits = fitAdditive(bags, rows, { ...prior, phi });
    const inCents = fitAdditive(cents, rows, { ...prior, phi: 100 * phi });
    expect(distance(inCents.effect, inUnits.effect)).toBeLessThan(1e-6);
    expect(inCents.adMean - inUnits.adMean).toBeCloseTo(Math.log(100), 6);
    expect(measurePhi(cents, rows, inCents, { ...prior, phi: 100 * phi }) / 100).toBeCloseTo(
      measurePhi(bags, rows, inUnits, { ...prior, phi }),
      6,
    );
  });

  it('adds the offset to the link and takes nothing from it: an offset alike in all rows only moves the ads', () => {
    const bags = worldOf();
    const fit = fitAdditive(bags, allRows(bags), priorOf(bags));
    const moved = fitAdditive(bags, allRows(bags), priorOf(bags, { offset: new Float64Array(bags.rows).fill(0.7) }));
    expect(distance(moved.effect, fit.effect)).toBeLessThan(1e-6);
    expect(
      distance(
        moved.adEffect,
        fit.adEffect.map((own) => own - 0.7),
      ),
    ).toBeLessThan(1e-6);
  });

  it('leaves what has no rows at the mean of its prior, and a kind without spread without effects', () => {
    const bags = worldOf();
    const rows = allRows(bags).filter((row) => bags.ad[row] !== 7 && !bags.members.subarray(row * 3, row * 3 + 3).includes(2));
    const fit = fitAdditive(bags, rows, priorOf(bags, { priorSd: Float64Array.of(0.3, 0, 0.3) }));
    expect(fit.adEffect[7]).toBe(fit.adMean);
    expect(fit.effect[2]).toBe(0);
    expect(fit.effect.slice(6, 11)).toEqual(new Float64Array(5));
    expect(Math.abs(fit.effect[0] as number)).toBeGreaterThan(0);
  });

  it('stays finite without a click, in one ad or in all, and with nothing but clicks', () => {
    const bags = worldOf();
    const oneLess = { ...bags, outcomes: bags.outcomes.map((own, row) => (bags.ad[row] === 7 ? 0 : own)) };
    const fit = fitAdditive(oneLess, allRows(bags), priorOf(bags));
    expect(fit.adEffect[7]).toBeLessThan(Math.min(...fit.adEffect.filter((_, ad) => ad !== 7)));
    expect(fit.adEffect[7]).toBeGreaterThan(fit.adMean - 10);
    const nothing = { ...bags, outcomes: new Float64Array(bags.rows) };
    for (const family of ['binomial', 'poisson'] as const) {
      const none = fitAdditive(nothing, allRows(bags), priorOf(bags, { family }));
      expect(none.adMean).toBeLessThan(-10);
      expect(none.effect.every(Number.isFinite)).toBe(true);
    }
    expect(fitAdditive({ ...bags, outcomes: bags.exposure }, allRows(bags), priorOf(bags)).adMean).toBeGreaterThan(10);
  });

  it('has the deviance of twice the log-likelihood that it lacks against a link for each row', () => {
    const bags = makeBags({ seed: 5, rows: 40, ads: 3, elementsPerKind: [3, 2], absent: 0.2 });
    const prior = priorOf(bags);
    const fit = fitAdditive(bags, allRows(bags), prior);
    const best = bags.outcomes.reduce((sum, c, row) => {
      const n = bags.exposure[row] as number;
      return sum - (c > 0 ? c * Math.log(c / n) : 0) - (c < n ? (n - c) * Math.log(1 - c / n) : 0);
    }, 0);
    expect(fit.deviance).toBeCloseTo(2 * (measureLoss(bags, allRows(bags), fit, prior) - best), 6);
    expect(fit.deviance).toBeGreaterThan(0);
  });
});

describe('measurePhi', () => {
  it('is about 1 for binomial clicks, and the φ of clicks that vary more', () => {
    for (const phi of [1, 3]) {
      const bags = worldOf({ ads: 150, phi });
      const prior = priorOf(bags);
      // Standard error of X²/df from 1,800 rows: √(2/1,800) = 3 %, some more for counts about 12.
      const measured = measurePhi(bags, allRows(bags), fitAdditive(bags, allRows(bags), prior), prior);
      expect(Math.abs(measured / phi - 1)).toBeLessThan(0.12);
    }
  });

  it('counts the parameters that the data decide: two rows an ad are not taken for certain', () => {
    const bags = worldOf({ ads: 1500, combinationsPerAd: 2, phi: 3 });
    const prior = priorOf(bags, { phi: 3 });
    const measured = measurePhi(bags, allRows(bags), fitAdditive(bags, allRows(bags), prior), prior);
    // 3,000 rows less some 1,400 parameters: a standard error of 4 %; without the parameters it would be 1.6.
    expect(Math.abs(measured / 3 - 1)).toBeLessThan(0.15);
  });

  it('says 1 where the rows are too few to tell', () => {
    const bags = makeBags({ seed: 1, rows: 1, ads: 1, elementsPerKind: [1], absent: 0 });
    const prior = priorOf(bags);
    expect(measurePhi(bags, allRows(bags), fitAdditive(bags, allRows(bags), prior), prior)).toBe(1);
  });
});

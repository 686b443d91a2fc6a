import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../../../src/core/errors.ts';
import { sumCells } from '../../../../src/core/models/multi_instance/build_bags.ts';
import { completeModel, fitEffects, predictAdMeans, predictRows } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import type { ProgressEvent } from '../../../../src/core/progress.ts';
import { drawConfoundedWorld } from './attributed_world.ts';
import { makeWorld } from './gated/made_world.ts';
import { allRows, makeBags } from './made_bags.ts';
import { additiveModel, NO_FEATURES } from './made_models.ts';

const total = (values: Float64Array): number => values.reduce((sum, own) => sum + own, 0);

describe('the effects of the additive estimator', () => {
  it('predict as many outcomes as there were, and so do the means of the ads', async () => {
    const arbitraryFit = fc.record({
      seed: fc.nat(),
      absent: fc.constantFrom(0, 0.3),
      family: fc.constantFrom('binomial' as const, 'poisson' as const),
    });
    await fc.assert(
      fc.asyncProperty(arbitraryFit, async ({ seed, absent, family }) => {
        const bags = makeBags({ seed, rows: 40, ads: 4, elementsPerKind: [3, 4], absent });
        const { effects } = await additiveModel(bags, family);
        const predicted = predictRows(bags, effects, family);
        const means = predictAdMeans(bags, { family, seed: 1, threads: 1 });
        // The ads' mean is all but free, so its score is all but 0.
        for (const rates of [predicted, means])
          expect(total(rates.map((rate, row) => rate * (bags.exposure[row] as number))) / total(bags.outcomes)).toBeCloseTo(1, 2);
        for (const row of allRows(bags)) expect(means[row]).toBe(means[bags.ad.indexOf(bags.ad[row] as number)]);
      }),
      { numRuns: 20 },
    );
  });

  it('leave rows without exposure out, and predict them none the less', async () => {
    const bags = makeBags({ seed: 3, rows: 40, ads: 4, elementsPerKind: [3, 4], absent: 0 });
    const cells = { creative: allRows(bags), day: allRows(bags), outcomes: bags.outcomes, exposure: bags.exposure };
    const isOut = (row: number): boolean => row % 5 === 0;
    const part = { ...bags, ...sumCells(bags.rows, allRows(bags), cells, (cell) => !isOut(cell), 'binomial') };
    const other = { ...part, outcomes: part.outcomes.map((own, row) => (isOut(row) ? 0 : own)) };
    const [{ effects }, again] = [await additiveModel(part), await additiveModel(other)];
    expect(effects.fit).toEqual(again.effects.fit);
    expect(predictRows(part, effects, 'binomial').every((rate) => rate > 0 && rate < 1)).toBe(true);
  });
});

describe('a complete model', () => {
  it('is the same for the same seed; another seed draws another posterior about the same effects', async () => {
    const { bags } = drawConfoundedWorld(1, { ads: 20 });
    const settings = { family: 'binomial', seed: 1, threads: 1 } as const;
    const effects = await fitEffects(bags, 'additive', NO_FEATURES, settings);
    const model = completeModel(bags, effects, settings);
    expect(completeModel(bags, await fitEffects(bags, 'additive', NO_FEATURES, settings), settings)).toEqual(model);
    const other = completeModel(bags, effects, { ...settings, seed: 2 });
    expect(other.effect).toEqual(model.effect);
    expect(other.posterior).not.toEqual(model.posterior);
    expect(model.posterior).toMatchObject({ draws: 200 });
    expect(model.posterior.effect).toHaveLength(200 * bags.elements.length);
    expect(model.posterior.ad).toHaveLength(200 * bags.ads.length);
  });

  it('finds how much ads differ, beyond what chance makes of them', async () => {
    for (const adSd of [0.15, 0.3, 0.6]) {
      const { bags, adEffect } = drawConfoundedWorld(2, { adSd });
      const { model } = await additiveModel(bags);
      const mean = total(adEffect) / adEffect.length;
      const truth = Math.sqrt(total(adEffect.map((own) => (own - mean) ** 2)) / (adEffect.length - 1));
      // 200 ads of 180 clicks each: the standard error of a standard deviation is 5 %, and what chance adds is taken off.
      expect(model.adSd / truth).toBeGreaterThan(0.8);
      expect(model.adSd / truth).toBeLessThan(1.2);
      // How high ads are, together with their elements, is only known as far as the elements' means are.
      expect(Math.abs(model.adMean - mean)).toBeLessThan(0.3);
    }
  });
});

describe('the effects of the gated estimator', () => {
  const world = makeWorld({ seed: 2, termSd: 0.4, ads: 60 });
  const { bags, features } = world;
  const isUnseen = (row: number): boolean => bags.members.subarray(row * 3, row * 3 + 3).some(world.isUnseen);
  const cells = { creative: allRows(bags), day: allRows(bags), outcomes: bags.outcomes, exposure: bags.exposure };
  const train = { ...bags, ...sumCells(bags.rows, allRows(bags), cells, (_, row) => !isUnseen(row), 'binomial') };
  const settings = { family: 'binomial', seed: 1, threads: 1 } as const;

  it('predict elements never shown by their content, better than the additive ones can', async () => {
    const progress: ProgressEvent[] = [];
    const gated = await fitEffects(train, 'gated', features, { ...settings, onProgress: (event) => progress.push(event) });
    const additive = await fitEffects(train, 'additive', NO_FEATURES, settings);
    const loss = (rates: Float64Array): number =>
      allRows(bags)
        .filter(isUnseen)
        .reduce((sum, row) => {
          const [p, y, n] = [rates[row] as number, bags.outcomes[row] as number, bags.exposure[row] as number];
          return sum - y * Math.log(p) - (n - y) * Math.log(1 - p);
        }, 0);
    expect(loss(predictRows(train, gated, 'binomial'))).toBeLessThan(loss(predictRows(train, additive, 'binomial')));
    expect(progress.length).toBeGreaterThan(0);
    // The content explains most: what elements add about it is less than what they add by themselves.
    const spread = (values: Float64Array): number => Math.sqrt(total(values.map((own) => own * own)) / values.length);
    expect(spread(gated.fit.effect)).toBeLessThan(spread(additive.fit.effect));
    await gated.network?.close();
  });

  it('are not made after an interrupt', async () => {
    const signal = AbortSignal.abort();
    await expect(fitEffects(train, 'gated', features, { ...settings, signal })).rejects.toThrow(Interrupted);
  });
});

import { type AdditiveFit, type AdditivePrior, fitAdditive, measurePhi } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { centredMain, centreTerms, referenceOf } from '../../../../src/core/models/multi_instance/centred_effects.ts';
import {
  type CombinationWorld,
  type CombinationWorldOptions,
  drawCombinationWorld,
} from '../../../../src/core/models/multi_instance/combination_world.ts';
import { creditElements, type ElementCredit } from '../../../../src/core/models/multi_instance/credits.ts';
import { drawPosterior } from '../../../../src/core/models/multi_instance/posterior_draws.ts';
import { searchPrior } from '../../../../src/core/models/multi_instance/prior_search.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allRows } from './made_bags.ts';

const AD_SD = 2;
const DRAWS = 200;

/** 200 ads, 24 elements in 3 kinds, 400 impressions a combination, CTRs about 3 %; good ads favour certain elements. */
export function drawConfoundedWorld(seed: number, options: Partial<CombinationWorldOptions> = {}): CombinationWorld {
  return drawCombinationWorld({
    ads: 200,
    elementsPerKind: [8, 8, 8],
    combinationsPerAd: 15,
    impressionsPerCombination: 400,
    ctr: 0.03,
    adSd: 0.6,
    effectSd: 0.2,
    confounding: 1,
    random: createRandom(seed),
    ...options,
  });
}

/** Everything from counts to credits, by the additive model. */
export function attributeBags(bags: Bags, seed: number): { prior: AdditivePrior; fit: AdditiveFit; credits: ElementCredit[] } {
  const rows = allRows(bags);
  const searched = { family: 'binomial', adSd: AD_SD } as const;
  const { priorSd, phi: firstPhi } = searchPrior(bags, rows, { ...searched, seed });
  const first = fitAdditive(bags, rows, { ...searched, priorSd, phi: firstPhi });
  const phi = measurePhi(bags, rows, first, { ...searched, priorSd, phi: firstPhi });
  const prior = { ...searched, priorSd, phi };
  const fit = fitAdditive(bags, rows, { ...prior, start: first });
  const posterior = drawPosterior(bags, rows, fit, { ...prior, draws: DRAWS, random: createRandom(seed, 1) });
  const { effect: main, adEffect } = fit;
  return { prior, fit, credits: creditElements(bags, rows, { family: 'binomial', main, pairs: undefined, adEffect, posterior, phi }) };
}

/** [elements]: credits of the true effects. */
export function trueCredits({ bags, effect, pairs }: CombinationWorld): Float64Array {
  const centre = centreTerms(bags, referenceOf(bags, allRows(bags)), { main: effect, pairs });
  return Float64Array.from(bags.elements, ({ kind }, element) => centredMain(centre, element, kind, [...bags.kinds.keys()]));
}

/** Spearman's rank correlation of values without ties. */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranksOf = (values: ArrayLike<number>): number[] => {
    const order = Array.from(values, (_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
    const ranks: number[] = [];
    for (const [rank, i] of order.entries()) ranks[i] = rank;
    return ranks;
  };
  const [left, right] = [ranksOf(a), ranksOf(b)];
  const n = left.length;
  const squares = left.reduce((sum, rank, i) => sum + (rank - (right[i] as number)) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}

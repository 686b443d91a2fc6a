import { describe, expect, it } from 'vitest';
import { fitAdditive } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import { alignModel, creditsOf } from '../../../../src/core/models/multi_instance/attribution.ts';
import { chooseByLoss } from '../../../../src/core/models/multi_instance/bag_losses.ts';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import type { CombinationWorld } from '../../../../src/core/models/multi_instance/combination_world.ts';
import { findPairs, withPairs } from '../../../../src/core/models/multi_instance/element_pairs.ts';
import { fitEffects, predictRows } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import { holdOut } from '../../../../src/core/models/multi_instance/hold_out.ts';
import { pairTerm } from '../../../../src/core/models/multi_instance/pair_terms.ts';
import { RewardTables } from '../../../../src/core/models/multi_instance/reward_model.ts';
import { drawConfoundedWorld, rankCorrelation, trueCredits } from './attributed_world.ts';
import { allRows, makeBags } from './made_bags.ts';
import { additiveModel, candidatesOf, type MadeModel, NO_FEATURES, pairwiseModel } from './made_models.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const ADS = 150;
const PER_KIND = [...Array(8).keys()];
const COMBINATIONS = PER_KIND.flatMap((a) => PER_KIND.flatMap((b) => PER_KIND.map((c) => [a, 8 + b, 16 + c])));

const drawWorld = (seed: number, pairSd: number): CombinationWorld => drawConfoundedWorld(seed, { ads: ADS, pairSd });

/** True link of a combination of an ad. */
function trueLink({ adEffect, effect, pairs }: CombinationWorld, ad: number, own: readonly number[]): number {
  const main = own.reduce((sum, element) => sum + (effect[element] as number), adEffect[ad] as number);
  if (!pairs) return main;
  return own.reduce((sum, s, i) => own.slice(i + 1).reduce((part, t) => part + pairTerm(pairs, s, t), sum), main);
}

/** Credits and predictions of all combinations of some ads, against the truth. */
async function judge(world: CombinationWorld, { bags, model, effects }: MadeModel) {
  const truth = trueCredits(world);
  const credits = creditsOf(await alignModel(model, bags, NO_FEATURES, effects.phi), bags, allRows(bags));
  const rank = rankCorrelation(
    credits.map(({ credit }) => credit),
    truth,
  );
  const covered = credits.map(({ element, low, high }) => low <= (truth[element] as number) && (truth[element] as number) <= high);
  const tables = new RewardTables(model);
  const predicted: boolean[] = [];
  const reached: number[] = [];
  for (let ad = 0; ad < ADS; ad += 15) {
    const candidates = candidatesOf({ bags, features: NO_FEATURES }, bags.ad.indexOf(ad));
    const predict = tables.predictorOf(candidates, await tables.tableOf(candidates));
    const all = COMBINATIONS.map((own) => ({ ...predict(own), link: trueLink(world, ad, own) }));
    predicted.push(...all.map(({ mean, sd, link }) => Math.abs(mean - link) <= 1.96 * sd));
    const chosen = all.reduce((best, own) => (own.mean > best.mean ? own : best));
    const average = all.reduce((sum, { link }) => sum + link, 0) / all.length;
    reached.push((chosen.link - average) / (Math.max(...all.map(({ link }) => link)) - average));
  }
  return { rank, covered, predicted, reached };
}

async function judgeAll(pairSd: number, fit: (bags: Bags, seed: number) => Promise<MadeModel>) {
  const own = [];
  for (const seed of SEEDS) {
    const world = drawWorld(seed, pairSd);
    own.push(await judge(world, await fit(world.bags, seed)));
  }
  const share = (of: readonly boolean[]): number => of.filter(Boolean).length / of.length;
  const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  return {
    rank: mean(own.map(({ rank }) => rank)),
    covered: share(own.flatMap(({ covered }) => covered)),
    predicted: share(own.flatMap(({ predicted }) => predicted)),
    reached: mean(own.flatMap(({ reached }) => reached)),
  };
}

const pairwise = (bags: Bags, seed: number): Promise<MadeModel> => pairwiseModel(bags, 'binomial', seed);
const additive = (bags: Bags, seed: number): Promise<MadeModel> => additiveModel(bags, 'binomial', seed);

/** What is chosen by held-out cells, and the losses' difference in nats. */
async function compare(world: CombinationWorld, seed: number) {
  const { bags } = world;
  const cells = { creative: allRows(bags), day: allRows(bags), outcomes: bags.outcomes, exposure: bags.exposure };
  const split = holdOut(bags, allRows(bags), cells, { share: 0.2, seed, family: 'binomial' });
  const settings = { family: 'binomial', seed, threads: 1 } as const;
  const predictions: Record<'additive' | 'pairwise', Float64Array> = { additive: new Float64Array(0), pairwise: new Float64Array(0) };
  for (const name of ['additive', 'pairwise'] as const) {
    predictions[name] = predictRows(split.train, await fitEffects(split.train, name, NO_FEATURES, settings), 'binomial');
  }
  const loss = (rates: Float64Array): number =>
    rates.reduce((sum, p, row) => {
      const [y, n] = [split.heldOut.outcomes[row] as number, split.heldOut.exposure[row] as number];
      return sum - y * Math.log(p) - (n - y) * Math.log(1 - p);
    }, 0);
  return { chosen: chooseByLoss(split, predictions, 'binomial', 1), gain: loss(predictions.additive) - loss(predictions.pairwise) };
}

// 8 worlds of 24 credits: the standard error of a coverage of 95 % is 1.6 %; predictions share elements, so they are as many as those.
describe('the pairwise estimator, where elements interact', () => {
  it('covers credits and combinations with its intervals, and finds the best combinations; the additive one does not', async () => {
    const own = await judgeAll(0.15, pairwise);
    for (const coverage of [own.covered, own.predicted]) {
      expect(coverage).toBeGreaterThan(0.9);
      expect(coverage).toBeLessThan(0.99);
    }
    const other = await judgeAll(0.15, additive);
    expect([other.covered, other.predicted].every((coverage) => coverage < 0.85)).toBe(true);
    expect(own.rank).toBeGreaterThan(other.rank);
    expect(own.reached).toBeGreaterThan(0.95);
    expect(other.reached).toBeLessThan(0.8);
  });

  it('is chosen by held-out rows', async () => {
    for (const seed of [1, 2, 3]) {
      const { chosen, gain } = await compare(drawWorld(seed, 0.15), seed);
      expect(chosen).toBe('pairwise');
      expect(gain).toBeGreaterThan(10);
    }
  });
});

describe('the pairwise estimator, where elements do not interact', () => {
  it('is as good as the additive one', async () => {
    const [own, other] = [await judgeAll(0, pairwise), await judgeAll(0, additive)];
    expect(own.covered).toBeGreaterThan(0.9);
    expect(own.rank).toBeGreaterThan(other.rank - 0.01);
    expect(own.reached).toBeGreaterThan(other.reached - 0.01);
  });

  it('loses nothing on held-out rows', async () => {
    for (const seed of [1, 2, 3]) expect(Math.abs((await compare(drawWorld(seed, 0), seed)).gain)).toBeLessThan(2);
  });
});

describe('the effects of the pairwise estimator', () => {
  it('are those of the additive one where no pair was shown in four rows', async () => {
    const { bags } = drawConfoundedWorld(1, { ads: 20, elementsPerKind: [200, 200, 200] });
    const [own, other] = [await pairwiseModel(bags), await additiveModel(bags)];
    expect(own.model.interactions).toBeUndefined();
    expect(own.model).toEqual(other.model);
  });

  it('do not depend on the order of the rows', () => {
    const bags = makeBags({ seed: 3, rows: 80, ads: 4, elementsPerKind: [3, 4], absent: 0.1 });
    const order = allRows(bags).reverse();
    const width = bags.kinds.length;
    const turned: Bags = {
      ...bags,
      ad: order.map((row) => bags.ad[row] as number),
      members: Int32Array.from([...order].flatMap((row) => [...bags.members.subarray(row * width, (row + 1) * width)])),
      outcomes: Float64Array.from(order, (row) => bags.outcomes[row] as number),
      exposure: Float64Array.from(order, (row) => bags.exposure[row] as number),
    };
    const fit = (own: Bags) => {
      const paired = withPairs(own, findPairs(own));
      return fitAdditive(paired, allRows(own), { family: 'binomial', priorSd: Float64Array.of(0.3, 0.3, 0.2), adSd: 2 });
    };
    const [one, other] = [fit(bags), fit(turned)];
    expect(one.effect.length).toBeGreaterThan(7);
    for (const [e, own] of one.effect.entries()) expect(other.effect[e]).toBeCloseTo(own, 6);
  });
});

import { describe, expect, it } from 'vitest';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { indexOfPair } from '../../../../src/core/models/multi_instance/element_pairs.ts';
import { predictRows } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import type { Interactions } from '../../../../src/core/models/multi_instance/interactions.ts';
import { meanOf, type RewardModel, RewardTables } from '../../../../src/core/models/multi_instance/reward_model.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { drawConfoundedWorld } from './attributed_world.ts';
import { allRows } from './made_bags.ts';
import { candidatesOf, linkIn, logit, pairwiseModel, shownIn } from './made_models.ts';

// Of 7 × 6 + 7 × 5 + 6 × 5 pairs a part was never shown in four rows.
const made = await pairwiseModel(drawConfoundedWorld(2, { ads: 12, elementsPerKind: [7, 6, 5], pairSd: 0.3 }).bags);
const { bags, model, effects } = made;
const interactions = model.interactions as Interactions;
const tables = new RewardTables(model);
const ROWS = allRows(bags).filter((row) => row % 9 === 0);

/** The listed pairs of a row, and how many of its pairs are not. */
function pairsOf({ members }: Bags, row: number): { readonly known: number[]; readonly strange: number } {
  const [a = -1, b = -1, c = -1] = members.subarray(row * 3, row * 3 + 3);
  const all = [indexOfPair(interactions, a, b), indexOfPair(interactions, a, c), indexOfPair(interactions, b, c)];
  const known = all.filter((pair) => pair >= 0);
  return { known, strange: all.length - known.length };
}

/** Deviation of a row's link in one draw, but for pairs never shown. */
function deviationIn({ posterior }: RewardModel, draw: number, row: number): number {
  const ad = posterior.ad[draw * bags.ads.length + (bags.ad[row] as number)] as number;
  const own = [...bags.members.subarray(row * 3, row * 3 + 3)];
  const main = own.reduce((sum, e) => sum + (posterior.effect[draw * bags.elements.length + e] as number), ad);
  return pairsOf(bags, row).known.reduce(
    (sum, pair) => sum + (interactions.draws[draw * interactions.first.length + pair] as number),
    main,
  );
}

describe('the reward table of a model with interactions', () => {
  it('gives each combination the link that the model predicts of the row', async () => {
    const predicted = predictRows(bags, effects, 'binomial');
    for (const row of ROWS) {
      const table = await tables.tableOf(candidatesOf(made, row));
      expect(meanOf('binomial', linkIn(table, shownIn(made, row)))).toBeCloseTo(predicted[row] as number, 10);
      expect(logit(predicted[row] as number)).toBeCloseTo(tables.predictorOf(candidatesOf(made, row), table)(shownIn(made, row)).mean, 9);
    }
    expect(ROWS.some((row) => pairsOf(bags, row).strange > 0)).toBe(true);
  });

  it('adds to a pair of elements what their interaction adds to the variance; one never shown is as uncertain as all are', async () => {
    const plain = new RewardTables({ ...model, interactions: undefined });
    const candidates = candidatesOf(made, 0);
    const own = (await tables.tableOf(candidates)).covariance as Float64Array;
    const without = (await plain.tableOf(candidates)).covariance as Float64Array;
    const n = bags.elements.length;
    const { draws, effect } = model.posterior;
    for (let i = 0; i <= n; i++) {
      for (let j = 0; j <= n; j++) {
        const added = (own[i * (n + 1) + j] as number) - (without[i * (n + 1) + j] as number);
        const isPair = i < n && j < n && bags.elements[i]?.kind !== bags.elements[j]?.kind;
        const pair = isPair ? indexOfPair(interactions, i, j) : -1;
        let expected = isPair ? interactions.sd ** 2 : 0;
        if (pair >= 0) {
          expected = 0;
          for (let draw = 0; draw < draws; draw++) {
            const own = interactions.draws[draw * interactions.first.length + pair] as number;
            expected += (own * (own + 2 * (effect[draw * n + i] as number) + 2 * (effect[draw * n + j] as number))) / draws;
          }
        }
        expect(added).toBeCloseTo(expected / 2, 9);
      }
    }
  });

  it('predicts each combination with the variance that its draws have, and that of pairs and elements never shown', async () => {
    for (const row of ROWS) {
      const candidates = candidatesOf(made, row);
      const predict = tables.predictorOf(candidates, await tables.tableOf(candidates));
      const { draws } = model.posterior;
      let squares = 0;
      for (let draw = 0; draw < draws; draw++) squares += deviationIn(model, draw, row) ** 2;
      const { sd } = predict(shownIn(made, row));
      expect(sd ** 2).toBeCloseTo(squares / draws + pairsOf(bags, row).strange * interactions.sd ** 2, 9);
    }
    const [first, ...others] = candidatesOf(made, 0).groups;
    const strange = { elementId: 'stranger', terms: [] };
    const ad = { adId: 'new', terms: [], groups: [{ kind: first?.kind as string, elements: [strange] }, ...others] };
    const alone = { ...ad, groups: ad.groups.slice(0, 1) };
    const predict = tables.predictorOf(alone, await tables.tableOf(alone));
    expect(predict([0])).toEqual({ mean: model.adMean, sd: expect.closeTo(Math.hypot(model.adSd, model.priorSd[0] as number), 12) });
    // Of the table: a stranger's pairs are all never shown.
    const { covariance, main } = await tables.tableOf(ad);
    for (let j = 1; j < main.length; j++) expect(covariance?.[j]).toBeCloseTo(interactions.sd ** 2 / 2, 12);
  });

  it('draws all of it at once, and what was never shown from its prior', async () => {
    for (const [row, draw] of [
      [0, 0],
      [9, 3],
      [90, 199],
    ] as const) {
      const candidates = candidatesOf(made, row);
      const [mode, drawn] = [await tables.tableOf(candidates), await tables.tableOf(candidates, { draw, random: createRandom(1) })];
      expect(drawn.covariance).toBeUndefined();
      const shown = shownIn(made, row);
      const { strange } = pairsOf(bags, row);
      const difference = linkIn(drawn, shown) - linkIn(mode, shown) - deviationIn(model, draw, row);
      expect(Math.abs(difference) < 1e-9).toBe(strange === 0);
      const pairs = drawn.pairs as Float64Array;
      const n = drawn.main.length;
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(pairs[i * n + j]).toBe(pairs[j * n + i]);
      const unseen = [...pairs.keys()].filter((at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return bags.elements[i]?.kind !== bags.elements[j]?.kind && indexOfPair(interactions, i, j) < 0;
      });
      const sd = Math.sqrt(unseen.reduce((sum, at) => sum + (pairs[at] as number) ** 2, 0) / unseen.length);
      // Some tens of draws: 10 % standard error.
      expect(Math.abs(Math.log(sd / interactions.sd))).toBeLessThan(0.5);
    }
  });

  it('lets the elements of a kind never seen count alike', async () => {
    const known = candidatesOf(made, 0);
    const video = { kind: 'video', elements: ['v1', 'v2'].map((elementId) => ({ elementId, terms: [] })) };
    const { pairs, covariance, main } = await tables.tableOf({ ...known, groups: [...known.groups, video] });
    const n = main.length;
    for (let i = 0; i < n; i++) {
      for (const j of [n - 2, n - 1]) expect([pairs?.[i * n + j], covariance?.[i * (n + 1) + j]]).toEqual([0, 0]);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { predictRows } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import { type AdCandidates, meanOf, type RewardModel, RewardTables } from '../../../../src/core/models/multi_instance/reward_model.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allRows, arbitraryBags, makeBags } from './made_bags.ts';
import { additiveModel, candidatesOf, gatedModel, linkIn, logit, NO_FEATURES, shownIn } from './made_models.ts';

/** Bags in which something was clicked and every row has an element. */
const bagsToFit = arbitraryBags.filter(
  ({ outcomes, members, kinds, rows }) =>
    outcomes.some((own) => own > 0) &&
    Array.from({ length: rows }, (_, row) => members.subarray(row * kinds.length, (row + 1) * kinds.length)).every((own) =>
      own.some((element) => element >= 0),
    ),
);

const gated = await gatedModel();

/** Deviation of a combination's link in one draw. */
function deviationIn({ posterior }: RewardModel, bags: Bags, draw: number, row: number): number {
  const kinds = bags.kinds.length;
  const ad = posterior.ad[draw * bags.ads.length + (bags.ad[row] as number)] as number;
  return bags.members
    .subarray(row * kinds, (row + 1) * kinds)
    .reduce((sum, e) => (e < 0 ? sum : sum + (posterior.effect[draw * bags.elements.length + e] as number)), ad);
}

/** Variance of a combination's link by a table. */
function varianceIn(covariance: Float64Array, combination: readonly number[]): number {
  const size = Math.sqrt(covariance.length);
  const members = [...combination, size - 1];
  return members.reduce((sum, i) => members.reduce((part, j) => part + (covariance[i * size + j] as number), sum), 0);
}

describe('the reward table of an ad', () => {
  it('gives each combination the link that the model predicts of the row', async () => {
    await fc.assert(
      fc.asyncProperty(bagsToFit, fc.constantFrom('binomial' as const, 'poisson' as const), async (bags, family) => {
        const { model, effects } = await additiveModel(bags, family);
        const tables = new RewardTables(model);
        const predicted = predictRows(bags, effects, family);
        for (const row of allRows(bags)) {
          const table = await tables.tableOf(candidatesOf({ bags, features: NO_FEATURES }, row));
          expect(meanOf(family, linkIn(table, shownIn({ bags }, row)))).toBeCloseTo(predicted[row] as number, 10);
          expect([table.pairs, table.sizes.reduce((sum, size) => sum + size, 0)]).toEqual([undefined, table.main.length]);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('does so with what the network reads in the content and in pairs, in the context of each ad', async () => {
    const { bags, model, effects } = gated;
    const tables = new RewardTables(model);
    const predicted = predictRows(bags, effects, 'binomial');
    const links = new Map<number, number>();
    for (const row of allRows(bags).filter((i) => i % 7 === 0)) {
      const table = await tables.tableOf(candidatesOf(gated, row));
      const n = table.main.length;
      const pairs = table.pairs as Float64Array;
      expect(linkIn(table, shownIn(gated, row))).toBeCloseTo(logit(predicted[row] as number), 4);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          expect(pairs[i * n + j]).toBe(pairs[j * n + i]);
          if (Math.floor(i / 8) === Math.floor(j / 8)) expect(pairs[i * n + j]).toBe(0);
        }
      expect(pairs.some((own) => Math.abs(own) > 0.01)).toBe(true);
      links.set(bags.ad[row] as number, (table.main[0] as number) - (model.effect[0] as number));
    }
    // The same element, read beside the notes of different categories.
    expect(new Set([...links.values()].map((own) => own.toFixed(6))).size).toBeGreaterThan(1);
  });

  it('gives a combination the variance that its draws have', async () => {
    const bags = makeBags({ seed: 5, rows: 40, ads: 4, elementsPerKind: [4, 3], absent: 0 });
    const { model } = await additiveModel(bags);
    const tables = new RewardTables(model);
    for (const row of allRows(bags)) {
      const { covariance } = await tables.tableOf(candidatesOf({ bags, features: NO_FEATURES }, row));
      const { draws } = model.posterior;
      let squares = 0;
      for (let draw = 0; draw < draws; draw++) squares += deviationIn(model, bags, draw, row) ** 2;
      expect(varianceIn(covariance as Float64Array, shownIn({ bags }, row))).toBeCloseTo(squares / draws, 6);
    }
  });

  it('takes an element never shown as what its content says, as uncertain as its kind; an ad never shown as the mean ad', async () => {
    for (const { model, features, bags } of [
      await additiveModel(makeBags({ seed: 5, rows: 40, ads: 4, elementsPerKind: [4, 3], absent: 0 })),
      gated,
    ]) {
      const known = candidatesOf({ bags, features }, 0);
      const [first, ...others] = known.groups as [AdCandidates['groups'][number], ...AdCandidates['groups'][number][]];
      const stranger = { elementId: 'stranger', terms: ['words=w1'] };
      const other = { ...stranger, elementId: 'other' };
      const ad = { ...known, adId: 'new', groups: [{ ...first, elements: [...first.elements, stranger, other] }, ...others] };
      const tables = new RewardTables(model);
      const table = await tables.tableOf(ad);
      const size = table.main.length + 1;
      const at = first.elements.length;
      const covariance = table.covariance as Float64Array;
      expect(covariance[at * size + at]).toBe((model.priorSd[0] as number) ** 2);
      for (let i = 0; i < size; i++) if (i !== at) expect(covariance[at * size + i]).toBe(0);
      // Two with the same content are worth the same.
      expect(table.main[at]).toBeCloseTo(table.main[at + 1] as number, 6);
      if (model.network === undefined) expect(table.main[at]).toBe(0);
      expect(table.offset).toBe(model.adMean);
      expect(covariance[size * size - 1]).toBe(model.adSd ** 2);
      expect(tables.shownCandidates(ad)).toBe(size - 3);
      expect(tables.shownCandidates({ ...ad, groups: [{ kind: first.kind, elements: [stranger] }] })).toBe(0);
    }
  });

  it('names the kinds it has never seen, and lets their elements count alike', async () => {
    for (const { model, bags, features } of [
      await additiveModel(makeBags({ seed: 6, rows: 30, ads: 3, elementsPerKind: [3, 2], absent: 0 })),
      gated,
    ]) {
      const known = candidatesOf({ bags, features }, 0);
      const video = { kind: 'video', elements: ['v1', 'v2'].map((elementId) => ({ elementId, terms: ['words=w1'] })) };
      const ad = { ...known, groups: [...known.groups, video] };
      const tables = new RewardTables(model);
      expect([tables.unknownKinds(known), tables.unknownKinds(ad)]).toEqual([[], ['video']]);
      const [before, table] = [await tables.tableOf(known), await tables.tableOf(ad)];
      expect([...table.main]).toEqual([...before.main, 0, 0]);
      expect(linkIn(table, [...shownIn({ bags }, 0), before.main.length])).toBeCloseTo(linkIn(before, shownIn({ bags }, 0)), 12);
    }
  });
});

describe('one draw of the posterior in its place', () => {
  it('is the mode plus that draw, taken as certain', async () => {
    const bags = makeBags({ seed: 5, rows: 40, ads: 4, elementsPerKind: [4, 3], absent: 0 });
    const { model } = await additiveModel(bags);
    const tables = new RewardTables(model);
    for (const [row, draw] of [
      [0, 0],
      [7, 3],
      [39, 199],
    ] as const) {
      const ad = candidatesOf({ bags, features: NO_FEATURES }, row);
      const mode = await tables.tableOf(ad);
      const drawn = await tables.tableOf(ad, { draw, random: createRandom(1) });
      expect(drawn.covariance).toBeUndefined();
      const own = shownIn({ bags }, row);
      expect(linkIn(drawn, own) - linkIn(mode, own)).toBeCloseTo(deviationIn(model, bags, draw, row), 10);
      // All of it is known: no random number is taken.
      expect(await tables.tableOf(ad, { draw, random: createRandom(2) })).toEqual(drawn);
    }
  });

  it('draws what was never shown from its prior, the same for the same generator', async () => {
    const { model } = await additiveModel(makeBags({ seed: 5, rows: 40, ads: 4, elementsPerKind: [4, 3], absent: 0 }));
    const tables = new RewardTables(model);
    const ad: AdCandidates = { adId: 'new', terms: [], groups: [{ kind: 'kind0', elements: [{ elementId: 'stranger', terms: [] }] }] };
    const DRAWS = 2_000;
    const drawAll = (seed: number) => {
      const random = createRandom(seed);
      return Promise.all(Array.from({ length: DRAWS }, (_, i) => tables.tableOf(ad, { draw: i % model.posterior.draws, random })));
    };
    const drawn = await drawAll(1);
    const sdOf = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, own) => sum + own * own, 0) / DRAWS);
    // Standard error of a standard deviation from 2,000 draws: 1.6 %; 3 of them.
    expect(sdOf(drawn.map(({ main }) => main[0] as number)) / (model.priorSd[0] as number)).toBeCloseTo(1, 1);
    expect(sdOf(drawn.map(({ offset }) => offset - model.adMean)) / model.adSd).toBeCloseTo(1, 1);
    expect(await drawAll(1)).toEqual(drawn);
    expect(await drawAll(2)).not.toEqual(drawn);
  });
});

describe('meanOf', () => {
  it('is a CTR of a logit, and an amount of its logarithm', () => {
    expect([meanOf('binomial', 0), meanOf('binomial', Math.log(0.02 / 0.98))]).toEqual([0.5, expect.closeTo(0.02, 12)]);
    expect([meanOf('poisson', 0), meanOf('poisson', Math.log(3))]).toEqual([1, expect.closeTo(3, 12)]);
  });
});

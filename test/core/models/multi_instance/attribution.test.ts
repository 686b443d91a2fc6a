import { describe, expect, it } from 'vitest';
import { alignModel, creditsOf } from '../../../../src/core/models/multi_instance/attribution.ts';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { centreTerms, creditCombination, referenceOf } from '../../../../src/core/models/multi_instance/centred_effects.ts';
import type { ElementCredit } from '../../../../src/core/models/multi_instance/credits.ts';
import { predictRows } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import { drawConfoundedWorld } from './attributed_world.ts';
import { allRows } from './made_bags.ts';
import { additiveModel, gatedModel, logit, type MadeModel, pairwiseModel } from './made_models.ts';

const world = drawConfoundedWorld(3, { ads: 30, combinationsPerAd: 8 });
const additive = await additiveModel(world.bags);
const gated = await gatedModel();
const pairwise = await pairwiseModel(
  drawConfoundedWorld(3, { ads: 30, combinationsPerAd: 15, elementsPerKind: [3, 4, 3], pairSd: 0.3 }).bags,
);
const MODELS: readonly (readonly [string, MadeModel, number])[] = [
  ['additive', additive, 10],
  ['pairwise', pairwise, 10],
  ['gated, with pairs,', gated, 4],
];

const align = ({ model, bags, features, effects }: MadeModel) => alignModel(model, bags, features, effects.phi);

function rowsOfAd({ ad, rows }: Bags, own: number): Int32Array {
  return allRows({ rows } as Bags).filter((row) => ad[row] === own);
}

describe('the attribution of a reward model', () => {
  it.each(MODELS)('%s shares the link of each row of an ad out among its elements', async (_, made, digits) => {
    const { bags, effects } = made;
    const aligned = await align(made);
    const predicted = predictRows(bags, effects, 'binomial');
    for (let ad = 0; ad < bags.ads.length; ad++) {
      const rows = rowsOfAd(bags, ad);
      const terms = aligned.termsOf(rows);
      const centre = centreTerms(bags, referenceOf(bags, rows), terms);
      for (const row of rows) {
        const members = bags.members.subarray(row * bags.kinds.length, (row + 1) * bags.kinds.length);
        const { baseline, credits } = creditCombination(centre, members);
        const link = credits.reduce((sum, own) => sum + own, (terms.adEffect[ad] as number) + baseline);
        expect(link).toBeCloseTo(logit(predicted[row] as number), digits);
      }
    }
    expect(aligned.termsOf(allRows(bags)).pairs === undefined).toBe(effects.network === undefined && effects.interactions === undefined);
  });

  it.each(MODELS)('%s credits against the mean element of each kind', async (_, made) => {
    const { bags } = made;
    const credits = creditsOf(await align(made), bags, allRows(bags));
    bags.kinds.forEach((_name, kind) => {
      const own = credits.filter(({ element }) => bags.elements[element]?.kind === kind);
      const total = own.reduce((sum, { exposure }) => sum + exposure, 0);
      expect(own.reduce((sum, { credit, exposure }) => sum + (credit * exposure) / total, 0)).toBeCloseTo(0, 6);
    });
  });

  it.each(MODELS.slice(0, 2))('%s: says the same of some ads whether they stand alone or among all others', async (_, made) => {
    const { bags } = made;
    const isOwn = (ad: number): boolean => ad % 3 === 0;
    const rows = allRows(bags).filter((row) => isOwn(bags.ad[row] as number));
    const among = creditsOf(await align(made), bags, rows);
    // The same rows as bags of their own, whose elements and ads have other indices.
    const used = bags.elements.map((_, e) => e).filter((e) => rows.some((row) => bags.members.subarray(row * 3, row * 3 + 3).includes(e)));
    const ads = bags.ads.map((_, ad) => ad).filter(isOwn);
    const alone: Bags = {
      kinds: bags.kinds,
      elements: used.map((e) => bags.elements[e] as Bags['elements'][number]),
      ads: ads.map((ad) => bags.ads[ad] as string),
      rows: rows.length,
      ad: rows.map((row) => ads.indexOf(bags.ad[row] as number)),
      members: Int32Array.from([...rows].flatMap((row) => [...bags.members.subarray(row * 3, row * 3 + 3)].map((e) => used.indexOf(e)))),
      outcomes: Float64Array.from(rows, (row) => bags.outcomes[row] as number),
      exposure: Float64Array.from(rows, (row) => bags.exposure[row] as number),
    };
    const own = creditsOf(await align({ ...made, bags: alone }), alone, allRows(alone));
    expect(own.map(({ element, ...credit }) => ({ element: used[element], ...credit }))).toEqual(among);
  });

  it('does not judge an element that the model never saw, and takes an ad that it never saw for the mean ad', async () => {
    for (const made of [additive, pairwise, gated]) {
      const { bags, model } = made;
      const elements = bags.elements.map((element, e) => (e === 2 ? { ...element, elementId: 'stranger' } : element));
      const strange = { ...bags, elements, ads: ['new', ...bags.ads.slice(1)] };
      const aligned = await align({ ...made, bags: strange });
      const credits = creditsOf(aligned, strange, allRows(strange));
      expect(aligned.isKnown.flatMap((known, element) => (known ? [] : [element]))).toEqual([2]);
      const stranger = credits.find(({ element }) => element === 2) as ElementCredit;
      expect(stranger.evidence).toBe('insufficient');
      // As uncertain as its prior, less its own part of the mean, more what the others' mean may be off: a fifth or so.
      const sd = (stranger.high - stranger.credit) / 1.96;
      expect(sd / (model.priorSd[0] as number)).toBeGreaterThan(0.7);
      expect(sd / (model.priorSd[0] as number)).toBeLessThan(1.2);
      expect(credits.filter(({ evidence }) => evidence !== 'insufficient').length).toBeGreaterThan(5);
      const { adEffect } = aligned.termsOf(allRows(strange));
      expect([...adEffect]).toEqual([model.adMean, ...model.adEffect.slice(1)]);
    }
  });

  it('knows an element by its kind and id, also where the bags have other kinds', async () => {
    const { bags, model } = additive;
    const kinds = ['another', ...bags.kinds];
    const elements = [{ kind: 0, elementId: 'e00000' }, ...bags.elements.map(({ kind, elementId }) => ({ kind: kind + 1, elementId }))];
    const members = Int32Array.from({ length: bags.rows * 4 }, (_, at) =>
      at % 4 === 0 ? 0 : (bags.members[((at / 4) | 0) * 3 + (at % 4) - 1] as number) + 1,
    );
    const wider: Bags = { ...bags, kinds, elements, members };
    const aligned = await align({ ...additive, bags: wider });
    expect(aligned.isKnown).toEqual([false, ...bags.elements.map(() => true)]);
    expect([...aligned.termsOf(allRows(wider)).main]).toEqual([0, ...model.effect]);
  });
});

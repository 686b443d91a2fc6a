import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import {
  baselineOf,
  type Centre,
  centredMain,
  centreTerms,
  creditCombination,
  type LinkTerms,
  referenceOf,
} from '../../../../src/core/models/multi_instance/centred_effects.ts';
import { type PairTerms, pairTerm } from '../../../../src/core/models/multi_instance/pair_terms.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allRows, arbitraryBags, makeBags } from './made_bags.ts';

const FORMS = ['none', 'low rank', 'listed'] as const;
type Form = (typeof FORMS)[number];

/** Main effects, and interactions of a form; of those that are listed, a part. */
function drawTerms({ elements }: Bags, seed: number, form: Form): LinkTerms {
  const random = createRandom(seed, 5);
  const draw = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
  const lowRank = { rank: 2, left: draw(2 * elements.length), right: draw(2 * elements.length) };
  const all = elements.flatMap(({ kind }, first) =>
    elements.flatMap((other, second) => (other.kind > kind ? [[first, second] as const] : [])),
  );
  const known = all.filter(() => random.uniform() < 0.7);
  const listed = {
    first: Int32Array.from(known, ([first]) => first),
    second: Int32Array.from(known, ([, second]) => second),
    effect: Float64Array.from(draw(known.length)),
  };
  const pairs: Record<Form, PairTerms | undefined> = { none: undefined, 'low rank': lowRank, listed };
  return { main: Float64Array.from(draw(elements.length)), pairs: pairs[form] };
}

/** The link of a combination without its ad, from the definition. */
function linkOf({ main, pairs }: LinkTerms, members: readonly number[]): number {
  const own = members.filter((element) => element >= 0);
  return own.reduce(
    (sum, s, i) => sum + (main[s] as number) + (pairs ? own.slice(i + 1).reduce((part, t) => part + pairTerm(pairs, s, t), 0) : 0),
    0,
  );
}

/** Mean of the link where the kinds with a given element keep it and the others take elements of the reference independently. */
function meanLinkOf(bags: Bags, terms: LinkTerms, given: ReadonlyMap<number, number>, present: readonly number[]): number {
  const { elements, share } = referenceOf(bags, allRows(bags));
  const choices = present.map((kind) => {
    const own = given.get(kind);
    if (own !== undefined) return [{ element: own, weight: 1 }];
    return [...elements].flatMap((element, i) => (bags.elements[element]?.kind === kind ? [{ element, weight: share[i] as number }] : []));
  });
  const walk = (at: number, members: number[], weight: number): number =>
    at === choices.length
      ? weight * linkOf(terms, members)
      : (choices[at] as { element: number; weight: number }[]).reduce(
          (sum, choice) => sum + walk(at + 1, [...members, choice.element], weight * choice.weight),
          0,
        );
  return walk(0, [], 1);
}

function centreOf(bags: Bags, terms: LinkTerms): Centre {
  return centreTerms(bags, referenceOf(bags, allRows(bags)), terms);
}

describe('creditCombination', () => {
  it('gives credits that add up, with the baseline, to the link of every combination, complete or not', () => {
    fc.assert(
      fc.property(arbitraryBags, fc.nat(), fc.constantFrom(...FORMS), (bags, seed, form) => {
        const terms = drawTerms(bags, seed, form);
        const centre = centreOf(bags, terms);
        for (let row = 0; row < bags.rows; row++) {
          const members = [...bags.members.slice(row * bags.kinds.length, (row + 1) * bags.kinds.length)];
          const { baseline, credits } = creditCombination(centre, members);
          expect(credits.reduce((sum, own) => sum + own, baseline)).toBeCloseTo(linkOf(terms, members), 10);
          expect(members.every((element, kind) => element >= 0 || credits[kind] === 0)).toBe(true);
        }
      }),
    );
  });

  it.each(FORMS)('gives each element its Shapley value, an absent one standing for the mean of its kind: pairs %s', (form) => {
    const bags = makeBags({ seed: 4, rows: 40, ads: 3, elementsPerKind: [3, 4, 2], absent: 0.1 });
    const terms = drawTerms(bags, 1, form);
    const { credits } = creditCombination(centreOf(bags, terms), [1, 5, 8]);
    const members = new Map([
      [0, 1],
      [1, 5],
      [2, 8],
    ]);
    const value = (kinds: readonly number[]): number =>
      meanLinkOf(bags, terms, new Map(kinds.map((kind) => [kind, members.get(kind) as number])), [0, 1, 2]);
    const [a, b, c] = [0, 1, 2] as const;
    const shapley =
      (value([a]) - value([])) / 3 +
      (value([a, b]) - value([b])) / 6 +
      (value([a, c]) - value([c])) / 6 +
      (value([a, b, c]) - value([b, c])) / 3;
    expect(credits[0]).toBeCloseTo(shapley, 10);
  });
});

describe('centredMain', () => {
  it.each(FORMS)('is what fixing one element changes in the mean link over the reference: pairs %s', (form) => {
    const bags = makeBags({ seed: 9, rows: 40, ads: 3, elementsPerKind: [3, 4, 2], absent: 0 });
    const terms = drawTerms(bags, 3, form);
    const centre = centreOf(bags, terms);
    const all = [0, 1, 2];
    const mean = meanLinkOf(bags, terms, new Map(), all);
    expect(baselineOf(centre, all)).toBeCloseTo(mean, 10);
    for (const [element, { kind }] of bags.elements.entries()) {
      expect(centredMain(centre, element, kind, all)).toBeCloseTo(meanLinkOf(bags, terms, new Map([[kind, element]]), all) - mean, 10);
    }
  });

  it('has the mean 0 over each kind of the reference', () => {
    fc.assert(
      fc.property(arbitraryBags, fc.nat(), fc.constantFrom(...FORMS), (bags, seed, form) => {
        const { elements, share } = referenceOf(bags, allRows(bags));
        const centre = centreOf(bags, drawTerms(bags, seed, form));
        const sums = bags.kinds.map(() => 0);
        for (const [i, element] of elements.entries()) {
          const kind = bags.elements[element]?.kind as number;
          const own = centredMain(centre, element, kind, [...bags.kinds.keys()]);
          sums[kind] = (sums[kind] as number) + (share[i] as number) * own;
        }
        expect(Math.max(...sums.map(Math.abs))).toBeLessThan(1e-10);
      }),
    );
  });
});

describe('referenceOf', () => {
  it('shares the exposure of a kind out among its elements, over the given rows alone', () => {
    const bags = {
      ...makeBags({ seed: 1, rows: 4, ads: 2, elementsPerKind: [3, 2], absent: 0 }),
      exposure: Float64Array.of(10, 30, 0, 60),
    };
    const members = Int32Array.of(0, 3, 2, -1, 1, 4, 2, 4);
    expect(referenceOf({ ...bags, members }, Int32Array.of(0, 1, 2, 3))).toEqual({
      elements: Int32Array.of(0, 2, 3, 4),
      share: Float64Array.of(0.1, 0.9, 10 / 70, 60 / 70),
    });
    expect(referenceOf({ ...bags, members }, Int32Array.of(1))).toEqual({ elements: Int32Array.of(2), share: Float64Array.of(1) });
  });
});

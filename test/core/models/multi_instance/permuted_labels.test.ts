import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { controlByPermutation, permuteLabels } from '../../../../src/core/models/multi_instance/permuted_labels.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { attributeBags, drawConfoundedWorld } from './attributed_world.ts';
import { arbitraryBags } from './made_bags.ts';

describe('permuteLabels', () => {
  it('keeps the labels of each ad, and leaves rows never shown alone', () => {
    fc.assert(
      fc.property(arbitraryBags, fc.nat(), (made, seed) => {
        const bags = { ...made, exposure: made.exposure.map((own, row) => (row % 4 === 0 ? 0 : own)) };
        const permuted = permuteLabels(bags, createRandom(seed));
        const labelsOf = (of: Bags): string[] => Array.from(of.ad, (ad, row) => `${ad} ${of.outcomes[row]} ${of.exposure[row]}`).sort();
        expect(labelsOf(permuted)).toEqual(labelsOf(bags));
        expect([...permuted.exposure].map((own) => own > 0)).toEqual([...bags.exposure].map((own) => own > 0));
      }),
    );
  });

  it('moves labels, by every order alike', () => {
    const bags = { ...drawConfoundedWorld(1, { ads: 1, combinationsPerAd: 3 }).bags, outcomes: Float64Array.of(1, 2, 3) };
    const random = createRandom(1);
    const counts = new Map<string, number>();
    for (let round = 0; round < 6_000; round++) {
      const order = permuteLabels(bags, random).outcomes.join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 1,000 expected of each of 6 orders, standard deviation 29.
    expect([...counts.values()].filter((count) => Math.abs(count - 1_000) < 120)).toHaveLength(6);
  });
});

describe('controlByPermutation', () => {
  it('finds next to nothing where the true labels tell of nearly every element', async () => {
    const { bags } = drawConfoundedWorld(1, { ads: 100 });
    const attribute = async (permuted: Bags) => attributeBags(permuted, 1).credits;
    const real = (await attribute(bags)).filter(({ evidence }) => evidence === 'higher' || evidence === 'lower');
    expect(real.length).toBeGreaterThan(14);
    const control = await controlByPermutation(bags, attribute, { permutations: 8, random: createRandom(1) });
    expect(control).toMatchObject({ permutations: 8, judged: 8 * 24 });
    expect(control.share).toBe(control.called / control.judged);
    // 5 % may be called; with a standard error of 1.6 %.
    expect(control.share).toBeLessThan(0.08);
  });

  it('has no share where nothing can be judged', async () => {
    const { bags } = drawConfoundedWorld(1, { ads: 2, combinationsPerAd: 2, impressionsPerCombination: 20 });
    const control = await controlByPermutation(bags, async () => [], { permutations: 2, random: createRandom(1) });
    expect(control).toEqual({ permutations: 2, judged: 0, called: 0, share: undefined });
  });
});

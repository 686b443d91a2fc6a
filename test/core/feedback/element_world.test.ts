import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameElements } from '../../../src/core/feedback/element_names.ts';
import {
  combinationCount,
  combinationScore,
  createElementWorld,
  drawCombinations,
  type ElementWorld,
} from '../../../src/core/feedback/element_world.ts';
import { createRandom } from '../../../src/core/random.ts';

interface MadeElements {
  readonly favour?: number;
  readonly pairs?: number;
  readonly seed?: number;
}

function makeElements(sizes: readonly number[], { favour = 0, pairs = 0, seed = 1 }: MadeElements = {}): ElementWorld {
  const kinds = nameElements(new Map(sizes.map((size, i) => [`kind${i}`, size])));
  return createElementWorld({ kinds, favour, pairs }, 0.25, createRandom(seed));
}

/** The score of every combination. */
function allScores(world: ElementWorld): number[] {
  const all = world.kinds.reduce<number[][]>((begun, { elements }) => begun.flatMap((own) => elements.map((_, i) => [...own, i])), [[]]);
  return all.map((combination) => combinationScore(world, combination));
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

const meanSquare = (values: readonly number[]): number => sum(values.map((value) => value * value)) / values.length;

describe('createElementWorld', () => {
  it('centres effects inside each kind, and those of pairs for each of their elements', () => {
    const { scores, pairs } = makeElements([3, 1, 5], { pairs: 0.4 });
    for (const own of scores) expect(sum(own)).toBeCloseTo(0, 12);
    expect(pairs.map(({ kinds }) => kinds)).toEqual([[0, 2]]);
    const table = pairs[0]?.scores as Float64Array;
    for (let row = 0; row < 3; row++) expect(sum(table.slice(row * 5, row * 5 + 5))).toBeCloseTo(0, 12);
    for (let column = 0; column < 5; column++) expect(sum(table.filter((_, at) => at % 5 === column))).toBeCloseTo(0, 12);
  });

  it.each([
    { sizes: [2, 3, 4], pairs: 0 },
    { sizes: [2, 3, 4], pairs: 0.3 },
    { sizes: [1, 6, 3], pairs: 0.5 },
    { sizes: [3, 3], pairs: 1 },
  ])('gives combinations of $sizes a variance of 1, of which pairs have $pairs', ({ sizes, pairs }) => {
    const worlds = Array.from({ length: 2_000 }, (_, seed) => makeElements(sizes, { pairs, seed }));
    // With the four free pairs of 3 × 3 the mean square has the largest sd, √(2/4), over 2,000 worlds .016; four of them.
    expect(Math.abs(sum(worlds.map((world) => meanSquare(allScores(world)))) / 2_000 - 1)).toBeLessThan(0.064);
    const main = worlds.map((world) => meanSquare(allScores({ ...world, pairs: [] })));
    expect(Math.abs(sum(main) / 2_000 - (1 - pairs))).toBeLessThan(0.064);
  });

  it('draws the same elements whatever pairs and favour are', () => {
    const [plain, rich] = [makeElements([4, 4], { seed: 3 }), makeElements([4, 4], { seed: 3, pairs: 0.75, favour: 2 })];
    expect(rich.tilts).toEqual(plain.tilts);
    // A quarter of the variance, half of the standard deviation.
    for (const [kind, own] of rich.scores.entries())
      for (const [place, score] of own.entries()) expect(score).toBeCloseTo((plain.scores[kind]?.[place] as number) / 2, 12);
    expect(makeElements([4, 4], { seed: 4 }).scores).not.toEqual(plain.scores);
  });

  it('refuses a share of pairs where there are none, or too many to tell', () => {
    expect(() => makeElements([8], { pairs: 0.1 })).toThrow('Expected two kinds of at least two elements each with --pairs');
    expect(() => makeElements([1, 8, 1], { pairs: 0.1 })).toThrow('--pairs');
    expect(() => makeElements([1_500, 1_500], { pairs: 0.1 })).toThrow(
      'at most 1000000 pairs of elements with --pairs but received 2250000',
    );
  });
});

describe('drawCombinations', () => {
  it('draws different combinations, all there are if so many are wanted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 1_000 }),
        (sizes, favour, quality, part, seed) => {
          const world = makeElements(sizes, { favour, seed });
          const total = combinationCount(world.kinds);
          const count = Math.ceil(part * total);
          const drawn = drawCombinations(world, quality, count, createRandom(seed));
          expect(new Set(drawn.map((combination) => combination.join())).size).toBe(count);
          for (const combination of drawn) {
            expect(combination).toHaveLength(sizes.length);
            for (const [kind, place] of combination.entries()) expect(world.kinds[kind]?.elements[place]).toBeTypeOf('string');
          }
        },
      ),
      { seed: 1 },
    );
  });

  it('makes any set of combinations as likely as another without favour', () => {
    const world = makeElements([2, 3]);
    const random = createRandom(5);
    const counts = new Map<string, number>();
    const draws = 30_000;
    for (let i = 0; i < draws; i++) {
      const key = drawCombinations(world, 2, 3, random)
        .map((combination) => combination.join(''))
        .sort()
        .join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // 3 of 6 combinations: 20 sets; χ² with 19 degrees of freedom has its .999 quantile at 43.8.
    expect(counts.size).toBe(20);
    expect(sum([...counts.values()].map((seen) => (seen - draws / 20) ** 2 / (draws / 20)))).toBeLessThan(43.8);
  });

  it.each([-1.5, 0, 2])('draws an element first with chance ∝ exp(favour · quality · tilt) for an ad %d sd from the mean', (quality) => {
    const world = makeElements([5, 4], { favour: 0.8 });
    const random = createRandom(6);
    const draws = 20_000;
    const seen = new Float64Array(5);
    for (let i = 0; i < draws; i++) {
      const place = drawCombinations(world, quality, 1, random)[0]?.[0] as number;
      seen[place] = (seen[place] as number) + 1;
    }
    const weights = Array.from(world.tilts[0] as Float64Array, (tilt) => Math.exp(0.8 * quality * tilt));
    const chi = sum(
      weights.map((weight, place) => {
        const expected = (draws * weight) / sum(weights);
        return ((seen[place] as number) - expected) ** 2 / expected;
      }),
    );
    // Four degrees of freedom: .999 quantile 18.5.
    expect(chi).toBeLessThan(18.5);
  });

  it('takes as many random numbers whatever favour is', () => {
    const next = (favour: number): number => {
      const random = createRandom(7);
      drawCombinations(makeElements([3, 3], { favour }), 3, 8, random);
      return random.uint32();
    };
    expect(next(5)).toBe(next(0));
  });
});

describe('nameElements', () => {
  it('names so many elements of each kind, no two alike', () => {
    const kinds = nameElements(
      new Map([
        ['title', 3_200],
        ['image', 12],
        ['highlight', 3_200],
      ]),
    );
    expect(kinds.map(({ kind, elements }) => [kind, elements.length])).toEqual([
      ['title', 3_200],
      ['image', 12],
      ['highlight', 3_200],
    ]);
    expect(new Set(kinds.flatMap(({ elements }) => elements)).size).toBe(6_412);
    expect([kinds[0]?.elements[0], kinds[1]?.elements[0]]).toEqual(['Quick soups for rainy days', 'image-01']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CombinationSpace } from '../../../../src/core/models/generator/space.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allCombinations } from './made_ads.ts';

/** Spaces of up to 4 kinds with many forbidden pairs and some candidates that are not allowed. */
const definition = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((sizes) => {
  const n = sizes.reduce((sum, size) => sum + size, 0);
  const candidate = fc.integer({ min: 0, max: n - 1 });
  return fc.record({
    sizes: fc.constant(sizes),
    forbidden: fc.array(fc.tuple(candidate, candidate), { maxLength: 14 }),
    allowed: fc.array(
      fc.integer({ min: 0, max: 5 }).map((x) => x > 0),
      { minLength: n, maxLength: n },
    ),
  });
});

type Definition = typeof definition extends fc.Arbitrary<infer T> ? T : never;

const spaceOf = ({ sizes, ...rest }: Definition): CombinationSpace => new CombinationSpace({ sizes: Int32Array.from(sizes), ...rest });

/** By definition: all combinations, less those with a candidate not allowed or with a forbidden pair. */
function feasible({ sizes, forbidden, allowed }: Definition): Int32Array[] {
  return allCombinations(sizes).filter(
    (combination) =>
      combination.every((candidate) => allowed[candidate]) &&
      !forbidden.some(([a, b]) => a !== b && combination.includes(a) && combination.includes(b)),
  );
}

/** Each pair of candidates of different kinds with a probability. */
function madeForbidden(seed: number, sizes: readonly number[], probability: number): [number, number][] {
  const random = createRandom(seed, 8);
  const kindOf = sizes.flatMap((size, kind) => Array.from({ length: size }, () => kind));
  return kindOf.flatMap((kind, i) =>
    kindOf.flatMap((other, j): [number, number][] => (other < kind && random.uniform() < probability ? [[i, j]] : [])),
  );
}

describe('CombinationSpace', () => {
  it('counts and holds the combinations that are left when every one is looked at', () => {
    fc.assert(
      fc.property(definition, (made) => {
        const space = spaceOf(made);
        const left = feasible(made);
        expect(space.count).toBe(left.length);
        expect(space.isCountExact).toBe(true);
        expect(space.isEmpty).toBe(left.length === 0);
        const keys = new Set(left.map((combination) => combination.join()));
        for (const combination of allCombinations(made.sizes)) expect(space.holds(combination)).toBe(keys.has(combination.join()));
      }),
      { numRuns: 300 },
    );
  });

  it('opens just the candidates that some feasible combination goes on with', () => {
    fc.assert(
      fc.property(definition, (made) => {
        const space = spaceOf(made);
        const left = feasible(made);
        for (const combination of left) {
          for (let kind = 0; kind < made.sizes.length; kind++) {
            const prefix = combination.slice(0, kind);
            const next = left.filter((other) => prefix.every((candidate, i) => other[i] === candidate)).map((other) => other[kind]);
            expect(new Set(space.open(prefix))).toEqual(new Set(next));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never leads into a dead end, whatever is chosen of what is open', () => {
    fc.assert(
      fc.property(definition, fc.nat(), (made, seed) => {
        const space = spaceOf(made);
        fc.pre(!space.isEmpty);
        const random = createRandom(seed);
        let chosen = new Int32Array(0);
        for (let kind = 0; kind < space.kinds; kind++) {
          const open = space.open(chosen);
          expect(open.length).toBeGreaterThan(0);
          chosen = Int32Array.of(...chosen, open[random.below(open.length)] as number);
        }
        expect(space.holds(chosen)).toBe(true);
      }),
    );
  });

  it('draws every feasible combination equally often', () => {
    const space = new CombinationSpace({ sizes: Int32Array.of(2, 3), forbidden: [[0, 2]] });
    const counts = new Map<string, number>();
    const draws = 5_000;
    const random = createRandom(1);
    for (let i = 0; i < draws; i++) {
      const key = space.draw(random).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(5);
    // Binomial(5000, 1/5) has sd 28; five of them.
    for (const times of counts.values()) expect(Math.abs(times - draws / 5)).toBeLessThan(141);
  });

  it('draws a feasible combination even where uniform draws practically never hit one', () => {
    // 40 by 40 candidates with one pair left: one draw of 1,600 would do.
    const forbidden = Array.from({ length: 1_600 }, (_, i): [number, number] => [Math.floor(i / 40), 40 + (i % 40)]).slice(1);
    const space = new CombinationSpace({ sizes: Int32Array.of(40, 40, 2), forbidden });
    expect(space.count).toBe(2);
    expect([...space.draw(createRandom(3))].slice(0, 2)).toEqual([0, 40]);
  });

  it('says that a count is estimated where there are too many forbidden pairs to go through', () => {
    const random = createRandom(5);
    const sizes = Int32Array.of(40, 40, 40, 40, 40);
    const forbidden = Array.from({ length: 2_000 }, (): [number, number] => [random.below(200), random.below(200)]);
    const space = new CombinationSpace({ sizes, forbidden });
    expect(space.isCountExact).toBe(false);
    // About 1,600 pairs lie between kinds, of 16,000: a combination of ten pairs survives them with about 0.9^10 = 0.35.
    expect(space.count / 40 ** 5).toBeGreaterThan(0.25);
    expect(space.count / 40 ** 5).toBeLessThan(0.45);
  });

  it('estimates nearly what going through all would count', () => {
    const sizes = Array.from({ length: 6 }, () => 10);
    const space = new CombinationSpace({ sizes: Int32Array.from(sizes), forbidden: madeForbidden(3, sizes, 0.1) });
    expect(space.isCountExact).toBe(false);
    let count = 0;
    for (const combination of allCombinations(sizes)) if (space.holds(combination)) count += 1;
    // 1,000 draws leave a standard error of about 1 % here.
    expect(Math.abs(space.count / count - 1)).toBeLessThan(0.05);
  });

  it('does not take a space for empty that uniform draws practically never hit', () => {
    const sizes = Array.from({ length: 6 }, () => 50);
    for (let seed = 0; seed < 5; seed++) {
      const space = new CombinationSpace({ sizes: Int32Array.from(sizes), forbidden: madeForbidden(seed, sizes, 0.5) });
      expect(space.isCountExact).toBe(false);
      // 50⁶ · 2⁻¹⁵ = 477,000 on average over the pairs; one loose draw of 33,000 is one of them.
      expect(space.count).toBeGreaterThan(240_000);
      expect(space.count).toBeLessThan(960_000);
    }
  });

  it('counts exactly where there are no more than 100,000 before forbidden pairs, however many steps that takes', () => {
    const forbidden = Array.from({ length: 15 }, (_, kind): [number, number] => [2 * kind, 2 * kind + 2]);
    const space = new CombinationSpace({ sizes: new Int32Array(16).fill(2), forbidden: [...forbidden, [1, 31]] });
    expect(space.isCountExact).toBe(true);
    const left = allCombinations(Array.from({ length: 16 }, () => 2)).filter((combination) => space.holds(combination));
    expect(space.count).toBe(left.length);
  });

  it('counts what no array could hold', () => {
    expect(new CombinationSpace({ sizes: new Int32Array(12).fill(100) }).count).toBe(1e24);
  });
});

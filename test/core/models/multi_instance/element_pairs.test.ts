import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { findPairs, indexOfPair, withPairs } from '../../../../src/core/models/multi_instance/element_pairs.ts';
import { allRows, arbitraryBags, makeBags } from './made_bags.ts';

/** How many rows with exposure show two elements together. */
function rowsWith({ kinds, members, exposure, rows }: Bags, first: number, second: number): number {
  const width = kinds.length;
  return allRows({ rows } as Bags).filter((row) => {
    const own = members.subarray(row * width, (row + 1) * width);
    return (exposure[row] as number) > 0 && own.includes(first) && own.includes(second);
  }).length;
}

describe('findPairs', () => {
  it('finds every pair of elements of different kinds that four rows with exposure show, in order', () => {
    fc.assert(
      fc.property(arbitraryBags, fc.nat(4), (made, every) => {
        const bags = { ...made, exposure: made.exposure.map((own, row) => (row % 5 === every ? 0 : own)) };
        const pairs = findPairs(bags);
        const expected = bags.elements.flatMap((own, first) =>
          bags.elements.flatMap((other, second) => (own.kind < other.kind && rowsWith(bags, first, second) >= 4 ? [[first, second]] : [])),
        );
        expect(Array.from(pairs.first, (first, pair) => [first, pairs.second[pair]])).toEqual(expected);
        for (const [pair, [first = 0, second = 0]] of expected.entries()) {
          expect([indexOfPair(pairs, first, second), indexOfPair(pairs, second, first)]).toEqual([pair, pair]);
        }
        expect(indexOfPair(pairs, 0, bags.elements.length)).toBe(-1);
      }),
    );
  });

  it('keeps the 20,000 pairs of most exposure', () => {
    // 150 × 150 pairs, each in four rows; the exposure of a pair grows with its place.
    const [side, repeats] = [150, 4];
    const rows = side * side * repeats;
    const of = (row: number): number => row % (side * side);
    const bags: Bags = {
      kinds: ['a', 'b'],
      elements: Array.from({ length: 2 * side }, (_, e) => ({ kind: Math.floor(e / side), elementId: `e${e}` })),
      ads: ['ad'],
      rows,
      ad: new Int32Array(rows),
      members: Int32Array.from({ length: 2 * rows }, (_, at) =>
        at % 2 === 0 ? Math.floor(of(at / 2) / side) : side + (of((at - 1) / 2) % side),
      ),
      outcomes: new Float64Array(rows),
      exposure: Float64Array.from({ length: rows }, (_, row) => 1 + of(row)),
    };
    const { first, second } = findPairs(bags);
    expect(first).toHaveLength(20_000);
    const least = side * side - 20_000;
    expect(Array.from(first, (own, pair) => own * side + (second[pair] as number) - side)).toEqual(
      Array.from({ length: 20_000 }, (_, i) => least + i),
    );
  });
});

describe('withPairs', () => {
  it('gives a row its pairs as further elements, of kinds that are pairs of kinds', () => {
    const bags = makeBags({ seed: 4, rows: 60, ads: 3, elementsPerKind: [2, 3, 2], absent: 0.2 });
    const pairs = findPairs(bags);
    const paired = withPairs(bags, pairs);
    expect(paired.kinds).toEqual(['kind0', 'kind1', 'kind2', 'kind0 × kind1', 'kind0 × kind2', 'kind1 × kind2']);
    expect(paired.elements).toHaveLength(bags.elements.length + pairs.first.length);
    expect(paired.elements.slice(0, 7)).toEqual(bags.elements);
    for (const row of allRows(bags)) {
      const own = [...bags.members.subarray(row * 3, row * 3 + 3)];
      const [a = -1, b = -1, c = -1] = own;
      const expected = [
        [a, b],
        [a, c],
        [b, c],
      ].map(([s = -1, t = -1]) => {
        const pair = s < 0 || t < 0 ? -1 : indexOfPair(pairs, s, t);
        return pair < 0 ? -1 : 7 + pair;
      });
      expect([...paired.members.subarray(row * 6, row * 6 + 6)]).toEqual([...own, ...expected]);
      for (const [kind, element] of paired.members.subarray(row * 6, row * 6 + 6).entries()) {
        if (element >= 0) expect(paired.elements[element]?.kind).toBe(kind);
      }
    }
  });
});

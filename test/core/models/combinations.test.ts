import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countCombinations,
  groupElements,
  keepBestElements,
  placesOf,
  scoreCombination,
  scoreCombinations,
} from '../../../src/core/models/combinations.ts';

const KINDS = ['highlight', 'image', 'title'] as const;
const element = fc.record({
  kind: fc.constantFrom(...KINDS),
  elementId: fc.integer({ min: 0, max: 30 }).map(String),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
});
const elements = fc.uniqueArray(element, { minLength: 1, maxLength: 40, selector: ({ kind, elementId }) => `${kind} ${elementId}` });

describe('groupElements', () => {
  it('does not depend on the order of the elements', () => {
    const shuffled = elements.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const ids = (groups: ReturnType<typeof groupElements>) =>
          groups.map(({ kind, elementIds, scores }) => [kind, elementIds, [...scores]]);
        expect(ids(groupElements(other))).toEqual(ids(groupElements(list)));
      }),
    );
  });

  it('counts an element met twice once, with the score that is known', () => {
    const [title] = groupElements([
      { kind: 'title', elementId: 'a', score: undefined },
      { kind: 'title', elementId: 'a', score: 0.9 },
      { kind: 'title', elementId: 'a', score: undefined },
    ]);
    expect(title?.elementIds).toEqual(['a']);
    expect([...(title?.scores ?? [])]).toEqual([0.9]);
  });

  it("gives an element without a score the mean of its kind's others, and one half where no other has one", () => {
    const groups = groupElements([
      { kind: 'title', elementId: 'c', score: undefined },
      { kind: 'title', elementId: 'b', score: 0.2 },
      { kind: 'title', elementId: 'a', score: 0.6 },
      { kind: 'image', elementId: 'x', score: undefined },
    ]);
    expect(groups.map(({ kind, elementIds, scores }) => ({ kind, elementIds, scores: [...scores] }))).toEqual([
      { kind: 'image', elementIds: ['x'], scores: [0.5] },
      { kind: 'title', elementIds: ['a', 'b', 'c'], scores: [0.6, 0.2, 0.4] },
    ]);
  });
});

describe('scoreCombinations', () => {
  it('scores every combination once, at the index its places are read from', () => {
    fc.assert(
      fc.property(elements, (list) => {
        const groups = groupElements(list);
        const scores = scoreCombinations(groups);
        expect(scores.length).toBe(countCombinations(groups));
        const places = placesOf(
          groups,
          Uint32Array.from(scores, (_, index) => index),
        );
        const seen = new Set<string>();
        for (let index = 0; index < scores.length; index++) {
          const combination = places.slice(index * groups.length, (index + 1) * groups.length);
          seen.add(combination.join());
          // Sums of a few numbers in [0, 1], in the same order.
          expect(scores[index]).toBeCloseTo(scoreCombination(groups, combination), 14);
        }
        expect(seen.size).toBe(scores.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe('keepBestElements', () => {
  it('leaves at most the limit, could not keep one more of any kind, and drops only elements that are no better', () => {
    fc.assert(
      fc.property(elements, fc.integer({ min: 1, max: 600 }), (list, limit) => {
        const groups = groupElements(list);
        const cut = keepBestElements(groups, limit);
        const left = countCombinations(cut);
        expect(left).toBeLessThanOrEqual(limit);
        for (const [kind, group] of groups.entries()) {
          const kept = cut[kind]?.elementIds ?? [];
          expect(kept.length === group.elementIds.length || (left / kept.length) * (kept.length + 1) > limit).toBe(true);
          const scoreOf = (id: string): number => group.scores[group.elementIds.indexOf(id)] as number;
          const worstKept = Math.min(...kept.map(scoreOf));
          for (const id of group.elementIds) if (!kept.includes(id)) expect(scoreOf(id)).toBeLessThanOrEqual(worstKept);
        }
      }),
    );
  });

  it('keeps about as many of every kind', () => {
    const many = KINDS.flatMap((kind) => Array.from({ length: 200 }, (_, i) => ({ kind, elementId: `${i}`, score: i / 200 })));
    expect(keepBestElements(groupElements(many), 100_000).map((group) => group.elementIds.length)).toEqual([47, 46, 46]);
  });
});

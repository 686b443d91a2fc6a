import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupElements } from '../../../src/core/models/combinations.ts';

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

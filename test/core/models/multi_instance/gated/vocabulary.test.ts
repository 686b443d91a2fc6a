import { expect, it } from 'vitest';
import type { Bags } from '../../../../../src/core/models/multi_instance/bags.ts';
import { buildVocabulary, createCoding } from '../../../../../src/core/models/multi_instance/gated/vocabulary.ts';

/** Titles t0 to t3 and images i0, i1; the last row has no exposure and is the only one with t3. */
const bags: Bags = {
  kinds: ['image', 'title'],
  elements: [
    ...['i0', 'i1'].map((elementId) => ({ kind: 0, elementId })),
    ...['t0', 't1', 't2', 't3'].map((elementId) => ({ kind: 1, elementId })),
  ],
  ads: ['a', 'b', 'c'],
  rows: 4,
  ad: Int32Array.of(0, 1, 2, 2),
  members: Int32Array.of(0, 2, 1, 3, -1, 4, 0, 5),
  outcomes: Float64Array.of(1, 0, 1, 0),
  exposure: Float64Array.of(5, 5, 5, 0),
};
const features = {
  elementTerms: [
    ['text=red'],
    ['text=red', 'text=sale'],
    ['words=tea', 'words=red'],
    ['words=tea', 'style=list', 'words=tea'],
    ['style=list'],
    ['words=red'],
  ],
  adTerms: [['lang=en', 'brand=x'], ['lang=en'], ['lang=zh']],
};
const vocabulary = buildVocabulary(bags, features, Int32Array.of(0, 1, 2, 3));

it('a vocabulary has the ids that were shown, and the terms that at least two of a kind share', () => {
  expect(vocabulary).toEqual({
    kinds: ['image', 'title'],
    ids: [
      ['i0', 'i1'],
      ['t0', 't1', 't2'],
    ],
    terms: [['text=red'], ['style=list', 'words=tea']],
    adTerms: ['lang=en'],
  });
});

it('codes are rows of the tables, in one cell for each field, and what is unknown has none', () => {
  const coding = createCoding(vocabulary);
  expect([coding.elementRows, coding.adRows]).toEqual([8, 1]);
  expect([coding.elementFields, coding.adFields]).toEqual([['style', 'text', 'words'], ['lang']]);
  expect([coding.idRow(0, 'i1'), coding.idRow(1, 't0'), coding.idRow(1, 't3'), coding.idRow(0, 't0')]).toEqual([1, 2, -1, -1]);
  expect(coding.termRows(1, ['words=tea', 'style=list', 'words=tea', 'words=red'])).toEqual([[6], [], [7]]);
  expect(coding.termRows(0, ['words=tea', 'text=red'])).toEqual([[], [5], []]);
  expect(coding.adTermRows(['lang=en', 'brand=x'])).toEqual([[0]]);
});

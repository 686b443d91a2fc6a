import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigramsOf, chooseDistinct, NEAR_DUPLICATE, similarity } from '../../../src/core/text/rank.ts';

describe('similarity of titles', () => {
  it('is the Dice coefficient of character bigrams', () => {
    // night: ni ig gh ht; nacht: na ac ch ht; one in common: 2 * 1 / 8.
    expect(similarity(bigramsOf('Night'), bigramsOf('nacht'))).toBeCloseTo(0.25, 12);
    expect(similarity(bigramsOf('红烧肉！'), bigramsOf('红烧 肉'))).toBe(1);
  });

  it('is symmetric and lies between 0 and 1', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const value = similarity(bigramsOf(a), bigramsOf(b));
        expect(value).toBe(similarity(bigramsOf(b), bigramsOf(a)));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('choosing distinct titles', () => {
  const word = fc.constantFrom('红烧', '牛肉', '面', '汤', '辣', '香', '嫩');
  const candidates = fc.uniqueArray(
    fc.record({
      text: fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('')),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { selector: ({ text }) => text, maxLength: 120 },
  );

  it('begins with the best score and never takes near-duplicates', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 6 }), (all, count) => {
        const { chosen } = chooseDistinct(all, count);
        expect(chosen.length).toBeLessThanOrEqual(count);
        if (all.length > 0) expect(chosen[0]?.score).toBe(Math.max(...all.map(({ score }) => score)));
        for (const [index, a] of chosen.entries()) {
          for (const b of chosen.slice(index + 1))
            expect(similarity(bigramsOf(a.text), bigramsOf(b.text))).toBeLessThanOrEqual(NEAR_DUPLICATE);
        }
        if (chosen.length < count) {
          const left = all.filter((candidate) => !chosen.includes(candidate));
          for (const { text } of left)
            expect(Math.max(...chosen.map((each) => similarity(bigramsOf(each.text), bigramsOf(text))))).toBeGreaterThan(NEAR_DUPLICATE);
        }
      }),
    );
  });

  it('does not depend on the order of candidates', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        expect(chooseDistinct(all, 3).chosen).toEqual(chooseDistinct(all.toReversed(), 3).chosen);
      }),
    );
  });
});

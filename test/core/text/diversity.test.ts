import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Diversity, diversityOf } from '../../../src/core/text/diversity.ts';

const words = (...texts: readonly string[]): string[][] => texts.map((text) => text.split(' '));
const of = (...texts: readonly string[]): Diversity => diversityOf([words(...texts)]) as Diversity;

describe('diversity of the texts of a note', () => {
  it('is counted by hand: 4 of 6 words and 3 of 4 pairs are different', () => {
    expect(of('a b c', 'a b d')).toMatchObject({ distinct1: 4 / 6, distinct2: 3 / 4, notes: 1 });
  });

  it('is BLEU against the other texts: 2/3 of the words, 1/2 of the pairs, none of the triples', () => {
    expect(of('a b c', 'a b d').selfBleu).toBeCloseTo(((2 / 3) * (1 / 2) * 0.1) ** (1 / 3), 12);
  });

  it('counts a repeated word no more often than a reference has it, and punishes a text shorter than it', () => {
    // "a a": one of two words, no pair; "a b c d": one of four words, and longer than its reference.
    const repeated = ((1 / 2) * 0.1) ** (1 / 2) * Math.exp(1 - 4 / 2);
    const long = ((1 / 4) * (0.1 / 3) * (0.1 / 2) * 0.1) ** (1 / 4);
    expect(of('a a', 'a b c d').selfBleu).toBeCloseTo((repeated + long) / 2, 12);
  });

  it('is 0 and 1 at its ends', () => {
    expect(of('a b', 'c d')).toEqual({ distinct1: 1, distinct2: 1, selfBleu: 0, notes: 1 });
    expect(of('a b c d e', 'a b c d e')).toEqual({ distinct1: 1 / 2, distinct2: 1 / 2, selfBleu: 1, notes: 1 });
  });

  it('leaves out notes with fewer than two texts, and is undefined where all are', () => {
    expect(diversityOf([words('a'), words('a', 'b'), []])?.notes).toBe(1);
    expect(diversityOf([words('a'), [[], []]])).toBeUndefined();
  });

  it('stays in [0, 1] whatever the texts, and does not depend on their order', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 4 }), (texts) => {
        const forth = diversityOf([texts]);
        const back = diversityOf([texts.toReversed()]);
        if (forth === undefined || back === undefined) return;
        for (const name of ['distinct1', 'distinct2', 'selfBleu'] as const) {
          expect(forth[name]).toBeGreaterThanOrEqual(0);
          expect(forth[name]).toBeLessThanOrEqual(1 + 1e-12);
          expect(back[name]).toBeCloseTo(forth[name], 12);
        }
      }),
    );
  });
});

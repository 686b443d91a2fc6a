import { describe, expect, it } from 'vitest';
import { learnTermLifts, type ShownText } from '../../../src/core/feedback/term_lifts.ts';
import { createRandom } from '../../../src/core/random.ts';

const LIFTS: Readonly<Record<string, number>> = { question: 0.4, number: 0.2, plain: 0, long: -0.3 };
const NAMES = Object.keys(LIFTS);

/** Texts of ads with unequal click rates, each with two of the terms and the clicks that their lifts give. */
function world(seed: number, lift: (term: string) => number, texts = 600): ShownText[] {
  const random = createRandom(seed);
  return Array.from({ length: texts }, () => {
    const first = random.below(NAMES.length);
    const terms = [NAMES[first], NAMES[(first + 1 + random.below(NAMES.length - 1)) % NAMES.length]] as string[];
    const expected = 5 + 60 * random.uniform();
    const mean = expected * Math.exp(terms.reduce((sum, term) => sum + lift(term), 0));
    return { terms, expected, clicks: poisson(mean, random.uniform) };
  });
}

/** Knuth's product method, in steps that keep the product above 0. */
function poisson(mean: number, uniform: () => number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 50) {
    for (let product = uniform(), least = Math.exp(-Math.min(50, left)); product > least; product *= uniform()) count += 1;
  }
  return count;
}

describe('lifts of terms', () => {
  it('order the terms as the world does', () => {
    const lifts = learnTermLifts(world(1, (term) => LIFTS[term] as number));
    const scores = NAMES.map((name) => lifts.scoreOf([name]));
    expect(scores.toSorted((a, b) => b - a)).toEqual(scores);
    expect(lifts.terms).toBe(NAMES.length);
  });

  it('are nearly 0 where the terms tell nothing, and the prior says so', () => {
    const lifts = learnTermLifts(world(2, () => 0));
    // A term stands in about 10,000 expected clicks, so chance alone moves its rate by 1 %.
    for (const name of NAMES) expect(Math.abs(lifts.scoreOf([name]))).toBeLessThan(0.02);
    expect(lifts.strength).toBeGreaterThan(1000);
  });

  it('shrink a term that was hardly shown towards 0', () => {
    const rare: ShownText = { terms: ['rare'], clicks: 3, expected: 1 };
    const lifts = learnTermLifts([...world(3, (term) => LIFTS[term] as number), rare]);
    expect(lifts.scoreOf(['rare'])).toBeGreaterThan(0);
    expect(lifts.scoreOf(['rare'])).toBeLessThan(0.6 * Math.log(3));
  });

  it('weigh over-dispersed clicks less', () => {
    const texts = world(4, (term) => LIFTS[term] as number, 60);
    const sure = learnTermLifts(texts).scoreOf(['question']);
    const unsure = learnTermLifts(texts, 20).scoreOf(['question']);
    expect(Math.abs(unsure)).toBeLessThan(Math.abs(sure));
  });

  it('are the mean over the terms of a title; unknown terms count as 0', () => {
    const lifts = learnTermLifts(world(5, (term) => LIFTS[term] as number));
    const [question, long] = [lifts.scoreOf(['question']), lifts.scoreOf(['long'])];
    expect(lifts.scoreOf(['question', 'long'])).toBeCloseTo((question + long) / 2, 12);
    expect(lifts.scoreOf(['question', 'never seen'])).toBeCloseTo(question / 2, 12);
    expect(lifts.scoreOf([])).toBe(0);
    expect(learnTermLifts([]).scoreOf(['question'])).toBe(0);
  });
});

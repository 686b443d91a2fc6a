import { fitStrength } from './shrinkage.ts';

/** A text that was shown, with what came of it. */
export interface ShownText {
  /** What it holds: its words, style, length; each named once. */
  readonly terms: readonly string[];
  readonly clicks: number;
  /** Clicks it would have had at the mean click rate of its ad, where it was shown. */
  readonly expected: number;
}

/** How much more often texts with a term are clicked than other texts of their ads. */
export interface TermLifts {
  /** Mean of the terms' log lifts; unknown terms count as 0, as texts without terms do. */
  readonly scoreOf: (terms: readonly string[]) => number;
  /** Terms that were seen. */
  readonly terms: number;
  /** Strength k of the prior, in expected clicks; at its upper bound of e^12 where the terms tell nothing. */
  readonly strength: number;
}

/**
 * Log lifts of terms: `ln((C + k) / (E + k))`, C the clicks of the texts with the term and E those expected at their ads'
 * own click rates, so that what an ad is about does not count; k by empirical Bayes over all terms (see `fitStrength`).
 * A title's score is the mean over its terms. Terms are taken one by one: what always stands together shares its credit.
 * @param dispersion variance of the clicks over that of Poisson counts (at least 1); counts weigh that much less
 */
export function learnTermLifts(texts: Iterable<ShownText>, dispersion = 1): TermLifts {
  const sums = new Map<string, { clicks: number; expected: number }>();
  for (const { terms, clicks, expected } of texts) {
    for (const term of terms) {
      const sum = sums.get(term) ?? { clicks: 0, expected: 0 };
      sum.clicks += clicks / dispersion;
      sum.expected += expected / dispersion;
      sums.set(term, sum);
    }
  }
  const seen = [...sums].filter(([, { expected }]) => expected > 0);
  const { k } = fitStrength(
    seen.map(([, { clicks }]) => clicks),
    seen.map(([, { expected }]) => expected),
  );
  const lifts = new Map(seen.map(([term, { clicks, expected }]) => [term, Math.log((clicks + k) / (expected + k))]));
  return {
    terms: seen.length,
    strength: k,
    scoreOf: (terms) => terms.reduce((sum, term) => sum + (lifts.get(term) ?? 0), 0) / Math.max(1, terms.length),
  };
}

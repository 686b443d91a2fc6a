import { bareText } from './controls.ts';

/** Two titles more alike than this are one title said twice; only the better one is kept. */
export const NEAR_DUPLICATE = 0.75;
const SCORE_SHARE = 0.7; // of marginal relevance; the rest is difference from the titles already chosen
const MOST_COMPARED = 80;

/** How often each pair of neighbouring UTF-16 units stands in a text, and how many pairs there are. */
interface Counts {
  readonly pairs: ReadonlyMap<number, number>;
  readonly total: number;
}

/** Multisets of a title's character bigrams: of the text as it is, and of its letters and digits only. */
export interface Bigrams {
  readonly whole: Counts;
  readonly bare: Counts;
}

export function bigramsOf(text: string): Bigrams {
  return { whole: countBigrams(text.toLowerCase()), bare: countBigrams(bareText(text)) };
}

/** A text of one character is a pair with nothing. */
function countBigrams(text: string): Counts {
  const pairs = new Map<number, number>();
  const total = text.length === 1 ? 1 : Math.max(0, text.length - 1);
  for (let index = 0; index < total; index += 1) {
    const pair = (text.charCodeAt(index) << 16) | text.charCodeAt(index + 1);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return { pairs, total };
}

/**
 * How alike two titles are, in [0, 1]: the Dice coefficient `2 |A ∩ B| / (|A| + |B|)` of their bigrams, the greater of the
 * two counts, so that neither the same words with other signs nor the same frame around other words pass for a new title.
 */
export function similarity(a: Bigrams, b: Bigrams): number {
  return Math.max(dice(a.whole, b.whole), dice(a.bare, b.bare));
}

function dice(a: Counts, b: Counts): number {
  let common = 0;
  for (const [pair, count] of a.pairs) common += Math.min(count, b.pairs.get(pair) ?? 0);
  const total = a.total + b.total;
  return total === 0 ? 0 : (2 * common) / total;
}

/** A text with its score in [0, 1]. */
export interface Scored {
  readonly text: string;
  readonly score: number;
}

/**
 * Chooses up to `count` texts by maximal marginal relevance (Carbonell and Goldstein 1998):
 * the next is the greatest `λ score − (1 − λ) max similarity to those chosen`; near-duplicates of a chosen text never follow.
 * Returns them in the order of choice, and how many were left out as near-duplicates.
 */
export function chooseDistinct<T extends Scored>(
  candidates: readonly T[],
  count: number,
): { readonly chosen: T[]; readonly duplicates: number } {
  let left = candidates
    .toSorted((a, b) => b.score - a.score || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map((candidate) => ({ candidate, bigrams: undefined as Bigrams | undefined, closest: 0, compared: 0 }));
  const chosen: T[] = [];
  const chosenBigrams: Bigrams[] = [];
  let duplicates = 0;
  while (chosen.length < count && left.length > 0) {
    let best: (typeof left)[number] | undefined;
    let bestValue = Number.NEGATIVE_INFINITY;
    const kept: typeof left = [];
    for (const [rank, entry] of left.entries()) {
      if (rank >= MOST_COMPARED) {
        kept.push(entry);
        continue;
      }
      entry.bigrams ??= bigramsOf(entry.candidate.text);
      for (; entry.compared < chosenBigrams.length; entry.compared += 1) {
        entry.closest = Math.max(entry.closest, similarity(entry.bigrams, chosenBigrams[entry.compared] as Bigrams));
      }
      if (entry.closest > NEAR_DUPLICATE) {
        duplicates += 1;
        continue;
      }
      kept.push(entry);
      const value = SCORE_SHARE * entry.candidate.score - (1 - SCORE_SHARE) * entry.closest;
      if (value > bestValue) {
        bestValue = value;
        best = entry;
      }
    }
    // All that were compared may be near-duplicates while more are waiting behind them.
    left = best ? kept.filter((entry) => entry !== best) : kept;
    if (!best) continue;
    chosen.push(best.candidate);
    chosenBigrams.push(best.bigrams as Bigrams);
  }
  return { chosen, duplicates };
}

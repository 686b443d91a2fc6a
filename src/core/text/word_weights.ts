import type { TextLanguage } from './language.ts';
import { isContentWord } from './stop_words.ts';

const ENTITY_BONUS = 1.5;
const SHORT_WORD = 0.4; // one Han character, two Latin letters: mostly parts of other words

/**
 * Weight of each content word of a note: `√(Σ over its places of the place's weight)`, times a bonus for entities, over the
 * greatest of the note. A stop list stands in for document frequencies, so a note's words never depend on other notes.
 */
export function wordWeights(
  places: readonly { readonly words: readonly string[]; readonly weight: number }[],
  language: TextLanguage,
  entities: ReadonlySet<string>,
): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { words, weight } of places) {
    for (const raw of words) {
      const word = raw.toLowerCase();
      if (!isContentWord(word, language) || /^\p{N}/u.test(word)) continue;
      weights.set(word, (weights.get(word) ?? 0) + weight);
    }
  }
  let greatest = 0;
  for (const [word, sum] of weights) {
    const short = word.length < (language === 'zh' ? 2 : 3);
    const weight = Math.sqrt(sum) * (short ? SHORT_WORD : 1) * (entities.has(word) ? ENTITY_BONUS : 1);
    weights.set(word, weight);
    greatest = Math.max(greatest, weight);
  }
  for (const [word, weight] of weights) weights.set(word, weight / greatest);
  return weights;
}

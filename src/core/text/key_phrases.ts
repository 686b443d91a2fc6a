import type { TextLanguage } from './language.ts';
import type { Segmenter } from './segment.ts';
import { isContentWord } from './stop_words.ts';

const ENTITY_BONUS = 1.5;
const SHORT_WORD = 0.4; // one Han character, two Latin letters: mostly parts of other words
const MOST_PHRASES = 12;
const LONGEST_PHRASE = 3;

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

/** Key phrases, heaviest first: words in Chinese, runs of up to three content words elsewhere. */
export function keyPhrases(
  texts: readonly string[],
  segment: Segmenter,
  language: TextLanguage,
  weights: ReadonlyMap<string, number>,
): string[] {
  const phrases = new Map<string, { text: string; weight: number }>();
  const add = (words: readonly string[]): void => {
    const text = words.join(language === 'zh' ? '' : ' ');
    const weight = words.reduce((sum, word) => sum + (weights.get(word.toLowerCase()) ?? 0), 0) / Math.sqrt(words.length);
    if (text.length >= 2 && !phrases.has(text.toLowerCase())) phrases.set(text.toLowerCase(), { text, weight });
  };
  for (const text of texts) {
    for (const stretch of text.split(/[^\p{L}\p{N}\p{M}'’ -]+/u)) {
      let run: string[] = [];
      for (const word of segment(stretch)) {
        const tells = isContentWord(word, language) && !/^\p{N}/u.test(word);
        if (tells) run.push(word);
        if (!tells || language === 'zh' || run.length > LONGEST_PHRASE) {
          if (run.length > 0 && run.length <= LONGEST_PHRASE) add(run);
          run = [];
        }
      }
      if (run.length > 0 && run.length <= LONGEST_PHRASE) add(run);
    }
  }
  return [...phrases.values()]
    .sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1))
    .slice(0, MOST_PHRASES)
    .map((phrase) => phrase.text);
}

const LONGEST = 4; // BLEU's n-grams
const SMOOTHING = 0.1; // matches counted for an order that has none (Chen & Cherry 2014, method 1)

/** How much the texts written for the same notes differ from each other. */
export interface Diversity {
  /** Share of different words, and of different pairs of words, among all of one note's texts; the mean over notes. */
  readonly distinct1: number;
  readonly distinct2: number;
  /** Mean BLEU of each text against the others of its note: 0 nothing in common, 1 the same. */
  readonly selfBleu: number;
  /** Notes with at least two texts, over which the means are taken. */
  readonly notes: number;
}

/**
 * Diversity of the texts of notes, each a list of words, averaged over the notes that have at least two.
 * - distinct-n: different n-grams / all n-grams of a note's texts (Li et al. 2016)
 * - self-BLEU: each text is the hypothesis once and the note's others are its references (Zhu et al. 2018); BLEU with
 *   n-grams up to 4 (fewer for shorter texts), clipped counts, brevity penalty to the closest length, method-1 smoothing
 * @returns undefined where no note has two texts
 */
export function diversityOf(notes: Iterable<readonly (readonly string[])[]>): Diversity | undefined {
  let distinct1 = 0;
  let distinct2 = 0;
  let selfBleu = 0;
  let count = 0;
  for (const texts of notes) {
    const told = texts.filter((words) => words.length > 0);
    if (told.length < 2) continue;
    count += 1;
    distinct1 += distinct(told, 1);
    distinct2 += distinct(told, 2);
    selfBleu += told.reduce((sum, words, at) => sum + bleu(words, told.toSpliced(at, 1)), 0) / told.length;
  }
  if (count === 0) return undefined;
  return { distinct1: distinct1 / count, distinct2: distinct2 / count, selfBleu: selfBleu / count, notes: count };
}

/** Different n-grams / all n-grams; 1 where texts are too short to have any. */
function distinct(texts: readonly (readonly string[])[], n: number): number {
  const different = new Set<string>();
  let all = 0;
  for (const words of texts) {
    for (const [gram, times] of countGrams(words, n)) {
      different.add(gram);
      all += times;
    }
  }
  return all === 0 ? 1 : different.size / all;
}

/** BLEU of a text against references (Papineni et al. 2002), in [0, 1]. */
function bleu(words: readonly string[], references: readonly (readonly string[])[]): number {
  const orders = Math.min(LONGEST, words.length);
  let logarithm = 0;
  for (let n = 1; n <= orders; n++) {
    const most = new Map<string, number>();
    for (const reference of references) {
      for (const [gram, times] of countGrams(reference, n)) most.set(gram, Math.max(times, most.get(gram) ?? 0));
    }
    let matches = 0;
    for (const [gram, times] of countGrams(words, n)) matches += Math.min(times, most.get(gram) ?? 0);
    // A text that shares no word at all has nothing in common: no smoothing there.
    if (n === 1 && matches === 0) return 0;
    logarithm += Math.log((matches === 0 ? SMOOTHING : matches) / (words.length - n + 1)) / orders;
  }
  // Of two as close, the shorter.
  const closest = references
    .map(({ length }) => length)
    .sort((a, b) => Math.abs(a - words.length) - Math.abs(b - words.length) || a - b)[0] as number;
  return Math.exp(logarithm + Math.min(0, 1 - closest / words.length));
}

function countGrams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + n <= words.length; at++) {
    const gram = words.slice(at, at + n).join('\0');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

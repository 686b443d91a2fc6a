const KEY_LENGTH = 2;
const LATIN = /[\p{Script=Latin}\p{N}]/u;

/** Finds the entities a text names, lower case, in the order of the text. */
export type EntityFinder = (text: string) => string[];

/**
 * A finder of terms of at least two characters in either case; the longest at a place wins, and one that begins or ends
 * with a Latin letter or digit must be a whole word there.
 */
export function createEntityFinder(terms: Iterable<string>): EntityFinder {
  const byStart = new Map<string, string[]>();
  for (const term of new Set(Array.from(terms, (each) => each.trim().toLowerCase()))) {
    if (term.length < KEY_LENGTH) continue;
    const start = term.slice(0, KEY_LENGTH);
    const known = byStart.get(start);
    if (known) known.push(term);
    else byStart.set(start, [term]);
  }
  for (const known of byStart.values()) known.sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return (text) => {
    const lower = text.toLowerCase();
    const found = new Set<string>();
    for (let at = 0; at < lower.length; at++) {
      const term = byStart
        .get(lower.slice(at, at + KEY_LENGTH))
        ?.find((each) => lower.startsWith(each, at) && isWhole(lower, at, each.length));
      if (term === undefined) continue;
      found.add(term);
      at += term.length - 1;
    }
    return [...found];
  };
}

function isWhole(text: string, at: number, length: number): boolean {
  const isSeam = (border: number): boolean => LATIN.test(text[border - 1] ?? '') && LATIN.test(text[border] ?? '');
  return !isSeam(at) && !isSeam(at + length);
}

import { createClaimCheck } from './claims.ts';
import { detectLanguage, type TextLanguage } from './language.ts';
import type { NoteText } from './note_text.ts';
import type { Segmenters } from './segment.ts';
import { isContentWord } from './stop_words.ts';

/** A query that fits a note, see {@link matchQueries}. */
export interface QueryMatch {
  readonly query: string;
  /** Relevance times log-frequency, over that of the note's best query: in (0, 1]. */
  readonly fit: number;
}

interface IndexedQuery {
  readonly query: string;
  readonly language: TextLanguage;
  readonly words: readonly string[];
  readonly logFrequency: number;
}

/** Queries by each of their content words. */
export type QueryIndex = ReadonlyMap<string, readonly IndexedQuery[]>;

const MOST_QUERIES = 5;
/** Mean weight in the note above which two words together are what it is about, although its title has neither. */
const LEAST_RELEVANCE = 0.4;
/** Of a query's letters that are content: of "你给我的喜欢" a third is. */
const LEAST_CONTENT = 0.5;

/** Indexes queries by their content words, so a note only looks at queries that share one with it. */
export function indexQueries(
  queries: readonly { readonly query: string; readonly frequency: number }[],
  segmenters: Segmenters,
): QueryIndex {
  const index = new Map<string, IndexedQuery[]>();
  for (const { query, frequency } of queries) {
    const language = detectLanguage(query);
    const words = contentWordsOf(query, language, segmenters);
    if (words.join('').length < LEAST_CONTENT * query.replace(/\s/g, '').length) continue;
    const entry = { query: query.trim(), language, words, logFrequency: Math.log1p(frequency) };
    for (const word of words) {
      const list = index.get(word);
      if (list) list.push(entry);
      else index.set(word, [entry]);
    }
  }
  return index;
}

/**
 * The queries that fit a note, best first: `relevance × ln(1 + frequency)`, where relevance is the mean weight of the query's
 * content words in the note (numbers have none). A query fits when all its content words and numbers stand in the note, one of them
 * in its title, or several with a relevance of 0.4; when it denies nothing and counts nothing that the note does not ("no sugar
 * cookies" fit no note on cookies and sugar); and when it is in the note's language or the title's own words. Of two that differ
 * in capitals the better one stays.
 */
export function matchQueries(note: NoteText, index: QueryIndex): QueryMatch[] {
  const fits = new Map<string, { readonly query: string; readonly fit: number }>();
  const seen = new Set<IndexedQuery>();
  const named = `${note.title}\n${note.headline}`.toLowerCase();
  for (const word of note.weights.keys()) {
    for (const entry of index.get(word) ?? []) {
      if (seen.has(entry)) continue;
      seen.add(entry);
      const fit = relevanceOf(entry, note, named) * entry.logFrequency;
      const key = entry.query.toLowerCase();
      if (fit > (fits.get(key)?.fit ?? 0)) fits.set(key, { query: entry.query, fit });
    }
  }
  if (fits.size === 0) return [];
  const claims = createClaimCheck(note.source, note.language, [note.steps]);
  const ranked = [...fits.values()]
    .filter(({ query }) => claims(query.toLowerCase()).length === 0)
    .sort((a, b) => b.fit - a.fit || (a.query < b.query ? -1 : 1));
  const best = ranked[0]?.fit ?? 1;
  return ranked.slice(0, MOST_QUERIES).map(({ query, fit }) => ({ query, fit: fit / best }));
}

/** Mean weight of a query's words in a note; 0 where it does not fit. */
function relevanceOf({ words, language }: IndexedQuery, note: NoteText, named: string): number {
  const weights: number[] = [];
  for (const word of words) {
    const weight = note.weights.get(word);
    if (weight !== undefined) weights.push(weight);
    else if (!/^\p{N}/u.test(word) || !note.sourceWords.has(word)) return 0;
  }
  const relevance = weights.reduce((sum, weight) => sum + weight, 0) / Math.max(1, weights.length);
  const isNamed = words.some((word) => named.includes(word));
  if (language !== note.language && !words.every((word) => named.includes(word))) return 0;
  // One Han character is mostly a part of another word.
  const isTold = words.filter((word) => word.length > 1).length > 1 && relevance >= LEAST_RELEVANCE;
  return isNamed || isTold ? relevance : 0;
}

function contentWordsOf(text: string, language: TextLanguage, segmenters: Segmenters): string[] {
  return [...new Set(segmenters[language](text).map((word) => word.toLowerCase()))].filter((word) => isContentWord(word, language));
}

import { createClaimCheck } from './claims.ts';
import { detectLanguage, type TextLanguage } from './language.ts';
import type { NoteText } from './note_text.ts';
import type { Segmenters } from './segment.ts';
import { isContentWord } from './stop_words.ts';

/** A query that fits a note: all of its content words stand in the note, and so does what it says in numbers and denials. */
export interface QueryMatch {
  readonly query: string;
  /** Relevance times log-frequency, over that of the note's best query: in (0, 1]. */
  readonly fit: number;
}

interface IndexedQuery {
  readonly query: string;
  readonly words: readonly string[];
  readonly logFrequency: number;
}

/** Queries by each of their content words. */
export type QueryIndex = ReadonlyMap<string, readonly IndexedQuery[]>;

const MOST_QUERIES = 5;

/** Indexes queries by their content words, so a note only looks at queries that share one with it. */
export function indexQueries(
  queries: readonly { readonly query: string; readonly frequency: number }[],
  segmenters: Segmenters,
): QueryIndex {
  const index = new Map<string, IndexedQuery[]>();
  for (const { query, frequency } of queries) {
    const language = detectLanguage(query);
    const words = contentWordsOf(query, language, segmenters);
    const entry = { query: query.trim(), words, logFrequency: Math.log1p(frequency) };
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
 * content words in the note, and every one of them has to stand there. "No sugar cookies" do not fit a note on cookies and sugar.
 */
export function matchQueries(note: NoteText, index: QueryIndex): QueryMatch[] {
  const fits = new Map<string, number>();
  for (const word of note.weights.keys()) {
    for (const { query, words, logFrequency } of index.get(word) ?? []) {
      if (fits.has(query)) continue;
      const weights = words.map((each) => note.weights.get(each));
      if (weights.some((weight) => weight === undefined)) continue;
      const relevance = weights.reduce((sum: number, weight) => sum + (weight ?? 0), 0) / weights.length;
      fits.set(query, relevance * logFrequency);
    }
  }
  if (fits.size === 0) return [];
  const claims = createClaimCheck(note.source, note.language, [note.steps]);
  const ranked = [...fits]
    .filter(([query, fit]) => fit > 0 && claims(query.toLowerCase()).length === 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const best = ranked[0]?.[1] ?? 1;
  return ranked.slice(0, MOST_QUERIES).map(([query, fit]) => ({ query, fit: fit / best }));
}

function contentWordsOf(text: string, language: TextLanguage, segmenters: Segmenters): string[] {
  return [...new Set(segmenters[language](text).map((word) => word.toLowerCase()))].filter((word) => isContentWord(word, language));
}

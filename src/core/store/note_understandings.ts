import type { Store } from './open.ts';
import { inTransaction, statement } from './statements.ts';

/** What a note's text is about. */
export interface NoteUnderstanding {
  readonly noteId: string;
  /** Hash of what it was read from: the note's texts and the terms known then. */
  readonly key: string;
  readonly language: 'zh' | 'en' | 'other';
  /** Content words with their weight in the note, best first. */
  readonly keywords: readonly (readonly [word: string, weight: number])[];
  /** Terms of the lexicon and brands that the note names, in the order of the text. */
  readonly entities: readonly string[];
  /** Style of the note's own title; empty without one. */
  readonly titleStyle: string;
}

/** Keeps what notes are about, in one transaction; what is known under the same key stays as it is. */
export function saveUnderstandings(store: Store, understandings: readonly NoteUnderstanding[], runId: number): void {
  const save = statement(
    store,
    `INSERT INTO note_understandings (note_id, key, language, keywords, entities, title_style, run_id) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (note_id) DO UPDATE SET key = excluded.key, language = excluded.language, keywords = excluded.keywords,
       entities = excluded.entities, title_style = excluded.title_style, run_id = excluded.run_id WHERE key <> excluded.key`,
  );
  inTransaction(store, () => {
    for (const { noteId, key, language, keywords, entities, titleStyle } of understandings)
      save.run(noteId, key, language, JSON.stringify(keywords), JSON.stringify(entities), titleStyle, runId);
  });
}

/** What notes are about, by note id; notes that were not read yet are missing. */
export function readUnderstandings(store: Store): Map<string, NoteUnderstanding> {
  const rows = store.db
    .prepare(
      `SELECT note_id AS noteId, key, language, keywords, entities, title_style AS titleStyle FROM note_understandings ORDER BY note_id`,
    )
    .all() as (Omit<NoteUnderstanding, 'keywords' | 'entities'> & { keywords: string; entities: string })[];
  return new Map(rows.map((row) => [row.noteId, { ...row, keywords: JSON.parse(row.keywords), entities: JSON.parse(row.entities) }]));
}

import type { Store } from './open.ts';

interface NoteMedia {
  /** Absolute path. */
  readonly path: string;
  /** The folder the path must stay inside, links resolved, when it is read. */
  readonly root: string;
  readonly kind: 'image' | 'video';
}

/** A post: text, photos, videos. Empty strings stand for fields that were not given. */
export interface Note {
  readonly noteId: string;
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  readonly brand: string;
  readonly category: string;
  readonly createdAt: string;
  readonly media: readonly NoteMedia[];
}

export type NoteChange = 'inserted' | 'updated' | 'unchanged';

/** Inserts or updates notes in one transaction; says for each whether anything changed. */
export function saveNotes(store: Store, notes: readonly Note[], runId: number): NoteChange[] {
  const insert = store.db.prepare(
    `INSERT INTO notes (note_id, title, body, lang, brand, category, created_at, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (note_id) DO UPDATE SET title = excluded.title, body = excluded.body, lang = excluded.lang,
       brand = excluded.brand, category = excluded.category, created_at = excluded.created_at, run_id = excluded.run_id`,
  );
  const clearMedia = store.db.prepare('DELETE FROM note_media WHERE note_id = ?');
  const insertMedia = store.db.prepare('INSERT INTO note_media (note_id, ordinal, path, root, kind) VALUES (?, ?, ?, ?, ?)');
  return store.db
    .transaction(() =>
      notes.map((note): NoteChange => {
        const before = readNotes(store, [note.noteId])[0];
        if (before && JSON.stringify(before) === JSON.stringify(normalised(note))) return 'unchanged';
        insert.run(note.noteId, note.title, note.body, note.lang, note.brand, note.category, note.createdAt, runId);
        clearMedia.run(note.noteId);
        for (const [ordinal, media] of note.media.entries()) insertMedia.run(note.noteId, ordinal, media.path, media.root, media.kind);
        return before ? 'updated' : 'inserted';
      }),
    )
    .immediate();
}

/** The same fields in the same order as `readNotes` gives them, so two notes compare as text. */
function normalised(note: Note): Note {
  const { noteId, title, body, lang, brand, category, createdAt } = note;
  return { noteId, title, body, lang, brand, category, createdAt, media: note.media.map(({ path, root, kind }) => ({ path, root, kind })) };
}

/** Notes in the order of their ids; all of them, or those named. */
export function readNotes(store: Store, noteIds?: readonly string[]): Note[] {
  const media = store.db.prepare('SELECT path, root, kind FROM note_media WHERE note_id = ? ORDER BY ordinal');
  const rows = store.db
    .prepare(
      `SELECT note_id AS noteId, title, body, lang, brand, category, created_at AS createdAt FROM notes
       ${noteIds ? 'WHERE note_id IN (SELECT value FROM json_each(?))' : ''} ORDER BY note_id`,
    )
    .all(...(noteIds ? [JSON.stringify(noteIds)] : [])) as Omit<Note, 'media'>[];
  return rows.map((row) => ({ ...row, media: media.all(row.noteId) as NoteMedia[] }));
}

const PAGE = 200; // notes read at once where they are worked on one after another

/** Ids of all notes, or of those named that are there, in order. */
export function readNoteIds(store: Store, noteIds?: readonly string[]): string[] {
  const all = store.db.prepare('SELECT note_id FROM notes ORDER BY note_id').pluck().all() as string[];
  if (!noteIds) return all;
  const named = new Set(noteIds);
  return all.filter((noteId) => named.has(noteId));
}

/** The notes of these ids in the order of their ids, read page by page, so that however many there are, few are in memory. */
export function* eachNote(store: Store, noteIds: readonly string[]): Generator<Note> {
  for (let start = 0; start < noteIds.length; start += PAGE) yield* readNotes(store, noteIds.slice(start, start + PAGE));
}

/** Whether a task with this key (a hash of its inputs and parameters) was finished for the note. */
export function isWorkDone(store: Store, noteId: string, task: string, key: string): boolean {
  return store.db.prepare('SELECT 1 FROM note_work WHERE note_id = ? AND task = ? AND key = ?').get(noteId, task, key) !== undefined;
}

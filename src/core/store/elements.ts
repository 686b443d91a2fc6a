import { elementId } from '../ids.ts';
import type { Store } from './open.ts';
import { statement } from './statements.ts';

/** A part of a creative: an image (a file under `<store>.files/`) or a text, of any kind. */
export interface Element {
  readonly elementId: string;
  readonly kind: string;
  readonly text: string | null;
  /** Name under `<store>.files/`; begins with the content's SHA-256. */
  readonly file: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** An element made for a note, with its score in [0, 1] and what the score is made of. */
export interface NoteElement extends Element {
  readonly noteId: string;
  readonly source: string;
  readonly score: number;
  readonly details: Readonly<Record<string, unknown>>;
}

export function textElement(kind: string, text: string): Element {
  return { elementId: elementId(kind, text), kind, text, file: null, width: null, height: null };
}

/** `file` as `saveFile` named it: "ab/ab12….jpg". */
export function fileElement(kind: string, file: string, width: number | null, height: number | null): Element {
  const hash = file.slice(file.indexOf('/') + 1, file.lastIndexOf('.'));
  return { elementId: elementId(kind, hash), kind, text: null, file, width, height };
}

/** Inserts an element unless it is there already; true when it is new. */
export function saveElement(store: Store, element: Element, runId: number): boolean {
  const { elementId: id, kind, text, file, width, height } = element;
  const result = statement(
    store,
    'INSERT INTO elements (element_id, kind, text, file, width, height, run_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ).run(id, kind, text, file, width, height, runId);
  return result.changes > 0;
}

/** An element of a note to be kept; of an image its perceptual hash too, 16 hexadecimal digits. */
export interface NewNoteElement extends Omit<NoteElement, 'noteId'> {
  readonly hash?: string;
}

/**
 * Keeps the elements one task made for one note, and the mark that the task is finished, in one transaction.
 * `replaceKind` names the kind whose earlier elements of the note are dropped first (a new extraction replaces the old).
 */
export function saveNoteElements(
  store: Store,
  noteId: string,
  elements: readonly NewNoteElement[],
  work: { readonly task: string; readonly key: string; readonly replaceKind?: string },
  runId: number,
): void {
  const link = store.db.prepare(
    `INSERT INTO note_elements (note_id, element_id, source, score, details, run_id) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (note_id, element_id) DO UPDATE SET source = excluded.source, score = excluded.score, details = excluded.details, run_id = excluded.run_id`,
  );
  const saveHash = store.db.prepare(
    'INSERT INTO image_hashes (element_id, hash) VALUES (?, ?) ON CONFLICT (element_id) DO UPDATE SET hash = excluded.hash',
  );
  store.db
    .transaction(() => {
      if (work.replaceKind !== undefined) {
        store.db
          .prepare('DELETE FROM note_elements WHERE note_id = ? AND element_id IN (SELECT element_id FROM elements WHERE kind = ?)')
          .run(noteId, work.replaceKind);
        store.db.prepare('DELETE FROM note_work WHERE note_id = ? AND task = ?').run(noteId, work.task);
      }
      for (const element of elements) {
        saveElement(store, element, runId);
        if (element.hash !== undefined) saveHash.run(element.elementId, element.hash);
        link.run(noteId, element.elementId, element.source, element.score, JSON.stringify(element.details), runId);
      }
      store.db
        .prepare('INSERT INTO note_work (note_id, task, key, run_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
        .run(noteId, work.task, work.key, runId);
    })
    .immediate();
}

const NOTE_ELEMENTS = `
  SELECT n.note_id AS noteId, e.element_id AS elementId, e.kind, e.text, e.file, e.width, e.height, n.source, n.score, n.details
  FROM note_elements n JOIN elements e USING (element_id)`;

/** Elements of a note, best first inside a kind; all kinds, or one. */
export function readNoteElements(store: Store, noteId: string, kind?: string): NoteElement[] {
  const rows = statement(
    store,
    `${NOTE_ELEMENTS} WHERE n.note_id = ? ${kind === undefined ? '' : 'AND e.kind = ?'} ORDER BY e.kind, n.score DESC, e.element_id`,
  ).all(...(kind === undefined ? [noteId] : [noteId, kind])) as (Omit<NoteElement, 'details'> & { details: string })[];
  return rows.map((row) => ({ ...row, details: JSON.parse(row.details) }));
}

/** One element, or undefined. */
export function readElement(store: Store, id: string): Element | undefined {
  return store.db.prepare('SELECT element_id AS elementId, kind, text, file, width, height FROM elements WHERE element_id = ?').get(id) as
    | Element
    | undefined;
}

/** An image of a note with its perceptual hash, 16 hexadecimal digits. */
export interface ImageHash {
  readonly elementId: string;
  readonly noteId: string;
  /** Path of the medium the image is from. */
  readonly source: string;
  readonly hash: string;
}

/** Perceptual hashes of all images of all notes, in the order of notes and elements. */
export function readImageHashes(store: Store): ImageHash[] {
  return store.db
    .prepare(
      `SELECT n.element_id AS elementId, n.note_id AS noteId, n.source, h.hash
       FROM image_hashes h JOIN note_elements n USING (element_id) ORDER BY n.note_id, n.element_id`,
    )
    .all() as ImageHash[];
}

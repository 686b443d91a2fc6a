import { readNoteElements, saveElement, textElement } from './elements.ts';
import type { Store } from './open.ts';
import { inTransaction, statement } from './statements.ts';

/** A text made for a note under one setting of a task, with its score in [0, 1]. */
export interface NoteText {
  readonly text: string;
  readonly source: string;
  readonly score: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Which work the texts come from. */
export interface TextWork {
  readonly noteId: string;
  readonly kind: string;
  /** Hash of the flags: texts of other settings stay, earlier texts of this one go. */
  readonly setting: string;
  /** Hash of everything the texts depend on. */
  readonly key: string;
}

/**
 * Replaces the texts that one setting made for a note, and marks the work as finished, in one transaction.
 * The same text may come from several settings: it stays one element, with the details of each setting under
 * `details.settings`, and the source and score of the setting that scored it highest.
 */
export function saveNoteTexts(store: Store, work: TextWork, texts: readonly NoteText[], runId: number): void {
  const { noteId, kind, setting, key } = work;
  const insert = statement(
    store,
    `INSERT INTO note_elements (note_id, element_id, source, score, details, run_id) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (note_id, element_id) DO UPDATE SET source = excluded.source, score = excluded.score, details = excluded.details, run_id = excluded.run_id`,
  );
  const remove = statement(store, 'DELETE FROM note_elements WHERE note_id = ? AND element_id = ?');
  inTransaction(store, () => {
    const earlier = new Map(readNoteElements(store, noteId, kind).map((element) => [element.elementId, settingsOf(element)]));
    const now = new Map(texts.map((text) => [textElement(kind, text.text).elementId, text]));
    for (const text of texts) saveElement(store, textElement(kind, text.text), runId);
    for (const elementId of new Set([...earlier.keys(), ...now.keys()])) {
      const { [setting]: before, ...others } = earlier.get(elementId) ?? {};
      const text = now.get(elementId);
      if (before === undefined && text === undefined) continue;
      const settings: Settings = { ...others, ...(text && { [setting]: { source: text.source, score: text.score, ...text.details } }) };
      const best = Object.entries(settings).sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1))[0]?.[1];
      if (best) insert.run(noteId, elementId, best.source, best.score, JSON.stringify({ settings }), runId);
      else remove.run(noteId, elementId);
    }
    const task = taskOf(work);
    statement(store, 'DELETE FROM note_work WHERE note_id = ? AND task = ?').run(noteId, task);
    statement(store, 'INSERT INTO note_work (note_id, task, key, run_id) VALUES (?, ?, ?, ?)').run(noteId, task, key, runId);
  });
}

/** The texts of finished work, best first; undefined where it was not done, or done on other inputs. */
export function readNoteTexts(store: Store, work: TextWork): NoteText[] | undefined {
  const done = statement(store, 'SELECT 1 FROM note_work WHERE note_id = ? AND task = ? AND key = ?').get(
    work.noteId,
    taskOf(work),
    work.key,
  );
  if (done === undefined) return undefined;
  return readNoteElements(store, work.noteId, work.kind)
    .flatMap((element) => {
      const made = settingsOf(element)[work.setting];
      if (!made) return [];
      const { source, score, ...details } = made;
      return [{ text: element.text ?? '', source, score, details }];
    })
    .sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1));
}

type Settings = Readonly<Record<string, { readonly source: string; readonly score: number }>>;

function settingsOf(element: { readonly details: Readonly<Record<string, unknown>> }): Settings {
  return (element.details.settings ?? {}) as Settings;
}

function taskOf(work: TextWork): string {
  return `titles:${work.kind}:${work.setting}`;
}

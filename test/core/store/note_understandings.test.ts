import { expect, it } from 'vitest';
import { type NoteUnderstanding, readUnderstandings, saveUnderstandings } from '../../../src/core/store/note_understandings.ts';
import { type Note, saveNotes } from '../../../src/core/store/notes.ts';
import { beginRun } from '../../../src/core/store/runs.ts';
import { NOW, temporaryStore } from './temporary_store.ts';

const NOTE: Note = { noteId: 'soup', title: 'Soup', body: 'Beans', lang: 'en', brand: '', category: '', createdAt: '', media: [] };
const KNOWN: NoteUnderstanding = {
  noteId: 'soup',
  key: 'k1',
  language: 'en',
  keywords: [
    ['soup', 1],
    ['beans', 0.5774],
  ],
  entities: ['Älplermagronen', '上海'],
  titleStyle: 'plain',
};

function storeWithNotes() {
  const { store, runId } = temporaryStore();
  saveNotes(store, [NOTE, { ...NOTE, noteId: 'bread' }], runId);
  return { store, runId };
}

it('gives back what was kept of each note', () => {
  const { store, runId } = storeWithNotes();
  const other: NoteUnderstanding = { ...KNOWN, noteId: 'bread', titleStyle: '', keywords: [], entities: [] };
  saveUnderstandings(store, [KNOWN, other], runId);
  expect(readUnderstandings(store)).toEqual(
    new Map([
      ['bread', other],
      ['soup', KNOWN],
    ]),
  );
});

it('leaves a note alone that is known under the same key, and replaces it under another', () => {
  const { store, runId } = storeWithNotes();
  saveUnderstandings(store, [KNOWN], runId);
  const later = beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: NOW });
  const runOf = () => store.db.prepare("SELECT run_id FROM note_understandings WHERE note_id = 'soup'").pluck().get();
  saveUnderstandings(store, [{ ...KNOWN, titleStyle: 'list' }], later);
  expect([runOf(), readUnderstandings(store).get('soup')]).toEqual([runId, KNOWN]);
  saveUnderstandings(store, [{ ...KNOWN, key: 'k2', titleStyle: 'list' }], later);
  expect([runOf(), readUnderstandings(store).get('soup')?.titleStyle]).toEqual([later, 'list']);
});

it('keeps all or nothing, and forgets a note that is removed', () => {
  const { store, runId } = storeWithNotes();
  expect(() => saveUnderstandings(store, [KNOWN, { ...KNOWN, noteId: 'nobody' }], runId)).toThrow('FOREIGN KEY');
  expect(readUnderstandings(store).size).toBe(0);
  saveUnderstandings(store, [KNOWN], runId);
  store.db.prepare("DELETE FROM notes WHERE note_id = 'soup'").run();
  expect(readUnderstandings(store).size).toBe(0);
});

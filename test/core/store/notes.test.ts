import { describe, expect, it } from 'vitest';
import { type Note, readNotes, saveNotes } from '../../../src/core/store/notes.ts';
import { temporaryStore } from './temporary_store.ts';

function note(noteId: string, changes: Partial<Note> = {}): Note {
  const media = [
    { path: '/notes/b.jpg', root: '/notes', kind: 'image' as const },
    { path: '/notes/a.mp4', root: '/notes', kind: 'video' as const },
  ];
  return { noteId, title: 'A title', body: '正文 🍵', lang: 'zh', brand: '', category: 'tea', createdAt: '2026-01-01', media, ...changes };
}

describe('saveNotes', () => {
  it('says whether a note is new, changed or as before', () => {
    const { store, runId } = temporaryStore();
    expect(saveNotes(store, [note('a'), note('b')], runId)).toEqual(['inserted', 'inserted']);
    expect(saveNotes(store, [note('a'), note('b', { title: 'Another' }), note('c', { media: [] })], runId)).toEqual([
      'unchanged',
      'updated',
      'inserted',
    ]);
    expect(saveNotes(store, [note('a', { media: note('a').media.toReversed() })], runId)).toEqual(['updated']);
  });

  it('reads notes back as they were, with media in their order', () => {
    const { store, runId } = temporaryStore();
    saveNotes(store, [note('b'), note('a', { media: [] }), note('c')], runId);
    expect(readNotes(store)).toEqual([note('a', { media: [] }), note('b'), note('c')]);
    expect(readNotes(store, ['c', 'nobody', 'a']).map(({ noteId }) => noteId)).toEqual(['a', 'c']);
  });
});

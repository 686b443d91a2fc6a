import { describe, expect, it } from 'vitest';
import { elementId } from '../../../src/core/ids.ts';
import {
  fileElement,
  readElement,
  readNoteElements,
  saveElement,
  saveNoteElements,
  textElement,
} from '../../../src/core/store/elements.ts';
import { isWorkDone, saveNotes } from '../../../src/core/store/notes.ts';
import { temporaryStore } from './temporary_store.ts';

function storeWithNotes() {
  const made = temporaryStore();
  saveNotes(
    made.store,
    ['lip', 'tea'].map((noteId) => ({ noteId, title: '', body: '', lang: '', brand: '', category: '', createdAt: '', media: [] })),
    made.runId,
  );
  return made;
}

const title = (text: string, score: number) => ({ ...textElement('title', text), source: 'extractive', score, details: { from: text } });
const image = (hash: string, score: number) => ({ ...fileElement('image', `ab/${hash}.jpg`, 4, 3), source: 'a.jpg', score, details: {} });

describe('elements', () => {
  it('are named by kind and content, wherever they come from', () => {
    expect(textElement('title', 'one').elementId).toBe(elementId('title', 'one'));
    expect(fileElement('image', 'ab/abc.jpg', 4, 3).elementId).toBe(fileElement('image', 'ab/abc.png', null, null).elementId);
  });

  it('are kept once', () => {
    const { store, runId } = storeWithNotes();
    const element = textElement('title', 'one');
    expect([saveElement(store, element, runId), saveElement(store, element, runId)]).toEqual([true, false]);
    expect(readElement(store, element.elementId)).toEqual(element);
    expect(readElement(store, 'title_0')).toBeUndefined();
  });
});

describe('saveNoteElements', () => {
  it('reads back best first inside a kind, with score and details, and marks the work as done', () => {
    const { store, runId } = storeWithNotes();
    const elements = [title('one', 0.2), image('aa', 0.5), title('two', 0.9)];
    saveNoteElements(store, 'lip', elements, { task: 'all', key: 'k' }, runId);
    expect(readNoteElements(store, 'lip')).toEqual(
      [elements[1], elements[2], elements[0]].map((element) => ({ ...element, noteId: 'lip' })),
    );
    expect(readNoteElements(store, 'lip', 'title').map(({ text }) => text)).toEqual(['two', 'one']);
    expect(readNoteElements(store, 'tea')).toEqual([]);
    expect([isWorkDone(store, 'lip', 'all', 'k'), isWorkDone(store, 'tea', 'all', 'k'), isWorkDone(store, 'lip', 'all', 'other')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('shares one element between notes, each with its own score', () => {
    const { store, runId } = storeWithNotes();
    saveNoteElements(store, 'lip', [title('one', 0.2)], { task: 'titles', key: 'k' }, runId);
    saveNoteElements(store, 'tea', [title('one', 0.8)], { task: 'titles', key: 'k' }, runId);
    expect(['lip', 'tea'].map((noteId) => readNoteElements(store, noteId)[0]?.score)).toEqual([0.2, 0.8]);
    expect(store.db.prepare('SELECT count(*) FROM elements').pluck().get()).toBe(1);
  });

  it('replaces the elements of one kind and the mark of that task, and leaves the rest', () => {
    const { store, runId } = storeWithNotes();
    saveNoteElements(store, 'lip', [title('one', 0.2), image('aa', 0.5)], { task: 'extract', key: 'old' }, runId);
    saveNoteElements(store, 'tea', [image('aa', 0.5)], { task: 'extract', key: 'old' }, runId);
    saveNoteElements(store, 'lip', [image('bb', 0.6)], { task: 'extract', key: 'new', replaceKind: 'image' }, runId);
    expect(readNoteElements(store, 'lip').map(({ file, text }) => file ?? text)).toEqual(['ab/bb.jpg', 'one']);
    expect(readNoteElements(store, 'tea').map(({ file }) => file)).toEqual(['ab/aa.jpg']);
    expect(['old', 'new'].map((key) => isWorkDone(store, 'lip', 'extract', key))).toEqual([false, true]);
  });

  it('keeps nothing when one element is refused', () => {
    const { store, runId } = storeWithNotes();
    expect(() => saveNoteElements(store, 'lip', [title('one', 0.2), title('two', 1.5)], { task: 'titles', key: 'k' }, runId)).toThrow(
      'CHECK constraint failed',
    );
    expect(readNoteElements(store, 'lip')).toEqual([]);
    expect(isWorkDone(store, 'lip', 'titles', 'k')).toBe(false);
  });
});

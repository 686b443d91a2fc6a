import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNoteElements } from '../../../src/core/store/elements.ts';
import { readNoteTexts, saveNoteTexts } from '../../../src/core/store/note_texts.ts';
import { saveNotes } from '../../../src/core/store/notes.ts';
import { openStore, type Store } from '../../../src/core/store/open.ts';
import { beginRun } from '../../../src/core/store/runs.ts';
import { readBrands, readLexicon, readQueries, saveBrands, saveLexiconTerms, saveQueries } from '../../../src/core/store/terms.ts';

const now = new Date('2024-05-01T00:00:00Z');
let directory: string;
let store: Store;
let runId: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atelier-terms-'));
  store = openStore(join(directory, 'a.db'), { create: true, now });
  runId = beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: now });
});
afterEach(() => {
  store.db.close();
  rmSync(directory, { recursive: true });
});

describe('terms', () => {
  it('are inserted once, and a query takes its newest frequency', () => {
    expect(
      saveQueries(
        store,
        [
          { query: '家常菜', frequency: 5 },
          { query: '快手菜', frequency: 9 },
          { query: '家常菜', frequency: 7 },
        ],
        runId,
      ),
    ).toBe(2);
    expect(saveQueries(store, [{ query: '家常菜', frequency: 12 }], runId)).toBe(0);
    expect(readQueries(store)).toEqual([
      { query: '家常菜', frequency: 12 },
      { query: '快手菜', frequency: 9 },
    ]);
  });

  it('are read in order', () => {
    expect(saveBrands(store, ['Zeta', 'Acme', 'Zeta'], runId)).toBe(2);
    expect(readBrands(store)).toEqual(['Acme', 'Zeta']);
    expect(
      saveLexiconTerms(
        store,
        [
          { term: 'x', type: 'food' },
          { term: 'x', type: 'banned' },
          { term: 'x', type: 'food' },
        ],
        runId,
      ),
    ).toBe(2);
    expect(readLexicon(store)).toEqual([
      { term: 'x', type: 'banned' },
      { term: 'x', type: 'food' },
    ]);
    expect(readLexicon(store, 'food')).toEqual([{ term: 'x', type: 'food' }]);
  });
});

describe('texts of a note', () => {
  const work = (setting: string, key: string) => ({ noteId: 'n', kind: 'title', setting, key });
  const text = (words: string, score: number) => ({ text: words, source: 'extractive:write', score, details: { style: null } });

  beforeEach(() =>
    saveNotes(store, [{ noteId: 'n', title: '', body: '', lang: '', brand: '', category: '', createdAt: '', media: [] }], runId),
  );

  it('are kept per setting, whichever setting is written last', () => {
    saveNoteTexts(store, work('a', 'k1'), [text('one', 0.9), text('two', 0.5)], runId);
    saveNoteTexts(store, work('b', 'k1'), [text('two', 0.7), text('three', 0.4)], runId);
    expect(readNoteTexts(store, work('a', 'k1'))).toEqual([text('one', 0.9), text('two', 0.5)]);
    expect(readNoteTexts(store, work('b', 'k1'))).toEqual([text('two', 0.7), text('three', 0.4)]);
    expect(readNoteElements(store, 'n', 'title').map((element) => [element.text, element.score])).toEqual([
      ['one', 0.9],
      ['two', 0.7],
      ['three', 0.4],
    ]);
  });

  it('replace earlier ones of their own setting only, and the earlier work is undone', () => {
    saveNoteTexts(store, work('a', 'k1'), [text('one', 0.9), text('two', 0.5)], runId);
    saveNoteTexts(store, work('b', 'k1'), [text('two', 0.7)], runId);
    saveNoteTexts(store, work('a', 'k2'), [text('new', 0.3)], runId);
    expect(readNoteTexts(store, work('a', 'k1'))).toBeUndefined();
    expect(readNoteTexts(store, work('a', 'k2'))).toEqual([text('new', 0.3)]);
    expect(readNoteElements(store, 'n', 'title').map((element) => element.text)).toEqual(['two', 'new']);
  });
});

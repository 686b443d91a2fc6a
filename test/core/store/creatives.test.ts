import { describe, expect, it } from 'vitest';
import { type Creative, readAds, readCreatives, saveAd, saveCreative } from '../../../src/core/store/creatives.ts';
import { saveElement, textElement } from '../../../src/core/store/elements.ts';
import { saveNotes } from '../../../src/core/store/notes.ts';
import type { Store } from '../../../src/core/store/open.ts';
import { temporaryStore } from './temporary_store.ts';

function note(noteId: string) {
  return { noteId, title: '', body: '', lang: '', brand: '', category: '', createdAt: '', media: [] };
}

/** A creative of one title and one highlight, whose elements are stored. */
function creative(store: Store, runId: number, creativeId: string, title: string): Creative {
  const elements = [textElement('title', title), textElement('highlight', 'soft')];
  for (const element of elements) saveElement(store, element, runId);
  saveAd(store, { adId: 'ad', noteId: null });
  return {
    adId: 'ad',
    creativeId,
    origin: 'imported',
    score: null,
    scorer: null,
    elements: Object.fromEntries(elements.map((element) => [element.kind, element.elementId])),
  };
}

describe('readAds', () => {
  it('gives the ads stored, with the note of their id where none is named, and one for every note that none promotes', () => {
    const { store, runId } = temporaryStore();
    saveNotes(store, [note('tea'), note('lip'), note('sun')], runId);
    saveAd(store, { adId: 'z-lip', noteId: 'lip' });
    saveAd(store, { adId: 'sun', noteId: null });
    const all = [
      { adId: 'sun', noteId: 'sun' },
      { adId: 'tea', noteId: 'tea' },
      { adId: 'z-lip', noteId: 'lip' },
    ];
    expect(readAds(store)).toEqual(all);
    expect(readAds(store, ['tea', 'z-lip', 'nobody'])).toEqual(all.slice(1));
  });
});

describe('saveAd', () => {
  it('takes a note given later, and never another', () => {
    const { store } = temporaryStore();
    for (const noteId of [null, 'lip', 'tea', null]) saveAd(store, { adId: 'ad', noteId });
    expect(readAds(store)).toEqual([{ adId: 'ad', noteId: 'lip' }]);
  });
});

describe('saveCreative', () => {
  it('keeps a creative once, and reads it back as it was', () => {
    const { store, runId } = temporaryStore();
    const first = { ...creative(store, runId, 'b', 'one'), origin: 'composed' as const, score: 0.25, scorer: 'mean element score' };
    const second = creative(store, runId, 'a', 'two');
    expect([first, second, first].map((each) => saveCreative(store, each, runId))).toEqual(['inserted', 'inserted', 'unchanged']);
    expect(readCreatives(store)).toEqual([second, first]);
    expect(readCreatives(store, 'ad')).toEqual([second, first]);
    expect(readCreatives(store, 'other')).toEqual([]);
  });

  it('refuses other elements, one less or one more under the same id, and keeps what was there', () => {
    const { store, runId } = temporaryStore();
    const kept = creative(store, runId, 'a', 'one');
    saveCreative(store, kept, runId);
    const { title, highlight } = kept.elements as { title: string; highlight: string };
    const others = [creative(store, runId, 'a', 'two').elements, { title }, { title, highlight, image: highlight }];
    expect(others.map((elements) => saveCreative(store, { ...kept, elements }, runId))).toEqual(['conflict', 'conflict', 'conflict']);
    expect(readCreatives(store)).toEqual([kept]);
  });
});

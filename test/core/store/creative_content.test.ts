import { describe, expect, it } from 'vitest';
import { readUsedElements } from '../../../src/core/store/creative_content.ts';
import { saveAd, saveCreative } from '../../../src/core/store/creatives.ts';
import { fileElement, saveElement, saveNoteElements, textElement } from '../../../src/core/store/elements.ts';
import { saveNotes } from '../../../src/core/store/notes.ts';
import { temporaryStore } from './temporary_store.ts';

describe('readUsedElements', () => {
  it('gives the elements of creatives, with what was measured where they were made for a note', () => {
    const { store, runId } = temporaryStore();
    const image = fileElement('image', 'ab/abcd.jpg', 300, 400);
    const [title, unused] = [textElement('title', 'Tea'), textElement('title', 'Not used')];
    saveNotes(store, [{ noteId: 'n', title: '', body: '', lang: '', brand: '', category: '', createdAt: '', media: [] }], runId);
    const details = { time_s: null, parts: { sharpness: 0.5 } };
    saveNoteElements(store, 'n', [{ ...image, source: 'a.jpg', score: 0.7, details }], { task: 'extract', key: 'k' }, runId);
    for (const element of [title, unused]) saveElement(store, element, runId);
    saveAd(store, { adId: 'ad', noteId: 'n' });
    const elements = { image: image.elementId, title: title.elementId };
    saveCreative(store, { adId: 'ad', creativeId: 'c', origin: 'imported', score: null, scorer: null, elements }, runId);

    const found = readUsedElements(store);
    expect([...found.keys()].sort()).toEqual([image.elementId, title.elementId].sort());
    expect(found.get(image.elementId)).toEqual({ elementId: image.elementId, kind: 'image', text: null, width: 300, height: 400, details });
    expect(found.get(title.elementId)).toMatchObject({ text: 'Tea', details: {} });
  });
});

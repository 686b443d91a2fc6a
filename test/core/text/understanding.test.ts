import { describe, expect, it } from 'vitest';
import { createEntityFinder } from '../../../src/core/text/entity_terms.ts';
import { type NoteInput, understandNote } from '../../../src/core/text/note_text.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';
import { understandingOf } from '../../../src/core/text/understanding.ts';

const ENTITIES = ['lake como', '杭州', '龙井'];
const segmenters = await loadSegmenters(new Set(['zh', 'en']), ENTITIES);

function understand(note: Partial<NoteInput>) {
  const input = { noteId: 'n', title: '', body: '', lang: '', ...note };
  return understandingOf(input, understandNote(input, segmenters, new Set(ENTITIES)), createEntityFinder(ENTITIES));
}

describe('the understanding of a note', () => {
  it('has its language, its heaviest words first, and the names it holds as they stand there', () => {
    const { language, keywords, entities, titleStyle } = understand({
      title: 'How to spend a weekend at Lake Como',
      body: 'Lake COMO is quiet in May. **Lake Como** has boats, and the boats are cheap.',
    });
    expect({ language, entities, titleStyle }).toEqual({ language: 'en', entities: ['Lake Como'], titleStyle: 'how-to' });
    expect(keywords[0]?.[1]).toBe(1);
    expect(keywords.slice(0, 3).map(([word]) => word)).toEqual(expect.arrayContaining(['lake', 'como']));
    expect(keywords.map(([, weight]) => weight)).toEqual(keywords.map(([, weight]) => weight).toSorted((a, b) => b - a));
  });

  it('finds Chinese names in the order of the text, and the style of the title beside its emoji', () => {
    expect(understand({ title: '春天去哪里喝茶？🍵', body: '龙井在杭州，杭州的龙井三月采。' })).toMatchObject({
      language: 'zh',
      entities: ['龙井', '杭州'],
      titleStyle: 'question',
    });
  });

  it('is empty for a note without a text', () => {
    expect(understand({ title: '', body: '😀' })).toEqual({ language: 'other', keywords: [], entities: [], titleStyle: '' });
  });
});

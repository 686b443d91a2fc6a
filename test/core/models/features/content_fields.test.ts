import { describe, expect, it } from 'vitest';
import { contentFields, type ElementContent, elementTerms } from '../../../../src/core/models/features/content_fields.ts';
import { createEntityFinder } from '../../../../src/core/text/entity_terms.ts';
import { loadSegmenters } from '../../../../src/core/text/segment.ts';

const reading = {
  segmenters: await loadSegmenters(new Set(['zh', 'en'] as const), ['枫糖']),
  findEntities: createEntityFinder(['枫糖', 'maple', 'Acme']),
};

function text(kind: string, own: string): ElementContent {
  return { kind, elementId: `${kind}_${own}`, text: own, width: null, height: null, details: {} };
}

function image(id: string, width: number, height: number, details: Readonly<Record<string, unknown>> = {}): ElementContent {
  return { kind: 'image', elementId: id, text: null, width, height, details };
}

/** Terms by field of one creative. */
function describeCreative(...elements: ElementContent[]): Record<string, readonly string[]> {
  const fields = contentFields([], [{ adId: 'a', creativeId: 'c', elements }], reading);
  return Object.fromEntries(fields.map(({ name, terms }) => [name, terms[0] as readonly string[]]));
}

describe('contentFields', () => {
  it('reads a title: words, style, length, emoji, entities', () => {
    expect(describeCreative(text('title', 'How to paint a Maple leaf in 3 steps? 🍁'))).toEqual({
      creative: ['a|c'],
      title: ['title_How to paint a Maple leaf in 3 steps? 🍁'],
      'title.words': ['paint', 'maple', 'leaf', '3'],
      'title.style': ['question', 'how-to', 'number'],
      'title.length': ['40-47'],
      'title.emoji': ['1'],
      'title.entities': ['maple'],
    });
  });

  it('reads Chinese', () => {
    const fields = describeCreative(text('highlight', '枫糖色口红太会了！！✨✨✨'));
    expect(fields['highlight.words']).toEqual(expect.arrayContaining(['枫糖', '口红']));
    expect(fields['highlight.words']).not.toContain('了');
    expect(fields['highlight.style']).toEqual(['exclamation']);
    expect(fields['highlight.emoji']).toEqual(['2+']);
    expect(fields['highlight.entities']).toEqual(['枫糖']);
  });

  it('keeps 12 words', () => {
    const long = Array.from({ length: 30 }, (_, n) => `word${n}`).join(' ');
    expect(describeCreative(text('title', long))['title.words']).toHaveLength(12);
    expect(describeCreative(text('title', long))['title.length']).toEqual(['160+']);
  });

  it('reads an image: its shape, the parts of its score, the words in it', () => {
    const details = { parts: { sharpness: 0.99, exposure: 0.5, contrast: 1 }, text: ['Maple SALE', 'sale 50'] };
    expect(describeCreative(image('image_1', 1080, 1440, details))).toEqual({
      creative: ['a|c'],
      image: ['image_1'],
      'image.shape': ['3:4'],
      'image.quality': ['sharpness:7', 'exposure:4', 'contrast:7'],
      'image.text': ['maple', 'sale', '50'],
    });
    expect(describeCreative(image('image_1', 1000, 990))['image.shape']).toEqual(['1:1']);
    expect(describeCreative(image('image_1', 400, 4000))['image.shape']).toEqual(['9:16']);
  });

  it('reads the feelings that a text names, and turns them round after a negation', () => {
    expect(describeCreative(text('title', 'A delicious cake'))['title.sentiment']).toEqual(['positive']);
    expect(describeCreative(text('title', 'Not good'))['title.sentiment']).toEqual(['negative']);
    expect(describeCreative(text('title', '好吃到后悔'))['title.sentiment']).toEqual(['negative', 'positive']);
    expect(describeCreative(text('title', '一点也不推荐'))['title.sentiment']).toEqual(['negative']);
    expect(Object.keys(describeCreative(text('title', 'A cake')))).not.toContain('title.sentiment');
  });

  it('takes the colours of an image where its details name them', () => {
    expect(describeCreative(image('image_1', 1, 1, { colours: ['red', 'white', 'red', 7] }))['image.colours']).toEqual(['red', 'white']);
    expect(Object.keys(describeCreative(image('image_1', 1, 1)))).not.toContain('image.colours');
  });

  it('reads one element by itself as it does in a creative', () => {
    const title = text('title', 'How to paint a lovely Maple leaf?');
    const alone = elementTerms(title, reading).flatMap(([part, terms]) => (terms.length > 0 ? [[`title.${part}`, terms]] : []));
    const { creative, title: id, ...fields } = describeCreative(title);
    expect(Object.fromEntries(alone)).toEqual(fields);
    expect([creative, id]).toEqual([['a|c'], [title.elementId]]);
  });

  it('takes an image that is only an id for its id, and details of another form for nothing', () => {
    expect(Object.keys(describeCreative(text('image', 'picture 17')))).toEqual(['creative', 'image']);
    expect(Object.keys(describeCreative(image('image_1', 1, 1, { parts: [1], text: 'maple' })))).not.toContain('image.text');
  });

  it('keeps fields of elements apart from those of other names', () => {
    expect(Object.keys(describeCreative(text('user', 'somebody')))).toContain('element.user.words');
  });

  it("knows of an ad its id and what its note says, and the note's id where the two differ", () => {
    const note = { noteId: 'n', title: 'The maple leaf', body: 'By ACME, red', lang: 'en', brand: 'Acme', category: '' };
    const fields = contentFields(
      [
        { adId: 'a', note },
        { adId: 'b', note: undefined },
      ],
      [],
      reading,
    );
    expect(fields.every(({ side, of }) => side === 'left' && of === 'ad')).toBe(true);
    expect(fields.map(({ name, isId, terms }) => [name, isId, terms[0], terms[1]])).toEqual([
      ['ad', true, ['a'], ['b']],
      ['note', true, ['n'], []],
      ['note.lang', false, ['en'], []],
      ['note.brand', false, ['acme'], []],
      ['note.words', false, ['maple', 'leaf'], []],
      ['note.entities', false, ['maple', 'acme'], []],
    ]);
    expect(contentFields([{ adId: 'n', note }], [], reading).map(({ name }) => name)).not.toContain('note');
  });

  it('keeps creatives of two ads apart that share an id', () => {
    const creatives = ['a', 'b'].map((adId) => ({ adId, creativeId: 'c', elements: [text('title', 'Maple')] }));
    const fields = contentFields([], creatives, reading);
    const termsOf = (name: string) => fields.find((field) => field.name === name)?.terms;
    expect(termsOf('creative')).toEqual([['a|c'], ['b|c']]);
    expect(termsOf('title')).toEqual([['title_Maple'], ['title_Maple']]);
  });

  it('gives the same terms to a text in any creative, and none to a creative without that kind', () => {
    const [own, other] = [text('title', 'Maple'), text('highlight', 'Acme')];
    const creatives = [[own], [other], [own, other]].map((elements, n) => ({ adId: 'a', creativeId: `c${n}`, elements }));
    const words = contentFields([], creatives, reading).find(({ name }) => name === 'title.words');
    expect(words?.terms).toEqual([['maple'], [], ['maple']]);
  });
});

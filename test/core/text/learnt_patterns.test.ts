import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dividerFor, fillFrames, learnPatterns } from '../../../src/core/text/learnt_patterns.ts';
import { type NoteInput, type NoteText, understandNote } from '../../../src/core/text/note_text.ts';
import { loadSegmenters, type Segmenters } from '../../../src/core/text/segment.ts';

let segmenters: Segmenters;
beforeAll(async () => {
  segmenters = await loadSegmenters(new Set(['zh', 'en'] as const), []);
});

const THINGS = ['Linen Shirts', 'Copper Kettles', 'Night Trains', 'Rye Bread', 'Clay Pots', 'Winter Boots', 'Paper Maps'];
const FOODS = ['番茄炒蛋', '葱油拌面', '红烧排骨', '清炒时蔬', '冬瓜汤', '麻婆豆腐'];

function note(title: string, lang = 'en', body = ''): NoteInput {
  return { noteId: title, title, body, lang };
}

function read(input: NoteInput): NoteText {
  return understandNote(input, segmenters, new Set());
}

function filled(titles: readonly NoteInput[], own: NoteInput): string[] {
  return fillFrames(read(own), learnPatterns(titles, segmenters)).map(({ text }) => text);
}

describe('learnPatterns', () => {
  it('learns words before, after and around a name', () => {
    const own = note('Wool Socks');
    expect(
      filled(
        THINGS.map((thing) => note(`All about ${thing}`)),
        own,
      ),
    ).toEqual(['All about Wool Socks']);
    expect(
      filled(
        THINGS.map((thing) => note(`${thing} and more`)),
        own,
      ),
    ).toEqual(['Wool Socks and more']);
    expect(
      filled(
        THINGS.map((thing) => note(`Just ${thing}, again`)),
        own,
      ),
    ).toEqual(['Just Wool Socks, again']);
    expect(
      filled(
        FOODS.map((food) => note(`${food}的做法`, 'zh')),
        note('糖醋藕片', 'zh'),
      ),
    ).toEqual(['糖醋藕片的做法']);
  });

  it('needs three different names', () => {
    const twice = ['Linen Shirts', 'Copper Kettles'].map((thing) => note(`All about ${thing}`));
    expect(filled([...twice, ...twice, ...THINGS.map((thing) => note(thing))], note('Wool Socks'))).toEqual([]);
  });

  it('takes no words of a few names, and no claim that a few titles make', () => {
    const plain = Array.from({ length: 40 }, (_, index) =>
      note(`${THINGS[index % THINGS.length]} ${String.fromCharCode(65 + (index % 26))}x`),
    );
    const soups = ['Tomato', 'Onion', 'Pumpkin', 'Lentil'].map((name) => note(`${name} Soup`));
    const greek = ['Salad', 'Pie', 'Stew', 'Lemonade'].map((name) => note(`Greek ${name}`));
    expect(filled([...plain, ...soups, ...greek], note('Wool Socks'))).toEqual([]);
  });

  it('keeps recipes and posts apart', () => {
    const recipe = '## Ingredients\n\n- 2 eggs\n- flour\n\n## Directions\n\n1. Mix them.\n2. Fry them.';
    const titles = THINGS.map((thing) => note(`How to make ${thing}`, 'en', recipe));
    expect(filled(titles, note('Wool Socks'))).toEqual([]);
    expect(filled(titles, note('Pancakes', 'en', recipe))).toEqual(['How to make Pancakes']);
  });

  it('holds no numbers and no half of a pair', () => {
    for (const frame of [(name: string) => `3 more of ${name}`, (name: string) => `“About ${name}`, (name: string) => `(${name} again)`]) {
      const texts = filled(
        THINGS.map((thing) => note(frame(thing))),
        note('Wool Socks'),
      );
      for (const text of texts) expect(text).not.toMatch(/[\d“()]/);
    }
  });

  it('rates a frame by the share of titles that have it', () => {
    const about = THINGS.map((thing) => note(`All about ${thing}`));
    const others = (count: number): NoteInput[] => Array.from({ length: count }, (_, index) => note(`Thing${index} Zz${index}`));
    const priors = [0, 7, 70].map((count) => {
      return fillFrames(read(note('Wool Socks')), learnPatterns([...about, ...others(count)], segmenters))[0]?.prior ?? 0;
    });
    expect(priors[0]).toBeCloseTo(0.75, 9);
    expect(priors[1]).toBeCloseTo(0.6, 9);
    expect(priors[2]).toBeCloseTo(0.5, 9);
  });

  it('learns the same whatever the order of the notes', () => {
    const titles = [...THINGS.map((thing) => note(`All about ${thing}`)), ...THINGS.slice(2).map((thing) => note(`${thing} | More`))];
    const learnt = [...learnPatterns(titles, segmenters)];
    fc.assert(
      fc.property(fc.shuffledSubarray(titles, { minLength: titles.length }), (order) => {
        expect([...learnPatterns(order, segmenters)]).toEqual(learnt);
      }),
    );
  });

  it('survives titles of any characters', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 8 }),
        fc.constantFrom('', 'zh', 'en', 'de'),
        (titles, lang) => {
          const patterns = learnPatterns(
            [...titles, ...titles].map((title) => note(title, lang)),
            segmenters,
          );
          for (const { frames } of patterns.values()) for (const { before, after } of frames) expect(before + after).not.toMatch(/\p{N}/u);
        },
      ),
    );
  });
});

describe('dividerFor', () => {
  const chinese = FOODS.map((food, index) => note(`${food}！${FOODS[(index + 1) % FOODS.length]}`, 'zh'));

  it('is what most titles of two parts have, or else the usual', () => {
    const patterns = learnPatterns([...chinese, note('冬瓜汤：清爽', 'zh')], segmenters);
    expect(dividerFor(read(note('糖醋藕片', 'zh')), patterns)).toBe('！');
    expect(dividerFor(read(note('Wool Socks')), patterns)).toBe(': ');
    expect(dividerFor(read(note('糖醋藕片', 'zh')), new Map())).toBe('｜');
    expect(dividerFor(read(note('糖醋藕片', 'zh')), learnPatterns(chinese.slice(0, 2), segmenters))).toBe('｜');
  });
});

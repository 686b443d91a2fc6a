import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBannedMatcher } from '../../../src/core/text/banned.ts';
import { type Controls, STYLES, type TextKind } from '../../../src/core/text/controls.ts';
import { EMOJI_LEVELS } from '../../../src/core/text/emoji.ts';
import { createExtractiveWriter } from '../../../src/core/text/extractive.ts';
import { learnPatterns } from '../../../src/core/text/learnt_patterns.ts';
import { type NoteInput, understandNote } from '../../../src/core/text/note_text.ts';
import { lengthFor, TITLE_PLATFORMS } from '../../../src/core/text/platforms.ts';
import { indexQueries, matchQueries } from '../../../src/core/text/queries.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';
import { writeTitles } from '../../../src/core/text/titles.ts';
import type { Paradigm } from '../../../src/core/text/writer.ts';
import { faultsOf, foreignParts, overlap } from './title_checker.ts';

const NOTES: readonly NoteInput[] = [
  {
    noteId: 'zh-recipe',
    title: '番茄牛腩煲的做法',
    lang: '',
    body: `番茄牛腩煲是一道酸甜浓郁的家常炖菜，牛腩软烂入味，汤汁拌饭很香。牛腩富含蛋白质，番茄带来清爽的酸味。做法不难，但需要耐心，全程大约 90 分钟。

预估烹饪难度：★★★

## 必备原料和工具

- 牛腩
- 番茄
- 洋葱
- 八角
- 砂锅

## 操作

1. 牛腩切块，冷水下锅焯水
2. 番茄去皮切块
3. 炒香洋葱，加入番茄炒出汁
4. 加入牛腩和八角，小火炖 60 分钟

## 附加内容

- 牛腩带一点筋膜口感更好，炖久也不柴`,
  },
  {
    noteId: 'zh-post',
    title: '周末去了海边的小咖啡馆☕',
    lang: 'zh',
    body: `推门就是海风，靠窗的位置能看到日落🌅
店里的手冲咖啡香气干净，海盐拿铁微咸回甘
甜品是店主自己烤的柠檬蛋糕，酸甜清爽
工作日人不多，安静，适合带一本书坐一下午
#咖啡探店[话题]# #海边`,
  },
  {
    noteId: 'en-recipe',
    title: 'Smoky Bean Soup',
    lang: 'en',
    body: `A thick, smoky soup from the mountains, full of beans and paprika. It's a filling meal for cold evenings. Leftovers keep well in the fridge for three days.

- 🍳 Cook time: 40 min
- 🍽️ Servings: 4

## Ingredients

- 2 cups white beans (soaked)
- 1 onion, chopped
- 2 carrots
- 1 tbsp smoked paprika
- salt

## Directions

1. Fry the onion in a little oil.
2. Add the carrots and the paprika.
3. Simmer with the beans for 40 minutes.`,
  },
  {
    noteId: 'en-post',
    title: 'Why our old canvas backpack still wins every trip',
    lang: '',
    body: `The canvas backpack has carried our camera through rain and snow. Its side pocket holds a water bottle, and the padded straps stay comfortable on long walks.

The waxed fabric keeps the inside dry. A wide zip opens the whole front, so nothing hides at the bottom.`,
  },
];

const QUERIES = [
  { query: '牛腩怎么炖', frequency: 900 },
  { query: '家常炖菜', frequency: 700 },
  { query: '海盐拿铁', frequency: 300 },
  { query: 'bean soup', frequency: 500 },
  { query: 'canvas backpack', frequency: 400 },
];
const segmenters = await loadSegmenters(new Set(['zh', 'en']), []);
const isBanned = createBannedMatcher([]);
const index = indexQueries(QUERIES, segmenters);

interface Setting extends Omit<Controls, 'length'> {
  readonly length?: { readonly min: number; readonly max: number };
}

/** Titles of a store that says much around its names, so that learnt frames and dividers are filled too. */
const LEARNT = learnPatterns(
  ['海盐拿铁', '番茄汤', '葱油饼', 'Linen Shirts', 'Rye Bread', 'Clay Pots'].flatMap((name) =>
    (/^\w/.test(name) ? [`All about ${name}`, `${name} | More`] : [`关于${name}`, `${name}！真的很好`]).map((title) => {
      return { noteId: title, title, body: '', lang: '' };
    }),
  ),
  segmenters,
);

async function write(note: NoteInput, setting: Setting, paradigm: Paradigm = 'write', kind: TextKind = 'title', count = 3) {
  const read = understandNote(note, segmenters, new Set());
  const controls: Controls = { ...setting, length: lengthFor(setting.platform, kind, read.language, setting.length) };
  const queries = paradigm === 'rewrite' ? matchQueries(read, index) : [];
  return {
    controls,
    ...(await writeTitles(read, createExtractiveWriter(LEARNT), { kind, paradigm, controls, queries }, segmenters, isBanned, count)),
  };
}

const PLAIN: Setting = { keywords: [], emoji: 'none', brand: null, style: null, platform: 'generic' };

const settings = fc.record({
  keywords: fc.subarray(['番茄', 'Weekend', '海边', 'soup']),
  emoji: fc.constantFrom(...EMOJI_LEVELS),
  brand: fc.constantFrom(null, '食集', 'Acme Kitchen'),
  style: fc.constantFrom(null, ...STYLES),
  platform: fc.constantFrom(...TITLE_PLATFORMS),
  length: fc.option(
    fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 })).map(([min, more]) => ({ min, max: min + more })),
    { nil: undefined },
  ),
});

describe('extractive titles', () => {
  it('satisfy every control, whatever the combination', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NOTES),
        settings,
        fc.constantFrom<Paradigm>('write', 'rewrite'),
        fc.constantFrom<TextKind>('title', 'highlight'),
        async (note, asked, paradigm, kind) => {
          const { length, ...setting } = asked;
          const { titles, controls } = await write(note, length ? { ...setting, length } : setting, paradigm, kind);
          for (const { text, score } of titles) {
            // A highlight on Google is a description, which may have 90.
            const faults = faultsOf(text, controls).filter(
              (fault) => !(kind === 'highlight' && controls.platform === 'google' && fault.startsWith('platform limit')),
            );
            expect(faults, text).toEqual([]);
            expect(
              foreignParts(text, [
                note.title,
                note.body,
                ...controls.keywords,
                controls.brand ?? '',
                ...(paradigm === 'rewrite' ? QUERIES.map(({ query }) => query) : []),
              ]),
              text,
            ).toEqual([]);
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(1);
          }
          for (const [at, a] of titles.entries())
            for (const b of titles.slice(at + 1)) expect(overlap(a.text, b.text), `${a.text} / ${b.text}`).toBeLessThanOrEqual(0.8);
          written += titles.length;
        },
      ),
      { seed: 7, numRuns: 1500 },
    );
    // The law would hold for a writer that writes nothing.
    expect(written).toBeGreaterThan(1000);
  });

  it('come three to a note with default settings', async () => {
    for (const note of NOTES) expect((await write(note, PLAIN)).titles, note.noteId).toHaveLength(3);
  });

  it('are the same every time', async () => {
    for (const note of NOTES) expect(await write(note, PLAIN)).toEqual(await write(note, PLAIN));
  });

  it('honour keywords the note does not have by setting them beside the title', async () => {
    for (const { text } of (await write(NOTES[0] as NoteInput, { ...PLAIN, keywords: ['一人食'] })).titles)
      expect(text).toMatch(/^一人食｜/);
    for (const { text } of (await write(NOTES[2] as NoteInput, { ...PLAIN, keywords: ['weeknight'] })).titles)
      expect(text).toMatch(/^Weeknight(?::| \|) /);
  });

  it('keep the note’s own subject when rewriting, and use the queries that fit', async () => {
    const { titles } = await write(NOTES[0] as NoteInput, PLAIN, 'rewrite');
    for (const { text } of titles) expect(text).toContain('番茄牛腩煲');
    expect(titles.some(({ text }) => text.includes('家常炖菜'))).toBe(true);
  });

  it('never repeat metadata, hashtags or the original title', async () => {
    for (const note of NOTES) {
      for (const { text } of (await write(note, PLAIN, 'write', 'title', 20)).titles) {
        expect(text).not.toMatch(/难度|Servings|Cook time|话题|#/);
        expect(text.replace(/[^\p{L}]/gu, '')).not.toBe(note.title.replace(/[^\p{L}]/gu, ''));
      }
    }
  });

  it('say why nothing was left', async () => {
    const { titles, rejected } = await write(NOTES[0] as NoteInput, { ...PLAIN, length: { min: 1, max: 2 } });
    expect(titles).toEqual([]);
    expect(rejected.length).toBeGreaterThan(0);
    expect(await write({ noteId: 'x', title: '', body: '', lang: '' }, PLAIN)).toMatchObject({ titles: [], rejected: {} });
  });

  it('are highlights of whole clauses when asked for those', async () => {
    const { titles } = await write(NOTES[0] as NoteInput, PLAIN, 'write', 'highlight');
    for (const { text } of titles) for (const clause of text.split('，')) expect((NOTES[0] as NoteInput).body).toContain(clause);
    expect(titles.length).toBeGreaterThan(0);
  });
});

describe('queries for a note', () => {
  it('have all their content words in it, the most relevant and frequent first', () => {
    const read = understandNote(NOTES[2] as NoteInput, segmenters, new Set());
    expect(matchQueries(read, index)).toEqual([{ query: 'bean soup', fit: 1 }].filter(() => read.weights.has('bean')));
    const matches = matchQueries(
      read,
      indexQueries(
        [
          { query: 'smoky soup', frequency: 10 },
          { query: 'smoky soup recipe', frequency: 1000 },
          { query: 'chicken soup', frequency: 9999 },
        ],
        segmenters,
      ),
    );
    expect(matches.map(({ query }) => query)).toEqual(['smoky soup recipe', 'smoky soup']);
  });

  it.each([
    ['cookies without eggs', 'no denials of what the note has'],
    ['two ingredient cookies', 'no counts of their own'],
    ['一个人的 cookies', 'no other language'],
    ['butter', 'no single word that the title does not have'],
    ['what do you do with cookies', 'not mostly words that say nothing'],
  ])('"%s" is none: %s', (query) => {
    const note = {
      noteId: 'c',
      title: 'Chocolate cookies 15',
      lang: 'en',
      body: 'These cookies need four eggs and plenty of butter and sugar.',
    };
    const read = understandNote(note, segmenters, new Set());
    const fit = [
      { query, frequency: 1000 },
      { query: 'Chocolate cookies', frequency: 2 },
      { query: 'chocolate cookies', frequency: 5 },
      { query: 'cookies 15', frequency: 3 },
    ];
    expect(
      matchQueries(read, indexQueries(fit, segmenters))
        .map((match) => match.query)
        .sort(),
    ).toEqual(['chocolate cookies', 'cookies 15']);
  });
});

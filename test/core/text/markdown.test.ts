import { describe, expect, it } from 'vitest';
import { parseBody, plainText, REMOVED_LINK } from '../../../src/core/text/markdown.ts';

const RECIPE = `---
title: Soup
---
# Soup

A warm **bean** soup, see [the photo](a.jpg). ![photo](b.jpg)
It is \`ready\` fast.

- 🍳 Cook time: 15 min
- 🍽️ Servings: 16? (It depends)

## Ingredients

- 2 cups beans
- salt

## Directions

1. Boil the beans until they
   are soft.
2. Serve.

| a | b |
|---|---|
| 1 | 2 |

\`\`\`
code
\`\`\`

## Notes

- Goes well with a slice of fresh bread.

## Contributors

- Somebody, somebody.example
`;

describe('reading Markdown', () => {
  it('gives prose, items, steps and facts without marks, other metadata, tables, code and credits', () => {
    expect(parseBody(RECIPE)).toEqual([
      { kind: 'headline', text: 'Soup', lead: true, numbered: false, isNamed: false },
      { kind: 'prose', text: 'A warm bean soup, see the photo. It is ready fast.', lead: true, numbered: false, isNamed: false },
      { kind: 'fact', text: 'Cook time: 15 min', lead: true, numbered: false, isNamed: false },
      { kind: 'fact', text: 'Servings: 16? (It depends)', lead: true, numbered: false, isNamed: false },
      { kind: 'heading', text: 'Ingredients', lead: false, numbered: false, isNamed: false },
      { kind: 'item', text: '2 cups beans', lead: false, numbered: false, isNamed: true },
      { kind: 'item', text: 'salt', lead: false, numbered: false, isNamed: true },
      { kind: 'heading', text: 'Directions', lead: false, numbered: false, isNamed: false },
      { kind: 'step', text: 'Boil the beans until they are soft.', lead: false, numbered: true, isNamed: false },
      { kind: 'step', text: 'Serve.', lead: false, numbered: true, isNamed: false },
      { kind: 'heading', text: 'Notes', lead: false, numbered: false, isNamed: false },
      { kind: 'prose', text: 'Goes well with a slice of fresh bread.', lead: false, numbered: false, isNamed: false },
    ]);
  });

  it('takes a bold line for the heading of the list under it, and the paragraphs after that list for the post going on', () => {
    const body = '**做法**\n\n1. 冷油下葱\n2. 关火\n\n一周都有好日子。\n\n**质地** 半哑光\n\n**真的很好吃！**';
    expect(parseBody(body).map(({ kind, text }) => [kind, text])).toEqual([
      ['heading', '做法'],
      ['step', '冷油下葱'],
      ['step', '关火'],
      ['prose', '一周都有好日子。'],
      ['prose', '质地：半哑光'],
      ['prose', '真的很好吃！'],
    ]);
  });

  it('leaves out what a heading regrets, and goes on after it', () => {
    expect(parseBody('## What I would skip\n\nA bookshelf.\n\nTotal cost: nothing.').map(({ text }) => text)).toEqual([
      'What I would skip',
      'Total cost: nothing.',
    ]);
  });

  it('counts no numbered list as steps outside a section that says it holds them', () => {
    expect(parseBody('**What to order**\n\n1. A plain croissant').map(({ kind }) => kind)).toEqual(['heading', 'item']);
  });

  it('drops Chinese metadata lines and amounts, and joins no lines of a post', () => {
    const body = '预估烹饪难度：★★★\n\n预估卡路里：556 大卡\n\n店里人不多\n拍照很好看\n\n## 计算\n\n- 盐 2 g\n';
    const blocks = parseBody(body);
    expect(blocks.filter(({ kind }) => kind !== 'fact').map(({ text }) => text)).toEqual(['店里人不多\n拍照很好看']);
    expect(blocks.filter(({ kind }) => kind === 'fact').map(({ text }) => text)).toEqual(['预估卡路里：556 大卡']);
  });

  it('strips emphasis, hashtags, emoji and HTML, and marks removed addresses', () => {
    expect(plainText('**加粗** _斜体_ #穿搭[话题]# #ootd 好看🍜 <b>粗</b>')).toBe('加粗斜体好看粗');
    expect(plainText('snake_case stays, *this* does not')).toBe('snake_case stays, this does not');
    expect(plainText('看 https://a.example/x 吧')).toContain(REMOVED_LINK);
  });

  it('takes a time that grows with the length of a note, whatever marks it holds', () => {
    const size = 100_000;
    const marks = ['[', '![', '<a', '<!--', 'a\n', '*a ', '`a', '# a\n', '- a\n', '> '];
    const bodies = [...marks.map((mark) => mark.repeat(size / mark.length)), `# ${'#'.repeat(size)}x`, `a${' '.repeat(size)}b`];
    const startedAt = performance.now();
    for (const body of bodies) parseBody(body);
    // About a second; a minute where every open bracket looks for its end in all that follows.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('keeps prices, and what stands behind a fence that is never closed', () => {
    expect(parseBody('很润。\n\n价格：299 元，50 毫升\n\n## 参考价格\n\n299 元').map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'prose 很润。',
      'fact 价格：299 元，50 毫升',
      'heading 参考价格',
      'prose 299 元',
    ]);
    expect(parseBody('Warm.\n\n```\ncode\n```\n\n```\nSoft.').map(({ text }) => text)).toEqual(['Warm.', 'Soft.']);
  });

  it('drops what is marked as said against a thing, struck through, or asked and answered', () => {
    const body = 'Warm.\n\n❌ Waterproof in heavy rain\n- 🚫敏感肌可以放心用\n避雷：拉链坏了\nQ：能用吗？\nA：不能\n~~Ships free~~ Soft.';
    expect(parseBody(body).map(({ text }) => text)).toEqual(['Warm.', 'Soft.']);
  });

  it('ends a line where a block of HTML ends, and reads no script', () => {
    expect(parseBody('<p>面霜很轻薄</p><script>alert(1)</script><br>早晚都能用').map(({ text }) => text)).toEqual([
      '面霜很轻薄',
      '早晚都能用',
    ]);
  });

  it('leaves a comment without an end, and takes the marks off the end of a heading', () => {
    expect(parseBody('a <!-- b --> c <!-- d').map(({ text }) => text)).toEqual(['a c <!-- d']);
    expect(parseBody('## Soup ##\n\nWarm.').map(({ text }) => text)).toEqual(['Soup', 'Warm.']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCandidates, repeatsPrompt, tellingLines } from '../../../../src/core/text/remote/answers.ts';

const SOUP = ['Smoky bean soup for cold evenings', 'A filling soup: beans and paprika'];
const TANG = ['番茄牛腩煲，汤汁拌饭很香', '酸甜浓郁的番茄牛腩煲'];

describe('the texts of a reply', () => {
  it.each<[string, string, readonly string[]]>([
    ['a JSON array', JSON.stringify(SOUP), SOUP],
    ['a JSON array over several lines, in a code fence', `\`\`\`json\n${JSON.stringify(TANG, null, 2)}\n\`\`\``, TANG],
    ['a JSON array after talk', `Sure! Here are two titles:\n${JSON.stringify(SOUP)}\nI hope you like them.`, SOUP],
    ['an array in an object', JSON.stringify({ titles: SOUP }), SOUP],
    ['an array of objects', JSON.stringify(SOUP.map((title) => ({ title, reason: 'good' }))), SOUP],
    ['objects, one a line', SOUP.map((title) => JSON.stringify({ title })).join('\n'), SOUP],
    ['numbered keys in a code fence', `\`\`\`json\n${JSON.stringify({ 1: SOUP[0], 2: SOUP[1] })}\n\`\`\``, SOUP],
    ['titles of numbered names after talk', `Here is the JSON:\n${JSON.stringify({ title1: SOUP[0], title2: SOUP[1] })}`, SOUP],
    ['objects after talk', `Here is the JSON:\n${SOUP.map((title) => JSON.stringify({ title })).join('\n')}`, SOUP],
    ['an object in an object', JSON.stringify({ titles: { a: SOUP[0], b: SOUP[1] } }), SOUP],
    ['an array with escapes', '["Soup \\"of the day\\"", "\\u756a\\u8304"]', ['Soup "of the day"', '番茄']],
    ['an empty array', '[]', []],
    ['a numbered list', `1. ${SOUP[0]}\n2. ${SOUP[1]}`, SOUP],
    ['a numbered list of full-width marks', `１、\n1、${TANG[0]}\n2、${TANG[1]}`, TANG],
    ['a numbered list with brackets and talk', `Here are the titles:\n\n1) ${SOUP[0]}\n2) ${SOUP[1]}\n\nLet me know!`, SOUP],
    ['a circled list', `① ${TANG[0]}\n② ${TANG[1]}`, TANG],
    ['a bulleted list in bold', `- **${SOUP[0]}**\n- **${SOUP[1]}**`, SOUP],
    ['stars as bullets', `* ${SOUP[0]}\n* ${SOUP[1]}`, SOUP],
    ['a list with a remark after each', `1. **${SOUP[0]}** - says when\n2. "${SOUP[1]}" (says what)`, SOUP],
    ['a list with explanations between', `1. ${SOUP[0]}\n   This works because it is cold.\n2. ${SOUP[1]}\n   This is plain.`, SOUP],
    ['plain lines', SOUP.join('\n'), SOUP],
    ['plain lines with talk', `好的，以下是标题：\n${TANG.join('\n')}\n希望这些标题对您有帮助`, TANG],
    ['labels', `Title: ${SOUP[0]}\nTitle 2: ${SOUP[1]}`, SOUP],
    ['Chinese labels', `标题一：${TANG[0]}\n标题二：${TANG[1]}`, TANG],
    ['quotes of many kinds', `“${TANG[0]}”\n「${TANG[1]}」\n'${SOUP[0]}'\n"${SOUP[1]}"`, [...TANG, ...SOUP]],
    ['a full stop at the end', `${TANG[0]}。\n${SOUP[0]}.\nMade in the U.S.`, [TANG[0] as string, SOUP[0] as string, 'Made in the U.S.']],
    ['thinking', `<think>The user wants ["x", "y"] titles.</think>\n${JSON.stringify(SOUP)}`, SOUP],
    ['thinking without a beginning', `They want soup.</think>${JSON.stringify(SOUP)}`, SOUP],
    ['thinking without an end', `<think>Let me see, ["x", "y"]`, []],
    [
      'numbers that belong to the title',
      '3 ways with beans\n2.5 km to the sea\n7:30 at the beach',
      ['3 ways with beans', '2.5 km to the sea', '7:30 at the beach'],
    ],
    ['the same twice', JSON.stringify([SOUP[0], SOUP[0]]), [SOUP[0] as string]],
    ['quotes inside', '“爆浆”芝士和“拉丝”披萨', ['“爆浆”芝士和“拉丝”披萨']],
    ['nothing', ' \n ', []],
  ])('are read from %s', (_, reply, texts) => {
    expect(readCandidates(reply, false)).toEqual(texts);
  });

  it.each<[string, string, readonly string[]]>([
    ['an array', '["Smoky bean soup for cold evenings", "A filling so', [SOUP[0] as string]],
    ['an array behind a comma', '["Smoky bean soup for cold evenings",', [SOUP[0] as string]],
    ['an array of objects', '[{"title": "Smoky bean soup for cold evenings"}, {"title": "A fil', [SOUP[0] as string]],
    ['a list', `1. ${SOUP[0]}\n2. ${SOUP[1]}\n3. A third that is no`, SOUP],
    ['a line', 'Smoky bean soup for', []],
  ])('are the whole ones of %s that was cut off', (_, reply, texts) => {
    expect(readCandidates(reply, true)).toEqual(texts);
  });

  it('are lines without marks, whatever the reply, and reading never throws', () => {
    const pieces = fc.constantFrom(
      '["',
      '"]',
      '", "',
      '[',
      ']',
      '{',
      '}',
      '```',
      '<think>',
      '</think>',
      '\n',
      '1. ',
      '\\',
      '\\u',
      '"',
      '标题：',
      '好',
      'soup ',
    );
    const replies = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(replies, fc.boolean(), (reply, cut) => {
        for (const text of readCandidates(reply, cut)) {
          expect(text).not.toMatch(/\n|^\s|\s$/);
          expect(text.length).toBeGreaterThan(0);
          expect(text.length).toBeLessThanOrEqual(300);
        }
      }),
      { seed: 11, numRuns: 3000 },
    );
  });

  it('come back as they were put into a JSON array', () => {
    const words = fc.array(fc.constantFrom('bean', 'soup', '番茄', '煲', 'café', '5', '🍲'), { minLength: 2, maxLength: 8 });
    const title = words.map((parts) => `A ${parts.join(' ')} z`);
    fc.assert(
      fc.property(fc.uniqueArray(title, { minLength: 1, maxLength: 10 }), (titles) => {
        expect(readCandidates(`Here: ${JSON.stringify(titles)} done`, false)).toEqual(titles);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('are read in time from a megabyte of brackets, quotes or thinking', () => {
    const before = performance.now();
    for (const piece of ['[', ']', '["', '"', '<think>', '1. ', '**', '- ', '\\"', '标题：']) {
      readCandidates(piece.repeat(1_000_000 / piece.length), false);
      readCandidates(`[${piece.repeat(1_000_000 / piece.length)}`, true);
    }
    // Milliseconds each; quadratic work would take minutes.
    expect(performance.now() - before).toBeLessThan(30_000);
  });
});

describe('objects in an answer', () => {
  it.each([
    ['[{"reason":"早晚各用一次","title":"质地轻薄"},{"title":"上脸很好推开","why":"x"}]', ['质地轻薄', '上脸很好推开']],
    ['{"1":"A warm soup","2":"Beans and bread"}', ['A warm soup', 'Beans and bread']],
    ['{"title_1":"A warm soup","title_2":"Beans and bread"}', ['A warm soup', 'Beans and bread']],
  ])('give their texts: %s', (reply, texts) => {
    expect(readCandidates(reply, false)).toEqual(texts);
  });
});

describe('a text that repeats the prompt', () => {
  const lines = tellingLines(['Use only words and numbers that are in the note', '只用笔记、关键词、品牌里出现过的词和数字', 'length:']);
  it.each([
    ['holds the fence', 'Soup data-12ab34', true],
    ['holds another fence', 'Soup <<<end', true],
    ['holds a line of it', '- Use only words and numbers that are in the note!', true],
    ['is a long stretch of a line', 'words and numbers that are in the', true],
    ['is a long stretch of a Chinese line', '品牌里出现过的词和数字', true],
    ['shares a few words', 'Only words', false],
    ['shares a tag', 'length: 5 km', false],
    ['is a title', 'Smoky bean soup for cold evenings', false],
  ])('%s', (_, text, repeated) => {
    expect(repeatsPrompt(text, 'data-12ab34', lines)).toBe(repeated);
  });
});

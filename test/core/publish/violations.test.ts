import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PublishedElement } from '../../../src/core/publish/creative_set.ts';
import { GENERIC } from '../../../src/core/publish/profiles/generic.ts';
import { findViolations, type Violation } from '../../../src/core/publish/violations.ts';
import { creative, picture, text } from './made_creatives.ts';

function violationsOf(element: PublishedElement, fileExists = true): Violation[] {
  return findViolations(GENERIC, [creative('c', [element])], () => fileExists);
}

describe('findViolations', () => {
  it('takes ordinary titles, highlights and pictures', () => {
    const elements = [
      text('title', '三支口红只留一支，我选它 💄'),
      text('highlight', 'It\'s 5 o\'clock: "tea"; 1 + 1 = 2'),
      picture('a.jpg'),
    ];
    expect(findViolations(GENERIC, [creative('c', elements)], () => true)).toEqual([]);
  });

  it('names the creative, the column, the value and what was expected', () => {
    expect(violationsOf(text('title', ' '))).toEqual([
      { creative_id: 'c', ad_id: 'ad', field: 'title', value: ' ', expected: 'a text that is not empty', limit: null },
    ]);
  });

  it.each(['=1+1', '+86 138', '-50% today', '@home', '\tindented'])('refuses %j, which a spreadsheet would run', (content) => {
    expect(violationsOf(text('title', content))[0]?.expected).toContain('begin');
  });

  it.each(['a\nb', 'a\rb', 'a\u0000b', 'a\u0085b', 'a\u2028b', 'a\tb'])('refuses the control character in %j', (content) => {
    expect(violationsOf(text('highlight', content))[0]?.expected).toBe('one line without control characters');
  });

  it('counts what a reader sees as characters against the limits of 100 and 200', () => {
    const family = '👨‍👩‍👧‍👦'; // eleven UTF-16 units, one character
    expect(violationsOf(text('title', family.repeat(100)))).toEqual([]);
    expect(violationsOf(text('title', family.repeat(101)))[0]).toMatchObject({
      limit: 100,
      expected: 'at most 100 characters but it has 101',
    });
    expect(violationsOf(text('highlight', 'x'.repeat(200)))).toEqual([]);
    expect(violationsOf(text('highlight', 'x'.repeat(201)))[0]).toMatchObject({ limit: 200 });
    expect(violationsOf(text('story', 'x'.repeat(5000)))).toEqual([]);
  });

  it('refuses a picture whose file is gone, and an image that is a name only', () => {
    expect(violationsOf(picture('/store/ab.jpg'), false)[0]).toMatchObject({ field: 'image', value: '/store/ab.jpg' });
    expect(violationsOf(text('image', '5332f70b'))[0]).toMatchObject({ field: 'image', value: '5332f70b' });
  });

  it('checks the ids and kinds without a column of their own too', () => {
    const found = findViolations(GENERIC, [creative('-c', [text('story', '=1')], { adId: '@ad', noteId: '+note' })], () => true);
    expect(found.map(({ field }) => field)).toEqual(['creative_id', 'ad_id', 'note_id', 'element.story']);
  });

  it('lets negative numbers pass: only texts can be formulas', () => {
    expect(findViolations(GENERIC, [creative('c', [text('title', 'a')], { score: -0.5 })], () => true)).toEqual([]);
  });

  it('takes no text a spreadsheet would run or that breaks the line, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (content) => {
        if (violationsOf(text('title', content)).length > 0) return;
        expect(content).toMatch(/^[^=+\-@\t\n\r\0]/u);
        expect(content).not.toMatch(/[\n\r\u2028\u2029]/u);
      }),
    );
  });
});

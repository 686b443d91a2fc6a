import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLettering, type TextStyle } from '../../../src/core/media/lettering.ts';

const lettering = createLettering();
const STYLE: TextStyle = { size: 12, weight: 400 };
const WIDE = 1e6;

function shown(text: string): string {
  return lettering.shorten(text, STYLE, WIDE);
}

const words = fc.string({ unit: fc.constantFrom(...'abc ABC.-_09,(é你好去湖边，。'), maxLength: 60 });

describe('lettering', () => {
  it('shows Latin, Cyrillic and Chinese text as it is', () => {
    for (const text of ['photo-1.jpg at 3.20 s', 'Привет', '周末去湖边露营，30℃', '繁體字 ★', 'crème brûlée ½'])
      expect(shown(text)).toBe(text);
  });

  it.each([
    ['line breaks and control characters as one space', 'a\r\n\tb\u0000c', 'a b c'],
    ['no direction marks', 'a\u202Egpj.exe\u202C\u200Fb', 'agpj.exeb'],
    ['no emoji, whatever they are made of', 'lake 🏕️👨‍👩‍👧🇨🇳1️⃣ camp', 'lake 1 camp'],
    ['no lone half of a pair', 'a\uD83Db', 'ab'],
    ['the plain letter where the marked one is missing', 'Győr', 'Gyor'],
    ['one ellipsis for a script that the font has not', 'שלום עולם: hello', '…: hello'],
    ['markup as the characters it is written in', '<b>&amp;"\'</b>', '<b>&amp;"\'</b>'],
  ])('shows %s', (_, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('is as wide as its letters together, in proportion to the size', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,9}$/), fc.stringMatching(/^[a-z]{1,9}$/), (a, b) => {
        const width = lettering.widthOf(a + b, STYLE);
        expect(width).toBeCloseTo(lettering.widthOf(a, STYLE) + lettering.widthOf(b, STYLE), 9);
        expect(lettering.widthOf(a + b, { ...STYLE, size: 24 })).toBeCloseTo(2 * width, 9);
      }),
    );
  });

  it('is never wider when shortened than asked, and keeps what fits', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 400 }), fc.constantFrom('end' as const, 'middle' as const), (text, width, where) => {
        const short = lettering.shorten(text, STYLE, width, where);
        expect(lettering.widthOf(short, STYLE)).toBeLessThanOrEqual(width);
        if (lettering.widthOf(text, STYLE) <= width) expect(short).toBe(shown(text));
        else expect(short).toContain('…');
      }),
    );
  });

  it('keeps both ends of a name shortened in its middle', () => {
    const name = 'IMG_20240731_193522_a-very-long-name-of-a-phone_HDR.mp4 at 123.20 s';
    expect(lettering.shorten(name, STYLE, 150, 'middle')).toMatch(/^IMG_2024.*….*123\.20 s$/);
  });

  it('breaks text into lines none of which is too wide, and loses nothing while there are lines', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 200 }), (text, width) => {
        const lines = lettering.wrap(text, STYLE, width, 100);
        for (const line of lines) expect(lettering.widthOf(line, STYLE)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(shown(text).replaceAll(' ', ''));
      }),
    );
  });

  it('breaks lines between words where it can, and ends the last one with an ellipsis', () => {
    expect(lettering.wrap('text covers 46 %, at most 30 % is wanted', STYLE, 110, 2)).toEqual([
      'text covers 46 %, at',
      'most 30 % is wan…',
    ]);
  });

  it('draws with numbers only, so that nothing of a text can be markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>&"\'/=;#{}\u0000\u202E\uD83Da你 '), maxLength: 20 }), (text) => {
        expect(lettering.outline(text, STYLE).data).toMatch(/^[MLQZ0-9 .-]*$/);
      }),
    );
  });

  it('shortens a title of a hundred thousand characters at once', () => {
    const before = performance.now();
    expect(lettering.wrap('x'.repeat(1e5), STYLE, 300, 2)).toHaveLength(2);
    // About 0.1 s; measuring every beginning of it takes a minute.
    expect(performance.now() - before).toBeLessThan(30_000);
  });
});

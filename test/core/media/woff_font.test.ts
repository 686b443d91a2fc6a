import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Letter, parseWoff } from '../../../src/core/media/woff_font.ts';

const FILES = join(dirname(createRequire(import.meta.url).resolve('@fontsource/noto-sans-sc/package.json')), 'files');

function fontOf(subset: string): ReturnType<typeof parseWoff> {
  return parseWoff(readFileSync(join(FILES, `noto-sans-sc-${subset}-normal.woff`)));
}

/** Left, bottom, right, top of the points, which for these letters lie on the curves' extremes. */
function extentOf({ contours }: Letter): number[] {
  const points = contours.flat();
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].map(Math.round);
}

describe('a WOFF font', () => {
  // Figures of opentype.js 2.0.0 on the same files: charToGlyph(c).advanceWidth, getBoundingBox().
  it.each([
    ['latin-400', 'H', 728, 1, [101, 0, 628, 733]],
    ['latin-400', 'i', 275, 2, [78, 0, 199, 775]],
    ['latin-400', 'é', 554, 3, [52, -13, 512, 872]],
    ['latin-400', '&', 680, 3, [36, -13, 663, 746]],
    ['latin-700', 'H', 757, 1, [91, 0, 666, 741]],
    ['118-400', '你', 1000, 4, [16, -81, 959, 836]],
    ['vietnamese-400', 'ộ', 606, 4, [52, -230, 554, 827]],
  ])('of %s has %s as wide, of as many contours and as large as opentype.js reads it', (subset, sign, advance, contours, extent) => {
    const letter = fontOf(subset)(sign.codePointAt(0) as number) as Letter;
    expect(letter.advance).toBe(advance);
    expect(letter.contours).toHaveLength(contours);
    expect(extentOf(letter)).toEqual(extent);
  });

  it('gives the space a width and no shape', () => {
    expect(fontOf('latin-400')(0x20)).toEqual({ advance: 224, contours: [] });
  });

  it('has no letter for a character of another file', () => {
    expect(fontOf('latin-400')('你'.codePointAt(0) as number)).toBeUndefined();
  });

  it('reads every letter that the files of the weights drawn list', () => {
    const files = readdirSync(FILES).filter((name) => /-\d+-(400|700)-normal\.woff$/.test(name));
    expect(files.length).toBeGreaterThan(150);
    let letters = 0;
    for (const name of files.filter((_, index) => index % 10 === 0)) {
      const font = parseWoff(readFileSync(join(FILES, name)));
      for (let codePoint = 0x20; codePoint < 0xffff; codePoint++) {
        const letter = font(codePoint);
        if (!letter) continue;
        letters++;
        expect(letter.advance >= 0 && letter.contours.every((contour) => contour.length > 0)).toBe(true);
      }
    }
    expect(letters).toBeGreaterThan(1000);
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a font of another format', Buffer.concat([Buffer.from('wOF2'), Buffer.alloc(60)])],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseWoff(bytes)).toThrow('Expected a WOFF font but the file is something else.');
  });
});

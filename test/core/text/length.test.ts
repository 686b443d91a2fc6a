import { describe, expect, it } from 'vitest';
import { graphemes, lengthOf } from '../../../src/core/text/length.ts';

// [text, characters, width, half-units], counted by hand.
const CASES: readonly (readonly [string, number, number, number])[] = [
  ['', 0, 0, 0],
  ['abc', 3, 3, 2],
  ['红烧肉', 3, 6, 3],
  ['红烧肉a', 4, 7, 4],
  ['红烧肉ab', 5, 8, 4],
  ['家常菜｜红烧肉怎么做？', 11, 22, 11],
  ['🍜', 1, 2, 2],
  ['红烧肉🍜', 4, 8, 5],
  ['👨‍👩‍👧', 1, 2, 8],
  ['🇨🇳', 1, 2, 4],
  ['👍🏽', 1, 2, 4],
  ['e\u0301', 1, 1, 2],
  ['Älpler', 6, 6, 4],
  ['한국', 2, 4, 2],
  ['ﾊﾝｶｸ', 4, 4, 4],
];

describe('lengths of texts', () => {
  it.each(CASES)('counts %j in each unit', (text, characters, width, halfUnits) => {
    expect(lengthOf(text, 'characters')).toBe(characters);
    expect(lengthOf(text, 'width')).toBe(width);
    expect(lengthOf(text, 'half-units')).toBe(halfUnits);
  });

  it('takes thirty half-width or fifteen Chinese characters for the same width', () => {
    expect(lengthOf('a'.repeat(30), 'width')).toBe(lengthOf('好'.repeat(15), 'width'));
  });

  it('keeps emoji of several code points whole', () => {
    expect(graphemes('a👨‍👩‍👧b')).toEqual(['a', '👨‍👩‍👧', 'b']);
  });
});

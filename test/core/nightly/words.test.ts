import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords, substitute } from '../../../src/core/nightly/words.ts';

describe('splitWords', () => {
  it.each([
    ['import notes notes', ['import', 'notes', 'notes']],
    ['  titles\t--brand  "Old Harbour" ', ['titles', '--brand', 'Old Harbour']],
    ["titles --keywords='a b',c", ['titles', '--keywords=a b,c']],
    [`say "it's" 'a "quote"'`, ['say', "it's", 'a "quote"']],
    ['empty ""', ['empty', '']],
    ['C:\\notes\\new', ['C:\\notes\\new']],
    ['', []],
  ])('splits %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it('says so when a quote is not closed', () => {
    expect(splitWords('titles --brand "Old Harbour')).toBeUndefined();
  });

  it('gives back any words that were quoted and joined', () => {
    const word = fc.string().filter((text) => !text.includes('"'));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((text) => `"${text}"`).join(' '))).toEqual(words);
      }),
    );
  });
});

describe('substitute', () => {
  const missing = (name: string): never => {
    throw new RangeError(name);
  };

  it('replaces every name, and takes a value as it is', () => {
    expect(
      substitute(
        `\${out}/a \${out}/\${day}`,
        new Map([
          ['out', `$& \${day}`],
          ['day', 'mon'],
        ]),
        missing,
      ),
    ).toBe(`$& \${day}/a $& \${day}/mon`);
  });

  it('tells of a name without a value', () => {
    expect(() => substitute(`\${nowhere}`, new Map([['out', 'x']]), missing)).toThrow(new RangeError('nowhere'));
  });

  it('leaves a plain dollar alone', () => {
    expect(substitute('$out {out} 5$', new Map([['out', 'x']]), missing)).toBe('$out {out} 5$');
  });
});

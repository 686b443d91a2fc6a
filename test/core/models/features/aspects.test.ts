import { describe, expect, it } from 'vitest';
import { type AspectColumn, type Aspects, collectAspects } from '../../../../src/core/models/features/aspects.ts';
import type { EntityField } from '../../../../src/core/models/features/field.ts';

function column(name: string, values: readonly (string | undefined)[], side: 'left' | 'right' = 'right'): AspectColumn {
  return { name, side, values };
}

function words(terms: readonly (readonly string[])[]): EntityField {
  return { name: 'title.words', side: 'right', isId: false, of: 'creative', terms };
}

function ofCreative({ terms, start, of }: Aspects, creative: number): (string | undefined)[] {
  return [...of.subarray(start[creative], start[creative + 1])].map((aspect) => terms[aspect]);
}

describe('collectAspects', () => {
  it('puts values of columns before terms of fields, columns with the fewest values first', () => {
    const aspects = collectAspects(
      4,
      [column('style', ['plain', 'list', 'how-to', 'plain']), column('topic', ['food', 'food', 'home', undefined])],
      [words([['noodles'], ['noodles'], [], ['tea']])],
    );
    expect(aspects.columns.map(({ name }) => name)).toEqual(['topic', 'style']);
    expect(ofCreative(aspects, 0)).toEqual(['topic=food', 'style=plain', 'title.words=noodles']);
    expect(ofCreative(aspects, 2)).toEqual(['topic=home', 'style=how-to']);
    expect(ofCreative(aspects, 3)).toEqual(['style=plain']);
    expect(aspects.columns[0]?.aspect[3]).toBe(-1);
  });

  it("puts what belongs to the creative before what belongs to its ad, and the ad's column into the left tower", () => {
    const aspects = collectAspects(
      4,
      [column('category', ['a', 'a', 'b', 'b'], 'left'), column('topic', ['x', 'y', 'z', 'x'])],
      [words([['tea'], ['tea'], [], []])],
    );
    expect(aspects.columns.map(({ name, side }) => [name, side])).toEqual([
      ['topic', 'right'],
      ['category', 'left'],
    ]);
    expect(ofCreative(aspects, 0)).toEqual(['topic=x', 'title.words=tea', 'category=a']);
  });

  it('leaves out columns of one value or of one value a creative, and terms of one creative or of most', () => {
    const aspects = collectAspects(
      4,
      [column('same', ['a', 'a', 'a', 'a']), column('url', ['1', '2', '3', '4'])],
      [words([['title', 'one', 'pair'], ['title', 'two', 'pair'], ['title'], ['title']])],
    );
    expect(aspects.columns).toEqual([]);
    expect([0, 1, 2].map((creative) => ofCreative(aspects, creative))).toEqual([['title.words=pair'], ['title.words=pair'], []]);
  });

  it('keeps the 4 columns with the fewest values and 16 aspects a creative', () => {
    const columns = Array.from({ length: 6 }, (_, n) =>
      column(
        `c${n}`,
        Array.from({ length: 20 }, (_, i) => String(i % (7 - n))),
      ),
    );
    const many = Array.from({ length: 30 }, (_, n) => `w${n}`);
    const aspects = collectAspects(20, columns, [words(Array.from({ length: 20 }, (_, i) => (i < 5 ? many : [])))]);
    expect(aspects.columns.map(({ name }) => name)).toEqual(['c5', 'c4', 'c3', 'c2']);
    expect(ofCreative(aspects, 0)).toHaveLength(16);
    expect(ofCreative(aspects, 9)).toHaveLength(4);
  });
});

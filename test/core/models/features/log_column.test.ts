import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categorise, categoriseAt, codesWithin, type LogColumn, ownerOf } from '../../../../src/core/models/features/log_column.ts';

const ALL = { order: undefined, count: Number.POSITIVE_INFINITY };

function termsOf({ codes, terms }: Pick<LogColumn, 'codes' | 'terms'>): (string | undefined)[] {
  return Array.from(codes, (code) => terms[code]);
}

function numbers(...values: number[]) {
  return { type: 'number', values: Float64Array.from(values) } as const;
}

function texts(...values: string[]) {
  const distinct = ['', ...new Set(values.filter((value) => value !== ''))];
  return { type: 'text', codes: Uint8Array.from(values, (value) => distinct.indexOf(value)), texts: distinct } as const;
}

describe('categorise', () => {
  it('takes texts as they are, and numbers of few values too', () => {
    expect(termsOf(categorise('topic', texts('food', '', 'home'), ALL))).toEqual(['food', '', 'home']);
    expect(termsOf(categorise('price', numbers(9.5, Number.NaN, -1, 9.5), ALL))).toEqual(['9.5', '', '-1', '9.5']);
  });

  it('cuts numbers of many values into 16 bins by the training part', () => {
    const column = categorise('price', numbers(...Array.from({ length: 64 }, (_, i) => i)), { order: undefined, count: 32 });
    expect(column.edges).toEqual(Array.from({ length: 15 }, (_, i) => 2 * (i + 1)));
    expect(termsOf(column).slice(0, 4)).toEqual(['q0', 'q0', 'q1', 'q1']);
    expect(termsOf(column).slice(30)).toEqual(new Array(34).fill('q15'));
  });

  it('gives another log the same terms for the same numbers', () => {
    const value = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const column = categorise('x', numbers(...values), { order: undefined, count: values.length });
        const reversed = categoriseAt('x', numbers(...[...values].reverse()), column.edges);
        expect(termsOf(reversed).reverse()).toEqual(termsOf(column));
      }),
    );
  });
});

describe('ownerOf', () => {
  const ad = Int32Array.of(0, 0, 0, 1, 1);
  const creative = Int32Array.of(0, 0, 1, 2, 2);
  const owner = (column: Parameters<typeof categorise>[1]) => ownerOf(categorise('x', column, ALL), ad, 2, creative, 3);

  it('is the ad where each ad has one value, the creative where each creative has one, else the row', () => {
    expect(owner(texts('a', 'a', 'a', 'b', 'b'))).toBe('ad');
    expect(owner(texts('a', 'a', 'b', 'b', 'b'))).toBe('creative');
    expect(owner(texts('a', 'b', 'b', 'b', 'b'))).toBe('row');
    expect(owner(numbers(0.5, 0.5, 0.5, 2, 2))).toBe('ad');
    expect(owner(numbers(0.5, 0.5, 1, 2, 2))).toBe('creative');
    expect(owner(numbers(0.5, 1, 1, 2, 2))).toBe('row');
  });

  it('heeds given values only', () => {
    expect(owner(texts('a', '', 'a', 'b', ''))).toBe('ad');
    expect(owner(numbers(Number.NaN, 0.5, 1, 2, Number.NaN))).toBe('creative');
  });

  it('looks at numbers before they are cut into bins: two numbers of one bin differ', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i);
    const two = Int32Array.from({ length: 100 }, (_, i) => i >> 1);
    const column = categorise('x', { type: 'number', values }, { order: undefined, count: 100 });
    expect(column.codes[0]).toBe(column.codes[1]);
    expect(ownerOf(column, two, 50, two, 50)).toBe('row');
  });
});

describe('codesWithin', () => {
  it("gives each group's last given code, 0 where it has none", () => {
    expect(codesWithin(Uint8Array.of(1, 0, 2, 0), Int32Array.of(0, 0, 2, 2), 3)).toEqual(Int32Array.of(1, 0, 2));
  });
});

import { describe, expect, it } from 'vitest';
import type { Field } from '../../../../src/core/models/features/field.ts';
import { pairFields } from '../../../../src/core/models/features/pair_fields.ts';

function termsOf({ codes, terms }: Field): (string | undefined)[] {
  return Array.from(codes, (code) => terms[code]?.[0]);
}

function context(name: string, values: readonly string[]) {
  const terms = ['', ...new Set(values.filter((value) => value !== ''))];
  return { name, codes: Uint8Array.from(values, (value) => terms.indexOf(value)), terms };
}

describe('pairFields', () => {
  const creative = Int32Array.of(0, 1, 2, 1);

  it('joins the value of the circumstances with that of the creative shown, missing where either is', () => {
    const [field, ...others] = pairFields(
      creative,
      [context('device', ['phone', 'desk', 'desk', ''])],
      [{ name: 'topic', values: ['a', 'b', undefined] }],
    );
    expect(field).toMatchObject({ name: 'cross.with.device.topic', side: 'right', of: 'row', isId: false });
    expect(termsOf(field as Field)).toEqual(['phone|a', 'desk|b', undefined, undefined]);
    expect(others).toEqual([]);
  });

  it('says whether they are equal where the columns share a value', () => {
    const [, same] = pairFields(creative, [context('likes', ['a', 'a', 'b', 'b'])], [{ name: 'topic', values: ['a', 'b', undefined] }]);
    expect(same?.name).toBe('cross.same.likes.topic');
    expect(termsOf(same as Field)).toEqual(['1', '0', undefined, '1']);
  });

  it('takes the four pairs with the fewest values, of columns with at most 64', () => {
    const rows = Array.from({ length: 100 }, (_, row) => String(row));
    const many = Int32Array.from({ length: 100 }, (_, row) => row % 4);
    const contexts = [2, 3, 5, 64, 65].map((values) =>
      context(
        `c${values}`,
        rows.map((_, row) => `${row % values}`),
      ),
    );
    const creatives = [
      { name: 'x', values: ['p', 'q', 'p', 'q'] },
      { name: 'y', values: ['p', 'q', 'r', 's'] },
    ];
    expect(pairFields(many, contexts, creatives).map(({ name }) => name)).toEqual([
      'cross.with.c2.x',
      'cross.with.c3.x',
      'cross.with.c2.y',
      'cross.with.c5.x',
    ]);
    expect(pairFields(many, contexts.slice(3), creatives).map(({ name }) => name)).toEqual(['cross.with.c64.x', 'cross.with.c64.y']);
  });
});

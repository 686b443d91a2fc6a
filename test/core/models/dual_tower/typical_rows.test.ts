import { describe, expect, it } from 'vitest';
import { ofSide } from '../../../../src/core/models/dual_tower/hashed_fields.ts';
import { Tower } from '../../../../src/core/models/dual_tower/tower.ts';
import { withTypicalRows } from '../../../../src/core/models/dual_tower/typical_rows.ts';
import type { Field } from '../../../../src/core/models/features/field.ts';
import { smallExamples } from './made_examples.ts';

const OPTIONS = { dimension: 4, hashBits: 16, batchRows: 8, dropoutHalf: 0, l2: 0, seed: 1 };

function towerOf(fields: readonly Field[], rows: Int32Array): Tower {
  return new Tower(fields, rows, undefined, OPTIONS, 1);
}

function embedding(tower: Tower, field: number, code: number, place = 0): number[] {
  const { starts, ids } = tower.fields[field] as Tower['fields'][number];
  const row = ids[(starts[code] as number) + place] as number;
  return [...tower.table.weights.subarray(4 * row, 4 * row + 4)];
}

describe('the typical row', () => {
  const { fields } = smallExamples();
  const left = ofSide(fields, 'left');
  const rows = Int32Array.of(0, 1, 2, 4, 6);

  it('of a field of circumstances is the mean embedding of the training rows', () => {
    const tower = towerOf(left, rows);
    const table = withTypicalRows(tower, [false, true], rows, undefined);
    // Three training rows at 9, one at 20, one without an hour.
    const [nine, twenty] = [embedding(tower, 1, 1), embedding(tower, 1, 2)];
    expect(nine.slice(1).every((weight) => weight !== 0)).toBe(true);
    [...table.subarray(4, 8)].forEach((found, d) => {
      expect(found).toBeCloseTo((3 * (nine[d] as number) + (twenty[d] as number)) / 5, 7);
    });
  });

  it('counts a row as often as it was shown', () => {
    const impressions = Float32Array.of(10, 20, 30, 1000, 40, 1000, 50, 1000);
    const tower = towerOf(left, rows);
    const table = withTypicalRows(tower, [false, true], rows, impressions);
    // 10 + 30 + 40 impressions at 9, 20 at 20, 50 without an hour; rows 3, 5 and 7 are no training rows.
    const [nine, twenty] = [embedding(tower, 1, 1), embedding(tower, 1, 2)];
    [...table.subarray(4, 8)].forEach((found, d) => {
      expect(found).toBeCloseTo((80 * (nine[d] as number) + 20 * (twenty[d] as number)) / 150, 7);
    });
    const alike = withTypicalRows(tower, [false, true], rows, new Float32Array(8).fill(7));
    expect(alike).toEqual(withTypicalRows(tower, [false, true], rows, undefined));
  });

  it('averages the terms of a row first', () => {
    const field: Field = { name: 'terms', side: 'left', isId: false, of: 'row', codes: Uint8Array.of(0, 0, 1), terms: [['x', 'y'], ['x']] };
    const tower = towerOf([field], Int32Array.of(0, 1, 2));
    const table = withTypicalRows(tower, [true], Int32Array.of(0, 1, 2), undefined);
    const [x, y] = [embedding(tower, 0, 0, 0), embedding(tower, 0, 0, 1)];
    [...table.subarray(0, 4)].forEach((found, d) => {
      expect(found).toBeCloseTo((2 * ((x[d] as number) + (y[d] as number)) * 0.5 + (x[d] as number)) / 3, 7);
    });
  });

  it('leaves ids, fields of ads and all other rows of the table as they are', () => {
    const tower = towerOf(left, rows);
    const table = withTypicalRows(tower, [false, true], rows, undefined);
    expect(table.subarray(0, 4)).toEqual(tower.table.weights.subarray(0, 4));
    expect(table.subarray(8)).toEqual(tower.table.weights.subarray(8));
    expect(tower.table.weights.subarray(4, 8)).toEqual(new Float32Array(4));
    const users: Field = { ...(left[1] as Field), isId: true };
    expect(withTypicalRows(towerOf([users], rows), [true], rows, undefined).subarray(0, 4)).toEqual(new Float32Array(4));
  });
});

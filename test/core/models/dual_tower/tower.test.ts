import { describe, expect, it } from 'vitest';
import { ofSide } from '../../../../src/core/models/dual_tower/hashed_fields.ts';
import { Tower, type TowerOptions } from '../../../../src/core/models/dual_tower/tower.ts';
import type { Field } from '../../../../src/core/models/features/field.ts';
import { smallExamples } from './made_examples.ts';

const OPTIONS: TowerOptions = { dimension: 4, hashBits: 16, batchRows: 8, dropoutHalf: 0, l2: 0, seed: 1 };
const { fields } = smallExamples();
const RIGHT = ofSide(fields, 'right');
/** Without the creative b2 (row 3 and 7). */
const TRAINED = Int32Array.of(0, 1, 2, 4, 5, 6);

function rowOf(tower: Tower, row: number): number[] {
  return [...tower.table.weights.subarray(4 * row, 4 * row + 4)];
}

/** The ids of each cell that a look-up wrote. */
function cellsOf({ table, fields: own }: Tower, rows: number): number[][] {
  const { ids, ends } = table.cells;
  return Array.from({ length: rows * own.length }, (_, cell) => [...ids.subarray(cell === 0 ? 0 : ends[cell - 1], ends[cell])]);
}

describe('a look-up', () => {
  it('gives each field of each example the mean of its terms, and nothing to padding', () => {
    const tower = new Tower(RIGHT, TRAINED, undefined, OPTIONS, 1);
    const { data, dims } = tower.lookUp(Int32Array.of(0, 2, -1, 1, -1, -1, -1, -1));
    expect(dims).toEqual([8, 2, 4]);
    const cell = (at: number): number[] => [...(data as Float32Array).subarray(4 * at, 4 * at + 4)];
    const [ids, words] = tower.fields as [Tower['fields'][number], Tower['fields'][number]];
    expect(cell(0)).toEqual(rowOf(tower, ids.ids[0] as number));
    const [tea, time] = [rowOf(tower, words.ids[0] as number), rowOf(tower, words.ids[1] as number)];
    cell(1).forEach((weight, d) => {
      expect(weight).toBeCloseTo(((tea[d] as number) + (time[d] as number)) / 2, 7);
    });
    // b1 has no words; then padding; then a2 with the word tea alone.
    expect([...cell(3), ...cell(4), ...cell(5)].every((weight) => weight === 0)).toBe(true);
    expect(cell(7)).toEqual(tea);
  });

  it('gives an unseen id the row of its field, and leaves out unseen words', () => {
    const tower = new Tower(RIGHT, TRAINED, undefined, OPTIONS, 1);
    tower.lookUp(Int32Array.of(3, -1, -1, -1, -1, -1, -1, -1));
    const [id, words] = cellsOf(tower, 1);
    expect(id).toEqual([0]);
    // Of time, out, now only time is known, from a1.
    expect(words).toEqual([tower.fields[1]?.ids[1]]);
  });
});

describe('adaptive dropout', () => {
  const n = 4000;
  const codes = Uint8Array.from({ length: n }, (_, row) => (row % 4 === 0 ? 0 : 1));
  const id: Field = { name: 'creative', side: 'right', isId: true, of: 'creative', codes, terms: [['rare'], ['often']] };
  const plain: Field = { ...id, name: 'words', isId: false };
  const rows = Int32Array.from({ length: n }, (_, row) => row);
  const tower = new Tower([id, plain], rows, undefined, { ...OPTIONS, batchRows: n, dropoutHalf: 1000 }, 1);

  function dropped(step: number | undefined, code: number, field: number): number {
    tower.lookUp(rows, step);
    const cells = cellsOf(tower, n).filter((_, cell) => cell % 2 === field && codes[Math.floor(cell / 2)] === code);
    return cells.filter(([row]) => row === field).length / cells.length;
  }

  it('replaces an id of n impressions by the row of its field with probability n₀/(n + n₀)', () => {
    // Standard deviations of .016 and .009: four of them.
    expect(Math.abs(dropped(1, 0, 0) - 1000 / 2000)).toBeLessThan(0.064);
    expect(Math.abs(dropped(1, 1, 0) - 1000 / 4000)).toBeLessThan(0.036);
  });

  it('touches no other field, and nothing outside training', () => {
    expect(dropped(1, 0, 1)).toBe(0);
    expect(dropped(undefined, 0, 0)).toBe(0);
  });

  it('falls on other examples in every step and under every seed, in either tower, the same again in the same', () => {
    const ids = (own: Tower, step: number): Int32Array => {
      own.lookUp(rows, step);
      return own.table.cells.ids.slice();
    };
    expect(ids(tower, 5)).toEqual(ids(tower, 5));
    const places = (vector: Int32Array): number[] => [...vector.keys()].filter((i) => vector[i] === 0);
    const [one, two] = [places(ids(tower, 5)), new Set(places(ids(tower, 6)))];
    // Independent: .5 · .5 of the rare ones and .25 · .25 of the others are dropped in both, 437 with a deviation of 20.
    expect(Math.abs(one.filter((place) => two.has(place)).length - 437)).toBeLessThan(80);
    const seeded = new Tower([id, plain], rows, undefined, { ...OPTIONS, batchRows: n, dropoutHalf: 1000, seed: 2 }, 1);
    expect(places(ids(seeded, 5))).not.toEqual(one);
    // The other tower drops other examples: as many in both as of two steps.
    const twin = new Tower([id, plain], rows, undefined, { ...OPTIONS, batchRows: n, dropoutHalf: 1000 }, 2);
    const ofTwin = new Set(places(ids(twin, 5)));
    expect(Math.abs(one.filter((place) => ofTwin.has(place)).length - 437)).toBeLessThan(80);
  });
});

describe('a table', () => {
  it('starts as its seed and stream say', () => {
    const weights = (seed: number, stream: number) => new Tower(RIGHT, TRAINED, undefined, { ...OPTIONS, seed }, stream).table.weights;
    expect(weights(1, 1)).toEqual(weights(1, 1));
    expect(weights(1, 2)).not.toEqual(weights(1, 1));
    expect(weights(2, 1)).not.toEqual(weights(1, 1));
  });

  it('shrinks a row of n impressions by l2/n', () => {
    const impressions = Float32Array.from({ length: 8 }, () => 10);
    const tower = new Tower(RIGHT, TRAINED, impressions, { ...OPTIONS, l2: 0.5 }, 1);
    const [ids, words] = tower.fields as [Tower['fields'][number], Tower['fields'][number]];
    expect(tower.table.decay[ids.ids[0] as number]).toBeCloseTo(0.5 / 20, 7);
    // "tea" is in a1 and a2, two rows of ten impressions each.
    expect(tower.table.decay[words.ids[0] as number]).toBeCloseTo(0.5 / 40, 7);
    expect(tower.table.decay[0]).toBe(0.5);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countCodes,
  countRows,
  countUsedTerms,
  hashFields,
  hashTerm,
  holds,
  type TermField,
  type TermHash,
  tableRows,
  termRow,
} from '../../../../src/core/models/dual_tower/hashed_fields.ts';

const HASH: TermHash = { seed: 3, rows: 1 << 16, fields: 2 };
const FIELDS: readonly TermField[] = [
  { name: 'ad', isId: true, terms: [['a'], ['b'], ['c'], []] },
  { name: 'words', isId: false, terms: [['tea', 'time'], [], ['out', 'tea', 'now'], ['gone']] },
];

function rowsOf(field: string, ...terms: readonly string[]): number[] {
  return terms.map((term) => termRow(HASH, hashTerm(HASH, field, term)));
}

function idsOf({ starts, ids }: { readonly starts: Int32Array; readonly ids: Int32Array }, code: number): number[] {
  return [...ids.subarray(starts[code], starts[code + 1])];
}

describe('the row of a term', () => {
  it('is one of the table, behind the rows of the fields themselves', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 500 }), (...drawn) => {
        const [field, term, seed, fields, more] = drawn;
        const hash = { seed, rows: fields + more, fields };
        const row = termRow(hash, hashTerm(hash, field, term));
        expect(row).toBeGreaterThanOrEqual(fields);
        expect(row).toBeLessThan(hash.rows);
      }),
    );
  });

  it('hangs on the seed, the field and the term', () => {
    const rows = [rowsOf('ad', 'tea'), rowsOf('words', 'tea'), rowsOf('words', 'time')].flat();
    expect(new Set([...rows, termRow(HASH, hashTerm({ ...HASH, seed: 4 }, 'words', 'tea'))]).size).toBe(4);
    expect(rowsOf('words', 'tea')).toEqual(rowsOf('words', 'tea'));
  });

  it('spreads terms evenly: as many rows are met as by throws of dice', () => {
    const hash = { seed: 1, rows: 1000, fields: 0 };
    const rows = new Set(Array.from({ length: 1000 }, (_, i) => termRow(hash, hashTerm(hash, 'creative', `c${i}`))));
    // 1000·(1 − (1 − 1/1000)^1000) = 632.3 with a standard deviation of 9.9.
    expect(rows.size).toBeGreaterThan(632 - 40);
    expect(rows.size).toBeLessThan(632 + 40);
  });
});

describe('hashed fields', () => {
  const known = (...terms: readonly [string, string][]) => {
    const hashes = new Set(terms.map(([field, term]) => hashTerm(HASH, field, term)));
    return (hash: bigint): boolean => hashes.has(hash);
  };

  it('have the rows of the terms that training saw', () => {
    const [ad, words] = hashFields(FIELDS, HASH, () => true);
    expect(idsOf(ad as never, 1)).toEqual(rowsOf('ad', 'b'));
    expect(idsOf(words as never, 0)).toEqual(rowsOf('words', 'tea', 'time'));
    expect(idsOf(words as never, 1)).toEqual([]);
    expect([ad?.width, words?.width]).toEqual([1, 3]);
    expect([ad?.unknown, words?.unknown]).toEqual([0, 1]);
  });

  it('give an unknown id the row of its field, and leave out unknown terms of other fields', () => {
    const [ad, words] = hashFields(FIELDS, HASH, known(['ad', 'a'], ['words', 'tea']));
    expect([0, 1, 2, 3].map((code) => idsOf(ad as never, code))).toEqual([rowsOf('ad', 'a'), [0], [0], []]);
    expect([0, 1, 2, 3].map((code) => idsOf(words as never, code))).toEqual([rowsOf('words', 'tea'), [], rowsOf('words', 'tea'), []]);
    expect(words?.width).toBe(1);
  });
});

describe('what training knows', () => {
  const codes = Uint8Array.of(0, 0, 1, 2, 0, 3);
  const coded = FIELDS.map((field) => ({ ...field, codes }));
  const rows = Int32Array.of(0, 1, 3, 4);
  const counts = coded.map((field) => countCodes(field, rows, undefined));

  it('is counted over the training rows alone', () => {
    expect(counts.map((each) => [...each])).toEqual([
      [3, 0, 1, 0],
      [3, 0, 1, 0],
    ]);
    const impressions = Float32Array.of(10, 20, 99, 5, 1, 99);
    expect([...countCodes(coded[0] as never, rows, impressions)]).toEqual([31, 0, 5, 0]);
  });

  it('are the terms of those rows, and the impressions of each table row', () => {
    expect(countUsedTerms(FIELDS, counts)).toBe(2 + 5);
    const { known, impressions } = countRows(FIELDS, HASH, counts);
    const terms: [string, string, number][] = [
      ['ad', 'a', 3],
      ['ad', 'c', 1],
      ['words', 'tea', 4],
      ['words', 'time', 3],
      ['words', 'out', 1],
      ['words', 'now', 1],
    ];
    expect([...known]).toEqual(terms.map(([field, term]) => hashTerm(HASH, field, term)).sort((a, b) => (a < b ? -1 : 1)));
    for (const [field, term, n] of terms) expect(impressions[rowsOf(field, term)[0] as number]).toBe(n);
    expect(impressions.reduce((sum, n) => sum + n, 0)).toBe(13);
    expect(holds(known, hashTerm(HASH, 'ad', 'b'))).toBe(false);
  });

  it('adds up where two terms meet in one row', () => {
    const narrow = { seed: 3, rows: 3, fields: 2 };
    expect([...countRows(FIELDS, narrow, counts).impressions]).toEqual([0, 0, 13]);
  });
});

describe('holds', () => {
  it('is whether a sorted list has the number', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (all, other) => {
          const sorted = BigUint64Array.from(all).sort();
          for (const hash of all) expect(holds(sorted, hash)).toBe(true);
          expect(holds(sorted, other)).toBe(all.includes(other));
        },
      ),
    );
  });
});

describe('the rows of a table', () => {
  it.each([
    [1, 24, 65_536],
    [2048, 24, 65_536],
    [2049, 24, 131_072],
    [100_000, 24, 4_194_304],
    [100_000, 18, 262_144],
    [1, 10, 1024],
  ])('for %i terms and at most 2^%i are %i', (terms, bits, rows) => {
    expect(tableRows(terms, bits)).toBe(rows);
  });
});

import { hash64 } from '../../hash.ts';
import type { FieldCodes, Side } from '../features/field.ts';

/** What a table's rows are found by; a model's metadata keeps it. */
export interface TermHash {
  readonly seed: number;
  /** Rows of the table. The first ones are the fields' own, for values that are not known. */
  readonly rows: number;
  readonly fields: number;
}

/** A field as the hashing takes it: of rows, or of the ads or creatives to be scored. */
export interface TermField {
  readonly name: string;
  readonly isId: boolean;
  readonly terms: readonly (readonly string[])[];
}

/** The 64-bit hash of a field's term. */
export function hashTerm({ seed }: TermHash, field: string, term: string): bigint {
  return hash64(`${seed}|${field}=${term}`);
}

/** The table row of a hashed term. */
export function termRow({ rows, fields }: TermHash, hash: bigint): number {
  return fields + Number(hash % BigInt(rows - fields));
}

/** Table rows of every code of a field: those of code c from `starts[c]` to `starts[c + 1]`. */
export interface HashedField {
  readonly name: string;
  readonly isId: boolean;
  /** Table row of a value that is not known: of an id field its UNK row. */
  readonly unknown: number;
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  /** The only table row of a code; −1 where it has none, or several. Most codes have one, and it is found by one look. */
  readonly only: Int32Array;
  /** Most terms of a code. */
  readonly width: number;
}

/**
 * Hashes the terms of a tower's fields. A term that `known` does not hold, because training never saw it, is left out;
 * of an id field it becomes the field's UNK row.
 */
export function hashFields(fields: readonly TermField[], hash: TermHash, known: (hash: bigint) => boolean): HashedField[] {
  return fields.map(({ name, isId, terms }, unknown) => {
    const starts = new Int32Array(terms.length + 1);
    const only = new Int32Array(terms.length).fill(-1);
    const ids: number[] = [];
    let width = 0;
    terms.forEach((list, code) => {
      for (const term of list) {
        const hashed = hashTerm(hash, name, term);
        if (known(hashed)) ids.push(termRow(hash, hashed));
        else if (isId) ids.push(unknown);
      }
      starts[code + 1] = ids.length;
      const count = ids.length - (starts[code] as number);
      if (count === 1) only[code] = ids[ids.length - 1] as number;
      width = Math.max(width, count);
    });
    return { name, isId, unknown, starts, ids: Int32Array.from(ids), only, width };
  });
}

/** What training knows of the table rows of one tower. */
export interface RowCounts {
  /** Hashes of the terms that training rows have, ascending. */
  readonly known: BigUint64Array;
  /** Training impressions of the terms of each table row. */
  readonly impressions: Float64Array;
}

/** A field with the code of every example. */
export interface CodedField extends TermField {
  readonly codes: FieldCodes;
}

/** Training impressions of each code of a field; `impressions` of each example of the log, undefined: one. */
export function countCodes({ terms, codes }: CodedField, rows: Int32Array, impressions: Float32Array | undefined): Float64Array {
  const counts = new Float64Array(terms.length);
  for (const row of rows) {
    const code = codes[row] as number;
    counts[code] = (counts[code] as number) + (impressions ? (impressions[row] as number) : 1);
  }
  return counts;
}

/** Terms that training rows have, over all fields of a tower. */
export function countUsedTerms(fields: readonly TermField[], counts: readonly Float64Array[]): number {
  let used = 0;
  fields.forEach(({ terms }, i) => {
    terms.forEach((list, code) => {
      if ((counts[i]?.[code] as number) > 0) used += list.length;
    });
  });
  return used;
}

/** Sums the training impressions of each table row; `counts` by field and code. */
export function countRows(fields: readonly TermField[], hash: TermHash, counts: readonly Float64Array[]): RowCounts {
  const known = new Set<bigint>();
  const impressions = new Float64Array(hash.rows);
  fields.forEach(({ name, terms }, i) => {
    terms.forEach((list, code) => {
      const count = counts[i]?.[code] as number;
      if (count === 0) return;
      for (const term of list) {
        const hashed = hashTerm(hash, name, term);
        known.add(hashed);
        const row = termRow(hash, hashed);
        impressions[row] = (impressions[row] as number) + count;
      }
    });
  });
  return { known: BigUint64Array.from(known).sort(), impressions };
}

/** Whether ascending hashes hold one. */
export function holds(sorted: BigUint64Array, hash: bigint): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as bigint) < hash) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === hash;
}

const TERMS_PER_ROW = 1 / 32;
const FEWEST_ROWS = 1 << 16;

/** Rows of a table for so many different terms: 32 times as many, a power of two, and at most 2^bits. One term in 64 shares its row. */
export function tableRows(terms: number, bits: number): number {
  let rows = FEWEST_ROWS;
  while (rows * TERMS_PER_ROW < terms && rows < 2 ** bits) rows *= 2;
  return Math.min(rows, 2 ** bits);
}

/** Fields of one tower, in their order. */
export function ofSide<Field extends { readonly side: Side }>(fields: readonly Field[], side: Side): Field[] {
  return fields.filter((field) => field.side === side);
}

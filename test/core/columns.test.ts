import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHashes, decodeNumbers, type EncodedColumn, encodeHashes, encodeNumbers } from '../../src/core/columns.ts';

/** −0 is given back as 0, which no column can tell apart. */
function withoutNegativeZero(values: Iterable<number>): number[] {
  return Array.from(values, (value) => (value === 0 ? 0 : value));
}

/** The bytes as SQLite may hand them out: a part of a larger buffer, at any place. */
function misplaced({ codec, base, bytes }: EncodedColumn): EncodedColumn {
  const pool = new Uint8Array(bytes.length + 16).fill(255);
  pool.set(bytes, 3);
  return { codec, base, bytes: pool.subarray(3, 3 + bytes.length) };
}

function roundTrip(values: Float64Array): number[] {
  const column = encodeNumbers(values);
  const decoded = new Float64Array(values.length);
  decodeNumbers(column, values.length, decoded, 0);
  const decodedMisplaced = new Float64Array(values.length);
  decodeNumbers(misplaced(column), values.length, decodedMisplaced, 0);
  expect([...decodedMisplaced]).toEqual([...decoded]);
  return withoutNegativeZero(decoded);
}

const anyNumber = fc.oneof(fc.double(), fc.float(), fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }), fc.constant(Number.NaN));

describe('encodeNumbers', () => {
  it('gives any numbers back exactly: missing, infinite, fractional, negative, huge', () => {
    fc.assert(
      fc.property(fc.float64Array(), (values) => {
        expect(roundTrip(values)).toEqual(withoutNegativeZero(values));
      }),
    );
    fc.assert(
      fc.property(fc.array(anyNumber), (values) => {
        expect(roundTrip(Float64Array.from(values))).toEqual(withoutNegativeZero(values));
      }),
      { numRuns: 500 },
    );
  });

  it('gives whole numbers within any range back exactly', () => {
    const spread = fc.tuple(
      fc.maxSafeInteger(),
      fc.constantFrom(1, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
    );
    fc.assert(
      fc.property(spread, ([start, range, shares]) => {
        const values = shares.map((share) => Math.min(start, Number.MAX_SAFE_INTEGER - range) + Math.floor(share * range));
        expect(roundTrip(Float64Array.from(values))).toEqual(withoutNegativeZero(values));
      }),
    );
  });

  it('gives codes and flags back into arrays of their own type, at an offset', () => {
    fc.assert(
      fc.property(fc.int32Array({ minLength: 1 }), fc.nat({ max: 5 }), (values, offset) => {
        const decoded = new Int32Array(values.length + offset).fill(-7, 0, offset);
        decodeNumbers(encodeNumbers(values), values.length, decoded, offset);
        expect([...decoded]).toEqual([...new Int32Array(offset).fill(-7), ...values]);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (values) => {
        const decoded = new Uint8Array(values.length);
        decodeNumbers(encodeNumbers(values), values.length, decoded, 0);
        expect(decoded).toEqual(values);
      }),
    );
  });

  it.each<[string, number[], EncodedColumn['codec'], number]>([
    ['one value repeated', [4, 4, 4], 'constant', 0],
    ['nothing but missing values', [Number.NaN, Number.NaN], 'constant', 0],
    ['no rows', [], 'constant', 0],
    ['days near each other', [20_454, 20_500, 20_709], 'u8', 3],
    ['a range of 255', [1000, 1255], 'u8', 2],
    ['a range of 256', [1000, 1256], 'u16', 4],
    ['a range of 65,536', [-5, 65_531], 'u32', 8],
    ['a range of 2³² − 1', [0, 4_294_967_295], 'u32', 8],
    ['a range of 2³²', [0, 4_294_967_296], 'f32', 8],
    ['halves', [0.5, 1.5], 'f32', 8],
    ['whole numbers with a missing one', [1, Number.NaN], 'f32', 8],
    ['tenths', [0.1, 0.2], 'f64', 16],
  ])('keeps %s in the fewest bytes', (_, values, codec, bytes) => {
    const column = encodeNumbers(Float64Array.from(values));
    expect(column.codec).toBe(codec);
    expect(column.bytes.length).toBe(bytes);
  });
});

describe('encodeHashes', () => {
  it('gives 64-bit hashes back exactly, at an offset', () => {
    fc.assert(
      fc.property(fc.bigUint64Array(), (hashes) => {
        const decoded = new BigUint64Array(hashes.length + 2);
        decodeHashes(misplaced(encodeHashes(hashes)), hashes.length, decoded, 2);
        expect(decoded.subarray(2)).toEqual(hashes);
      }),
    );
  });

  it('is not mistaken for a column of numbers', () => {
    expect(() => decodeNumbers(encodeHashes(BigUint64Array.of(1n)), 1, new Float64Array(1), 0)).toThrow(TypeError);
    expect(() => decodeHashes(encodeNumbers(Float64Array.of(1, 2)), 2, new BigUint64Array(2), 0)).toThrow(TypeError);
  });
});

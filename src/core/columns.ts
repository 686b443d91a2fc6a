/**
 * Compact bytes for a column of numbers: what a log's chunk stores.
 *
 * Whole numbers within a range of 2³² are kept as offsets from their minimum (`base`) in the fewest bytes; a column of
 * one value keeps no bytes at all; other numbers are kept as 32-bit floats where that is exact, else as 64-bit floats.
 * Codes, days, clicks and positions therefore take one or two bytes a row. NaN stands for "not given".
 */
type Codec = 'constant' | 'u8' | 'u16' | 'u32' | 'f32' | 'f64' | 'u64';

export interface EncodedColumn {
  readonly codec: Codec;
  /** Added to every stored integer; NaN for a constant column of missing values, 0 for floats and hashes. */
  readonly base: number;
  readonly bytes: Uint8Array;
}

const RANGE_U32 = 4294967296;

/** Encodes a column; decoding gives exactly the same numbers back (−0 becomes 0). */
export function encodeNumbers(values: Float64Array | Int32Array | Uint8Array): EncodedColumn {
  const n = values.length;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let missing = 0;
  let whole = true;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    if (whole && !Number.isSafeInteger(value)) whole = false;
  }
  if (missing === n) return { codec: 'constant', base: Number.NaN, bytes: new Uint8Array(0) };
  if (missing === 0 && minimum === maximum) return { codec: 'constant', base: minimum, bytes: new Uint8Array(0) };
  if (missing === 0 && whole && maximum - minimum < RANGE_U32) return encodeOffsets(values, minimum, maximum - minimum);
  const singles = Float32Array.from(values);
  let exact = true;
  for (let i = 0; exact && i < n; i++) exact = Object.is(singles[i], values[i]) || singles[i] === values[i];
  const floats = exact ? singles : values instanceof Float64Array ? values : Float64Array.from(values);
  return { codec: exact ? 'f32' : 'f64', base: 0, bytes: bytesOf(floats).slice() };
}

function encodeOffsets(values: Float64Array | Int32Array | Uint8Array, base: number, range: number): EncodedColumn {
  const offsets =
    range < 256 ? new Uint8Array(values.length) : range < 65536 ? new Uint16Array(values.length) : new Uint32Array(values.length);
  for (let i = 0; i < offsets.length; i++) offsets[i] = (values[i] as number) - base;
  return { codec: range < 256 ? 'u8' : range < 65536 ? 'u16' : 'u32', base, bytes: bytesOf(offsets) };
}

/** Encodes a column of 64-bit hashes. */
export function encodeHashes(values: BigUint64Array): EncodedColumn {
  return { codec: 'u64', base: 0, bytes: bytesOf(values).slice() };
}

/** Decodes numbers into `target` from `offset` on; `target` must hold `rows` more. */
export function decodeNumbers(column: EncodedColumn, rows: number, target: Float64Array | Int32Array | Uint8Array, offset: number): void {
  const { codec, base } = column;
  if (codec === 'constant') {
    target.fill(base, offset, offset + rows);
    return;
  }
  if (codec === 'u64') throw new TypeError('Expected a column of numbers but received hashes.');
  // set() converts in native code; a loop over every kind of stored array would be slow for all of them.
  target.set(arrayOf(codec, column.bytes, rows), offset);
  if (base === 0) return;
  for (let i = offset; i < offset + rows; i++) target[i] = (target[i] as number) + base;
}

/** Decodes a column of 64-bit hashes. */
export function decodeHashes(column: EncodedColumn, rows: number, target: BigUint64Array, offset: number): void {
  if (column.codec !== 'u64') throw new TypeError(`Expected a column of hashes but received ${column.codec}.`);
  target.set(new BigUint64Array(alignedBuffer(column.bytes), 0, rows), offset);
}

function arrayOf(
  codec: Exclude<Codec, 'constant' | 'u64'>,
  bytes: Uint8Array,
  rows: number,
): Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array {
  if (codec === 'u8') return bytes.subarray(0, rows);
  const buffer = alignedBuffer(bytes);
  if (codec === 'u16') return new Uint16Array(buffer, 0, rows);
  if (codec === 'u32') return new Uint32Array(buffer, 0, rows);
  return codec === 'f32' ? new Float32Array(buffer, 0, rows) : new Float64Array(buffer, 0, rows);
}

/** SQLite hands out small blobs inside a shared pool, where a typed array may not begin. */
function alignedBuffer(bytes: Uint8Array): ArrayBuffer {
  if (bytes.byteOffset % 8 === 0 && bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer;
  return bytes.slice().buffer as ArrayBuffer;
}

function bytesOf(array: Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array | BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

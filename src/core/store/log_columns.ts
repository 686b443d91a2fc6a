import { decodeHashes, decodeNumbers, type EncodedColumn } from '../columns.ts';
import { readCandidateSets } from './logs.ts';
import type { Store } from './open.ts';

/** Columns of whole numbers are read as such; the others as floats, NaN where not given. */
const ARRAYS = {
  arm: Int32Array,
  position: Int32Array,
  click: Uint8Array,
  ts: Float64Array,
  propensity: Float64Array,
  view_time_s: Float64Array,
  revenue: Float64Array,
  conversion: Float64Array,
} as const;

type LogColumn = keyof typeof ARRAYS;
/** Columns whose values mean the same to seven digits; a time in milliseconds does not. */
type SingleColumn = 'propensity' | 'view_time_s' | 'revenue' | 'conversion';

/** A log's impressions, or some of their columns, in the order of import. */
interface LogColumns<Name extends LogColumn, Single extends SingleColumn> {
  readonly rows: number;
  readonly columns: { readonly [Column in Name]: InstanceType<(typeof ARRAYS)[Column]> } & { readonly [Column in Single]: Float32Array };
}

interface Chunk {
  readonly id: number;
  readonly rows: number;
  /** Rows before it. */
  readonly offset: number;
}

interface ColumnRow {
  readonly codec: EncodedColumn['codec'];
  readonly base: number | null;
  readonly data: Uint8Array;
}

/**
 * Reads the named columns of all impressions of a log (of all logs when `logId` is undefined), each into one array.
 * Those named in `singles` are read as 32-bit floats, rounded to the nearest, in half the memory.
 */
export function readLogColumns<Name extends LogColumn, Single extends SingleColumn = never>(
  store: Store,
  logId: number | undefined,
  names: readonly Name[],
  singles: readonly Single[] = [],
): LogColumns<Name, Single> {
  const chunks = readChunks(store, logId);
  const rows = countRows(chunks);
  const columns = [
    ...names.map((name) => [name, sharedColumn(name, rows)] as const),
    ...singles.map((name) => [name, new Float32Array(shared(4 * rows))] as const),
  ];
  const read = columnReader(store);
  for (const chunk of chunks) {
    for (const [name, target] of columns) {
      const column = read(chunk.id, name);
      if (!column) target.fill(Number.NaN, chunk.offset, chunk.offset + chunk.rows);
      else if (target instanceof Float32Array) decodeSingles(column, chunk, target);
      else decodeNumbers(column, chunk.rows, target, chunk.offset);
    }
  }
  return { rows, columns: Object.fromEntries(columns) as unknown as LogColumns<Name, Single>['columns'] };
}

/** Memory that threads can read where it is: the columns of a log are the largest thing there is. */
function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

function sharedColumn(name: LogColumn, rows: number): Float64Array | Int32Array | Uint8Array {
  const array = ARRAYS[name];
  if (array === Int32Array) return new Int32Array(shared(4 * rows));
  return array === Uint8Array ? new Uint8Array(shared(rows)) : new Float64Array(shared(8 * rows));
}

/** Rounded once: a column's base is added before. */
function decodeSingles(column: EncodedColumn, { rows, offset }: Chunk, target: Float32Array): void {
  const doubles = new Float64Array(rows);
  decodeNumbers(column, rows, doubles, 0);
  target.set(doubles, offset);
}

/**
 * The creatives that could have been shown at each impression: the code of a set, 0 where not given, and the sorted ids
 * of each set by its code. Undefined when no part of the log says.
 */
export function readLogCandidates(
  store: Store,
  logId: number | undefined,
): { readonly codes: Int32Array; readonly sets: ReadonlyMap<number, readonly string[]> } | undefined {
  const chunks = readChunks(store, logId);
  const read = columnReader(store);
  let codes: Int32Array | undefined;
  for (const chunk of chunks) {
    const column = read(chunk.id, 'candidates');
    if (!column) continue;
    codes ??= new Int32Array(shared(4 * countRows(chunks)));
    decodeNumbers(column, chunk.rows, codes, chunk.offset);
  }
  return codes && { codes, sets: readCandidateSets(store) };
}

const MOST_BUCKETS = 65_536;

/**
 * Puts the impressions of each user into one of `buckets` groups, a power of two of at most 65,536: the low 32 bits of the
 * user's hash modulo `buckets`. An impression without a user stands for itself: its row number modulo `buckets`.
 * Undefined when part of the log has no users.
 */
export function readUserBuckets(store: Store, logId: number | undefined, buckets: number): Uint16Array | undefined {
  if (!(buckets >= 1 && buckets <= MOST_BUCKETS && Number.isInteger(Math.log2(buckets)))) {
    throw new RangeError(`Expected a power of two of at most ${MOST_BUCKETS} buckets but received ${buckets}.`);
  }
  const mask = buckets - 1;
  const chunks = readChunks(store, logId);
  const result = new Uint16Array(shared(2 * countRows(chunks)));
  const read = columnReader(store);
  for (const { id, rows, offset } of chunks) {
    const column = read(id, 'user');
    if (!column) return undefined;
    const users = new BigUint64Array(rows);
    decodeHashes(column, rows, users, 0);
    const halves = new Uint32Array(users.buffer);
    for (let row = 0; row < rows; row++) {
      const low = halves[2 * row] as number;
      const isGiven = low !== 0 || halves[2 * row + 1] !== 0;
      result[offset + row] = (isGiven ? low : offset + row) & mask;
    }
  }
  return result.length > 0 ? result : undefined;
}

function readChunks(store: Store, logId: number | undefined): Chunk[] {
  const ofLog = logId === undefined ? '' : 'AND log_id = ?';
  const found = store.db
    .prepare(`SELECT chunk_id AS id, rows FROM log_chunks WHERE unit = 'impression' ${ofLog} ORDER BY chunk_id`)
    .all(...(logId === undefined ? [] : [logId])) as Omit<Chunk, 'offset'>[];
  let offset = 0;
  return found.map(({ id, rows }) => {
    offset += rows;
    return { id, rows, offset: offset - rows };
  });
}

function countRows(chunks: readonly Chunk[]): number {
  const last = chunks.at(-1);
  return last ? last.offset + last.rows : 0;
}

/** The id hashes of one chunk. */
export function readIds(store: Store, chunkId: number): BigUint64Array {
  const rows = store.db.prepare('SELECT rows FROM log_chunks WHERE chunk_id = ?').pluck().get(chunkId) as number;
  const ids = new BigUint64Array(rows);
  decodeHashes(columnReader(store)(chunkId, 'id') as EncodedColumn, rows, ids, 0);
  return ids;
}

/** Reads a column of a chunk as it is stored; undefined where the chunk has none of that name. */
export function columnReader(store: Store): (chunkId: number, name: string) => EncodedColumn | undefined {
  const statement = store.db.prepare('SELECT codec, base, data FROM log_chunk_columns WHERE chunk_id = ? AND name = ?');
  return (chunkId, name) => {
    const row = statement.get(chunkId, name) as ColumnRow | undefined;
    return row && { codec: row.codec, base: row.base ?? Number.NaN, bytes: row.data };
  };
}

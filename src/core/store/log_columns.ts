import { decodeHashes, decodeNumbers, type EncodedColumn } from '../columns.ts';
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

/** A log's impressions, or some of their columns, in the order of import. */
interface LogColumns<Name extends LogColumn> {
  readonly rows: number;
  readonly columns: { readonly [Column in Name]: InstanceType<(typeof ARRAYS)[Column]> };
}

interface ChunkRow {
  readonly chunk_id: number;
  readonly rows: number;
}

interface ColumnRow {
  readonly codec: EncodedColumn['codec'];
  readonly base: number | null;
  readonly data: Uint8Array;
}

/** Reads the named columns of all impressions of a log (of all logs when `logId` is undefined), each into one array. */
export function readLogColumns<Name extends LogColumn>(store: Store, logId: number | undefined, names: readonly Name[]): LogColumns<Name> {
  const chunks = readChunks(store, logId);
  const rows = countRows(chunks);
  const columns = names.map((name) => [name, new ARRAYS[name](rows)] as const);
  const read = columnReader(store);
  let offset = 0;
  for (const { chunk_id, rows: count } of chunks) {
    for (const [name, target] of columns) {
      const column = read(chunk_id, name);
      if (column) decodeNumbers(column, count, target, offset);
      else target.fill(Number.NaN, offset, offset + count);
    }
    offset += count;
  }
  return { rows, columns: Object.fromEntries(columns) as unknown as LogColumns<Name>['columns'] };
}

/** 64-bit hashes of the users of all impressions, 0 where not given; undefined when part of the log has no users. */
export function readLogUsers(store: Store, logId: number | undefined): BigUint64Array | undefined {
  const chunks = readChunks(store, logId);
  const users = new BigUint64Array(countRows(chunks));
  const read = columnReader(store);
  let offset = 0;
  for (const { chunk_id, rows } of chunks) {
    const column = read(chunk_id, 'user');
    if (!column) return undefined;
    decodeHashes(column, rows, users, offset);
    offset += rows;
  }
  return users.length > 0 ? users : undefined;
}

function readChunks(store: Store, logId: number | undefined): ChunkRow[] {
  const ofLog = logId === undefined ? '' : 'AND log_id = ?';
  return store.db
    .prepare(`SELECT chunk_id, rows FROM log_chunks WHERE unit = 'impression' ${ofLog} ORDER BY chunk_id`)
    .all(...(logId === undefined ? [] : [logId])) as ChunkRow[];
}

function countRows(chunks: readonly ChunkRow[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
}

/** The id hashes of one chunk. */
export function readIds(store: Store, chunkId: number): BigUint64Array {
  const rows = store.db.prepare('SELECT rows FROM log_chunks WHERE chunk_id = ?').pluck().get(chunkId) as number;
  const ids = new BigUint64Array(rows);
  decodeHashes(columnReader(store)(chunkId, 'id') as EncodedColumn, rows, ids, 0);
  return ids;
}

function columnReader(store: Store): (chunkId: number, name: string) => EncodedColumn | undefined {
  const statement = store.db.prepare('SELECT codec, base, data FROM log_chunk_columns WHERE chunk_id = ? AND name = ?');
  return (chunkId, name) => {
    const row = statement.get(chunkId, name) as ColumnRow | undefined;
    return row && { codec: row.codec, base: row.base ?? Number.NaN, bytes: row.data };
  };
}

import { decodeHashes, decodeNumbers, type EncodedColumn } from '../columns.ts';
import type { Store } from './open.ts';

/** Columns of a log that are codes or small whole numbers, and so fit 32-bit integers. */
const INTEGER_COLUMNS = ['arm', 'position'] as const;

type IntegerColumn = (typeof INTEGER_COLUMNS)[number];
export type NumberColumn = 'ts' | 'propensity' | 'click' | 'view_time_s' | 'revenue' | 'conversion';

/** A log's impressions as columns, in the order of import. */
export interface LogColumns {
  readonly rows: number;
  readonly integers: Readonly<Record<IntegerColumn, Int32Array>>;
  /** NaN where not given. */
  readonly numbers: ReadonlyMap<NumberColumn, Float64Array>;
  /** 64-bit hashes of user ids; undefined when the log has none. */
  readonly users: BigUint64Array | undefined;
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

/** Reads the named columns of all impressions of a log (of all logs when `logId` is undefined); each column once, in one array. */
export function readLogColumns(store: Store, logId: number | undefined, names: readonly NumberColumn[]): LogColumns {
  const chunks = store.db
    .prepare(
      `SELECT chunk_id, rows FROM log_chunks WHERE unit = 'impression' ${logId === undefined ? '' : 'AND log_id = ?'} ORDER BY chunk_id`,
    )
    .all(...(logId === undefined ? [] : [logId])) as ChunkRow[];
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const integers = { arm: new Int32Array(rows), position: new Int32Array(rows) };
  const numbers = new Map(names.map((name) => [name, new Float64Array(rows)]));
  const users =
    chunks.length > 0 && chunks.every(({ chunk_id }) => readColumn(store, chunk_id, 'user')) ? new BigUint64Array(rows) : undefined;
  let offset = 0;
  for (const { chunk_id, rows: count } of chunks) {
    for (const name of INTEGER_COLUMNS) {
      const column = readColumn(store, chunk_id, name);
      if (column) decodeNumbers(column, count, integers[name], offset);
    }
    for (const [name, target] of numbers) {
      const column = readColumn(store, chunk_id, name);
      if (column) decodeNumbers(column, count, target, offset);
      else target.fill(Number.NaN, offset, offset + count);
    }
    if (users) decodeHashes(readColumn(store, chunk_id, 'user') as EncodedColumn, count, users, offset);
    offset += count;
  }
  return { rows, integers, numbers, users };
}

/** The id hashes of one chunk. */
export function readIds(store: Store, chunkId: number): BigUint64Array {
  const rows = store.db.prepare('SELECT rows FROM log_chunks WHERE chunk_id = ?').pluck().get(chunkId) as number;
  const ids = new BigUint64Array(rows);
  decodeHashes(readColumn(store, chunkId, 'id') as EncodedColumn, rows, ids, 0);
  return ids;
}

function readColumn(store: Store, chunkId: number, name: string): EncodedColumn | undefined {
  const row = store.db.prepare('SELECT codec, base, data FROM log_chunk_columns WHERE chunk_id = ? AND name = ?').get(chunkId, name) as
    | ColumnRow
    | undefined;
  return row && { codec: row.codec, base: row.base ?? Number.NaN, bytes: row.data };
}

import { decodeHashes, decodeNumbers, type EncodedColumn } from '../columns.ts';
import type { LogBatch } from '../log_batch.ts';
import type { Store } from './open.ts';

const FEATURE_PREFIX = 'feature:';
/** Columns of a chunk that are no number column of the contract. */
const OTHER_COLUMNS = new Set(['id', 'user', 'ts', 'arm', 'position', 'candidates']);

export type LogUnit = 'impression' | 'aggregate';

interface StoredColumn extends EncodedColumn {
  readonly name: string;
}

/** What one row of the log stands for; both where it was imported from files of both kinds. */
export function readLogUnits(store: Store, logId: number): Set<LogUnit> {
  return new Set(store.db.prepare('SELECT DISTINCT unit FROM log_chunks WHERE log_id = ?').pluck().all(logId) as LogUnit[]);
}

/** Whether a part of the log says which creatives could have been shown. */
export function hasCandidates(store: Store, logId: number): boolean {
  const sql = "SELECT 1 FROM log_chunks JOIN log_chunk_columns USING (chunk_id) WHERE log_id = ? AND name = 'candidates' LIMIT 1";
  return store.db.prepare(sql).get(logId) !== undefined;
}

export function countLogRows(store: Store, logId: number): number {
  return store.db.prepare('SELECT coalesce(sum(rows), 0) FROM log_chunks WHERE log_id = ?').pluck().get(logId) as number;
}

/** Strings of a text feature; the index is the code. */
export function readFeatureValues(store: Store, logId: number, name: string): string[] {
  const rows = store.db.prepare('SELECT code, value FROM log_feature_values WHERE log_id = ? AND name = ? ORDER BY code').all(logId, name);
  const values: string[] = [];
  for (const { code, value } of rows as { code: number; value: string }[]) values[code] = value;
  return values;
}

/** A log's rows as the writer got them, one chunk in memory at a time, in the order of import. */
export function* readLogChunks(store: Store, logId: number, featureTypes: ReadonlyMap<string, 'number' | 'text'>): Generator<LogBatch> {
  const chunks = store.db.prepare('SELECT chunk_id, rows FROM log_chunks WHERE log_id = ? ORDER BY chunk_id').all(logId);
  for (const { chunk_id, rows } of chunks as { chunk_id: number; rows: number }[]) {
    const columns = new Map(readColumns(store, chunk_id).map((column) => [column.name, column]));
    yield decodeChunk(columns, rows, featureTypes);
  }
}

function decodeChunk(
  columns: ReadonlyMap<string, StoredColumn>,
  rows: number,
  featureTypes: ReadonlyMap<string, 'number' | 'text'>,
): LogBatch {
  const floats = (column: StoredColumn): Float64Array => decoded(column, rows, new Float64Array(rows));
  const codes = (column: StoredColumn): Int32Array => decoded(column, rows, new Int32Array(rows));
  const named = (name: string): StoredColumn => {
    const column = columns.get(name);
    if (!column) throw new Error(`Expected a column ${name} in every chunk of a log.`);
    return column;
  };
  const hashes = (column: StoredColumn): BigUint64Array => {
    const target = new BigUint64Array(rows);
    decodeHashes(column, rows, target, 0);
    return target;
  };
  const user = columns.get('user');
  const candidates = columns.get('candidates');
  const numbers = new Map<string, Float64Array>();
  const features = new Map<string, Float64Array | Int32Array>();
  for (const column of columns.values()) {
    if (column.name.startsWith(FEATURE_PREFIX)) {
      const name = column.name.slice(FEATURE_PREFIX.length);
      features.set(name, featureTypes.get(name) === 'text' ? codes(column) : floats(column));
    } else if (!OTHER_COLUMNS.has(column.name)) numbers.set(column.name, floats(column));
  }
  return {
    rows,
    ids: hashes(named('id')),
    users: user && hashes(user),
    ts: floats(named('ts')),
    arms: codes(named('arm')),
    positions: codes(named('position')),
    candidates: candidates && codes(candidates),
    numbers,
    features,
  };
}

function decoded<Values extends Float64Array | Int32Array>(column: StoredColumn, rows: number, target: Values): Values {
  decodeNumbers(column, rows, target, 0);
  return target;
}

function readColumns(store: Store, chunkId: number): StoredColumn[] {
  const rows = store.db
    .prepare('SELECT name, codec, base, data AS bytes FROM log_chunk_columns WHERE chunk_id = ? ORDER BY name')
    .all(chunkId);
  return (rows as (Omit<StoredColumn, 'base'> & { base: number | null })[]).map((row) => ({ ...row, base: row.base ?? Number.NaN }));
}

import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { type LogBatch, selectRows } from '../log_batch.ts';
import {
  BATCH_ROWS,
  BLANK,
  type CodeBooks,
  type Column,
  type ColumnValues,
  checkKeys,
  FEATURE_PREFIX,
  type LogQuery,
  planQuery,
  SEPARATOR,
} from './log_query.ts';
import type { LogSchema } from './log_schema.ts';
import type { TableSource } from './source.ts';
import { createUserBook, type UserBook } from './user_book.ts';

const MOST_KNOWN_TEXTS = 1_000_000;

/** What was not taken. */
export interface RejectedRows {
  /** Places of rejected rows among the rows DuckDB gave, ascending, and a bit for each problem. */
  readonly ordinals: number[];
  readonly problems: number[];
  /** Texts in number features, by feature: the row is kept, the value is not. */
  readonly unreadable: Map<string, number>;
}

/**
 * Streams a log file in batches, in the file's order and in constant memory.
 * Parsing, checking and hashing happen inside DuckDB; here values are copied as vectors, and only codes are looked up.
 * Rows with a problem are added to `rejected` and left out.
 */
export async function* readLogBatches(
  connection: DuckDBConnection,
  source: TableSource,
  schema: LogSchema,
  options: { readonly defaultAd: string; readonly books: CodeBooks; readonly rejected: RejectedRows },
): AsyncGenerator<LogBatch> {
  await checkKeys(connection);
  const userBook = createUserBook();
  const query = planQuery(source, schema, { ...options, userBook });
  const result = await connection.stream(query.sql);
  let filled = 0;
  let ordinal = 0;
  for await (const chunk of fetchAhead(result)) {
    const rows = chunk.rowCount;
    for (let from = 0; from < rows; ) {
      const take = Math.min(rows - from, BATCH_ROWS - filled);
      query.problems.set(items<Uint32Array>(chunk, query.problemVector).subarray(from, from + take), filled);
      for (const column of query.columns) copyColumn(chunk, column, query.problems, from, take, filled);
      from += take;
      filled += take;
      if (filled === BATCH_ROWS) {
        yield finishBatch(query, userBook, filled, ordinal, options.rejected);
        forgetManyTexts(query);
        ordinal += filled;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield finishBatch(query, userBook, filled, ordinal, options.rejected);
}

/** The chunks of a result, the next one always asked for: DuckDB works on it while this one is used. */
async function* fetchAhead(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  let next = result.fetchChunk();
  for (let chunk = await next; chunk && chunk.rowCount > 0; chunk = await next) {
    next = result.fetchChunk();
    next.catch(() => {}); // awaited next; here only so that leaving early is no unhandled rejection
    yield chunk;
  }
}

/** The vector's own memory: the reader's class keeps it private, and reading value by value takes ten times as long. */
function items<Items>(chunk: DuckDBDataChunk, vector: number): Items {
  return (chunk.getColumnVector(vector) as unknown as { readonly items: Items }).items;
}

function copyColumn(chunk: DuckDBDataChunk, column: Column, problems: Uint32Array, from: number, rows: number, to: number): void {
  const vector = items<ColumnValues>(chunk, column.vector);
  if (column.coded) codeRows(chunk, column.coded, vector as BigUint64Array, column.values as Int32Array, problems, from, rows, to);
  else (column.values as Float64Array).set(vector.subarray(from, from + rows) as Float64Array, to);
}

function codeRows(
  chunk: DuckDBDataChunk,
  coded: NonNullable<Column['coded']>,
  hashes: BigUint64Array,
  codes: Int32Array,
  problems: Uint32Array,
  from: number,
  rows: number,
  to: number,
): void {
  const halves = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
  const { known } = coded;
  const unknown: number[] = [];
  for (let row = from; row < from + rows; row++) {
    const code = known.get(halves[2 * row] as number, halves[2 * row + 1] as number);
    codes[to + row - from] = code;
    if (code < 0 && problems[to + row - from] === 0) unknown.push(row); // a rejected row leaves no trace
  }
  if (unknown.length === 0) return;
  const fresh = [...new Map(unknown.map((row) => [hashes[row], row])).values()];
  const joined = chunk.getColumnVector(coded.texts);
  const texts = fresh.map((row) => String(joined.getItem(row)).split(SEPARATOR));
  coded.book.codes(texts).forEach((code, at) => {
    const row = fresh[at] as number;
    known.set(halves[2 * row] as number, halves[2 * row + 1] as number, code);
  });
  for (const row of unknown) codes[to + row - from] = known.get(halves[2 * row] as number, halves[2 * row + 1] as number);
}

/** A file with very many users, or free text, must not fill the memory: what was met is looked up again. */
function forgetManyTexts(query: LogQuery): void {
  for (const { coded } of query.columns) {
    if (!coded || coded.known.size <= MOST_KNOWN_TEXTS) continue;
    coded.known.clear();
    coded.book.forget?.();
  }
}

/** Copies the filled part of every column, then leaves out the rows that have a problem. */
function finishBatch(query: LogQuery, userBook: UserBook, filled: number, ordinal: number, rejected: RejectedRows): LogBatch {
  const column = <Values extends ColumnValues>(name: string): Values | undefined =>
    query.columns.find((c) => c.name === name)?.values.slice(0, filled) as Values | undefined;
  const columns = <Values>(test: (column: Column) => boolean, rename: (name: string) => string): Map<string, Values> =>
    new Map(query.columns.filter(test).map(({ name, values }) => [rename(name), values.slice(0, filled) as Values]));
  const hasUsers = query.columns.some(({ name }) => name === 'user');
  const isFeature = ({ name }: Column): boolean => name.startsWith(FEATURE_PREFIX);
  const batch: LogBatch = {
    rows: filled,
    ids: column('id') as BigUint64Array,
    users: hasUsers ? userBook.hashes(column('user') as Int32Array) : undefined,
    ts: column('ts') as Float64Array,
    arms: column('arm') as Int32Array,
    positions: column('position') as Int32Array,
    candidates: column<Int32Array>('candidates'),
    numbers: columns(
      (c) => c.values instanceof Float64Array && c.name !== 'ts' && !isFeature(c),
      (name) => name,
    ),
    features: columns(isFeature, (name) => name.slice(FEATURE_PREFIX.length)),
  };
  for (const [name, values] of batch.features) if (values instanceof Float64Array) dropUnreadable(name, values, rejected.unreadable);
  const kept: number[] = [];
  for (let row = 0; row < filled; row++) {
    const problem = query.problems[row] as number;
    if (problem === 0) kept.push(row);
    else if (problem !== BLANK) {
      rejected.ordinals.push(ordinal + row);
      rejected.problems.push(problem);
    }
  }
  return kept.length === filled ? batch : selectRows(batch, Uint32Array.from(kept));
}

/** Infinity marks a text that is no number: in a feature it counts as not given, and is reported. */
function dropUnreadable(name: string, values: Float64Array, unreadable: Map<string, number>): void {
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    if (Math.abs(values[row] as number) !== Number.POSITIVE_INFINITY) continue;
    values[row] = Number.NaN;
    count++;
  }
  if (count > 0) unreadable.set(name, (unreadable.get(name) ?? 0) + count);
}

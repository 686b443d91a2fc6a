import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { HashTable } from '../hash_table.ts';
import { type LogBatch, selectRows } from '../log_batch.ts';
import { literal } from './duckdb.ts';
import { parseNumberSql, parseTimeSql, problemSql } from './log_fields.ts';
import type { LogSchema } from './log_schema.ts';
import { columnAlias, relationOf, type TableSource } from './source.ts';

/** Rows of a batch; one batch becomes one stored chunk. */
export const BATCH_ROWS = 65_536;
const BLANK = 2 ** 31; // problem mark of a blank line, which is skipped without a word
const UNDATED = -1;
const FEATURE_PREFIX = 'feature ';

/** Gives strings their integer codes, the same on every call. */
export interface CodeBook {
  codes(values: readonly (readonly string[])[]): number[];
}

export interface CodeBooks {
  /** [ad_id, creative_id] */
  readonly arms: CodeBook;
  /** [scene, position] */
  readonly positions: CodeBook;
  /** [value] of a text feature */
  readonly feature: (name: string) => CodeBook;
}

/** Rows that were not taken: their place among the rows DuckDB gave, and a bit for each problem. */
export interface RejectedRows {
  readonly ordinals: number[];
  readonly problems: number[];
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
  const query = planQuery(schema, options);
  const result = await connection.stream(
    `SELECT ${query.selects.join(', ')} FROM (SELECT *, ${parsedValues(schema).join(', ')} FROM ${relationOf(source)})`,
  );
  let filled = 0;
  let ordinal = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    const rows = chunk?.rowCount ?? 0;
    if (!chunk || rows === 0) break;
    for (let from = 0; from < rows; ) {
      const take = Math.min(rows - from, BATCH_ROWS - filled);
      query.problems.set(items<Uint32Array>(chunk, query.problemVector).subarray(from, from + take), filled);
      for (const column of query.columns) copyColumn(chunk, column, query.problems, from, take, filled);
      from += take;
      filled += take;
      if (filled === BATCH_ROWS) {
        yield finishBatch(query, filled, ordinal, options.rejected);
        ordinal += filled;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield finishBatch(query, filled, ordinal, options.rejected);
}

// ---- the query ----

type ColumnValues = BigUint64Array | Float64Array | Int32Array;

/** A column of the batch being filled, and the result vectors it comes from. */
interface Column {
  readonly name: string;
  readonly values: ColumnValues;
  readonly vector: number;
  /** For codes: the book, what it has said so far by hash, and the vectors of the texts themselves. */
  readonly coded?: { readonly book: CodeBook; readonly known: HashTable; readonly texts: readonly number[] };
}

interface LogQuery {
  readonly selects: readonly string[];
  readonly columns: readonly Column[];
  readonly problems: Uint32Array;
  readonly problemVector: number;
}

function planQuery(schema: LogSchema, options: { readonly defaultAd: string; readonly books: CodeBooks }): LogQuery {
  const selects: string[] = [];
  const select = (sql: string): number => selects.push(sql) - 1;
  const text = (name: string, fallback: string): string => {
    const column = schema.identity.get(name);
    return column === undefined ? literal(fallback) : `coalesce(${columnAlias(column)}, ${literal(fallback)})`;
  };
  const hashes = (name: string, sql: string): Column => ({ name, values: new BigUint64Array(BATCH_ROWS), vector: select(sql) });
  const numbers = (name: string, sql: string): Column => ({
    name,
    values: new Float64Array(BATCH_ROWS),
    vector: select(`coalesce(${sql}, 'NaN'::DOUBLE)`),
  });
  const codes = (name: string, book: CodeBook, texts: readonly string[]): Column => ({
    name,
    values: new Int32Array(BATCH_ROWS),
    vector: select(`hash(${texts.join(', ')})`),
    coded: { book, known: new HashTable(), texts: texts.map(select) },
  });

  const problemVector = select(problemMask(schema));
  const columns = [
    hashes('id', identityHash(schema)),
    ...(schema.identity.has('user_id') ? [hashes('user', `md5_number_lower(${text('user_id', '')})`)] : []),
    numbers('ts', schema.identity.has('ts') ? `coalesce(parsed_ts, ${UNDATED})` : `${UNDATED}::DOUBLE`),
    codes('arm', options.books.arms, [text('ad_id', options.defaultAd), text('creative_id', '')]),
    codes('position', options.books.positions, [text('scene', ''), positionText(schema)]),
    ...schema.fields.map(({ field }) => numbers(field.name, `parsed_${field.name}`)),
    ...schema.features.map(({ name, column, type }) => {
      const alias = columnAlias(column);
      if (type === 'number') return numbers(FEATURE_PREFIX + name, parseNumberSql(alias));
      return codes(FEATURE_PREFIX + name, options.books.feature(name), [`coalesce(${alias}, '')`]);
    }),
  ];
  return { selects, columns, problems: new Uint32Array(BATCH_ROWS), problemVector };
}

/** MD5 is stable over versions of DuckDB, which its own hash is not; a row without an id is known by its whole content. */
function identityHash(schema: LogSchema): string {
  const id = schema.identity.get('impression_id');
  if (id !== undefined) return `md5_number_lower(coalesce(${columnAlias(id)}, ''))`;
  const columns = [
    ...schema.identity.values(),
    ...schema.fields.map(({ column }) => column),
    ...schema.features.map(({ column }) => column),
  ];
  return `md5_number_lower(concat_ws('\u001f', ${columns.map((column) => `coalesce(${columnAlias(column)}, '\u001e')`).join(', ')}))`;
}

function positionText(schema: LogSchema): string {
  return schema.identity.has('position') ? `coalesce(parsed_position, 0)::INTEGER::VARCHAR` : `'0'`;
}

/** The parsed values that both the problems and the columns look at. */
function parsedValues(schema: LogSchema): string[] {
  const values = schema.fields.map(({ field, column }) => `${parseNumberSql(columnAlias(column))} AS parsed_${field.name}`);
  const ts = schema.identity.get('ts');
  const position = schema.identity.get('position');
  if (ts !== undefined) values.push(`${parseTimeSql(columnAlias(ts))} AS parsed_ts`);
  if (position !== undefined) values.push(`try_cast(try_cast(${columnAlias(position)} AS DOUBLE) AS INTEGER) AS parsed_position`);
  return values.length > 0 ? values : ['1'];
}

/** What can be wrong with a row, in the order of the bits of its problem mask. */
export function rowProblems(schema: LogSchema): { column: string; expected: string; sql: string }[] {
  const aggregate = schema.unit === 'aggregate';
  const problems = [{ column: '', expected: 'one JSON object per line', sql: 'NOT row_valid' }];
  const identity = (name: string, expected: string, sql: (alias: string) => string): void => {
    const column = schema.identity.get(name);
    if (column !== undefined) problems.push({ column: name, expected, sql: sql(columnAlias(column)) });
  };
  identity('ts', 'a time such as 2026-01-31T20:15:00Z', (alias) =>
    aggregate ? `parsed_ts IS NULL AND ${alias} IS NOT NULL` : 'parsed_ts IS NULL',
  );
  identity('impression_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('ad_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('creative_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('position', 'a whole number from 1 on', (alias) =>
    problemSql(alias, 'parsed_position', `v >= 1 AND try_cast(${alias} AS DOUBLE) = v`),
  );
  for (const { field, column } of schema.fields) {
    const parsed = `parsed_${field.name}`;
    const mustBeGiven = ['click', 'impressions', 'clicks'].includes(field.name);
    const wrong = problemSql(columnAlias(column), parsed, field.valid);
    problems.push({ column: field.name, expected: field.expected, sql: mustBeGiven ? `(${parsed} IS NULL OR ${wrong})` : wrong });
  }
  if (aggregate)
    problems.push({ column: 'clicks', expected: 'no more clicks than impressions', sql: 'parsed_clicks > parsed_impressions' });
  return problems;
}

function problemMask(schema: LogSchema): string {
  const bits = rowProblems(schema).map(({ sql }, bit) => `CASE WHEN ${sql} THEN ${2 ** bit} ELSE 0 END`);
  return `(CASE WHEN row_valid IS NULL THEN ${BLANK} ELSE ${bits.join(' + ')} END)::UINTEGER`;
}

// ---- the result ----

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
  const texts = fresh.map((row) => coded.texts.map((vector) => String(chunk.getColumnVector(vector).getItem(row) ?? '')));
  coded.book.codes(texts).forEach((code, at) => {
    const row = fresh[at] as number;
    known.set(halves[2 * row] as number, halves[2 * row + 1] as number, code);
  });
  for (const row of unknown) codes[to + row - from] = known.get(halves[2 * row] as number, halves[2 * row + 1] as number);
}

/** Copies the filled part of every column, then leaves out the rows that have a problem. */
function finishBatch(query: LogQuery, filled: number, ordinal: number, rejected: RejectedRows): LogBatch {
  const column = <Values extends ColumnValues>(name: string): Values | undefined =>
    query.columns.find((c) => c.name === name)?.values.slice(0, filled) as Values | undefined;
  const columns = <Values>(test: (column: Column) => boolean, rename: (name: string) => string): Map<string, Values> =>
    new Map(query.columns.filter(test).map(({ name, values }) => [rename(name), values.slice(0, filled) as Values]));
  const isFeature = ({ name }: Column): boolean => name.startsWith(FEATURE_PREFIX);
  const batch: LogBatch = {
    rows: filled,
    ids: column('id') as BigUint64Array,
    users: column('user'),
    ts: column('ts') as Float64Array,
    arms: column('arm') as Int32Array,
    positions: column('position') as Int32Array,
    numbers: columns(
      (c) => c.values instanceof Float64Array && c.name !== 'ts' && !isFeature(c),
      (name) => name,
    ),
    features: columns(isFeature, (name) => name.slice(FEATURE_PREFIX.length)),
  };
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

import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { hash64 } from '../hash.ts';
import { HashTable } from '../hash_table.ts';
import { type LogBatch, selectRows } from '../log_batch.ts';
import { literal } from './duckdb.ts';
import { parseNumberSql, parseTimeSql, problemSql, timeProblemSql } from './log_fields.ts';
import type { LogSchema } from './log_schema.ts';
import { columnAlias, relationOf, type TableSource } from './source.ts';

/** Rows of a batch; one batch becomes one stored chunk. */
export const BATCH_ROWS = 65_536;
const BLANK = 2 ** 31; // problem mark of a blank line, which is skipped without a word
const UNDATED = -1;
const FEATURE_PREFIX = 'feature ';
const MOST_KNOWN_TEXTS = 1_000_000;

/** Gives strings their integer codes, the same on every call. */
export interface CodeBook {
  codes(values: readonly (readonly string[])[]): number[];
  /** Called when codes given so far are forgotten, so memory stays bounded. */
  forget?(): void;
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
  const userBook = createUserBook();
  const query = planQuery(schema, { ...options, userBook });
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
        yield finishBatch(query, userBook, filled, ordinal, options.rejected);
        forgetManyTexts(query);
        ordinal += filled;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield finishBatch(query, userBook, filled, ordinal, options.rejected);
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

function planQuery(
  schema: LogSchema,
  options: { readonly defaultAd: string; readonly books: CodeBooks; readonly userBook: CodeBook },
): LogQuery {
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
    vector: select(keyHash(texts)),
    coded: { book, known: new HashTable(), texts: texts.map(select) },
  });

  const problemVector = select(problemMask(schema));
  const columns = [
    hashes('id', identityHash(schema)),
    ...(schema.identity.has('user_id') ? [codes('user', options.userBook, [text('user_id', '')])] : []),
    numbers('ts', schema.identity.has('ts') ? `coalesce(parsed_ts, ${UNDATED})` : `${UNDATED}::DOUBLE`),
    codes('arm', options.books.arms, [text('ad_id', options.defaultAd), text('creative_id', '')]),
    codes('position', options.books.positions, [text('scene', ''), positionText(schema)]),
    ...schema.fields.map(({ field }) => numbers(field.name, `parsed_${field.name}`)),
    ...schema.features.map(({ name, column, type }) => {
      const alias = columnAlias(column);
      if (type === 'number') return numbers(FEATURE_PREFIX + name, finiteOnly(parseNumberSql(alias)));
      return codes(FEATURE_PREFIX + name, options.books.feature(name), [`coalesce(${alias}, '')`]);
    }),
  ];
  return { selects, columns, problems: new Uint32Array(BATCH_ROWS), problemVector };
}

/** A feature has no wrong values: what is no number counts as not given. */
function finiteOnly(parsed: string): string {
  return `CASE WHEN isfinite(${parsed}) THEN ${parsed} END`;
}

/**
 * The key by which a text's code is found. DuckDB's hash alone is not enough: it takes eight bytes at a time, and texts
 * that differ in every eighth byte only (ids made of a time and a counter) can share it. Moved on by one byte they
 * cannot as well, so both together tell texts apart.
 */
function keyHash(texts: readonly string[]): string {
  const joined = texts.join(' || chr(31) || ');
  return `xor(hash(${joined}), hash('#' || ${joined}))`;
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
  return schema.identity.has('position') ? `coalesce(try_cast(parsed_position AS INTEGER), 0)::VARCHAR` : `'0'`;
}

/** The parsed values that both the problems and the columns look at. */
function parsedValues(schema: LogSchema): string[] {
  const values = schema.fields.map(({ field, column }) => `${parseNumberSql(columnAlias(column))} AS parsed_${field.name}`);
  const ts = schema.identity.get('ts');
  const position = schema.identity.get('position');
  if (ts !== undefined) values.push(`${parseTimeSql(columnAlias(ts))} AS parsed_ts`);
  if (position !== undefined) values.push(`${parseNumberSql(columnAlias(position))} AS parsed_position`);
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
  identity('ts', 'a time such as 2026-01-31T20:15:00Z, from 1970 to 2099', (alias) =>
    aggregate
      ? `${alias} IS NOT NULL AND coalesce(${timeProblemSql('parsed_ts')}, true)`
      : `coalesce(${timeProblemSql('parsed_ts')}, true)`,
  );
  identity('impression_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('ad_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('creative_id', 'an id', (alias) => `${alias} IS NULL`);
  identity('position', 'a whole number from 1 on', () => problemSql('parsed_position', 'v >= 1 AND v < 1e9 AND v = floor(v)', false));
  for (const { field } of schema.fields) {
    const mustBeGiven = ['click', 'impressions', 'clicks'].includes(field.name);
    problems.push({ column: field.name, expected: field.expected, sql: problemSql(`parsed_${field.name}`, field.valid, mustBeGiven) });
  }
  if (aggregate)
    problems.push({ column: 'clicks', expected: 'no more clicks than impressions', sql: 'parsed_clicks > parsed_impressions' });
  return problems;
}

function problemMask(schema: LogSchema): string {
  const problems = rowProblems(schema).map(({ sql }) => `(${sql})`);
  const bits = problems.map((sql, bit) => `CASE WHEN ${sql} THEN ${2 ** bit} ELSE 0 END`);
  // Which problem it is matters in the few rows that have one. A line that is no JSON object has no fields to complain about.
  const mask = `CASE WHEN row_valid IS NULL THEN ${BLANK} WHEN NOT row_valid THEN 1 ELSE ${bits.join(' + ')} END`;
  return `(CASE WHEN row_valid AND NOT (${problems.slice(1).join(' OR ')}) THEN 0 ELSE ${mask} END)::UINTEGER`;
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

/** A file with very many users, or free text, must not fill the memory: what was met is looked up again. */
function forgetManyTexts(query: LogQuery): void {
  for (const { coded } of query.columns) {
    if (!coded || coded.known.size <= MOST_KNOWN_TEXTS) continue;
    coded.known.clear();
    coded.book.forget?.();
  }
}

/** Users are stored as 64-bit hashes: their ids would be a dictionary without end. 0 is a user not given. */
interface UserBook extends CodeBook {
  hashes(codes: Int32Array): BigUint64Array;
}

function createUserBook(): UserBook {
  let known = new BigUint64Array(1024);
  let size = 0;
  return {
    codes: (values) =>
      values.map(([user]) => {
        if (size === known.length) known = grown(known);
        known[size] = user === '' ? 0n : hash64(user as string);
        return size++;
      }),
    forget: () => {
      size = 0;
    },
    hashes: (codes) => {
      // As 32-bit halves: 64-bit integers of the language are made one by one.
      const halves = new Uint32Array(known.buffer);
      const result = new Uint32Array(2 * codes.length);
      for (let row = 0; row < codes.length; row++) {
        const code = codes[row] as number;
        if (code < 0) continue; // a rejected row
        result[2 * row] = halves[2 * code] as number;
        result[2 * row + 1] = halves[2 * code + 1] as number;
      }
      return new BigUint64Array(result.buffer);
    },
  };
}

function grown(hashes: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
  const larger = new BigUint64Array(2 * hashes.length);
  larger.set(hashes);
  return larger;
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

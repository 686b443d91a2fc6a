import type { DuckDBConnection } from '@duckdb/node-api';
import { HashTable } from '../hash_table.ts';
import { literal } from './duckdb.ts';
import { candidatesProblemSql, parseCandidatesSql, parseNumberSql, parseTimeSql, problemSql, timeProblemSql } from './log_fields.ts';
import type { LogSchema } from './log_schema.ts';
import { columnAlias, relationOf, type TableSource } from './source.ts';

/** Rows of a batch; one batch becomes one stored chunk. */
export const BATCH_ROWS = 65_536;
/** Problem mark of a blank line, which is skipped without a word. */
export const BLANK = 2 ** 31;
export const FEATURE_PREFIX = 'feature ';
/** ASCII's unit separator, between texts that are looked up together. */
export const SEPARATOR = '\u001f';
const UNDATED = -1;

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
  /** The ids of a list of candidates, in any order and more than once; [''] where not given. */
  readonly candidates: CodeBook;
  /** [value] of a text feature */
  readonly feature: (name: string) => CodeBook;
}

export type ColumnValues = BigUint64Array | Float64Array | Int32Array;

/** A column of the batch being filled, and the result vectors it comes from. */
export interface Column {
  readonly name: string;
  readonly values: ColumnValues;
  readonly vector: number;
  /** For codes: the book, what it has said so far by key, and the vector of the texts, joined by {@link SEPARATOR}. */
  readonly coded?: { readonly book: CodeBook; readonly known: HashTable; readonly texts: number };
}

export interface LogQuery {
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly problems: Uint32Array;
  readonly problemVector: number;
}

/** The query that reads a log file of this schema: parsed, checked and hashed inside DuckDB. */
export function planQuery(
  source: TableSource,
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
  const codes = (name: string, book: CodeBook, texts: readonly string[]): Column => {
    const joined = texts.join(` || ${literal(SEPARATOR)} || `);
    return {
      name,
      values: new Int32Array(BATCH_ROWS),
      vector: select(keySql(joined)),
      coded: { book, known: new HashTable(), texts: select(joined) },
    };
  };

  const problemVector = select(problemMask(schema));
  const columns = [
    hashes('id', identityKey(schema)),
    ...(schema.identity.has('user_id') ? [codes('user', options.userBook, [text('user_id', '')])] : []),
    numbers('ts', schema.identity.has('ts') ? `coalesce(parsed_ts, ${UNDATED})` : `${UNDATED}::DOUBLE`),
    codes('arm', options.books.arms, [text('ad_id', options.defaultAd), text('creative_id', '')]),
    codes('position', options.books.positions, [text('scene', ''), positionText(schema)]),
    ...(schema.identity.has('candidates')
      ? [codes('candidates', options.books.candidates, [`coalesce(array_to_string(parsed_candidates, ${literal(SEPARATOR)}), '')`])]
      : []),
    ...schema.fields.map(({ field }) => numbers(field.name, `parsed_${field.name}`)),
    ...schema.features.map(({ name, column, type }) => {
      const alias = columnAlias(column);
      if (type === 'number') return numbers(FEATURE_PREFIX + name, parseNumberSql(alias));
      return codes(FEATURE_PREFIX + name, options.books.feature(name), [`coalesce(${alias}, '')`]);
    }),
  ];
  const sql = `SELECT ${selects.join(', ')} FROM (SELECT *, ${parsedValues(schema).join(', ')} FROM ${relationOf(source)})`;
  return { sql, columns, problems: new Uint32Array(BATCH_ROWS), problemVector };
}

/**
 * A 64-bit key of a text. DuckDB's hash alone is not enough: it takes eight bytes at a time, and texts that differ in
 * every eighth byte only (ids made of a time and a counter do) can share it. Moved on by one byte they cannot as well, so
 * both together tell texts apart. MD5 would too, and takes a quarter of the whole import.
 */
function keySql(text: string): string {
  return `xor(hash(${text}), hash('#' || ${text}))`;
}

/** A row without an id is known by its whole content. */
function identityKey(schema: LogSchema): string {
  const id = schema.identity.get('impression_id');
  if (id !== undefined) return keySql(`coalesce(${columnAlias(id)}, '')`);
  const columns = [
    ...schema.identity.values(),
    ...schema.fields.map(({ column }) => column),
    ...schema.features.map(({ column }) => column),
  ];
  return keySql(`concat_ws(${literal(SEPARATOR)}, ${columns.map((column) => `coalesce(${columnAlias(column)}, '\u001e')`).join(', ')})`);
}

const CHECKED_TEXT = 'a text of more than sixteen bytes, 文字';
const CHECKED_KEY = 17_663_316_018_072_800_311n;

/**
 * Keys of rows are stored, so a version of DuckDB that hashes differently must not write to a log: it would take rows it
 * has seen for new ones.
 */
export async function checkKeys(connection: DuckDBConnection): Promise<void> {
  const result = await connection.runAndReadAll(`SELECT ${keySql(literal(CHECKED_TEXT))}`);
  const key = result.getRowsJS()[0]?.[0];
  if (key !== CHECKED_KEY) throw new Error(`Expected DuckDB to hash as the stored logs do (${CHECKED_KEY}) but received ${key}.`);
}

function positionText(schema: LogSchema): string {
  return schema.identity.has('position') ? `coalesce(try_cast(parsed_position AS INTEGER), 0)::VARCHAR` : `'0'`;
}

/** The parsed values that both the problems and the columns look at. */
function parsedValues(schema: LogSchema): string[] {
  const values = schema.fields.map(({ field, column }) => `${parseNumberSql(columnAlias(column))} AS parsed_${field.name}`);
  const ts = schema.identity.get('ts');
  const position = schema.identity.get('position');
  const candidates = schema.identity.get('candidates');
  if (ts !== undefined) values.push(`${parseTimeSql(columnAlias(ts))} AS parsed_ts`);
  if (position !== undefined) values.push(`${parseNumberSql(columnAlias(position))} AS parsed_position`);
  if (candidates !== undefined) values.push(`${parseCandidatesSql(columnAlias(candidates))} AS parsed_candidates`);
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
  const creative = columnAlias(schema.identity.get('creative_id') as number);
  identity('candidates', 'a list that holds the shown creative_id', () => candidatesProblemSql('parsed_candidates', creative));
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

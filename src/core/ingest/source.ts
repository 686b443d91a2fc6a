import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.ts';
import { detectDelimiter, readBytes, readCsvRecords, splitCsvRecord } from './csv_records.ts';
import { identifier, literal } from './duckdb.ts';

export type TableFormat = 'csv' | 'jsonl' | 'parquet';

export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const LINE_LIMIT = `max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${2 * MAX_LINE_BYTES}`;

/** A tabular file and its columns, by the names written in it. */
export interface TableSource {
  readonly path: string;
  readonly name: string;
  readonly format: TableFormat;
  /** Names in the file's order; '' where the header has none (an index column). */
  readonly columns: readonly string[];
  readonly delimiter: string;
}

/** The format that a file's name says; undefined for any other file. */
export function formatOf(path: string): TableFormat | undefined {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (/\.(csv|tsv|txt)$/.test(name)) return 'csv';
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl';
  if (/\.(parquet|pq)$/.test(name)) return 'parquet';
  return undefined;
}

/**
 * Looks at a file: its format by name, its columns by content.
 * @throws UserError when it is missing, empty, of another format, or not in UTF-8
 */
export async function openSource(connection: DuckDBConnection, path: string): Promise<TableSource> {
  if (!existsSync(path)) throw new UserError(`Expected a file at ${path} but there is none.`);
  const format = formatOf(path);
  if (!format || statSync(path).isDirectory()) {
    throw new UserError(`Expected a .csv, .tsv, .jsonl or .parquet file (also .gz) but received ${path}.`);
  }
  if (statSync(path).size === 0) throw new UserError(`Expected rows but ${path} is empty.`);
  const source = { path, name: basename(path), format };
  if (format === 'csv') return { ...source, ...(await csvHeader(path)) };
  const columns = format === 'parquet' ? await parquetColumns(connection, path) : await jsonKeys(connection, path);
  return { ...source, columns, delimiter: ',' };
}

async function csvHeader(path: string): Promise<{ columns: string[]; delimiter: string }> {
  for await (const record of readCsvRecords(path)) {
    if (record.bytes.includes(0) || (record.bytes[0] === 0xff && record.bytes[1] === 0xfe)) {
      throw new UserError(`Expected UTF-8 text but ${path} is in another encoding.`, 'Save it as "CSV UTF-8" and import it again.');
    }
    const text = record.bytes.toString('utf8');
    const delimiter = detectDelimiter(text);
    const columns = splitCsvRecord(text, delimiter);
    if (!columns) throw new UserError(`Expected a header in ${path}, line ${record.line}, but a quote in it is not closed.`);
    return { columns: columns.map((name) => name.trim()), delimiter };
  }
  throw new UserError(`Expected a header line but ${path} has none.`);
}

async function parquetColumns(connection: DuckDBConnection, path: string): Promise<string[]> {
  try {
    const result = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${literal(path)})`);
    return result.getRowsJS().map((row) => String(row[0]));
  } catch (error) {
    throw new UserError(`Expected a Parquet file but ${path} cannot be read: ${firstLine(error)}`);
  }
}

async function jsonKeys(connection: DuckDBConnection, path: string): Promise<string[]> {
  if (await isJsonArray(path)) {
    throw new UserError(`Expected one JSON object per line but ${path} is one JSON array.`, 'Take it apart first: jq -c ".[]".');
  }
  const sql = `SELECT key FROM (SELECT unnest(CASE WHEN ${isObject('line')} THEN json_keys(line) END) AS key FROM ${jsonLines(path)}) GROUP BY key ORDER BY key`;
  const keys = (await connection.runAndReadAll(sql)).getRowsJS().map((row) => String(row[0]));
  if (keys.length === 0) throw new UserError(`Expected one JSON object per line but ${path} has none.`);
  return keys;
}

async function isJsonArray(path: string): Promise<boolean> {
  for await (const chunk of readBytes(path)) return /^\uFEFF?\s*\[\s*(\{|$)/.test(chunk.toString('utf8', 0, 1000));
  return false;
}

/** CASE, because DuckDB evaluates both sides of an AND, and asking a text that is no JSON for its type is an error. */
function isObject(line: string): string {
  return `CASE WHEN json_valid(${line}) THEN json_type(${line}) = 'OBJECT' WHEN ${line} IS NOT NULL THEN false END`;
}

/** Each line as one value, blank ones included, so a row's number is its line. */
function jsonLines(path: string): string {
  const options = `auto_detect = false, header = false, delim = '\u0001', quote = '', escape = '', columns = {'line': 'VARCHAR'}`;
  return `read_csv(${literal(path)}, ${options}, ${LINE_LIMIT}, store_rejects = true, rejects_limit = 0)`;
}

/** SQL name of a source's column in its relation. */
export function columnAlias(index: number): string {
  return `c${index}`;
}

/**
 * The file as an SQL relation: every column as text under its alias, NULL where a field is empty. `row_valid` is false
 * where a line is no JSON object, and NULL for a blank line. Rows come in the file's order.
 */
export function relationOf(source: TableSource): string {
  const aliases = source.columns.map((_, index) => columnAlias(index));
  if (source.format === 'csv') {
    const types = aliases.map((alias) => `'${alias}': 'VARCHAR'`).join(', ');
    const dialect = `auto_detect = false, header = true, ${LINE_LIMIT}, delim = ${literal(source.delimiter)}, quote = '"', escape = '"'`;
    const relation = (options: string): string =>
      `read_csv(${literal(source.path)}, ${dialect}, columns = {${types}}, store_rejects = true, rejects_limit = 0${options})`;
    // With one column a blank line would be a row; a quoted empty text still is one.
    if (aliases.length === 1)
      return `(SELECT true AS row_valid, nullif(c0, '') AS c0 FROM ${relation(', allow_quoted_nulls = false')} WHERE c0 IS NOT NULL)`;
    return `(SELECT true AS row_valid, * FROM ${relation('')})`;
  }
  if (source.format === 'parquet') {
    const columns = source.columns.map((name, index) => `${parquetText(name)} AS ${columnAlias(index)}`);
    return `(SELECT true AS row_valid, ${columns.join(', ')} FROM read_parquet(${literal(source.path)}))`;
  }
  const paths = source.columns.map((name) => literal(`$."${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`));
  const columns = aliases.map((alias, index) => `fields[${index + 1}] AS ${alias}`);
  return `(SELECT row_valid, ${columns.join(', ')} FROM (
    SELECT row_valid, CASE WHEN row_valid THEN json_extract_string(line, [${paths.join(', ')}]) END AS fields
    FROM (SELECT line, ${isObject('line')} AS row_valid FROM ${jsonLines(source.path)})))`;
}

/** Nested values as JSON, everything else as DuckDB prints it, which reads back as the same value. */
function parquetText(name: string): string {
  const column = identifier(name);
  return `CASE WHEN typeof(${column}) LIKE 'STRUCT%' OR typeof(${column}) LIKE '%[]' OR typeof(${column}) LIKE 'MAP%' THEN to_json(${column})::VARCHAR ELSE ${column}::VARCHAR END`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/**
 * Column index for each wanted field: by `--map from=to` first, then the field's own name, then its aliases.
 * @throws UserError when `--map` names a column the file does not have
 */
export function mapColumns(
  source: TableSource,
  map: ReadonlyMap<string, string>,
  aliases: Readonly<Record<string, readonly string[]>>,
): Map<string, number> {
  const fields = new Map<string, number>();
  for (const [from, to] of map) {
    const index = source.columns.indexOf(from);
    if (index < 0) {
      throw new UserError(
        `Expected a column "${from}" for --map ${from}=${to} but ${source.name} has: ${source.columns.filter(Boolean).join(', ')}.`,
      );
    }
    if (fields.has(to)) throw new UserError(`Expected one column for ${to} but --map names two.`);
    fields.set(to, index);
  }
  const taken = new Set(fields.values());
  for (const [field, names] of Object.entries(aliases)) {
    if (fields.has(field)) continue;
    const lower = source.columns.map((name) => name.toLowerCase());
    const index = [field, ...names].map((name) => lower.indexOf(name.toLowerCase())).find((at) => at >= 0 && !taken.has(at));
    if (index !== undefined) {
      fields.set(field, index);
      taken.add(index);
    }
  }
  return fields;
}

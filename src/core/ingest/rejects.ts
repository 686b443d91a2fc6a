import { once } from 'node:events';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { stringify } from 'csv-stringify/sync';
import { readCsvRecords, readLines, splitCsvRecord } from './csv_records.ts';
import { literal } from './duckdb.ts';
import { MAX_LINE_BYTES, type TableSource } from './source.ts';

const HEADER = ['file', 'line', 'column', 'reason', 'row'];

/** A row that was not taken, and why; `row` is its text as it stands in the file, so nothing is lost. */
export interface Reject {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: string;
  readonly reason: string;
  readonly row: string;
}

/** Writes rejects as CSV, opening the file at the first one; an older file of that name is removed. */
export class RejectsFile {
  /** Rejected rows; a row with two problems is one row but two lines. */
  rows = 0;
  readonly path: string;
  private readonly onReject: ((reject: Reject) => void) | undefined;
  private stream: ReturnType<typeof createWriteStream> | undefined;
  private last: Reject | undefined;

  constructor(path: string, onReject?: (reject: Reject) => void) {
    this.path = path;
    this.onReject = onReject;
    rmSync(path, { force: true });
  }

  async add(reject: Reject): Promise<void> {
    if (!this.stream) {
      mkdirSync(dirname(this.path), { recursive: true });
      this.stream = createWriteStream(this.path);
      this.stream.write(stringify([HEADER]));
    }
    if (this.last?.file !== reject.file || this.last.line !== reject.line) this.rows++;
    this.last = reject;
    this.onReject?.(reject);
    const line = stringify([[reject.file, reject.line ?? '', reject.column, reject.reason, reject.row]]);
    if (!this.stream.write(line)) await once(this.stream, 'drain');
  }

  async close(): Promise<void> {
    if (!this.stream) return;
    this.stream.end();
    await finished(this.stream);
  }
}

/** A data row of a file as it stands there. */
interface LocatedRow {
  readonly line: number | undefined;
  readonly text: string;
  /** Set where the row cannot be read as text, or not split into the header's columns. */
  readonly broken?: string;
}

/** How many rows DuckDB left out because they cannot be read as text or split into columns; call it after a relation was read. */
async function countBrokenRows(connection: DuckDBConnection): Promise<number> {
  const result = await connection
    .runAndReadAll('SELECT count(*) FROM (SELECT DISTINCT file_id, line, byte_position FROM reject_errors)')
    .catch(() => undefined);
  return Number(result?.getRowsJS()[0]?.[0] ?? 0);
}

/**
 * Adds the rejected rows of one file to the rejects file with their lines and texts: those whose place among the good
 * rows is in `ordinals` (ascending), with what `reasons` says of each, and those that could not be split at all.
 */
export async function writeRejects(
  connection: DuckDBConnection,
  source: TableSource,
  rejects: RejectsFile,
  ordinals: readonly number[],
  reasonsOf: (index: number) => readonly { column: string; expected: string }[],
): Promise<void> {
  const brokenRows = source.format === 'parquet' ? 0 : await countBrokenRows(connection);
  if (ordinals.length === 0 && brokenRows === 0) return;
  let ordinal = 0;
  let next = 0;
  for await (const row of locateRows(connection, source)) {
    if (row.broken !== undefined) {
      await rejects.add({ file: source.path, line: row.line, column: '', reason: `Expected ${row.broken}`, row: row.text });
      continue;
    }
    if (ordinal++ !== ordinals[next]) continue;
    for (const { column, expected } of reasonsOf(next)) {
      await rejects.add({ file: source.path, line: row.line, column, reason: `Expected ${expected}`, row: row.text });
    }
    next++;
  }
}

async function* locateRows(connection: DuckDBConnection, source: TableSource): AsyncGenerator<LocatedRow> {
  if (source.format === 'parquet') {
    const result = await connection.stream(
      `SELECT file_row_number, to_json(t)::VARCHAR FROM read_parquet(${literal(source.path)}, file_row_number = true) t`,
    );
    for await (const rows of result.yieldRowsJs())
      for (const [number, json] of rows) yield { line: Number(number) + 1, text: String(json) };
    return;
  }
  if (source.format === 'jsonl') {
    for await (const { line, bytes } of readLines(source.path)) yield locatedRow(line, bytes, brokenLine);
    return;
  }
  for await (const { index, line, bytes } of readCsvRecords(source.path, source.delimiter)) {
    if (index > 0) yield locatedRow(line, bytes, (text) => brokenRecord(text, source));
  }
}

function locatedRow(line: number, bytes: Buffer, brokenText: (text: string) => string | undefined): LocatedRow {
  const text = bytes.toString('utf8');
  const broken = Buffer.from(text, 'utf8').equals(bytes) ? brokenText(text) : 'UTF-8 text';
  return broken === undefined ? { line, text } : { line, text, broken };
}

function brokenLine(text: string): string | undefined {
  return Buffer.byteLength(text) > MAX_LINE_BYTES ? `a line of at most ${MAX_LINE_BYTES / 2 ** 20} MiB` : undefined;
}

function brokenRecord(text: string, source: TableSource): string | undefined {
  const long = brokenLine(text);
  if (long) return long;
  const fields = splitCsvRecord(text, source.delimiter);
  if (!fields) return 'every quote to be closed';
  if (fields.length !== source.columns.length) return `${source.columns.length} columns but received ${fields.length}`;
  return undefined;
}

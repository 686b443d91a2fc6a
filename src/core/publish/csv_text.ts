import { stringify } from 'csv-stringify/sync';
import type { Cell, Sheet } from './sheets.ts';

/** Rows made into text at once, so a large sheet is never one string. */
const ROWS_AT_ONCE = 10_000;
const BYTE_ORDER_MARK = '\ufeff';
/** csv-stringify quotes for its own record delimiter only. */
const LINE_BREAK = /[\r\n]/;

export interface CsvFormat {
  readonly newline: '\n' | '\r\n';
  /** Excel takes a file without a byte order mark for the local encoding. */
  readonly byteOrderMark: boolean;
}

/** One record of RFC 4180 without its line end; null is an empty cell, numbers are written so that they read back the same. */
export function csvRecord(cells: readonly Cell[]): string {
  return csvRecords([cells], '\n').slice(0, -1);
}

/** A sheet as CSV, piece by piece. */
export function* csvPieces(sheet: Sheet, format: CsvFormat): Generator<string> {
  yield (format.byteOrderMark ? BYTE_ORDER_MARK : '') + csvRecords([sheet.header], format.newline);
  for (let row = 0; row < sheet.rows.length; row += ROWS_AT_ONCE) {
    yield csvRecords(sheet.rows.slice(row, row + ROWS_AT_ONCE), format.newline);
  }
}

function csvRecords(rows: readonly (readonly Cell[])[], newline: '\n' | '\r\n'): string {
  return stringify(rows as Cell[][], { record_delimiter: newline, quoted_match: LINE_BREAK, cast: { number: String } });
}

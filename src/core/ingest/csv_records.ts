import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors.ts';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
const DELIMITERS = [',', '\t', ';', '|'];

/** One record of a CSV file, as RFC 4180 splits it: a quoted field may span lines; blank lines are no records. */
export interface CsvRecord {
  /** 0-based, the header included. */
  readonly index: number;
  /** 1-based line on which the record begins. */
  readonly line: number;
  readonly bytes: Buffer;
}

/**
 * The bytes of a file, decompressed when its name ends in .gz.
 * @throws UserError when the compressed data are damaged or cut off
 */
export async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!path.toLowerCase().endsWith('.gz')) {
    yield* stream;
    return;
  }
  const unzipped = createGunzip({ chunkSize: 1 << 20 });
  stream.on('error', (error) => unzipped.destroy(error));
  try {
    yield* stream.pipe(unzipped);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw new UserError(`Expected gzip data in ${path} but it is damaged: ${error.message}.`, 'Fetch the file again.');
  }
}

/** The lines of a file with their numbers, blank ones included, without their line ends. */
export async function* readLines(path: string): AsyncGenerator<{ readonly line: number; readonly bytes: Buffer }> {
  let carry: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of readBytes(path)) {
    const data: Buffer = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    let start = line === 0 ? lengthOfMark(data) : 0;
    for (let end = data.indexOf(NEWLINE, start); end >= 0; end = data.indexOf(NEWLINE, start)) {
      yield { line: ++line, bytes: data.subarray(start, end > start && data[end - 1] === RETURN ? end - 1 : end) };
      start = end + 1;
    }
    carry = data.subarray(start);
  }
  if (carry.length > 0) yield { line: line + 1, bytes: carry };
}

function lengthOfMark(data: Buffer): number {
  return BYTE_ORDER_MARK.every((byte, i) => data[i] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/**
 * The records of a CSV file in order, one pass, constant memory. A quote opens a quoted field only where a field begins:
 * 5" is text.
 * Used for what a columnar reader cannot tell: the header as written, and the line and text of a row that was rejected.
 */
export async function* readCsvRecords(path: string, delimiter?: string): AsyncGenerator<CsvRecord> {
  const delimiters = new Set(Buffer.from(delimiter ?? DELIMITERS.join('')));
  let carry: Buffer = Buffer.alloc(0);
  let index = 0;
  let line = 1;
  let recordLine = 1;
  let scanned = 0;
  let quoted = false;
  let closed = false; // the byte before was a closing quote
  let first = true;
  for await (const chunk of readBytes(path)) {
    let data: Buffer = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    if (first) data = data.subarray(lengthOfMark(data));
    first = false;
    let start = 0;
    for (let i = scanned; i < data.length; i++) {
      const byte = data[i];
      const wasClosed: boolean = closed;
      closed = byte === QUOTE && quoted;
      if (closed) quoted = false;
      else if (byte === QUOTE) quoted = wasClosed || i === start || delimiters.has(data[i - 1] as number);
      else if (byte === NEWLINE) {
        line++;
        if (quoted) continue;
        const end = i > start && data[i - 1] === RETURN ? i - 1 : i;
        if (end > start) yield { index: index++, line: recordLine, bytes: data.subarray(start, end) };
        start = i + 1;
        recordLine = line;
      }
    }
    carry = Buffer.from(data.subarray(start));
    scanned = carry.length;
  }
  if (carry.length > 0) yield { index, line: recordLine, bytes: carry };
}

/** Splits one record into its fields; undefined when a quote is not closed or text follows a closing quote. */
export function splitCsvRecord(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = '';
      for (at++; ; at++) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return undefined;
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
      fields.push(field);
      if (at < text.length && text[at] !== delimiter) return undefined;
    } else {
      const end = text.indexOf(delimiter, at);
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end));
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) return fields;
    at++;
    if (at === text.length) {
      fields.push('');
      return fields;
    }
  }
}

/** The delimiter that splits the header into most fields. */
export function detectDelimiter(header: string): string {
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, fields: splitCsvRecord(header, delimiter)?.length ?? 0 }));
  return counts.reduce((best, next) => (next.fields > best.fields ? next : best)).delimiter;
}

import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** One record of a CSV file, as RFC 4180 splits it: a quoted field may span lines; blank lines are no records. */
export interface CsvRecord {
  /** 0-based, the header included. */
  readonly index: number;
  /** 1-based line on which the record begins. */
  readonly line: number;
  readonly bytes: Buffer;
}

/** The bytes of a file, decompressed when its name ends in .gz. */
export function readBytes(path: string): AsyncIterable<Buffer> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!path.endsWith('.gz')) return stream;
  const unzipped = createGunzip({ chunkSize: 1 << 20 });
  stream.on('error', (error) => unzipped.destroy(error));
  return stream.pipe(unzipped);
}

/**
 * The records of a CSV file in order, one pass, constant memory.
 * Used for what a columnar reader cannot tell: the header as written, and the line and text of a row that was rejected.
 */
export async function* readCsvRecords(path: string): AsyncGenerator<CsvRecord> {
  let carry = Buffer.alloc(0);
  let index = 0;
  let line = 1;
  let recordLine = 1;
  let scanned = 0;
  let quoted = false;
  let first = true;
  for await (const chunk of readBytes(path)) {
    let data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    if (first && BYTE_ORDER_MARK.every((byte, i) => data[i] === byte)) data = data.subarray(BYTE_ORDER_MARK.length);
    first = false;
    let start = 0;
    for (let i = scanned; i < data.length; i++) {
      const byte = data[i];
      if (byte === QUOTE) quoted = !quoted;
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
  const counts = [',', '\t', ';', '|'].map((delimiter) => ({ delimiter, fields: splitCsvRecord(header, delimiter)?.length ?? 0 }));
  return counts.reduce((best, next) => (next.fields > best.fields ? next : best)).delimiter;
}

import { createHash } from 'node:crypto';
import type { Examples } from '../features/field.ts';

/** A SHA-256 of everything that a training depends on: the examples, and the settings as JSON. */
export function digestExamples(examples: Examples, settings: unknown): string {
  const hash = createHash('sha256');
  const { ad, creative, position, clicks, impressions, ts, order } = examples;
  for (const column of [ad, creative, position, clicks, impressions, ts, order]) {
    if (column) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  for (const { name, side, isId, of, codes, terms } of examples.fields) {
    hash.update(JSON.stringify([name, side, isId, of]));
    for (const list of terms) hash.update(`${JSON.stringify(list)}\n`);
    if (of === 'row') hash.update(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength));
  }
  return hash.update(JSON.stringify([examples.ads, examples.creatives, settings])).digest('hex');
}

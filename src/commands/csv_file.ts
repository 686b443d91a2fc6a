import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { UserError } from '../core/errors.ts';

/**
 * Writes rows as a CSV for people, whole or not at all. A text that a spreadsheet would run as a formula gets an
 * apostrophe in front, and missing values are empty.
 */
export function writeCsv(path: string, rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): void {
  const text = stringify(
    rows.map((row) => columns.map((name) => safeCell(row[name]))),
    { header: true, columns: [...columns] },
  );
  writeWhole(path, text);
}

/** Writes a file under a temporary name first, so a killed process leaves the old one or the new one. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  if (existsSync(path) && statSync(path).isDirectory()) throw new UserError(`Expected a file to write but ${path} is a folder.`);
  mkdirSync(dirname(path), { recursive: true });
  // The random part keeps two processes apart.
  const temporary = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function safeCell(value: unknown): unknown {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

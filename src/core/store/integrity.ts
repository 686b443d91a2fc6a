import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { filePath } from './files.ts';
import type { Store } from './open.ts';

/** Version of the SQLite inside better-sqlite3. */
export function sqliteVersion(): string {
  const db = new Database(':memory:');
  try {
    return db.prepare('SELECT sqlite_version()').pluck().get() as string;
  } finally {
    db.close();
  }
}

/** What SQLite finds wrong with the file (broken pages, rows against their CHECKs); empty for a sound store. */
export function quickCheck(store: Store): string[] {
  const rows = store.db.prepare('PRAGMA quick_check(20)').pluck().all() as string[];
  return rows.filter((row) => row !== 'ok');
}

/** Files the elements and models name: how many, and the names of those that are gone, in order. */
export function findMissingFiles(store: Store): { files: number; missing: string[] } {
  const names = store.db
    .prepare('SELECT file FROM elements WHERE file IS NOT NULL UNION SELECT path FROM models ORDER BY 1')
    .pluck()
    .all() as string[];
  return { files: names.length, missing: names.filter((name) => !existsSync(filePath(store, name))) };
}

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { UserError } from '../errors.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

/** "ATLR": marks a SQLite file as ours, so a foreign database is never written to. */
const APPLICATION_ID = 0x41544c52;
const BUSY_TIMEOUT_MS = 10_000;
const WAL_RETRY_MS = 25;

/** An open store: one SQLite file, and the folder of media and model files beside it. */
export interface Store {
  readonly db: Database.Database;
  readonly path: string;
  readonly filesDirectory: string;
}

export interface OpenOptions {
  /** Make a new store where there is no file; otherwise a missing file is an error. */
  readonly create: boolean;
  readonly now: Date;
  /** The schema's steps; tests pass prefixes of the real list. */
  readonly migrations?: readonly Migration[];
}

/**
 * Opens a store and brings its schema up to date.
 * Any number of processes may do so at once: each migration runs, with its record, in one immediate transaction.
 * @throws UserError for a missing file, a file that is not a store, and a store written by a newer version
 */
export function openStore(path: string, options: OpenOptions): Store {
  if (!existsSync(path)) {
    if (!options.create) {
      throw new UserError(`Expected a store at ${path} but there is none.`, 'Import something first, or name the file with --store.');
    }
    mkdirSync(dirname(path), { recursive: true });
  }
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    refuseForeignFile(db, path);
    useWriteAheadLog(db);
    db.pragma('foreign_keys = ON');
    db.pragma('synchronous = NORMAL');
    migrate(db, path, options.migrations ?? MIGRATIONS, options.now);
  } catch (error) {
    db.close();
    throw error;
  }
  return { db, path, filesDirectory: `${path}.files` };
}

function refuseForeignFile(db: Database.Database, path: string): void {
  // One transaction: between two reads another process may make the store.
  const isForeign = db.transaction(() => {
    const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").pluck().get();
    return db.pragma('application_id', { simple: true }) !== APPLICATION_ID && tables !== 0;
  });
  try {
    if (!isForeign.deferred()) return;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB') throw foreignFile(path);
    throw error;
  }
  throw foreignFile(path);
}

function foreignFile(path: string): UserError {
  return new UserError(
    `Expected an atelier store but ${path} is another kind of file.`,
    'Name a store of this tool, or a new file, with --store.',
  );
}

/** SQLite refuses, instead of waiting, when several connections switch the journal mode at once. */
function useWriteAheadLog(db: Database.Database): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += WAL_RETRY_MS) {
    try {
      if (db.pragma('journal_mode', { simple: true }) === 'wal') return;
      if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
      throw new UserError(`SQLite cannot keep a write-ahead log beside ${db.name}.`, 'Put the store on a local disk.');
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
      if (!busy || waited >= BUSY_TIMEOUT_MS) throw error;
      Atomics.wait(pause, 0, 0, WAL_RETRY_MS);
    }
  }
}

function migrate(db: Database.Database, path: string, migrations: readonly Migration[], now: Date): void {
  if (pendingMigrations(db, path, migrations).length === 0) return;
  for (const migration of migrations) {
    db.transaction(() => {
      // Another process may have applied it while this one waited for the lock.
      if (!pendingMigrations(db, path, migrations).includes(migration)) return;
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT');
      db.exec(migration.sql);
      db.prepare('INSERT INTO migrations (name, applied_at) VALUES (?, ?)').run(migration.name, now.toISOString());
    }).immediate();
  }
}

function pendingMigrations(db: Database.Database, path: string, migrations: readonly Migration[]): Migration[] {
  const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'").get() !== undefined;
  const applied = new Set(exists ? (db.prepare('SELECT name FROM migrations').pluck().all() as string[]) : []);
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      `The store ${path} was written by a newer version of atelier (it has ${unknown.join(', ')}).`,
      'Install that version, or name another store with --store.',
    );
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

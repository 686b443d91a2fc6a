import type { Database, Statement } from 'better-sqlite3';
import type { Store } from './open.ts';

const prepared = new WeakMap<Database, Map<string, Statement>>();

/** The prepared statement of a text, prepared once per open store: for what is run for every note of a night. */
export function statement({ db }: Store, sql: string): Statement {
  const known = prepared.get(db) ?? new Map<string, Statement>();
  prepared.set(db, known);
  const found = known.get(sql) ?? db.prepare(sql);
  known.set(sql, found);
  return found;
}

/** Runs work in one transaction that writes; transactions inside it become part of it. */
export function inTransaction(store: Store, work: () => void): void {
  store.db.transaction(work).immediate();
}

import type { Store } from './open.ts';

/** A search query and how often people asked it, in any unit as long as it is the same for all. */
export interface Query {
  readonly query: string;
  readonly frequency: number;
}

/** A term and its type: 'banned', or the class of an entity (brand, place, food, …). */
export interface LexiconTerm {
  readonly term: string;
  readonly type: string;
}

/** Inserts queries in one transaction, with the new frequency where a query is known; returns how many are new. */
export function saveQueries(store: Store, rows: readonly Query[], runId: number): number {
  const save = store.db.prepare(
    `INSERT INTO queries (query, frequency, run_id) VALUES (?, ?, ?)
     ON CONFLICT (query) DO UPDATE SET frequency = excluded.frequency, run_id = excluded.run_id WHERE frequency <> excluded.frequency`,
  );
  return countingNew(store, 'queries', () => {
    for (const { query, frequency } of rows) save.run(query, frequency, runId);
  });
}

/** Inserts brand names in one transaction; returns how many are new. */
export function saveBrands(store: Store, names: readonly string[], runId: number): number {
  const save = store.db.prepare('INSERT INTO brands (name, run_id) VALUES (?, ?) ON CONFLICT DO NOTHING');
  return countingNew(store, 'brands', () => {
    for (const name of names) save.run(name, runId);
  });
}

/** Inserts lexicon terms in one transaction; returns how many are new. */
export function saveLexiconTerms(store: Store, rows: readonly LexiconTerm[], runId: number): number {
  const save = store.db.prepare('INSERT INTO lexicon (term, type, run_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  return countingNew(store, 'lexicon', () => {
    for (const { term, type } of rows) save.run(term, type, runId);
  });
}

/** Rows a table gains from `write`, which runs in one immediate transaction (so nobody else's rows are counted). */
function countingNew(store: Store, table: 'queries' | 'brands' | 'lexicon', write: () => void): number {
  const count = store.db.prepare(`SELECT count(*) FROM ${table}`).pluck();
  return store.db
    .transaction(() => {
      const before = count.get() as number;
      write();
      return (count.get() as number) - before;
    })
    .immediate();
}

/** All queries, most frequent first. */
export function readQueries(store: Store): Query[] {
  return store.db.prepare('SELECT query, frequency FROM queries ORDER BY frequency DESC, query').all() as Query[];
}

/** All brand names, in order. */
export function readBrands(store: Store): string[] {
  return store.db.prepare('SELECT name FROM brands ORDER BY name').pluck().all() as string[];
}

/** Lexicon terms of one type, or all, in the order of their types. */
export function readLexicon(store: Store, type?: string): LexiconTerm[] {
  return store.db
    .prepare(`SELECT term, type FROM lexicon ${type === undefined ? '' : 'WHERE type = ?'} ORDER BY type, term`)
    .all(...(type === undefined ? [] : [type])) as LexiconTerm[];
}

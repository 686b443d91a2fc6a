import type { Command } from 'commander';
import type { ItemFailure } from '../core/errors.ts';
import type { RowProblem, TableRow } from '../core/ingest/table_rows.ts';
import type { Store } from '../core/store/open.ts';
import type { LexiconTerm, Query } from '../core/store/terms.ts';
import { eachFile, listingOutcome, openRejects } from './import_shared.ts';
import { type CliContext, count, createCommand, parseMap, type StoreSession, storeAction } from './shared.ts';

interface Options {
  readonly map?: Map<string, string>;
}

/** A word list: how its rows are read and kept. */
interface TermList<Row> {
  readonly name: string;
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly parse: (row: TableRow) => Row | RowProblem;
  readonly save: (store: Store, rows: readonly Row[], runId: number) => Promise<number>;
}

export function importQueriesCommand(context: CliContext): Command {
  return termsCommand<Query>(context, 'search queries with their frequency, for rewriting titles', 'query and frequency', {
    name: 'queries',
    fields: { query: ['title', 'keyword', 'term'], frequency: ['count', 'days', 'volume'] },
    parse: (row) => {
      const frequency = Number((row.frequency ?? '1').replaceAll(',', ''));
      if (!row.query?.trim()) return { column: 'query', expected: 'a query' };
      if (!(frequency >= 0 && frequency < Number.POSITIVE_INFINITY)) return { column: 'frequency', expected: 'a number, 0 or more' };
      return { query: row.query.trim(), frequency };
    },
    save: async (store, rows, runId) => (await import('../core/store/terms.ts')).saveQueries(store, rows, runId),
  });
}

export function importBrandsCommand(context: CliContext): Command {
  return termsCommand<string>(context, 'brand names', 'name', {
    name: 'brands',
    fields: { name: ['brand'] },
    parse: (row) => row.name?.trim() || { column: 'name', expected: 'a brand name' },
    save: async (store, rows, runId) => (await import('../core/store/terms.ts')).saveBrands(store, rows, runId),
  });
}

export function importLexiconCommand(context: CliContext): Command {
  return termsCommand<LexiconTerm>(context, 'terms that are banned, or name an entity (brand, place, food, …)', 'term and type', {
    name: 'lexicon',
    fields: { term: ['word'], type: ['class'] },
    parse: (row) => {
      if (!row.term?.trim()) return { column: 'term', expected: 'a term' };
      if (!row.type?.trim()) return { column: 'type', expected: '"banned", or the class of an entity such as place' };
      return { term: row.term.trim(), type: row.type.trim().toLowerCase() };
    },
    save: async (store, rows, runId) => (await import('../core/store/terms.ts')).saveLexiconTerms(store, rows, runId),
  });
}

function termsCommand<Row>(context: CliContext, description: string, columns: string, list: TermList<Row>): Command {
  return createCommand(list.name, `${description}: columns ${columns}`, `atelier import ${list.name} fixtures/${list.name}.csv`)
    .argument('<file...>', '.csv, .jsonl or .parquet files')
    .option('--map <from=to,…>', "names of the file's columns", parseMap)
    .action(storeAction<Options>(context, 'create', (session) => importTerms(session, list)));
}

async function importTerms<Row>(session: StoreSession<Options>, list: TermList<Row>) {
  const { withDuckDb } = await import('../core/ingest/duckdb.ts');
  const { openSource } = await import('../core/ingest/source.ts');
  const { readTable } = await import('../core/ingest/table_rows.ts');
  const skipped: ItemFailure[] = [];
  const counts = { rows: 0, inserted: 0 };
  const rejects = await openRejects(session.store, list.name, session.arguments[0] ?? '', (failure) => skipped.push(failure));
  await withDuckDb(async (connection) => {
    const failed = await eachFile(session.arguments.map(session.path), async (path) => {
      const source = await openSource(connection, path);
      counts.rows += await readTable<Row>(connection, source, {
        map: session.options.map ?? new Map(),
        fields: list.fields,
        rejects,
        parse: list.parse,
        onBatch: async (rows) => {
          counts.inserted += await list.save(session.store, rows, session.runId);
        },
      });
    });
    skipped.push(...failed);
  });
  await rejects.close();
  return listingOutcome(counts, [`${count(counts.rows)} rows, ${count(counts.inserted)} new`], skipped, rejects, counts);
}

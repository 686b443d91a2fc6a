import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Command } from 'commander';
import { throwIfInterrupted } from '../core/errors.ts';
import type { RejectsFile } from '../core/ingest/rejects.ts';
import { describeRejects, eachFile, openRejects } from './import_shared.ts';
import { type CliContext, count, createCommand, parseMap, type StoreSession, storeAction } from './shared.ts';

const DEFAULT_LOG = 'default';

interface Options {
  readonly map?: Map<string, string>;
  readonly log: string;
}

export function importLogsCommand(context: CliContext): Command {
  return createCommand(
    'logs',
    'click logs, one impression per row or aggregated (impressions, clicks)',
    'atelier import logs men.csv.gz --log men --map item_id=creative_id,propensity_score=propensity',
  )
    .argument('<file...>', '.csv, .tsv, .jsonl or .parquet files, also .gz')
    .option('--log <name>', 'the log the rows are added to', DEFAULT_LOG)
    .option('--map <from=to,…>', "names of the file's columns; other columns become features", parseMap)
    .action(storeAction<Options>(context, 'create', importLogs));
}

interface Counts {
  rows: number;
  inserted: number;
  duplicates: number;
}

/** Impressions of the files whose ids are in other logs too, by their names. */
type AlsoIn = Map<string, number>;

async function importLogs(session: StoreSession<Options>) {
  const { withDuckDb } = await import('../core/ingest/duckdb.ts');
  const { ensureLog } = await import('../core/store/logs.ts');
  const logId = ensureLog(session.store, session.options.log);
  const counts: Counts = { rows: 0, inserted: 0, duplicates: 0 };
  const rejects = await openRejects(session.store, session.options.log, session.arguments[0] ?? '');
  const alsoIn: AlsoIn = new Map();
  const files = session.arguments.map(session.path);
  const warnings: string[] = [];
  const failures = await eachFile(files, async (path) => {
    warnings.push(...(await withDuckDb((connection) => importFile(session, connection, path, logId, { counts, alsoIn, rejects }))));
  });
  await rejects.close();
  const { path, text } = describeRejects(rejects);
  const others = [...alsoIn].sort(([a], [b]) => (a < b ? -1 : 1)).map(([log, impressions]) => ({ log, impressions }));
  const all = { ...counts, rejected: rejects.rows };
  return {
    json: { log: session.options.log, ...all, also_in: others, rejects_file: path, warnings, failed: failures },
    text: [
      `${count(all.rows)} rows: ${count(all.inserted)} new, ${count(all.duplicates)} there already, ${count(all.rejected)} rejected`,
      ...text,
      ...others.map(
        ({ log, impressions }) =>
          `${count(impressions)} of these impression ids are also in log "${log}": reports over all logs count both; use --log if they are the same impressions`,
      ),
      ...warnings,
    ],
    failures,
    failedElsewhere: rejects.rows,
    counts: all,
  };
}

async function importFile(
  session: StoreSession<Options>,
  connection: DuckDBConnection,
  path: string,
  logId: number,
  { counts, alsoIn, rejects }: { readonly counts: Counts; readonly alsoIn: AlsoIn; readonly rejects: RejectsFile },
): Promise<string[]> {
  const { openSource } = await import('../core/ingest/source.ts');
  const { readLogSchema } = await import('../core/ingest/log_schema.ts');
  const { rowProblems } = await import('../core/ingest/log_query.ts');
  const { readLogBatches } = await import('../core/ingest/log_reader.ts');
  const { writeRejects } = await import('../core/ingest/rejects.ts');
  const { armCodes, candidateCodes, createFeatureCodes, positionCodes, readFeatureTypes, saveFeatures } = await import(
    '../core/store/logs.ts'
  );
  const { LogWriter } = await import('../core/store/log_writer.ts');
  const { store } = session;
  const source = await openSource(connection, path);
  const schema = await readLogSchema(connection, source, session.options.map ?? new Map(), readFeatureTypes(store, logId));
  saveFeatures(store, logId, schema.features);
  const writer = new LogWriter(store, { logId, runId: session.runId, unit: schema.unit, idsGiven: schema.identity.has('impression_id') });
  const rejected = { ordinals: [] as number[], problems: [] as number[], unreadable: new Map<string, number>() };
  const rejectedBefore = rejects.rows;
  const batches = readLogBatches(connection, source, schema, {
    // A log without ads (Open Bandit's) is about one ad, named after the log.
    defaultAd: session.options.log === DEFAULT_LOG ? basename(path).replace(/\..*$/, '') : session.options.log,
    books: {
      arms: { codes: (values) => armCodes(store, values) },
      positions: { codes: (values) => positionCodes(store, values) },
      candidates: { codes: (values) => candidateCodes(store, values) },
      feature: (name) => ({ codes: createFeatureCodes(store, logId, name) }),
    },
    rejected,
  });
  for await (const batch of batches) {
    throwIfInterrupted(session.signal);
    writer.add(batch);
    session.onProgress({ task: `import ${source.name}`, done: counts.rows + writer.inserted + writer.duplicates, unit: 'rows' });
  }
  writer.flush();
  const problems = rowProblems(schema);
  await writeRejects(connection, source, rejects, rejected.ordinals, (index) =>
    problems.filter((_, bit) => ((rejected.problems[index] as number) & (2 ** bit)) !== 0),
  );
  counts.inserted += writer.inserted;
  counts.duplicates += writer.duplicates;
  for (const [log, impressions] of writer.alsoIn) alsoIn.set(log, (alsoIn.get(log) ?? 0) + impressions);
  counts.rows += writer.inserted + writer.duplicates + rejects.rows - rejectedBefore;
  return [...rejected.unreadable].map(
    ([name, texts]) => `${source.name}: ${count(texts)} texts of the number feature ${name} are no numbers and are stored as not given`,
  );
}

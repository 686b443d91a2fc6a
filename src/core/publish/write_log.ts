import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { literal, withDuckDb } from '../ingest/duckdb.ts';
import type { LogBatch } from '../log_batch.ts';
import { type LogColumn, logCsvPieces } from './log_csv.ts';

const PARTIAL = '.part';

/** Writes a log as CSV, whole or not at all, in constant memory. */
export async function writeLogCsv(path: string, columns: readonly LogColumn[], batches: Iterable<LogBatch>): Promise<void> {
  await writing(path, [], (partial) => writeFile(partial, logCsvPieces(columns, batches), { flush: true }));
}

/** Writes a log as Parquet, whole or not at all, in constant memory; a CSV beside it is made on the way. */
export async function writeLogParquet(path: string, columns: readonly LogColumn[], batches: Iterable<LogBatch>): Promise<void> {
  const csv = `${path}.csv${PARTIAL}`;
  await writing(path, [csv], async (partial) => {
    await writeFile(csv, logCsvPieces(columns, batches));
    const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ');
    const rows = `read_csv(${literal(csv)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', columns = {${types}})`;
    await withDuckDb((connection) =>
      connection.run(`COPY (SELECT * FROM ${rows}) TO ${literal(partial)} (FORMAT parquet, COMPRESSION zstd)`),
    );
  });
}

async function writing(path: string, temporary: readonly string[], write: (partial: string) => Promise<unknown>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await write(path + PARTIAL);
    await rename(path + PARTIAL, path);
  } finally {
    for (const file of [path + PARTIAL, ...temporary]) await rm(file, { force: true });
  }
}

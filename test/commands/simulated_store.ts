import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitCsvRecord } from '../../src/core/ingest/csv_records.ts';
import { commandLine, temporaryFolder } from '../core/publish/command_line.ts';

interface Truth {
  readonly impressions: number;
  readonly clicks: number;
  readonly ads: readonly {
    readonly ad_id: string;
    readonly best: string;
    readonly creatives: readonly { creative_id: string; ctr: number }[];
  }[];
  readonly positions: readonly { readonly scene: string; readonly position: number; readonly exposure_factor: number }[];
}

/** A folder with a simulated world and a store that has imported its creatives and log. */
export async function simulatedStore(...flags: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const argv of [
    ['simulate', '--ads', '3', '--creatives', '4', '--impressions', '12000', '--days', '5', '--out', 'world', ...flags],
    ['import', 'creatives', 'world/creatives.jsonl'],
    ['import', 'logs', 'world/logs.csv', '--log', 'sim'],
  ]) {
    const { code, stderr } = await commandLine(folder, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  return folder;
}

export function readTruth(folder: string): Truth {
  return JSON.parse(readFileSync(join(folder, 'world', 'truth.json'), 'utf8')) as Truth;
}

/** Rows of a CSV file without quoted newlines, by column. */
export function csvTable(path: string): Readonly<Record<string, string>>[] {
  const [header, ...rows] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => splitCsvRecord(line, ',') ?? []);
  return rows.map((row) => Object.fromEntries((header ?? []).map((name, column) => [name, row[column] ?? ''])));
}

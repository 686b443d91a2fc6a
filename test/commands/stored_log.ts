import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitCsvRecord } from '../../src/core/ingest/csv_records.ts';
import { findLog, readArms, readPositions } from '../../src/core/store/logs.ts';
import { openStore } from '../../src/core/store/open.ts';
import { readRollUp, SUMS } from '../../src/core/store/roll_up.ts';
import { commandJson, commandLine } from '../core/publish/command_line.ts';

export interface Imported {
  readonly code: number;
  readonly rows: number;
  readonly inserted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly rejects_file: string | null;
}

export function importLog(folder: string, file: string, ...flags: readonly string[]): Promise<Imported> {
  return commandJson<Imported>(folder, ['import', 'logs', file, ...flags]);
}

/** Rows of a stored log, by column, as `export --log` gives them back. */
export async function storedRows(folder: string, log = 'default'): Promise<Readonly<Record<string, string>>[]> {
  const { code, stderr } = await commandLine(folder, ['export', '--log', log, '--out', `back-${log}.csv`]);
  if (code !== 0) throw new Error(stderr);
  return csvRows(join(folder, `back-${log}.csv`));
}

/** Rows of a CSV file without quoted newlines, by column. */
function csvRows(path: string): Readonly<Record<string, string>>[] {
  const [header, ...lines] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => splitCsvRecord(line, ',') ?? []);
  return lines.map((fields) => Object.fromEntries((header ?? []).map((name, index) => [name, fields[index] ?? ''])));
}

/** The roll-up of a log as text keys and sums, so that stores with other codes compare. */
export function rollUpOf(folder: string, log = 'default', file = 'atelier.db'): Map<string, Readonly<Record<string, number>>> {
  const store = openStore(join(folder, file), { create: false, now: new Date(0) });
  try {
    const cells = readRollUp(store, findLog(store, log));
    const arms = readArms(store);
    const positions = readPositions(store);
    const entries = Array.from({ length: cells.cells }, (_, cell) => {
      const arm = arms.get(cells.arm[cell] as number);
      const position = positions.get(cells.position[cell] as number);
      const key = [cells.day[cell], arm?.adId, arm?.creativeId, position?.scene, position?.position].join('/');
      return [key, Object.fromEntries(SUMS.map((sum) => [sum, cells.sums[sum][cell] as number]))] as const;
    });
    return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    store.db.close();
  }
}

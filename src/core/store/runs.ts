import type { Store } from './open.ts';

export interface RunStart {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly seed: number;
  readonly version: string;
  readonly startedAt: Date;
}

export interface RunEnd {
  readonly finishedAt: Date;
  readonly exitCode: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface RunRow {
  readonly run_id: number;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly seed: number;
  readonly version: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly exit_code: number | null;
}

/** Records that a command began; a run without an end was killed. */
export function beginRun(store: Store, run: RunStart): number {
  const result = store.db
    .prepare('INSERT INTO runs (command, arguments, seed, version, started_at) VALUES (?, ?, ?, ?, ?)')
    .run(run.command, JSON.stringify(run.arguments), run.seed, run.version, run.startedAt.toISOString());
  return Number(result.lastInsertRowid);
}

export function finishRun(store: Store, runId: number, end: RunEnd): void {
  store.db
    .prepare('UPDATE runs SET finished_at = ?, counts = ?, exit_code = ? WHERE run_id = ?')
    .run(end.finishedAt.toISOString(), JSON.stringify(end.counts), end.exitCode, runId);
}

/** All runs, oldest first. */
export function listRuns(store: Store): RunRow[] {
  const rows = store.db.prepare('SELECT * FROM runs ORDER BY run_id').all() as (Omit<RunRow, 'arguments' | 'counts'> & {
    arguments: string;
    counts: string | null;
  })[];
  return rows.map((row) => ({ ...row, arguments: JSON.parse(row.arguments), counts: row.counts ? JSON.parse(row.counts) : {} }));
}

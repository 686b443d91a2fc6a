import { type EncodedColumn, encodeHashes, encodeNumbers } from '../columns.ts';
import { type LogBatch, selectRows } from '../log_batch.ts';
import { readIds } from './log_columns.ts';
import { BatchIds } from './log_ids.ts';
import type { Store } from './open.ts';
import { RepeatCounter } from './repeats.ts';
import { RollUp } from './roll_up.ts';

/** Batches are written this many at a time, so one transaction lasts a fraction of a second. */
const BATCHES_PER_TRANSACTION = 8;
const FEATURE_PREFIX = 'feature:';

export interface LogWriterOptions {
  readonly logId: number;
  readonly runId: number;
  readonly unit: 'impression' | 'aggregate';
  /** Whether the ids are impression ids; otherwise they are hashes of whole rows, of which a file may hold equal ones. */
  readonly idsGiven: boolean;
}

interface PendingBatch {
  readonly batch: LogBatch;
  readonly tsMin: number;
  readonly tsMax: number;
}

/**
 * Writes one file's rows into a log: rows already there are left out, the others become column chunks and are added to
 * the roll-up, all in one transaction for a few batches. Killed between transactions and run again, or run twice at once,
 * the log ends up the same.
 */
export class LogWriter {
  inserted = 0;
  duplicates = 0;
  /** Impressions of the file whose id is in another log too, by its name. */
  readonly alsoIn = new Map<string, number>();
  private readonly store: Store;
  private readonly options: LogWriterOptions;
  private readonly repeats = new RepeatCounter();
  private readonly ownChunks = new Set<number>();
  private pending: PendingBatch[] = [];

  constructor(store: Store, options: LogWriterOptions) {
    this.store = store;
    this.options = options;
  }

  add(batch: LogBatch): void {
    if (batch.rows === 0) return;
    const [tsMin, tsMax] = range(batch.ts);
    const ids = this.options.idsGiven ? batch.ids : this.repeats.idsOf(batch.ids, tsMin, tsMax);
    this.pending.push({ batch: { ...batch, ids }, tsMin, tsMax });
    if (this.pending.length >= BATCHES_PER_TRANSACTION) this.flush();
  }

  /** Writes what is pending. What is there already is looked up in the same transaction, so no other process comes between. */
  flush(): void {
    const rollUp = new RollUp();
    this.store.db
      .transaction(() => {
        for (const { batch, tsMin, tsMax } of this.pending) {
          const fresh = this.compareIds(batch.ids, tsMin, tsMax).freshRows();
          this.inserted += fresh.length;
          this.duplicates += batch.rows - fresh.length;
          if (fresh.length === 0) continue;
          const rows = fresh.length === batch.rows ? batch : selectRows(batch, fresh);
          this.insertChunk(rows);
          this.addToRollUp(rollUp, rows);
        }
        rollUp.save(this.store, this.options.logId);
      })
      .immediate();
    this.pending = [];
  }

  private insertChunk(rows: LogBatch): void {
    const { logId, unit, runId } = this.options;
    const [tsMin, tsMax] = range(rows.ts);
    const { lastInsertRowid } = this.store.db
      .prepare('INSERT INTO log_chunks (log_id, unit, rows, ts_min, ts_max, run_id) VALUES (?, ?, ?, ?, ?, ?)')
      .run(logId, unit, rows.rows, tsMin, tsMax, runId);
    this.ownChunks.add(Number(lastInsertRowid));
    const insertColumn = this.store.db.prepare('INSERT INTO log_chunk_columns (chunk_id, name, codec, base, data) VALUES (?, ?, ?, ?, ?)');
    for (const [name, { codec, base, bytes }] of encodeColumns(rows)) {
      insertColumn.run(lastInsertRowid, name, codec, Number.isNaN(base) ? null : base, bytes);
    }
  }

  private addToRollUp(rollUp: RollUp, rows: LogBatch): void {
    const { numbers } = rows;
    rollUp.add({
      ...rows,
      impressions: numbers.get('impressions'),
      clicks: numbers.get(this.options.unit === 'impression' ? 'click' : 'clicks') as Float64Array,
      viewTime: numbers.get('view_time_s'),
      revenue: numbers.get('revenue'),
      conversions: numbers.get('conversion'),
    });
  }

  /**
   * The batch's ids beside those of the log, and of the other logs, whose ids are counted only: they may be mere counters.
   * Only chunks of an overlapping time are compared.
   */
  private compareIds(ids: BigUint64Array, tsMin: number, tsMax: number): BatchIds {
    const { idsGiven, logId, unit } = this.options;
    const compared = new BatchIds(ids);
    const own = this.store.db
      .prepare('SELECT chunk_id FROM log_chunks WHERE log_id = ? AND unit = ? AND ts_min <= ? AND ts_max >= ? ORDER BY chunk_id')
      .pluck()
      .all(logId, unit, tsMax, tsMin) as number[];
    for (const chunk of own) {
      const isOfFile = this.ownChunks.has(chunk);
      // Equal rows of one file are different impressions when they have no ids: they meet only other files' chunks.
      if (idsGiven || !isOfFile) compared.addKnown(readIds(this.store, chunk), isOfFile ? 'file' : 'log');
    }
    if (idsGiven && unit === 'impression') this.countInOtherLogs(compared, tsMin, tsMax);
    return compared;
  }

  private countInOtherLogs(ids: BatchIds, tsMin: number, tsMax: number): void {
    const chunks = this.store.db
      .prepare(
        `SELECT chunk_id, name FROM log_chunks JOIN logs USING (log_id)
         WHERE log_id <> ? AND unit = 'impression' AND ts_min <= ? AND ts_max >= ? ORDER BY chunk_id`,
      )
      .raw()
      .all(this.options.logId, tsMax, tsMin) as [number, string][];
    for (const [chunk, log] of chunks) {
      const count = ids.countCommon(readIds(this.store, chunk));
      if (count > 0) this.alsoIn.set(log, (this.alsoIn.get(log) ?? 0) + count);
    }
  }
}

function range(values: Float64Array): [number, number] {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return [minimum, maximum];
}

function encodeColumns(rows: LogBatch): Map<string, EncodedColumn> {
  const columns = new Map<string, EncodedColumn>([
    ['id', encodeHashes(rows.ids)],
    ['ts', encodeNumbers(rows.ts)],
    ['arm', encodeNumbers(rows.arms)],
    ['position', encodeNumbers(rows.positions)],
  ]);
  if (rows.candidates) columns.set('candidates', encodeNumbers(rows.candidates));
  if (rows.users) columns.set('user', encodeHashes(rows.users));
  for (const [name, values] of rows.numbers) columns.set(name, encodeNumbers(values));
  for (const [name, values] of rows.features) columns.set(FEATURE_PREFIX + name, encodeNumbers(values));
  return columns;
}

import { UserError } from '../errors.ts';
import { HashTable } from '../hash_table.ts';
import type { Store } from './open.ts';

/** What the roll-up sums in a cell (log, day, arm, position). */
export const SUMS = ['impressions', 'clicks', 'views', 'view_time_s', 'log_view_time', 'revenue', 'conversions'] as const;
type Sum = (typeof SUMS)[number];

const POSITION_BITS = 16;
const MS_PER_DAY = 86_400_000;

/** Days since 1970-01-01 UTC of a time in milliseconds; −1 for undated. */
export function dayOf(ts: number): number {
  return ts < 0 ? -1 : Math.floor(ts / MS_PER_DAY);
}

/** What a batch of a log adds, column by column; impressions are 1 where not given, everything else 0. */
export interface RollUpRows {
  readonly rows: number;
  readonly ts: Float64Array;
  readonly arms: Int32Array;
  readonly positions: Int32Array;
  readonly impressions: Float64Array | undefined;
  readonly clicks: Float64Array;
  /** Seconds after a click; of all clicks together where impressions are given. NaN: not measured. */
  readonly viewTime: Float64Array | undefined;
  readonly revenue: Float64Array | undefined;
  readonly conversions: Float64Array | undefined;
}

/** Sums rows into cells in memory; `save` adds them to the store. */
export class RollUp {
  private readonly cells = new HashTable();
  private keys = new Int32Array(3 * 1024);
  private sums = new Float64Array(SUMS.length * 1024);

  add(batch: RollUpRows): void {
    const { impressions, clicks, viewTime, revenue, conversions } = batch;
    for (let row = 0; row < batch.rows; row++) {
      const at = SUMS.length * this.cell(dayOf(batch.ts[row] as number), batch.arms[row] as number, batch.positions[row] as number);
      const { sums } = this;
      const clicked = clicks[row] as number;
      sums[at] = (sums[at] as number) + (impressions ? (impressions[row] as number) : 1);
      if (clicked > 0) {
        sums[at + 1] = (sums[at + 1] as number) + clicked;
        const seconds = viewTime ? (viewTime[row] as number) : Number.NaN;
        if (!Number.isNaN(seconds)) {
          sums[at + 2] = (sums[at + 2] as number) + clicked;
          sums[at + 3] = (sums[at + 3] as number) + seconds;
          sums[at + 4] = (sums[at + 4] as number) + clicked * Math.log1p(seconds / clicked);
        }
      }
      if (revenue) sums[at + 5] = (sums[at + 5] as number) + ((revenue[row] as number) || 0);
      if (conversions) sums[at + 6] = (sums[at + 6] as number) + ((conversions[row] as number) || 0);
    }
  }

  private cell(day: number, arm: number, position: number): number {
    const high = ((day + 1) << POSITION_BITS) | position;
    const found = this.cells.get(arm, high >>> 0);
    if (found >= 0) return found;
    if (position >= 1 << POSITION_BITS) {
      throw new UserError(
        `Expected at most ${1 << POSITION_BITS} different positions but the log has more.`,
        'Check which column is mapped to position.',
      );
    }
    const cell = this.cells.size;
    this.cells.set(arm, high >>> 0, cell);
    if (3 * cell >= this.keys.length) {
      this.keys = grown(this.keys);
      this.sums = grown(this.sums);
    }
    this.keys.set([day, arm, position], 3 * cell);
    return cell;
  }

  /** Adds the cells to the store's, inside the caller's transaction, and forgets them. */
  save(store: Store, logId: number): void {
    const added = SUMS.map((sum) => `${sum} = ${sum} + excluded.${sum}`).join(', ');
    const statement = store.db.prepare(
      `INSERT INTO roll_up (log_id, day, arm, position_id, ${SUMS.join(', ')}) VALUES (?, ?, ?, ?, ${SUMS.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${added}`,
    );
    for (let cell = 0; cell < this.cells.size; cell++) {
      const key = this.keys.subarray(3 * cell, 3 * cell + 3);
      statement.run(logId, key[0], key[1], key[2], ...this.sums.subarray(SUMS.length * cell, SUMS.length * (cell + 1)));
    }
    this.cells.clear();
    this.sums.fill(0);
  }
}

function grown<Values extends Int32Array | Float64Array>(values: Values): Values {
  const larger = new (values.constructor as new (length: number) => Values)(values.length * 2);
  larger.set(values);
  return larger;
}

/** Cells of the roll-up as columns, ordered by arm, position, day; the same cell of several logs is summed. */
export interface RollUpCells {
  readonly cells: number;
  readonly arm: Int32Array;
  readonly position: Int32Array;
  readonly day: Int32Array;
  readonly sums: Readonly<Record<Sum, Float64Array>>;
}

/** Reads the roll-up of one log, or of all; only of days before `before` where it is given. */
export function readRollUp(store: Store, logId?: number, before?: number): RollUpCells {
  const where = 'WHERE (@logId IS NULL OR log_id = @logId) AND (@before IS NULL OR day < @before)';
  const parameters = { logId: logId ?? null, before: before ?? null };
  const cells = store.db.prepare(`SELECT count(*) FROM roll_up ${where}`).pluck().get(parameters) as number;
  const arm = new Int32Array(cells);
  const position = new Int32Array(cells);
  const day = new Int32Array(cells);
  const sums = Object.fromEntries(SUMS.map((sum) => [sum, new Float64Array(cells)])) as Record<Sum, Float64Array>;
  const rows = store.db
    .prepare(`SELECT arm, position_id, day, ${SUMS.join(', ')} FROM roll_up ${where} ORDER BY arm, position_id, day, log_id`)
    .raw()
    .iterate(parameters) as IterableIterator<number[]>;
  let cell = -1;
  for (const row of rows) {
    const same = cell >= 0 && arm[cell] === row[0] && position[cell] === row[1] && day[cell] === row[2];
    if (!same) {
      cell++;
      arm[cell] = row[0] as number;
      position[cell] = row[1] as number;
      day[cell] = row[2] as number;
    }
    for (let sum = 0; sum < SUMS.length; sum++) {
      const column = sums[SUMS[sum] as Sum];
      column[cell] = (column[cell] as number) + (row[3 + sum] as number);
    }
  }
  return { cells: cell + 1, arm, position, day, sums };
}

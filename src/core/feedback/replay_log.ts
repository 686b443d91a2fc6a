import { HashTable } from '../hash_table.ts';

const MS_PER_DAY = 86_400_000;

/** A click log as replay takes it: columns over rows, and the arms they name. Rows are in time order. */
export interface ReplayLog {
  readonly rows: number;
  readonly arms: number;
  readonly ads: number;
  /** Arms of ad a: firstArm[a] … firstArm[a + 1] − 1. */
  readonly firstArm: Int32Array;
  readonly adOf: Int32Array;
  readonly ts: Float64Array;
  readonly arm: Int32Array;
  readonly position: Int32Array;
  /** 0 or 1. */
  readonly click: Uint8Array;
  /** Probability with which the logging policy chose the shown arm; NaN where not given. */
  readonly propensity: Float64Array;
  /** 64-bit hashes; undefined when users are not known. */
  readonly users: BigUint64Array | undefined;
}

export interface RawLog {
  readonly rows: number;
  readonly ts: Float64Array;
  /** Codes of the store. */
  readonly arm: Int32Array;
  readonly position: Int32Array;
  readonly click: Uint8Array;
  readonly propensity: Float64Array;
  readonly users: BigUint64Array | undefined;
}

/**
 * Numbers arms so that those of an ad stand together, and puts rows in time order when they are not. Rows of arms that
 * `adOfCode` does not name are left out.
 */
export function prepareReplayLog(
  raw: RawLog,
  adOfCode: ReadonlyMap<number, string>,
): { log: ReplayLog; sorted: boolean; armCodes: readonly number[] } {
  let codes = 0;
  for (const code of adOfCode.keys()) codes = Math.max(codes, code + 1);
  const present = new Uint8Array(codes);
  for (let row = 0; row < raw.rows; row++) {
    const code = raw.arm[row] as number;
    if (code < codes) present[code] = 1;
  }
  const armCodes = [...adOfCode.keys()].filter((code) => present[code] === 1);
  const adOf = (code: number): string => adOfCode.get(code) as string;
  armCodes.sort((a, b) => (adOf(a) < adOf(b) ? -1 : adOf(a) > adOf(b) ? 1 : a - b));
  const indexOf = new Int32Array(present.length).fill(-1);
  const adIndex = new Int32Array(armCodes.length);
  const firstArm: number[] = [];
  armCodes.forEach((code, index) => {
    indexOf[code] = index;
    if (index === 0 || adOf(code) !== adOf(armCodes[index - 1] as number)) firstArm.push(index);
    adIndex[index] = firstArm.length - 1;
  });
  const kept = keptRows(raw, indexOf);
  const sorted = isSorted(raw.ts, kept);
  const order = sorted ? kept : timeOrder(raw.ts, kept);
  const log: ReplayLog = {
    rows: order?.length ?? raw.rows,
    arms: armCodes.length,
    ads: firstArm.length,
    firstArm: Int32Array.from([...firstArm, armCodes.length]),
    adOf: adIndex,
    ts: inOrder(raw.ts, order),
    arm: inOrder(raw.arm, order).map((code) => indexOf[code] as number),
    position: inOrder(raw.position, order),
    click: inOrder(raw.click, order),
    propensity: inOrder(raw.propensity, order),
    users: raw.users && inOrder(raw.users, order),
  };
  return { log, sorted, armCodes };
}

/** Rows whose arm has an index; undefined for all of them. */
function keptRows(raw: RawLog, indexOf: Int32Array): Uint32Array | undefined {
  const isKept = (row: number): boolean => (indexOf[raw.arm[row] as number] ?? -1) >= 0;
  let count = 0;
  for (let row = 0; row < raw.rows; row++) if (isKept(row)) count++;
  if (count === raw.rows) return undefined;
  const kept = new Uint32Array(count);
  for (let row = 0, at = 0; row < raw.rows; row++) if (isKept(row)) kept[at++] = row;
  return kept;
}

function isSorted(ts: Float64Array, rows: Uint32Array | undefined): boolean {
  const count = rows?.length ?? ts.length;
  for (let i = 1; i < count; i++) {
    if ((ts[rows?.[i] ?? i] as number) < (ts[rows?.[i - 1] ?? i - 1] as number)) return false;
  }
  return true;
}

/** Rows by time, equal times in the order of the log. */
function timeOrder(ts: Float64Array, rows: Uint32Array | undefined): Uint32Array {
  const order = rows ?? Uint32Array.from(ts, (_, row) => row);
  return order.sort((a, b) => (ts[a] as number) - (ts[b] as number) || a - b);
}

function inOrder<Values extends Float64Array | Int32Array | Uint8Array | BigUint64Array>(
  values: Values,
  order: Uint32Array | undefined,
): Values {
  if (!order) return values;
  const result = new (values.constructor as new (length: number) => Values)(order.length);
  for (let i = 0; i < order.length; i++) result[i] = values[order[i] as number] as number & bigint;
  return result;
}

/**
 * Propensities with those not given estimated: the share of the arm among the rows of the same ad, position and day.
 * @returns the completed column, and how many were estimated
 */
export function completePropensities(log: ReplayLog): { propensity: Float64Array; estimated: number } {
  let estimated = 0;
  for (const value of log.propensity) if (Number.isNaN(value)) estimated++;
  if (estimated === 0) return { propensity: log.propensity, estimated };
  const cellOf = new Int32Array(log.rows);
  const shareOf = new Int32Array(log.rows);
  const cells = countKeys(log.rows, cellOf, (row) => [log.adOf[log.arm[row] as number] as number, cellDay(log, row)]);
  const shares = countKeys(log.rows, shareOf, (row) => [(log.arm[row] as number) | 0, cellDay(log, row)]);
  const propensity = log.propensity.map((value, row) =>
    Number.isNaN(value) ? (shares[shareOf[row] as number] as number) / (cells[cellOf[row] as number] as number) : value,
  );
  return { propensity, estimated };
}

/** Day and position in one number. */
function cellDay(log: ReplayLog, row: number): number {
  return (dayOf(log.ts[row] as number) * 65_536 + (log.position[row] as number)) >>> 0;
}

/** Day of a time in milliseconds, counted from 1970-01-01 UTC. */
export function dayOf(ts: number): number {
  return Math.floor(ts / MS_PER_DAY);
}

function countKeys(rows: number, keyOf: Int32Array, key: (row: number) => [number, number]): number[] {
  const table = new HashTable();
  const counts: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [low, high] = key(row);
    let at = table.get(low, high);
    if (at < 0) {
      at = counts.length;
      counts.push(0);
      table.set(low, high, at);
    }
    counts[at] = (counts[at] as number) + 1;
    keyOf[row] = at;
  }
  return counts;
}

import { eachDay } from './days.ts';
import { completePropensities } from './log_propensities.ts';

/** Groups of rows that intervals resample. */
export const CLUSTERS = 1_024;
/** Fewer users than this, with many rows each, do not tell how users differ: stretches of time are resampled then. */
const FEW_USERS = 20;
/** From so many days on a day is a cluster. */
const MANY_DAYS = 20;

/** Columns of a click log as the store gives them. They belong to the replay from then on: it changes them in place. */
export interface RawLog {
  readonly rows: number;
  /** Milliseconds since 1970 UTC. */
  readonly ts: Float64Array;
  /** Codes of the store. */
  readonly arm: Int32Array;
  readonly position: Int32Array;
  /** 0 or 1. */
  readonly click: Uint8Array;
  /** Probability with which the logging policy chose the shown arm; NaN where not given. */
  readonly propensity: Float64Array;
  /** Each user's bucket, below CLUSTERS; undefined when users are not known. */
  readonly userBuckets: Uint16Array | undefined;
  /** Seconds after a click; NaN where not measured. */
  readonly viewTime?: Float32Array | undefined;
  readonly revenue?: Float32Array | undefined;
  /** Which arms could have been shown: a set per row (code 0: not known), and the arm codes of each set, of any ads. */
  readonly candidates?: { readonly codes: Int32Array; readonly sets: ReadonlyMap<number, readonly number[]> } | undefined;
}

/** Arms that could have been shown, row by row. */
export interface Candidates {
  /** Set of each row; 0 where not known. */
  readonly setOf: Int32Array;
  /** Arms of set s, of any ads, ascending: arms[firstOf[s]] … arms[firstOf[s + 1] − 1]. */
  readonly firstOf: Int32Array;
  readonly arms: Int32Array;
}

/**
 * A click log as replay takes it: columns over rows in time order, and what does not depend on the policy. Plain data, so it
 * can be handed to a thread; columns keep the buffers they came in, shared ones too.
 */
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
  readonly click: Uint8Array;
  /** Complete: see completePropensities. */
  readonly propensity: Float64Array;
  readonly estimatedPropensities: number;
  /** NaN where not measured; undefined when nothing was. */
  readonly viewTime: Float32Array | undefined;
  readonly revenue: Float32Array | undefined;
  /** Rows that belong together: all of one user, of one day, or of one stretch of time. */
  readonly cluster: Uint16Array;
  readonly clusterBy: 'user' | 'day' | 'stretch of time';
  readonly clusterCount: number;
  /** Per ad. */
  readonly leastPropensity: Float64Array;
  readonly days: number;
  /** First and last day on which each arm was shown; last before first for one that never was. */
  readonly firstDay: Int32Array;
  readonly lastDay: Int32Array;
  readonly candidates: Candidates | undefined;
  /** Rows whose candidates lack the shown arm: they are taken as not known. */
  readonly refutedCandidates: number;
}

/**
 * Does all that does not depend on the policy, once, in the given arrays: numbers arms so that those of an ad stand together,
 * leaves out rows of arms that `adOfCode` does not name, puts rows in time order when they are not, fills in propensities.
 * Arms that only sets of candidates name are arms too.
 * @returns also the code of each arm, and whether rows were in time order
 */
export function prepareReplayLog(
  raw: RawLog,
  adOfCode: ReadonlyMap<number, string>,
): { log: ReplayLog; sorted: boolean; armCodes: readonly number[] } {
  const { armCodes, indexOf, firstArm, adOf } = numberArms(raw, adOfCode);
  for (let row = 0; row < raw.rows; row++) raw.arm[row] = indexOf[raw.arm[row] as number] ?? -1;
  const rows = keepRows(raw);
  const columns = {
    ts: raw.ts.subarray(0, rows),
    arm: raw.arm.subarray(0, rows),
    position: raw.position.subarray(0, rows),
    click: raw.click.subarray(0, rows),
    propensity: raw.propensity.subarray(0, rows),
    userBuckets: raw.userBuckets?.subarray(0, rows),
    viewTime: measured(raw.viewTime?.subarray(0, rows)),
    revenue: measured(raw.revenue?.subarray(0, rows)),
    setOf: raw.candidates?.codes.subarray(0, rows),
  };
  const sorted = isSorted(columns.ts);
  if (!sorted) sortByTime(columns);
  const { userBuckets, setOf, ...kept } = columns;
  const calendar = findDays(columns.ts, columns.arm, armCodes.length);
  const estimatedPropensities = completePropensities({ ...kept, adOf });
  const log: ReplayLog = {
    rows,
    arms: armCodes.length,
    ads: firstArm.length - 1,
    firstArm,
    adOf,
    ...kept,
    estimatedPropensities,
    ...clusterRows(columns.ts, userBuckets, calendar.days),
    leastPropensity: leastPropensities(columns, adOf, firstArm.length - 1),
    ...calendar,
    ...numberCandidates(setOf, raw.candidates?.sets, columns.arm, indexOf),
  };
  return { log, sorted, armCodes };
}

interface Numbering {
  readonly armCodes: number[];
  /** Arm by code; −1 for a code that is not in the log. */
  readonly indexOf: Int32Array;
  readonly firstArm: Int32Array;
  readonly adOf: Int32Array;
}

function numberArms(raw: RawLog, adOfCode: ReadonlyMap<number, string>): Numbering {
  let codes = 0;
  for (const code of adOfCode.keys()) codes = Math.max(codes, code + 1);
  const present = new Uint8Array(codes);
  for (let row = 0; row < raw.rows; row++) present[raw.arm[row] as number] = 1; // beyond its end nothing is written
  for (const set of usedSets(raw)) for (const code of set) present[code] = 1;
  const adOfArm = (code: number): string => adOfCode.get(code) as string;
  const armCodes = [...adOfCode.keys()].filter((code) => present[code] === 1);
  armCodes.sort((a, b) => (adOfArm(a) < adOfArm(b) ? -1 : adOfArm(a) > adOfArm(b) ? 1 : a - b));
  const indexOf = new Int32Array(codes).fill(-1);
  const adOf = new Int32Array(armCodes.length);
  const firstArm: number[] = [];
  armCodes.forEach((code, index) => {
    indexOf[code] = index;
    if (index === 0 || adOfArm(code) !== adOfArm(armCodes[index - 1] as number)) firstArm.push(index);
    adOf[index] = firstArm.length - 1;
  });
  return { armCodes, indexOf, firstArm: Int32Array.from([...firstArm, armCodes.length]), adOf };
}

/** Sets of candidates that rows of the log have. */
function usedSets({ rows, candidates }: RawLog): (readonly number[])[] {
  if (!candidates) return [];
  const codes = new Set<number>();
  for (let row = 0; row < rows; row++) codes.add(candidates.codes[row] as number);
  return [...codes].map((code) => candidates.sets.get(code) ?? []);
}

type Column = Float64Array | Float32Array | Int32Array | Uint16Array | Uint8Array;

/** Moves the rows whose arm is not −1 to the front of every column; returns how many they are. */
function keepRows(raw: RawLog): number {
  const others = [raw.ts, raw.position, raw.click, raw.propensity, raw.userBuckets, raw.viewTime, raw.revenue, raw.candidates?.codes];
  let count = 0;
  for (let row = 0; row < raw.rows; row++) if ((raw.arm[row] as number) >= 0) count++;
  if (count === raw.rows) return count;
  // The arms go last: they say which rows are kept.
  for (const column of [...others, raw.arm]) {
    if (!column) continue;
    for (let row = 0, at = 0; row < raw.rows; row++) if ((raw.arm[row] as number) >= 0) column[at++] = column[row] as number;
  }
  return count;
}

function isSorted(ts: Float64Array): boolean {
  for (let row = 1; row < ts.length; row++) if ((ts[row] as number) < (ts[row - 1] as number)) return false;
  return true;
}

/** Puts rows in order of time, equal times in the order of the log. */
function sortByTime(columns: { readonly ts: Float64Array } & { readonly [name: string]: Column | undefined }): void {
  const { ts } = columns;
  const order = Uint32Array.from(ts, (_, row) => row).sort((a, b) => (ts[a] as number) - (ts[b] as number) || a - b);
  for (const column of Object.values(columns)) {
    if (!column) continue;
    const before = column.slice();
    for (let row = 0; row < order.length; row++) column[row] = before[order[row] as number] as number;
  }
}

/** The column; undefined when every value is NaN. */
function measured(column: Float32Array | undefined): Float32Array | undefined {
  return column?.some((value) => !Number.isNaN(value)) ? column : undefined;
}

function findDays(ts: Float64Array, arm: Int32Array, arms: number): Pick<ReplayLog, 'days' | 'firstDay' | 'lastDay'> {
  const firstDay = new Int32Array(arms).fill(2 ** 31 - 1);
  const lastDay = new Int32Array(arms).fill(-(2 ** 31));
  let days = 0;
  eachDay(ts, (day, from, to) => {
    days++;
    for (let row = from; row < to; row++) {
      const at = arm[row] as number;
      if (day < (firstDay[at] as number)) firstDay[at] = day;
      lastDay[at] = day;
    }
  });
  return { days, firstDay, lastDay };
}

function clusterRows(
  ts: Float64Array,
  userBuckets: Uint16Array | undefined,
  days: number,
): Pick<ReplayLog, 'cluster' | 'clusterBy' | 'clusterCount'> {
  const hasUsers = userBuckets !== undefined && countClusters(userBuckets) >= Math.min(FEW_USERS, ts.length / 2);
  const clusterBy = hasUsers ? 'user' : days >= MANY_DAYS ? 'day' : 'stretch of time';
  const cluster = userBuckets ?? likeBuffer(ts);
  if (clusterBy === 'day') eachDay(ts, (day, from, to) => cluster.fill(day & (CLUSTERS - 1), from, to));
  if (clusterBy === 'stretch of time') {
    const stretch = Math.max(1, Math.ceil(ts.length / CLUSTERS));
    for (let row = 0; row < cluster.length; row++) cluster[row] = row / stretch;
  }
  return { cluster, clusterBy, clusterCount: countClusters(cluster) };
}

function countClusters(cluster: Uint16Array): number {
  const occupied = new Uint8Array(CLUSTERS);
  for (let row = 0; row < cluster.length; row++) occupied[cluster[row] as number] = 1;
  return occupied.reduce((count, isOccupied) => count + isOccupied, 0);
}

/** A column beside the given one: on shared memory when that is. */
function likeBuffer(column: Float64Array): Uint16Array {
  const shares = typeof SharedArrayBuffer !== 'undefined' && column.buffer instanceof SharedArrayBuffer;
  return shares ? new Uint16Array(new SharedArrayBuffer(2 * column.length)) : new Uint16Array(column.length);
}

function leastPropensities({ arm, propensity }: Pick<ReplayLog, 'arm' | 'propensity'>, adOf: Int32Array, ads: number): Float64Array {
  const least = new Float64Array(ads).fill(Number.POSITIVE_INFINITY);
  for (let row = 0; row < arm.length; row++) {
    const ad = adOf[arm[row] as number] as number;
    if ((propensity[row] as number) < (least[ad] as number)) least[ad] = propensity[row] as number;
  }
  return least;
}

/** Numbers the sets of candidates from 1, in place; a row whose set is unknown or lacks its own arm gets 0. */
function numberCandidates(
  setOf: Int32Array | undefined,
  sets: ReadonlyMap<number, readonly number[]> | undefined,
  arm: Int32Array,
  indexOf: Int32Array,
): Pick<ReplayLog, 'candidates' | 'refutedCandidates'> {
  if (!setOf || !sets) return { candidates: undefined, refutedCandidates: 0 };
  const numberOf = new Map<number, number>();
  const firstOf = [0, 0];
  const arms: number[] = [];
  for (const [code, set] of sets) {
    numberOf.set(code, firstOf.length - 1);
    const own = set.map((armCode) => indexOf[armCode] ?? -1).filter((index) => index >= 0);
    for (const index of [...new Set(own)].sort((a, b) => a - b)) arms.push(index);
    firstOf.push(arms.length);
  }
  const candidates = { setOf, firstOf: Int32Array.from(firstOf), arms: Int32Array.from(arms) };
  let refutedCandidates = 0;
  let known = 0;
  for (let row = 0; row < setOf.length; row++) {
    const set = numberOf.get(setOf[row] as number) ?? 0;
    const at = placeInSet(candidates, set, arm[row] as number);
    const holds = at < (candidates.firstOf[set + 1] as number) && candidates.arms[at] === arm[row];
    if (set > 0 && !holds) refutedCandidates++;
    setOf[row] = holds ? set : 0;
    if (holds) known++;
  }
  return { candidates: known > 0 ? candidates : undefined, refutedCandidates };
}

/** Where the first arm of a set that is not below `arm` stands. */
export function placeInSet({ firstOf, arms }: Candidates, set: number, arm: number): number {
  let low = firstOf[set] as number;
  let high = firstOf[set + 1] as number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((arms[middle] as number) < arm) low = middle + 1;
    else high = middle;
  }
  return low;
}

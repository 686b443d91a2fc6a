import { decodeHashes, decodeNumbers, type EncodedColumn } from '../columns.ts';
import { UserError } from '../errors.ts';
import { HashTable } from '../hash_table.ts';
import { columnReader } from './log_columns.ts';
import { type LogUnit, readFeatureValues } from './log_rows.ts';
import { readFeatureTypes } from './logs.ts';
import type { Store } from './open.ts';

const FEATURE_PREFIX = 'feature:';

/** A column beyond the contract's: numbers, NaN where not given, or codes of texts, 0 where not given. */
export type LogFeature =
  | { readonly type: 'number'; readonly values: Float64Array }
  /** `texts[code]`; the first, which stands for "not given", is ''. */
  | { readonly type: 'text'; readonly codes: Uint8Array | Uint16Array | Int32Array; readonly texts: readonly string[] };

/** Users in the order of first sight: index of each row's, −1 where not given, and the hash of each by its halves. */
interface RowUsers {
  readonly of: Int32Array;
  readonly count: number;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** What a model learns from, in the order of import. */
export interface TrainingRows {
  readonly rows: number;
  /** Codes of arms and positions. */
  readonly arm: Int32Array;
  readonly position: Uint16Array;
  /** Milliseconds since 1970 UTC; −1 undated. */
  readonly ts: Float64Array;
  readonly clicks: Uint8Array | Float32Array;
  /** Undefined: one impression a row. */
  readonly impressions: Float32Array | undefined;
  readonly users: RowUsers | undefined;
  /** NaN where not given; undefined when no row has one. */
  readonly propensity: Float32Array | undefined;
  /** Names of the columns beyond the contract's, in order. */
  readonly features: readonly string[];
  /** Reads one of them; nothing is kept, as a log may have many. */
  readonly feature: (name: string) => LogFeature;
}

/** What rows say of the creatives they show, whatever a row counts. */
export type ArmRows = Pick<TrainingRows, 'rows' | 'arm' | 'features' | 'feature'>;

/** A chunk and where its rows go. */
interface Part {
  readonly chunkId: number;
  readonly logId: number;
  readonly rows: number;
  readonly offset: number;
  /** The rows that are read, where not all are. */
  readonly kept: Uint32Array | undefined;
  readonly keptRows: number;
}

type Target = Float64Array | Float32Array | Int32Array | Uint16Array | Uint8Array;

/**
 * Reads the rows of a log (of all logs when `logId` is undefined) that a model learns from.
 * @param keepArm which arm codes to read; all when undefined
 * @throws UserError when single impressions and aggregated rows are mixed
 */
export function readTrainingRows(store: Store, logId: number | undefined, keepArm?: (arm: number) => boolean): TrainingRows {
  const { units, parts, rows } = readParts(store, logId, keepArm);
  if (units.size > 1) {
    throw new UserError(
      'Expected rows of one kind to learn from but received single impressions and aggregated rows together.',
      logId === undefined ? 'Choose one of the logs: --log NAME.' : 'Import them as two logs (import logs --log NAME), and learn from one.',
    );
  }
  const unit = [...units][0] ?? 'impression';
  const read = columnReader(store);
  const column = createReader(read, parts);
  const isGiven = (name: string): boolean => parts.some(({ chunkId }) => read(chunkId, name) !== undefined);
  return {
    ...describeArms(store, logId, parts, rows),
    position: column('position', new Uint16Array(rows), 0),
    ts: column('ts', new Float64Array(rows), -1),
    clicks: unit === 'impression' ? column('click', new Uint8Array(rows), 0) : column('clicks', new Float32Array(rows), 0),
    impressions: unit === 'impression' ? undefined : column('impressions', new Float32Array(rows), 0),
    users: isGiven('user') ? readUsers(parts, rows, (part) => read(part.chunkId, 'user')) : undefined,
    propensity: isGiven('propensity') ? column('propensity', new Float32Array(rows), Number.NaN) : undefined,
  };
}

/**
 * Reads what the rows of a log (of all logs when `logId` is undefined) say of creatives; single impressions and aggregated rows may be
 * mixed.
 * @param keepArm which arm codes to read; all when undefined
 */
export function readArmRows(store: Store, logId: number | undefined, keepArm?: (arm: number) => boolean): ArmRows {
  const { parts, rows } = readParts(store, logId, keepArm);
  return describeArms(store, logId, parts, rows);
}

function describeArms(store: Store, logId: number | undefined, parts: readonly Part[], rows: number): ArmRows {
  const read = columnReader(store);
  const column = createReader(read, parts);
  const types = readTypes(store, logId, parts);
  return {
    rows,
    arm: column('arm', new Int32Array(rows), 0),
    features: [...types.keys()].sort(),
    feature: (name) =>
      types.get(name) === 'number'
        ? { type: 'number', values: column(FEATURE_PREFIX + name, new Float64Array(rows), Number.NaN) }
        : readTexts(store, name, parts, rows, (part) => read(part.chunkId, FEATURE_PREFIX + name)),
  };
}

/** Fills an array with a column of all parts. */
function createReader(read: ReturnType<typeof columnReader>, parts: readonly Part[]) {
  return <Values extends Target>(name: string, target: Values, missing: number): Values => {
    for (const part of parts) decodePart(read(part.chunkId, name), part, target, missing);
    return target;
  };
}

/** Codes of the arms that a log (any log when undefined) has, in order. */
export function readLoggedArms(store: Store, logId: number | undefined): number[] {
  const sql = 'SELECT DISTINCT arm FROM roll_up WHERE @logId IS NULL OR log_id = @logId ORDER BY arm';
  return store.db
    .prepare(sql)
    .pluck()
    .all({ logId: logId ?? null }) as number[];
}

function readParts(store: Store, logId: number | undefined, keepArm: ((arm: number) => boolean) | undefined) {
  const chunks = store.db
    .prepare(
      `SELECT chunk_id AS chunkId, log_id AS logId, rows, unit FROM log_chunks
       WHERE @logId IS NULL OR log_id = @logId ORDER BY chunk_id`,
    )
    .all({ logId: logId ?? null }) as { chunkId: number; logId: number; rows: number; unit: LogUnit }[];
  const read = columnReader(store);
  const parts: Part[] = [];
  let offset = 0;
  for (const { chunkId, logId: log, rows } of chunks) {
    const kept = keepArm && rowsOf(read(chunkId, 'arm'), rows, keepArm);
    const keptRows = kept?.length ?? rows;
    if (keptRows === 0) continue;
    parts.push({ chunkId, logId: log, rows, offset, kept: keptRows < rows ? kept : undefined, keptRows });
    offset += keptRows;
  }
  return { units: new Set(chunks.map(({ unit }) => unit)), parts, rows: offset };
}

function rowsOf(column: EncodedColumn | undefined, rows: number, keepArm: (arm: number) => boolean): Uint32Array {
  const arms = new Int32Array(rows);
  if (column) decodeNumbers(column, rows, arms, 0);
  const kept = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (keepArm(arms[row] as number)) kept[count++] = row;
  return kept.slice(0, count);
}

function decodePart(column: EncodedColumn | undefined, part: Part, target: Target, missing: number): void {
  const { rows, offset, kept, keptRows } = part;
  if (!column) target.fill(missing, offset, offset + keptRows);
  else if (!kept && !(target instanceof Float32Array || target instanceof Uint16Array)) decodeNumbers(column, rows, target, offset);
  else {
    const values = new Float64Array(rows);
    decodeNumbers(column, rows, values, 0);
    if (!kept) target.set(values, offset);
    else for (let at = 0; at < keptRows; at++) target[offset + at] = values[kept[at] as number] as number;
  }
}

function readUsers(parts: readonly Part[], rows: number, columnOf: (part: Part) => EncodedColumn | undefined): RowUsers {
  const of = new Int32Array(rows).fill(-1);
  const known = new HashTable();
  let low = new Uint32Array(1024);
  let high = new Uint32Array(1024);
  for (const part of parts) {
    const column = columnOf(part);
    if (!column) continue;
    const hashes = new BigUint64Array(part.rows);
    decodeHashes(column, part.rows, hashes, 0);
    const halves = new Uint32Array(hashes.buffer);
    for (let at = 0; at < part.keptRows; at++) {
      const row = part.kept ? (part.kept[at] as number) : at;
      const [lower, upper] = [halves[2 * row] as number, halves[2 * row + 1] as number];
      if (lower === 0 && upper === 0) continue;
      let user = known.get(lower, upper);
      if (user < 0) {
        user = known.size;
        known.set(lower, upper, user);
        if (user >= low.length) {
          low = doubled(low);
          high = doubled(high);
        }
        low[user] = lower;
        high[user] = upper;
      }
      of[part.offset + at] = user;
    }
  }
  return { of, count: known.size, low: low.slice(0, known.size), high: high.slice(0, known.size) };
}

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * values.length);
  larger.set(values);
  return larger;
}

/** Types of the features that the logs have; one that is a number in one log and a text in another is a text. */
function readTypes(store: Store, logId: number | undefined, parts: readonly Part[]): Map<string, 'number' | 'text'> {
  const logIds = logId === undefined ? new Set(parts.map((part) => part.logId)) : [logId];
  const types = new Map<string, 'number' | 'text'>();
  for (const id of logIds) {
    for (const [name, type] of readFeatureTypes(store, id)) types.set(name, types.get(name) === 'text' ? 'text' : type);
  }
  return types;
}

/** Each log has codes of its own: they become codes of one dictionary, in the order of the logs. */
function readTexts(
  store: Store,
  name: string,
  parts: readonly Part[],
  rows: number,
  columnOf: (part: Part) => EncodedColumn | undefined,
): LogFeature {
  const texts = [''];
  const codeOf = new Map([['', 0]]);
  const intern = (text: string): number => {
    const known = codeOf.get(text);
    if (known !== undefined) return known;
    codeOf.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const dictionaries = new Map<number, Int32Array>();
  for (const logId of new Set(parts.map((part) => part.logId))) {
    dictionaries.set(logId, Int32Array.from(readFeatureValues(store, logId, name), intern));
  }
  const numberLogs = new Set([...dictionaries.keys()].filter((logId) => readFeatureTypes(store, logId).get(name) === 'number'));
  const widest = numberLogs.size > 0 ? Number.POSITIVE_INFINITY : texts.length - 1;
  const codes = widest < 256 ? new Uint8Array(rows) : widest < 65_536 ? new Uint16Array(rows) : new Int32Array(rows);
  for (const part of parts) {
    const column = columnOf(part);
    if (!column) continue;
    const values = new Float64Array(part.rows);
    decodeNumbers(column, part.rows, values, 0);
    const dictionary = dictionaries.get(part.logId) as Int32Array;
    const isNumber = numberLogs.has(part.logId);
    for (let at = 0; at < part.keptRows; at++) {
      const value = values[part.kept ? (part.kept[at] as number) : at] as number;
      const code = isNumber ? intern(Number.isNaN(value) ? '' : String(value)) : dictionary[value];
      codes[part.offset + at] = code ?? 0;
    }
  }
  return { type: 'text', codes, texts };
}

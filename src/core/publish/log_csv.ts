import { IMPRESSION_IDENTITY_ALIASES } from '../ingest/log_fields.ts';
import type { LogBatch } from '../log_batch.ts';
import { csvRecord } from './csv_text.ts';

const MICROSECONDS_PER_MS = 1000;
/** End of the year 9999, the last that ISO 8601 writes in four digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const HASH_DIGITS = 16;
/** Rows made into text at once. */
const ROWS_AT_ONCE = 8_192;
const FEATURE_PREFIX = 'feature.';
const CANDIDATES_NAMES = ['candidates', ...(IMPRESSION_IDENTITY_ALIASES.candidates ?? [])];

/** What a log's codes stand for, and what its rows are. */
export interface LogDictionaries {
  readonly units: ReadonlySet<'impression' | 'aggregate'>;
  readonly arms: ReadonlyMap<number, { readonly adId: string; readonly creativeId: string }>;
  readonly positions: ReadonlyMap<number, { readonly scene: string; readonly position: number }>;
  /** Sets of creative ids; undefined when no row of the log says which creatives could have been shown. */
  readonly candidates: ReadonlyMap<number, readonly string[]> | undefined;
  readonly features: ReadonlyMap<string, 'number' | 'text'>;
  /** Strings of the text features, by code. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** A column of an exported log: its DuckDB type, and for each batch a function from the row to the cell's CSV text. */
export interface LogColumn {
  readonly name: string;
  readonly type: string;
  readonly cells: (batch: LogBatch) => (row: number) => string;
}

/**
 * The columns of an exported log under the names `import logs` reads: the contract's, in its order, then the features in
 * the order of their names. User ids are 64-bit hashes in hexadecimal: the ids themselves are not kept.
 */
export function logColumns(log: LogDictionaries): LogColumn[] {
  const columns: LogColumn[] = [
    { name: 'ts', type: 'TIMESTAMPTZ', cells: (batch) => (row) => isoTime(batch.ts[row] as number) },
    coded(
      'ad_id',
      'VARCHAR',
      (batch) => batch.arms,
      texts(log.arms, (arm) => arm.adId),
    ),
    coded(
      'creative_id',
      'VARCHAR',
      (batch) => batch.arms,
      texts(log.arms, (arm) => arm.creativeId),
    ),
    coded(
      'scene',
      'VARCHAR',
      (batch) => batch.positions,
      texts(log.positions, ({ scene }) => scene),
    ),
    coded(
      'position',
      'INTEGER',
      (batch) => batch.positions,
      texts(log.positions, ({ position }) => (position === 0 ? '' : String(position))),
    ),
    ...numberColumns(log.units),
    {
      name: 'user_id',
      type: 'VARCHAR',
      cells:
        ({ users }) =>
        (row) =>
          users ? hexadecimal(users[row] as bigint) : '',
    },
    ...(log.candidates ? [coded('candidates', 'VARCHAR', (batch) => batch.candidates, texts(log.candidates, candidatesText))] : []),
  ];
  const taken = new Set(columns.map((column) => column.name));
  // Without a column of candidates, a feature of such a name would be read as one.
  if (!log.candidates && log.units.has('impression')) for (const name of CANDIDATES_NAMES) taken.add(name);
  for (const [feature, type] of log.features) {
    // Parquet readers and SQL do not tell "Age" from "age".
    let name = feature;
    while (taken.has(name.toLowerCase())) name = FEATURE_PREFIX + name;
    taken.add(name.toLowerCase());
    const values = (batch: LogBatch) => batch.features.get(feature);
    if (type === 'number') columns.push(number(name, 'DOUBLE', values));
    else columns.push(coded(name, 'VARCHAR', values, (log.values.get(feature) ?? []).map(quoted)));
  }
  return columns;
}

function numberColumns(units: LogDictionaries['units']): LogColumn[] {
  const column = (name: string, type = 'DOUBLE'): LogColumn => number(name, type, (batch) => batch.numbers.get(name));
  return [
    ...(units.has('impression') ? [column('propensity'), column('click', 'UTINYINT')] : []),
    ...(units.has('aggregate') ? [column('impressions', 'BIGINT'), column('clicks', 'BIGINT')] : []),
    column('view_time_s'),
    column('revenue'),
    column('conversion'),
  ];
}

/** The log as CSV, piece by piece; commas, quotes and line breaks can only be in dictionaries, so numbers are joined as they are. */
export function* logCsvPieces(columns: readonly LogColumn[], batches: Iterable<LogBatch>): Generator<string> {
  yield `${csvRecord(columns.map((column) => column.name))}\n`;
  for (const batch of batches) {
    const cells = columns.map((column) => column.cells(batch));
    for (let from = 0; from < batch.rows; from += ROWS_AT_ONCE) {
      let text = '';
      for (let row = from; row < Math.min(from + ROWS_AT_ONCE, batch.rows); row++) text += `${cells.map((cell) => cell(row)).join(',')}\n`;
      yield text;
    }
  }
}

function number(name: string, type: string, valuesOf: (batch: LogBatch) => Float64Array | Int32Array | undefined): LogColumn {
  return {
    name,
    type,
    cells: (batch) => {
      const values = valuesOf(batch);
      if (!values) return () => '';
      return (row) => {
        const value = values[row] as number;
        return Number.isNaN(value) ? '' : String(value);
      };
    },
  };
}

function coded(
  name: string,
  type: string,
  codesOf: (batch: LogBatch) => Float64Array | Int32Array | undefined,
  values: readonly string[],
): LogColumn {
  return {
    name,
    type,
    cells: (batch) => {
      const codes = codesOf(batch);
      return codes ? (row) => values[codes[row] as number] ?? '' : () => '';
    },
  };
}

function texts<Value>(dictionary: ReadonlyMap<number, Value>, textOf: (value: Value) => string): string[] {
  const result: string[] = [];
  for (const [code, value] of dictionary) result[code] = quoted(textOf(value));
  return result;
}

/** A set of creative ids as `import logs` reads it: with `|` between them, or as a JSON array where that would not read back. */
function candidatesText(ids: readonly string[]): string {
  const joined = ids.join('|');
  const isPlain = !joined.startsWith('[') && ids.every((id) => !id.includes('|') && !id.startsWith(' ') && !id.endsWith(' '));
  return isPlain ? joined : JSON.stringify(ids);
}

function quoted(text: string): string {
  return csvRecord([text]);
}

/** Milliseconds since 1970 UTC → ISO 8601 with three or six digits of a second; empty for undated (negative) and for what no calendar holds. */
function isoTime(ms: number): string {
  if (ms < 0 || ms > LAST_MS) return '';
  const microseconds = Math.round(ms * MICROSECONDS_PER_MS);
  const rest = microseconds % MICROSECONDS_PER_MS;
  const text = new Date((microseconds - rest) / MICROSECONDS_PER_MS).toISOString();
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function hexadecimal(hash: bigint): string {
  return hash.toString(16).padStart(HASH_DIGITS, '0');
}

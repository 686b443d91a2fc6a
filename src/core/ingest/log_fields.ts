import { literal } from './duckdb.ts';

/** Texts that stand for "not given" in number columns of click logs and platform reports. */
const NOT_GIVEN = ['NULL', 'null', '-', '--', '\\N', 'NaN', 'nan', 'None', 'none'];

const YEAR_2100 = 4_102_444_800_000; // milliseconds since 1970 UTC

/** A column of a click log: how its text becomes a number, and what makes a value wrong. */
export interface LogField {
  readonly name: string;
  /** Names other systems give it: Open Bandit, Juguang reports. */
  readonly aliases: readonly string[];
  /** SQL condition on `v`, the parsed number, that a given value must meet. */
  readonly valid: string;
  readonly expected: string;
}

/** Number columns of one impression per row. `click` must be given; the others may be missing, as a column or a value. */
export const IMPRESSION_FIELDS: readonly LogField[] = [
  {
    name: 'propensity',
    aliases: ['propensity_score', 'pscore', 'action_prob'],
    // What is smaller has weights beyond what sums of them can hold.
    valid: 'v >= 1e-12 AND v <= 1',
    expected: 'a probability above 0 and at most 1',
  },
  { name: 'click', aliases: ['clicked', 'is_click'], valid: 'v = 0 OR v = 1', expected: '0 or 1' },
  { name: 'view_time_s', aliases: ['view_time', 'dwell_time_s'], valid: 'v >= 0 AND v < 1e9', expected: 'seconds, 0 or more' },
  { name: 'revenue', aliases: [], valid: 'isfinite(v)', expected: 'a number' },
  { name: 'conversion', aliases: ['conversions'], valid: 'v >= 0 AND isfinite(v)', expected: 'a number, 0 or more' },
];

/** Number columns of aggregated rows, as platform reports give them; here view time and revenue are sums. */
export const AGGREGATE_FIELDS: readonly LogField[] = [
  {
    name: 'impressions',
    aliases: ['展现量', '曝光量', '展示量'],
    valid: 'v >= 0 AND isfinite(v) AND v = floor(v)',
    expected: 'a whole number, 0 or more',
  },
  {
    name: 'clicks',
    aliases: ['click', '点击量', '点击数'],
    valid: 'v >= 0 AND isfinite(v) AND v = floor(v)',
    expected: 'a whole number, 0 or more',
  },
  { name: 'view_time_s', aliases: ['view_time'], valid: 'v >= 0 AND isfinite(v)', expected: 'seconds, 0 or more' },
  { name: 'revenue', aliases: [], valid: 'isfinite(v)', expected: 'a number' },
  { name: 'conversion', aliases: ['conversions', '转化量', '转化数'], valid: 'v >= 0 AND isfinite(v)', expected: 'a number, 0 or more' },
];

/** Names of the other columns of the contract. */
export const IDENTITY_ALIASES: Readonly<Record<string, readonly string[]>> = {
  impression_id: [],
  ts: ['timestamp', 'time', 'datetime', 'date', '日期', '时间'],
  ad_id: ['单元ID', 'unit_id'],
  creative_id: ['item_id', '创意ID', 'creativity_id'],
  scene: ['场景'],
  position: [],
  user_id: [],
};

/** The same of one impression per row, which may say what else could have been shown. */
export const IMPRESSION_IDENTITY_ALIASES: Readonly<Record<string, readonly string[]>> = {
  ...IDENTITY_ALIASES,
  candidates: ['candidate_ids', 'candidate_creatives'],
};

/**
 * Text → DOUBLE: plain numbers, "1,234", "5.6%" (0.056), true and false. NULL for an empty cell, NaN where the text says
 * that nothing is given, infinity where it cannot be read.
 * All but plain numbers are looked at only in the rows that need it: CASE and coalesce stop at the first answer.
 */
export function parseNumberSql(column: string): string {
  const bare = `replace(rtrim(trim(${column}), '%'), ',', '')`;
  const scale = `CASE WHEN contains(${column}, '%') THEN 100 ELSE 1 END`;
  // Not IN (…): DuckDB turns a long list into a join, and a join gives up the file's order.
  const notGiven = `list_contains([${NOT_GIVEN.map(literal).join(', ')}], trim(${column}))`;
  const word = `CASE WHEN ${notGiven} THEN 'NaN'::DOUBLE WHEN lower(trim(${column})) = 'true' THEN 1 WHEN lower(trim(${column})) = 'false' THEN 0 END`;
  return `CASE WHEN ${column} IS NOT NULL THEN coalesce(try_cast(${column} AS DOUBLE), try_cast(${bare} AS DOUBLE) / ${scale}, ${word}, 'Infinity'::DOUBLE) END`;
}

/**
 * Text → milliseconds since 1970 UTC: ISO 8601 with or without an offset (none means UTC), YYYYMMDD, or a Unix time in
 * seconds, milliseconds or microseconds, told apart by size; NULL for anything else.
 */
export function parseTimeSql(column: string): string {
  // The plain cast drops an offset, and the one that minds it is slower: a time ends in Z, or after its seconds, if it has none.
  const inUtc = `ends_with(${column}, 'Z') OR (length(${column}) = 19 AND substr(${column}, 17, 1) = ':')`;
  const text = `CASE WHEN ${inUtc} THEN epoch_us(try_cast(${column} AS TIMESTAMP)) ELSE epoch_us(try_cast(${column} AS TIMESTAMPTZ)) END / 1000.0`;
  const date = `CASE WHEN length(${column}) = 8 THEN epoch_ms(try_strptime(${column}, '%Y%m%d'))::DOUBLE END`;
  const unix = `try_cast(${column} AS DOUBLE)`;
  return `coalesce(${text}, ${date}, ${unix} / CASE WHEN ${unix} < 1e11 THEN 0.001 WHEN ${unix} < 1e14 THEN 1 ELSE 1000 END)`;
}

/**
 * Text → list of creative ids: a JSON array as it stands, or ids with `|` between them, trimmed; NULL for a blank cell.
 * An id that holds a `|`, or begins or ends with a space, needs the array.
 */
export function parseCandidatesSql(column: string): string {
  const ids = `string_split(nullif(trim(${column}), ''), '|')`;
  // Trimming each id takes a million lists of ten 0.56 s, splitting alone 0.09 s.
  const trimmed = `CASE WHEN contains(${column}, ' ') THEN list_transform(${ids}, lambda id: trim(id)) ELSE ${ids} END`;
  return `CASE WHEN starts_with(trim(${column}), '[') AND json_valid(${column}) THEN from_json(${column}, '["VARCHAR"]') ELSE ${trimmed} END`;
}

/** True where candidates are given and the shown creative is not among them. */
export function candidatesProblemSql(parsed: string, creative: string): string {
  return `${parsed} IS NOT NULL AND NOT coalesce(list_contains(${parsed}, nullif(${creative}, '')), false)`;
}

/** True where a number that is given cannot be read or is out of range, or where one that must be given is not. */
export function problemSql(parsed: string, valid: string, mustBeGiven: boolean): string {
  const condition = valid.replaceAll(/\bv\b/g, parsed);
  if (mustBeGiven) return `NOT coalesce((${condition}) AND NOT isnan(${parsed}), false)`;
  return `NOT coalesce((${condition}) OR isnan(${parsed}), true)`;
}

/** True where a time is no time of a log: before 1970, or from 2100 on. */
export function timeProblemSql(parsed: string): string {
  return `NOT (${parsed} >= 0 AND ${parsed} < ${YEAR_2100})`;
}

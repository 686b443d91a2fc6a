import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.ts';
import {
  AGGREGATE_FIELDS,
  IDENTITY_ALIASES,
  IMPRESSION_FIELDS,
  IMPRESSION_IDENTITY_ALIASES,
  type LogField,
  parseNumberSql,
} from './log_fields.ts';
import { columnAlias, mapColumns, relationOf, type TableSource } from './source.ts';

const SNIFF_ROWS = 20_000;

export type FeatureType = 'number' | 'text';

/** What the columns of one log file are. */
export interface LogSchema {
  readonly unit: 'impression' | 'aggregate';
  /** Column index by name: the contract's identity columns that the file has. */
  readonly identity: ReadonlyMap<string, number>;
  readonly fields: readonly { readonly field: LogField; readonly column: number }[];
  readonly features: readonly { readonly name: string; readonly column: number; readonly type: FeatureType }[];
}

/**
 * Finds the contract's columns in a file; every other named column is a feature, a number when its first rows read so.
 * @throws UserError when a column that cannot be missing is, naming what the file has
 */
export async function readLogSchema(
  connection: DuckDBConnection,
  source: TableSource,
  map: ReadonlyMap<string, string>,
  knownTypes: ReadonlyMap<string, FeatureType>,
): Promise<LogSchema> {
  const aliases = (fields: readonly LogField[]) => Object.fromEntries(fields.map(({ name, aliases }) => [name, aliases]));
  const asAggregate = mapColumns(source, map, { ...IDENTITY_ALIASES, ...aliases(AGGREGATE_FIELDS) });
  const unit = asAggregate.has('impressions') && asAggregate.has('clicks') ? 'aggregate' : 'impression';
  const fields = unit === 'aggregate' ? AGGREGATE_FIELDS : IMPRESSION_FIELDS;
  const identity = unit === 'aggregate' ? IDENTITY_ALIASES : IMPRESSION_IDENTITY_ALIASES;
  const columns = unit === 'aggregate' ? asAggregate : mapColumns(source, map, { ...identity, ...aliases(IMPRESSION_FIELDS) });
  const required = unit === 'aggregate' ? ['creative_id'] : ['ts', 'creative_id', 'click'];
  const missing = required.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new UserError(
      `Expected a column ${missing.join(', ')} in ${source.name} but it has: ${source.columns.filter(Boolean).join(', ')}.`,
      `Name it with --map, for example --map their_name=${missing[0]}.`,
    );
  }
  const known = new Set(columns.values());
  const extra = source.columns.map((name, column) => ({ name, column })).filter(({ name, column }) => name !== '' && !known.has(column));
  const types = await sniffTypes(connection, source, extra);
  return {
    unit,
    identity: new Map([...columns].filter(([name]) => name in identity)),
    fields: fields.flatMap((field) => {
      const column = columns.get(field.name);
      return column === undefined ? [] : [{ field, column }];
    }),
    // A column that --map renamed to a name of its own is a feature of that name.
    features: [...extra, ...renamedFeatures(columns, identity, fields)].map(({ name, column }) => ({
      name,
      column,
      type: knownTypes.get(name) ?? types.get(column) ?? 'text',
    })),
  };
}

function renamedFeatures(
  columns: ReadonlyMap<string, number>,
  identity: Readonly<Record<string, readonly string[]>>,
  fields: readonly LogField[],
): { name: string; column: number }[] {
  return [...columns]
    .filter(([name]) => !(name in identity) && !fields.some((field) => field.name === name))
    .map(([name, column]) => ({ name, column }));
}

async function sniffTypes(
  connection: DuckDBConnection,
  source: TableSource,
  features: readonly { column: number }[],
): Promise<Map<number, FeatureType>> {
  if (features.length === 0) return new Map();
  const tests = features.map(({ column }) => {
    const parsed = parseNumberSql(columnAlias(column));
    return `count(*) FILTER (isfinite(${parsed})) > 0 AND count(*) FILTER (isinf(${parsed})) = 0`;
  });
  const result = await connection.runAndReadAll(
    `SELECT ${tests.join(', ')} FROM (SELECT * FROM ${relationOf(source)} LIMIT ${SNIFF_ROWS})`,
  );
  const row = result.getRowsJS()[0] ?? [];
  return new Map(features.map(({ column }, index) => [column, row[index] === true ? 'number' : 'text']));
}

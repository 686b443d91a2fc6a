import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.ts';
import { type RejectsFile, writeRejects } from './rejects.ts';
import { columnAlias, mapColumns, relationOf, type TableSource } from './source.ts';

const ROWS_PER_BATCH = 1_000;

/** A row of a small table by field; undefined where the file has no such column or the value is empty. */
export type TableRow = Readonly<Record<string, string | undefined>>;

/** Why a row cannot be taken. */
export interface RowProblem {
  readonly column: string;
  readonly expected: string;
}

/**
 * Reads a table of notes, creatives or terms and hands its good rows on in batches; a row that `parse` finds a problem
 * with, or that cannot be read at all, goes to the rejects file.
 * `fields` maps each field to the other names it may have; columns named by `--map` or starting with `prefix` come too.
 */
export async function readTable<Parsed>(
  connection: DuckDBConnection,
  source: TableSource,
  options: {
    readonly map: ReadonlyMap<string, string>;
    readonly fields: Readonly<Record<string, readonly string[]>>;
    readonly prefix?: string;
    readonly rejects: RejectsFile;
    readonly parse: (row: TableRow) => Parsed | RowProblem;
    readonly onBatch: (rows: readonly Parsed[]) => void | Promise<void>;
  },
): Promise<number> {
  const { prefix } = options;
  const unknown = [...options.map.values()].find((to) => !(to in options.fields) && (prefix === undefined || !to.startsWith(prefix)));
  if (unknown !== undefined) {
    const known = [...Object.keys(options.fields), ...(prefix === undefined ? [] : [`${prefix}KIND`])];
    throw new UserError(`Expected --map to name one of ${known.join(', ')} but received "${unknown}".`);
  }
  const columns = mapColumns(source, options.map, options.fields);
  const taken = new Set(columns.values());
  source.columns.forEach((name, index) => {
    if (prefix !== undefined && name.startsWith(prefix) && !taken.has(index)) columns.set(name, index);
  });
  const names = [...columns.keys()];
  const selects = ['row_valid', ...[...columns.values()].map(columnAlias)];
  const result = await connection.stream(`SELECT ${selects.join(', ')} FROM ${relationOf(source)}`);
  const ordinals: number[] = [];
  const problems: RowProblem[] = [];
  let batch: Parsed[] = [];
  let ordinal = 0;
  let rows = 0;
  for await (const values of result.yieldRowsJs()) {
    for (const [valid, ...cells] of values) {
      const place = ordinal++;
      if (valid === null) continue; // a blank line
      rows++;
      const row = Object.fromEntries(names.map((name, index) => [name, cells[index] === null ? undefined : String(cells[index])]));
      const parsed = valid === false ? { column: '', expected: 'one JSON object per line' } : options.parse(row);
      if (isProblem(parsed)) {
        ordinals.push(place);
        problems.push(parsed);
      } else {
        batch.push(parsed);
        if (batch.length >= ROWS_PER_BATCH) {
          await options.onBatch(batch);
          batch = [];
        }
      }
    }
  }
  if (batch.length > 0) await options.onBatch(batch);
  await writeRejects(connection, source, options.rejects, ordinals, (index) => [problems[index] as RowProblem]);
  return rows;
}

function isProblem(parsed: unknown): parsed is RowProblem {
  return typeof parsed === 'object' && parsed !== null && 'expected' in parsed && 'column' in parsed;
}

import { Argument, type Command } from 'commander';
import { UserError } from '../core/errors.ts';
import type { ListingFilter, ListingName, ListingRow } from '../core/store/listing.ts';
import {
  action,
  type CliContext,
  count,
  createCommand,
  type Outcome,
  parseList,
  parsePositiveInteger,
  type Session,
  table,
} from './shared.ts';

const ROWS_SHOWN = 50;
const CELL_WIDTH = 72;
/** Metrics that tell models apart at a glance, the most telling first; of a model that has none of them, its first numbers. */
const TELLING = ['log_loss', 'minus_ad_mean', 'auc', 'gauc', 'calibration_ratio', 'reward', 'entropy', 'distinct'];

type Filter = keyof ListingFilter;

/** For each listing: the columns people see (JSON has all), and the flags that narrow it. */
const LISTINGS: Readonly<Record<ListingName, { readonly columns: readonly string[]; readonly filters: readonly Filter[] }>> = {
  notes: { columns: ['note_id', 'lang', 'title', 'category', 'brand', 'media', 'elements'], filters: ['notes'] },
  elements: { columns: ['element_id', 'kind', 'note_id', 'score', 'creatives', 'content'], filters: ['notes', 'ads', 'kind'] },
  creatives: { columns: ['ad_id', 'creative_id', 'origin', 'score', 'in_slate', 'texts'], filters: ['notes', 'ads'] },
  models: { columns: ['model_id', 'kind', 'created_at', 'metrics'], filters: ['kind'] },
  runs: { columns: ['run_id', 'command', 'started_at', 'finished_at', 'exit_code', 'counts'], filters: [] },
  ads: { columns: ['ad_id', 'note_id', 'creatives'], filters: ['notes', 'ads'] },
  logs: { columns: ['log', 'rows', 'first', 'last', 'impressions', 'clicks'], filters: [] },
  queries: { columns: ['query', 'frequency'], filters: [] },
  brands: { columns: ['name'], filters: [] },
  lexicon: { columns: ['term', 'type'], filters: ['kind'] },
  plans: { columns: ['day', 'ad_id', 'ad_state', 'creative_id', 'state', 'share', 'reason'], filters: ['ads'] },
};

interface Options extends ListingFilter {
  readonly limit?: number;
}

/** `atelier list`: what the store holds; it only reads, so it is no run. */
export function listCommand(context: CliContext): Command {
  return createCommand('list', 'list what the store holds', 'atelier list creatives --ads ad-lip')
    .addArgument(new Argument('<what>', 'what to list').choices(Object.keys(LISTINGS)))
    .option('--notes <a,b>', 'only these notes, or what belongs to them', parseList)
    .option('--ads <a,b>', 'only these ads, or what belongs to them', parseList)
    .option('--kind <kind>', 'only elements or models of this kind, or lexicon terms of this type')
    .option('--limit <n>', `rows at most (default: ${ROWS_SHOWN} in the table, all with --json)`, parsePositiveInteger)
    .action(action<Options>(context, list));
}

async function list(session: Session<Options>): Promise<Outcome> {
  const { openStore } = await import('../core/store/open.ts');
  const { LISTINGS: readers } = await import('../core/store/listing.ts');
  const { options } = session;
  const what = session.arguments[0] as ListingName;
  const { columns, filters } = LISTINGS[what];
  const useless = (['notes', 'ads', 'kind'] as const).find((filter) => options[filter] !== undefined && !filters.includes(filter));
  if (useless) {
    const known = filters.map((filter) => `--${filter}`).join(', ') || 'no such flag';
    throw new UserError(`Expected ${known} with list ${what} but received --${useless}.`, `Leave --${useless} out.`);
  }
  const store = openStore(session.path(options.store), { create: false, now: session.now });
  try {
    const rows: readonly ListingRow[] = readers[what](store, options);
    const shown = what === 'models' ? rows.map((row) => ({ ...row, metrics: figures(row.metrics) })) : rows;
    return { json: { rows: rows.slice(0, options.limit) }, text: describe(shown, columns, options.limit ?? ROWS_SHOWN) };
  } finally {
    store.db.close();
  }
}

function describe(rows: readonly ListingRow[], columns: readonly string[], limit: number): string[] {
  if (rows.length === 0) return ['none'];
  const shown = rows.slice(0, limit);
  const numeric = columns.flatMap((name, column) => (shown.every((row) => isNumeric(row[name])) ? [column] : []));
  const lines = table(
    columns,
    shown.map((row) => columns.map((name) => cell(row[name]))),
    numeric,
  );
  return rows.length > limit ? [...lines, `… ${count(rows.length - limit)} more`] : lines;
}

function isNumeric(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'number' || Array.isArray(value);
}

/** {"rows": 9, "auc": {"value": 0.61234, …}, "log_loss": …} → "log_loss 0.09871, auc 0.6123". */
function figures(metrics: unknown): string | null {
  const numbers = new Map<string, number>();
  for (const [name, metric] of Object.entries((metrics ?? {}) as Record<string, unknown>)) {
    const value = (metric as { readonly value?: unknown } | null)?.value ?? metric;
    if (typeof value === 'number') numbers.set(name, value);
  }
  const telling = TELLING.filter((name) => numbers.has(name));
  const names = telling.length > 0 ? telling : [...numbers.keys()].slice(0, TELLING.length);
  return names.length === 0 ? null : names.map((name) => `${name} ${cell(numbers.get(name))}`).join(', ');
}

/** A value in one line: a list by its length, an object by its pairs. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return String(value.length);
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  const text =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([key, part]) => `${key}=${cell(part)}`)
          .join(' ')
      : String(value);
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ');
  const characters = [...line];
  return characters.length > CELL_WIDTH ? `${characters.slice(0, CELL_WIDTH - 1).join('')}…` : line;
}

import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Interrupted, type ItemFailure, UserError } from '../core/errors.ts';
import type { OnProgress } from '../core/progress.ts';
import type { Store } from '../core/store/open.ts';
import type { Io } from '../io.ts';
import { createProgressDisplay } from './progress_display.ts';

const FAILURES_SHOWN = 20;
const DEFAULT_SEED = 1;

/** What every command gets from `cli.ts`. */
export interface CliContext {
  readonly io: Io;
  readonly version: string;
  exitCode: number;
  /** Runs another command line in this process (nightly's steps). */
  readonly run: (argv: readonly string[], io?: Io) => Promise<number>;
}

/** Flags every command has. */
interface CommonOptions {
  readonly store: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly seed: number;
}

/** What a command hands back: data for `--json`, lines for people, and the items that failed. */
export interface Outcome {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: readonly string[];
  readonly failures?: readonly ItemFailure[];
  /** Failed items beyond those in `failures` (rows in a rejects file, say). */
  readonly failedElsewhere?: number;
  /** Counts kept with the run. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** What a handler works with while its command runs. */
export interface Session<Options> {
  readonly options: Options & CommonOptions;
  readonly arguments: readonly string[];
  readonly seed: number;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly io: Io;
  readonly context: CliContext;
  /** An argument's path, relative to the working directory. */
  readonly path: (file: string) => string;
}

export interface StoreSession<Options> extends Session<Options> {
  readonly store: Store;
  readonly runId: number;
}

/** A subcommand with the flags all commands share and its example. */
export function createCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option('-s, --store <file>', 'the SQLite store', './atelier.db')
    .option('--json', 'print one JSON document on stdout')
    .option('--quiet', 'no progress and no talk on stderr')
    .option('--seed <n>', 'seed of everything random', parseInteger, DEFAULT_SEED)
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

/** An action without a store: runs the handler, prints its outcome, sets the exit code. */
export function action<Options>(
  context: CliContext,
  handler: (session: Session<Options>) => Promise<Outcome>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const options = command.opts<Options & CommonOptions>();
    const display = createProgressDisplay(context.io, options.quiet === true);
    try {
      const outcome = await handler({
        options,
        arguments: command.args,
        seed: options.seed,
        now: context.io.now(),
        signal: context.io.signal,
        onProgress: display.onProgress,
        io: context.io,
        context,
        path: (file) => resolve(context.io.workingDirectory, file),
      });
      display.stop();
      context.exitCode = printOutcome(context.io, outcome, options);
    } finally {
      display.stop();
    }
  };
}

/**
 * An action on the store: opens it (`create` makes a new one where there is none), records the run with its
 * arguments, counts and exit code, and closes it.
 */
export function storeAction<Options>(
  context: CliContext,
  access: 'create' | 'existing',
  handler: (session: StoreSession<Options>) => Promise<Outcome>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const { openStore } = await import('../core/store/open.ts');
    const { beginRun, finishRun } = await import('../core/store/runs.ts');
    const command = args.at(-1) as Command;
    await action<Options>(context, async (session) => {
      const store = openStore(session.path(session.options.store), { create: access === 'create', now: session.now });
      const runId = beginRun(store, {
        command: commandPath(command),
        arguments: [...command.args, ...flagsOf(command)],
        seed: session.seed,
        version: context.version,
        startedAt: session.now,
      });
      const finish = (exitCode: number, counts: Readonly<Record<string, number>>): void =>
        finishRun(store, runId, { finishedAt: context.io.now(), exitCode, counts });
      try {
        const outcome = await handler({ ...session, store, runId });
        finish(failedItems(outcome) > 0 ? 1 : 0, outcome.counts ?? {});
        return outcome;
      } catch (error) {
        finish(error instanceof UserError ? 2 : error instanceof Interrupted ? 130 : 3, {});
        throw error;
      } finally {
        store.db.close();
      }
    })(...args);
  };
}

function commandPath(command: Command): string {
  const parent = command.parent;
  return parent?.parent ? `${commandPath(parent)} ${command.name()}` : command.name();
}

/** The flags given on the command line, for the run's record; paths and names only, no secret is ever a flag. */
function flagsOf(command: Command): string[] {
  return Object.entries(command.opts())
    .filter(([name]) => command.getOptionValueSource(name) === 'cli' && name !== 'store')
    .map(([name, value]) => `--${name}=${flagText(value)}`);
}

/** As it was given: a map of settings or columns as its pairs. */
function flagText(value: unknown): string {
  if (Array.isArray(value)) return value.map(flagText).join(',');
  return value instanceof Map ? [...value].map(([key, own]) => `${key}=${own}`).join(' ') : String(value);
}

function failedItems(outcome: Outcome): number {
  return (outcome.failures?.length ?? 0) + (outcome.failedElsewhere ?? 0);
}

function printOutcome(io: Io, outcome: Outcome, options: CommonOptions): number {
  if (options.json) io.stdout(`${JSON.stringify(outcome.json, null, 2)}\n`);
  else if (outcome.text.length > 0) io.stdout(`${outcome.text.join('\n')}\n`);
  const failures = outcome.failures ?? [];
  if (!options.quiet) {
    for (const failure of failures.slice(0, FAILURES_SHOWN)) io.stderr(`failed: ${printable(`${failure.item}: ${failure.reason}`)}\n`);
    if (failures.length > FAILURES_SHOWN) {
      io.stderr(`failed: ${failures.length - FAILURES_SHOWN} more; --json lists them all\n`);
    }
  }
  return failedItems(outcome) > 0 ? 1 : 0;
}

/** The text on one line; a file's name may hold line breaks, and codes that steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (sign) => `\\x${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

// ---- parsers of flag values ----

function parseInteger(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError(`Expected a whole number but received "${text}".`);
  return value;
}

export function parsePositiveInteger(text: string): number {
  const value = parseInteger(text);
  if (value < 1) throw new InvalidArgumentError(`Expected a whole number of at least 1 but received "${text}".`);
  return value;
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`Expected a number but received "${text}".`);
  return value;
}

export function parseNonNegative(text: string): number {
  const value = parseNumber(text);
  if (value < 0) throw new InvalidArgumentError(`Expected a number of at least 0 but received "${text}".`);
  return value;
}

/** "20%" or "0.2" → 0.2; a share above 0 and below 1. */
export function parseShare(text: string): number {
  const [, number = '', percent = ''] = /^(\d*\.?\d+)(%?)$/.exec(text.trim()) ?? [];
  const share = Number(number) / (percent ? 100 : 1);
  if (number === '' || share <= 0 || share >= 1) throw new InvalidArgumentError(`Expected a share such as 20% but received "${text}".`);
  return share;
}

/** "a,b , c" → ["a", "b", "c"]. */
export function parseList(text: string): string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new InvalidArgumentError('Expected names between commas but received none.');
  return parts;
}

/** A day of the calendar, YYYY-MM-DD. */
export function parseDay(text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) {
    throw new InvalidArgumentError(`Expected a day such as 2026-01-31 but received "${text}".`);
  }
  return text;
}

/** "from=to,…" → Map(from → to), for `--map`. */
export function parseMap(text: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const pair of parseList(text)) {
    const at = pair.lastIndexOf('=');
    if (at < 1 || at === pair.length - 1) throw new InvalidArgumentError(`Expected from=to pairs but received "${pair}".`);
    map.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  return map;
}

/** Ids asked for with `--ads` or `--notes` that are not there, as failures; the others are worked on. */
export function unknownIds(what: 'an ad' | 'a note', asked: readonly string[] | undefined, known: Iterable<string | null>): ItemFailure[] {
  const there = new Set(known);
  const reason = `Expected ${what} of this store but there is none with this id.`;
  return (asked ?? []).filter((id) => !there.has(id)).map((item) => ({ item, reason }));
}

// ---- text for people ----

/** Rows as an aligned table; numbers (columns listed in `right`) are set to the right. */
export function table(header: readonly string[], texts: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const rows = texts.map((cells) => cells.map(printable));
  const widths = header.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), displayWidth(name)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
        return right.includes(column) ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)];
}

/** Columns a text takes in a terminal: East Asian wide characters take two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
      character,
    )
      ? 2
      : 1;
  return width;
}

/** 0.0213 → "2.13%". */
export function percent(value: number | null, digits = 2): string {
  return value === null ? '–' : `${(value * 100).toFixed(digits)}%`;
}

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError } from 'commander';
import { attributeCommand } from './commands/attribute.ts';
import { composeCommand } from './commands/compose.ts';
import { doctorCommand } from './commands/doctor.ts';
import { ecoiCommand } from './commands/ecoi.ts';
import { exportCommand } from './commands/export.ts';
import { extractCommand } from './commands/extract.ts';
import { importCommand } from './commands/import.ts';
import { listCommand } from './commands/list.ts';
import { nightlyCommand } from './commands/nightly.ts';
import { replayCommand } from './commands/replay.ts';
import { scoreCommand } from './commands/score.ts';
import { selectCommand } from './commands/select.ts';
import type { CliContext } from './commands/shared.ts';
import { simulateCommand } from './commands/simulate.ts';
import { titlesCommand } from './commands/titles.ts';
import { trainCommand } from './commands/train.ts';
import { Interrupted, reasonOf, UserError } from './core/errors.ts';
import type { Io } from './io.ts';

const EXIT_CANNOT_RUN = 2;
const EXIT_BUG = 3;
const EXIT_INTERRUPTED = 130;

/** The commands in the order of the loop: what goes in, what is made, what is learnt, what goes out. */
const COMMANDS = [
  importCommand,
  extractCommand,
  titlesCommand,
  composeCommand,
  ecoiCommand,
  trainCommand,
  scoreCommand,
  attributeCommand,
  selectCommand,
  replayCommand,
  exportCommand,
  simulateCommand,
  nightlyCommand,
  listCommand,
  doctorCommand,
];

export function packageVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The whole command tree; actions write their exit code into the context. */
export function createProgram(context: CliContext): Command {
  const program = new Command('atelier')
    .description('Batch production and optimisation of ad creatives, in one SQLite file.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', '\nExample:\n  $ atelier nightly --plan fixtures/nightly.yaml')
    .showHelpAfterError('(add --help to see the flags)');
  for (const create of COMMANDS) program.addCommand(create(context));
  const settle = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: context.io.stdout,
      writeErr: context.io.stderr,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
    command.commands.forEach(settle);
  };
  settle(program);
  return program;
}

/**
 * Runs one command line and returns its exit code: 0 done; 1 finished, some items failed; 2 could not run; 3 a bug;
 * 130 interrupted. The only place that catches errors.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // onnxruntime would tell its makers of every session, and leave files in the home folder.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const context: CliContext = { io, version: packageVersion(), exitCode: 0, run: (nested, nestedIo) => run(nested, nestedIo ?? io) };
  try {
    await createProgram(context).parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}

function exitCodeOf(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CANNOT_RUN;
  if (error instanceof UserError) {
    io.stderr(`error: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
    return EXIT_CANNOT_RUN;
  }
  if (error instanceof Interrupted) {
    io.stderr('interrupted: nothing is lost; run the same command again to finish\n');
    return EXIT_INTERRUPTED;
  }
  const hint = systemErrorHint(error);
  if (hint) {
    io.stderr(`error: ${reasonOf(error)}\n  ${hint}\n`);
    return EXIT_CANNOT_RUN;
  }
  io.stderr(`this is a bug in atelier: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  return EXIT_BUG;
}

/** What to do about errors of the machine rather than of the program; undefined for anything unknown. */
function systemErrorHint(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return 'The disk is full: free some space and run it again; nothing is lost.';
  if (code === 'SQLITE_CANTOPEN')
    return 'Expected a file for --store: check that its folder can be written and that it is no folder itself.';
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST')
    return 'A folder stands where a file is expected, or a file where a folder is.';
  if (code === 'SQLITE_BUSY') return 'Another process is writing to the store: wait for it and run it again.';
  if (code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return 'Check who owns the file and its folder.';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'The store is damaged: restore it from a copy.';
  return undefined;
}

/** Io of a real terminal; the first Ctrl-C asks the command to stop, the second kills. */
export function terminalIo(): Io {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  process.once('SIGTERM', () => controller.abort());
  // A reader such as `head` may close the pipe: that is not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    environment: process.env,
    workingDirectory: process.cwd(),
    now: () => new Date(),
    signal: controller.signal,
    threads: availableParallelism(),
  };
}

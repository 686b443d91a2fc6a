import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Interrupted, type ItemFailure, UserError } from '../core/errors.ts';
import type { Plan, PlanStep } from '../core/nightly/plan_file.ts';
import type { Io } from '../io.ts';
import { type CliContext, createCommand, type Outcome, type StoreSession, storeAction, table } from './shared.ts';

/** What became of a step, by its exit code; a code that is not here stopped the night, or an optional step alone. */
const STATES: Readonly<Record<number, StepState>> = { 0: 'done', 1: 'finished with failures', 130: 'interrupted' };

type StepState = 'done' | 'finished with failures' | 'given up' | 'stopped' | 'interrupted' | 'not run';

interface Options {
  readonly plan: string;
}

interface StepResult {
  readonly name: string;
  readonly state: StepState;
  readonly seconds: number | null;
  readonly exit_code: number | null;
  /** The step's own JSON document, with `--json`. */
  readonly output?: unknown;
}

/** `atelier nightly`: the steps of a plan, one after the other. */
export function nightlyCommand(context: CliContext): Command {
  let plan: Plan | undefined;
  return createCommand('nightly', "a plan's command lines, one after the other", 'atelier nightly --plan fixtures/nightly.yaml')
    .requiredOption('--plan <file>', 'a YAML file: store, seed, variables, and steps with name, say, run and optional')
    .hook('preAction', async (command) => {
      // The plan is checked as a whole before its store is opened, and before any step runs.
      plan = await readPlan(resolve(context.io.workingDirectory, command.opts<Options>().plan), command.opts<Options>().plan);
      for (const name of ['store', 'seed'] as const) {
        if (plan[name] !== undefined && command.getOptionValueSource(name) === 'default')
          command.setOptionValueWithSource(name, plan[name], 'config');
      }
    })
    .action(storeAction<Options>(context, 'create', (session) => nightly(session, plan as Plan)));
}

async function readPlan(path: string, name: string): Promise<Plan> {
  const { parsePlan } = await import('../core/nightly/plan_file.ts');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `Expected a plan at ${path} but it cannot be read: ${(error as Error).message}`,
      'fixtures/nightly.yaml is an example.',
    );
  }
  return parsePlan(text, name);
}

async function nightly(session: StoreSession<Options>, plan: Plan): Promise<Outcome> {
  const { io, options } = session;
  const results: StepResult[] = [];
  const failed: ItemFailure[] = [];
  // With --json stdout is one document, so headings are talk.
  const say = options.json ? (options.quiet ? () => {} : io.stderr) : io.stdout;
  for (const [index, step] of plan.steps.entries()) {
    if (session.signal.aborted || cutShort(results)) {
      results.push({ name: step.name, state: 'not run', seconds: null, exit_code: null });
      continue;
    }
    say(`${index === 0 ? '' : '\n'}[${index + 1}/${plan.steps.length}] ${headingOf(step)}\n`);
    const { result, reason } = await runStep(session, step);
    results.push(result);
    if (reason) failed.push({ item: step.name, reason });
    if (step.say && ['done', 'finished with failures'].includes(result.state)) say(`${step.say}\n`);
  }
  return settle(session, results, {
    json: { steps: results, failed },
    text: ['', ...summary(results)],
    failures: failed,
    counts: countStates(results),
  });
}

function headingOf({ name, command }: PlanStep): string {
  const line = command.join(' ');
  return name === line ? line : `${name}: ${line}`;
}

/** Runs one step in this process, and says why when it was not simply done. */
async function runStep(session: StoreSession<Options>, step: PlanStep): Promise<{ result: StepResult; reason: string | undefined }> {
  const { io, options, context } = session;
  const document: string[] = [];
  const complaints: string[] = [];
  const stepIo: Io = {
    ...io,
    stdout: options.json ? (text) => void document.push(text) : io.stdout,
    stderr: (text) => {
      if (text.startsWith('error: ')) complaints.push(oneLine(text.slice('error: '.length)));
      io.stderr(text);
    },
  };
  const startedAt = io.now().getTime();
  const exitCode = await context.run(commandLine(step, options), stepIo);
  const state = STATES[exitCode] ?? (step.isOptional ? 'given up' : 'stopped');
  const result = { name: step.name, state, seconds: (io.now().getTime() - startedAt) / 1000, exit_code: exitCode };
  return {
    result: options.json ? { ...result, output: parsed(document.join('')) } : result,
    reason: state === 'done' ? undefined : [`${state}, exit code ${exitCode}`, ...complaints].join('; '),
  };
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}

/** The step's words, with the night's store, seed and talk where the step does not name its own. */
function commandLine(step: PlanStep, options: StoreSession<Options>['options']): string[] {
  const names = (...flags: string[]): boolean =>
    step.command.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));
  return [
    ...step.command,
    ...(names('-s', '--store') ? [] : ['--store', options.store]),
    ...(names('--seed') ? [] : ['--seed', String(options.seed)]),
    ...(options.json ? ['--json'] : []),
    ...(options.quiet ? ['--quiet'] : []),
  ];
}

/** A step's JSON document; its text when it printed something else, null when nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? null : text;
  }
}

/** The step that ended the night early, if one did. */
function cutShort(results: readonly StepResult[]): StepResult | undefined {
  return results.find(({ state }) => state === 'stopped' || state === 'interrupted');
}

/** A night cut short prints what it did all the same, and then ends as its last step did. */
function settle({ io, options }: StoreSession<Options>, results: readonly StepResult[], outcome: Outcome): Outcome {
  const cut = cutShort(results);
  if (!cut && results.every(({ state }) => state !== 'not run')) return outcome;
  io.stdout(options.json ? `${JSON.stringify(outcome.json, null, 2)}\n` : `${outcome.text.join('\n')}\n`);
  if (cut?.state !== 'stopped') throw new Interrupted();
  throw new UserError(
    `The step "${cut.name}" could not run, so the night stopped there.`,
    'Mend it and run the same plan again: what is done stays done.',
  );
}

function countStates(results: readonly StepResult[]): Record<string, number> {
  const counts: Record<string, number> = { steps: results.length };
  for (const { state } of results) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function summary(results: readonly StepResult[]): string[] {
  const rows = results.map(({ name, state, seconds }, index) => [
    String(index + 1),
    name,
    state,
    seconds === null ? '–' : seconds.toFixed(1),
  ]);
  return table(['', 'step', 'state', 'seconds'], rows, [0, 3]);
}

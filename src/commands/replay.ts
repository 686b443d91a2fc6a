import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SelectionConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import type { Estimator } from '../core/feedback/estimators.ts';
import type { Estimate, ReplayResult } from '../core/feedback/evaluation.ts';
import type { ReplayInputs } from '../core/feedback/replay_task.ts';
import type { RankedPoint } from '../core/feedback/sweep.ts';
import type { Arm } from '../core/store/logs.ts';
import { readConfig } from './config_file.ts';
import type { ReplayData } from './replay_data.ts';
import { describeReplay, describeSweep } from './replay_text.ts';
import {
  type CliContext,
  createCommand,
  parseDay,
  parseList,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
  unknownIds,
} from './shared.ts';

/** One list for the flag; the policies themselves are in core/feedback/policies/registry.ts, and a test compares the two. */
export const POLICY_NAMES = ['ucb', 'ucb1', 'kl', 'thompson', 'epsilon-greedy', 'uniform', 'logged', 'plan'] as const;
const ESTIMATOR_NAMES = ['replay', 'ips', 'snips', 'dm', 'dr'] as const satisfies readonly Estimator[];
/** A curve has a hundred rows for each creative. */
const CURVE_CREATIVES = 10_000;
/** Policies whose choices are given, so they have no state to exit from. */
const GIVEN = ['logged', 'plan'];

interface Options {
  readonly policy: (typeof POLICY_NAMES)[number];
  readonly exit?: boolean;
  readonly log?: string;
  readonly batch: number | 'day';
  readonly ads?: string[];
  readonly config?: string;
  readonly seeds: number;
  readonly sweep?: ReadonlyMap<string, readonly string[]>;
  readonly by?: Estimator;
  readonly curve?: string;
  readonly day?: string;
}

export function replayCommand(context: CliContext): Command {
  return createCommand('replay', 'what a selection policy would have earned on a click log', 'atelier replay --policy ucb --log demo')
    .addOption(new Option('--policy <name>', 'the policy; plan: the shares that select stored').choices(POLICY_NAMES).makeOptionMandatory())
    .option('--exit', 'with the exit mechanism: stop exploring when the best is known')
    .option('--log <name>', 'one log (all logs when not given)')
    .option('--batch <n|1d>', 'the policy learns after so many rows, or at the end of each day', parseBatch, 1)
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--config <file>', 'settings of reward, policy and exit in YAML')
    .option('--seeds <n>', 'runs with so many seeds; intervals contain how much they differ', parsePositiveInteger, 5)
    .option('--sweep <name=a,b>', 'run each of these values of a setting; may be given again', collectSweep)
    .addOption(new Option('--by <estimator>', 'what a sweep is ranked by (replay when not given)').choices(ESTIMATOR_NAMES))
    .option('--curve <file>', "write the first run's learning curve as .csv")
    .option('--day <day>', 'with --policy plan: the plan for this day (the newest when not given)', parseDay)
    .action(storeAction<Options>(context, 'existing', replayLog));
}

function parseBatch(text: string): number | 'day' {
  if (text === '1d') return 'day';
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a number of rows, or 1d.');
  return parsePositiveInteger(text);
}

function collectSweep(text: string, earlier: ReadonlyMap<string, readonly string[]> | undefined): ReadonlyMap<string, readonly string[]> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`Expected a setting and its values, such as alpha=0.03,0.1,1, but received "${text}".`);
  return new Map([...(earlier ?? []), [text.slice(0, at).trim(), parseList(text.slice(at + 1))]]);
}

async function replayLog(session: StoreSession<Options>) {
  const { describeConfig } = await import('../core/config.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { rankPoints, sweepPoints } = await import('../core/feedback/sweep.ts');
  const { runTasks } = await import('../core/feedback/replay_threads.ts');
  const { readReplayData } = await import('./replay_data.ts');
  const { store, options } = session;
  checkFlags(options);
  const by = options.by ?? 'replay';
  const config = await readConfig(session);
  const points = sweepPoints(config, options.sweep ?? new Map(), options.policy, options.exit === true);
  const logId = findLog(store, options.log);
  const plan = options.policy === 'plan' ? await readPlan(session) : undefined;
  const data = await readReplayData(store, logId, plan ? plan.adIds : options.ads);
  const failures = unknownIds('an ad', options.ads, data.adIds);
  if (options.curve !== undefined && data.log.arms > CURVE_CREATIVES) {
    throw new UserError(
      `Expected a curve of at most ${CURVE_CREATIVES} creatives but the log has ${data.log.arms}.`,
      'Narrow it with --ads.',
    );
  }
  const inputs = { log: data.log, direct: data.direct, shares: plan?.sharesOf(data.arms) };
  const tasks = points.flatMap(({ config: settings }) =>
    Array.from({ length: options.seeds }, (_, index) => ({
      policy: options.policy,
      config: settings,
      exit: options.exit === true,
      batch: options.batch,
      seed: session.seed + index,
    })),
  );
  const startedAt = session.io.now().getTime();
  const runs = await runTasks(inputs, tasks, {
    threads: session.io.threads ?? 1,
    signal: session.signal,
    onDone: (done) => session.onProgress({ task: `replay ${options.policy}`, done, total: tasks.length, unit: 'runs' }),
  });
  const byPoint = points.map((_, index) => runs.slice(index * options.seeds, (index + 1) * options.seeds));
  const ranked = rankPoints(data.log, points, byPoint, by, session.seed);
  const seconds = Math.max(0.001, (session.io.now().getTime() - startedAt) / 1000);
  const best = ranked[0] as RankedPoint;
  const curve = options.curve === undefined ? undefined : await writeCurve(session, options.curve, inputs, data, best.config);
  const unplanned = plan ? (options.ads?.filter((id) => data.adIds.has(id)).length ?? data.adIds.size) - data.log.ads : 0;
  const notes = mostNotes(runs.map((run) => run.notes));
  // A run whose windows never closed has no reward to tell of.
  if (!data.log.viewTime) notes.set('QoE not measured', data.log.ads);
  const json = {
    policy: options.policy,
    exit: options.exit === true,
    batch: options.batch === 'day' ? '1d' : options.batch,
    log: options.log ?? null,
    plan_day: plan?.day ?? null,
    ...(plan && { ads_without_plan: unplanned }),
    seed: session.seed,
    seeds: options.seeds,
    config: describeConfig(best.config),
    ...resultJson(best.result),
    sorted_by_time: data.sorted,
    notes: [...notes.keys()],
    events_per_second: Math.round((data.log.rows * tasks.length) / seconds),
    ...(options.sweep && { ranked_by: by, settings: ranked.map(pointJson) }),
    ...(curve !== undefined && { curve }),
  };
  const about = { policy: options.policy, unplanned, notes, ads: data.log.ads, sorted: data.sorted, rowsPerSecond: json.events_per_second };
  const text = options.sweep ? describeSweep(ranked, by, about) : describeReplay(best.result, about);
  if (curve !== undefined) text.push(`written: ${curve}`);
  return { json, failures, text, counts: { rounds: best.result.rounds, matched: Math.round(best.result.matched), runs: tasks.length } };
}

/** Each note with the most ads that a run has it of. */
function mostNotes(runs: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const notes of runs) for (const [note, ads] of notes) most.set(note, Math.max(ads, most.get(note) ?? 0));
  return most;
}

function checkFlags({ policy, exit, day, sweep, curve, by }: Options): void {
  if (by !== undefined && sweep === undefined) throw new UserError('Expected --by beside --sweep, which is what it ranks.');
  if (exit && GIVEN.includes(policy)) throw new UserError(`Expected --exit beside a policy that learns, but ${policy} does not.`);
  if (day !== undefined && policy !== 'plan') throw new UserError('Expected --day beside --policy plan only.');
  if (curve !== undefined && !curve.endsWith('.csv')) throw new UserError(`Expected --curve to name a .csv file but received ${curve}.`);
  if (curve !== undefined && sweep !== undefined) {
    throw new UserError('Expected --curve without --sweep: it shows one setting.', 'Give the setting by --config.');
  }
}

interface StoredPlan {
  readonly day: string | null;
  /** The ads it plans, of those asked for. */
  readonly adIds: readonly string[];
  readonly sharesOf: (arms: readonly Arm[]) => Float64Array;
}

/** The plan to replay; ads it does not plan are left out, as nothing is known of what it would show. */
async function readPlan(session: StoreSession<Options>): Promise<StoredPlan> {
  const { readPlanShares } = await import('../core/store/shares.ts');
  const { ads, day: asked } = session.options;
  const { day, shares } = readPlanShares(session.store, asked);
  const adIds = [...shares.keys()].filter((adId) => !ads || ads.includes(adId));
  if (adIds.length === 0) {
    const which = asked === undefined ? 'a plan' : `a plan for ${asked}`;
    throw new UserError(`Expected ${which} ${ads ? 'of these ads ' : ''}in the store but there is none.`, 'Make one with atelier select.');
  }
  return {
    day,
    adIds,
    sharesOf: (arms) => Float64Array.from(arms, ({ adId, creativeId }) => shares.get(adId)?.get(creativeId) ?? 0),
  };
}

async function writeCurve(
  session: StoreSession<Options>,
  file: string,
  inputs: ReplayInputs,
  data: ReplayData,
  config: SelectionConfig,
): Promise<string> {
  const { runTask } = await import('../core/feedback/replay_task.ts');
  const { CURVE_COLUMNS, createCurveRows } = await import('./replay_curve.ts');
  const { writeCsv } = await import('./csv_file.ts');
  const { policy, exit, batch } = session.options;
  const curve = createCurveRows(data);
  runTask(inputs, { policy, config, exit: exit === true, batch, seed: session.seed }, curve.onPoint);
  const path = session.path(file);
  writeCsv(path, curve.rows, CURVE_COLUMNS);
  return path;
}

function estimateJson(estimate: Estimate | null) {
  if (estimate === null) return null;
  const { value, ciLow, ciHigh, reason } = estimate;
  return { value, ci_low: ciLow, ci_high: ciHigh, ...(reason !== null && { reason }) };
}

function resultJson(result: ReplayResult) {
  const { meanWeight, outcomes } = result;
  return {
    rounds: result.rounds,
    matched: result.matched,
    matched_share: result.matchedShare,
    coverage: result.coverage,
    effective_sample_size: result.effectiveSampleSize,
    largest_weight: result.largestWeight,
    mean_weight: meanWeight && { value: meanWeight.value, ci_low: meanWeight.ciLow, ci_high: meanWeight.ciHigh },
    logged_reward: result.loggedReward,
    estimators: Object.fromEntries(ESTIMATOR_NAMES.map((name) => [name, estimateJson(result.estimators[name])])),
    outcomes: { view_time_s: estimateJson(outcomes.viewTime), revenue_per_mille: estimateJson(outcomes.revenue) },
    estimated_propensities: result.estimatedPropensities,
    refuted_candidates: result.refutedCandidates,
    clusters: result.clusters,
  };
}

function pointJson({ values, result, behindBest }: RankedPoint, rank: number) {
  return {
    rank: rank + 1,
    setting: Object.fromEntries(values),
    ...resultJson(result),
    behind_best: estimateJson(behindBest),
  };
}

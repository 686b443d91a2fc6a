import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../core/errors.ts';
import { readClickData } from './click_data.ts';
import {
  type CliContext,
  count,
  createCommand,
  parseList,
  parsePositiveInteger,
  percent,
  type StoreSession,
  storeAction,
  table,
  unknownIds,
} from './shared.ts';

/** One list for the flag; the policies themselves are in core/feedback/policies/registry.ts, and a test compares the two. */
export const POLICY_NAMES = ['ucb', 'ucb1', 'uniform'] as const;

interface Options {
  readonly policy: (typeof POLICY_NAMES)[number];
  readonly log?: string;
  readonly batch: number | 'day';
  readonly ads?: string[];
}

export function replayCommand(context: CliContext): Command {
  return createCommand('replay', 'what a selection policy would have earned on a click log', 'atelier replay --policy ucb --log demo')
    .addOption(new Option('--policy <name>', 'the policy').choices(POLICY_NAMES).makeOptionMandatory())
    .option('--log <name>', 'one log (all logs when not given)')
    .option('--batch <n|1d>', 'the policy learns after so many rows, or at the end of each day', parseBatch, 1)
    .option('--ads <a,b>', 'only these ads', parseList)
    .action(storeAction<Options>(context, 'existing', replayLog));
}

function parseBatch(text: string): number | 'day' {
  if (text === '1d') return 'day';
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a number of rows, or 1d.');
  return parsePositiveInteger(text);
}

async function replayLog(session: StoreSession<Options>) {
  const { findLog, readArms } = await import('../core/store/logs.ts');
  const { readLogColumns, readLogUsers } = await import('../core/store/log_columns.ts');
  const { prepareReplayLog } = await import('../core/feedback/replay_log.ts');
  const { replay } = await import('../core/feedback/replay.ts');
  const { POLICIES } = await import('../core/feedback/policies/registry.ts');
  const { store, options } = session;
  const logId = findLog(store, options.log);
  const { rows, columns } = readLogColumns(store, logId, ['ts', 'arm', 'position', 'click', 'propensity']);
  if (rows === 0) {
    throw new UserError(
      'Expected a log of single impressions but there are only aggregated rows.',
      'Replay needs one row per impression; ecoi and select work on aggregated rows.',
    );
  }
  const adOfCode = new Map([...readArms(store)].map(([code, arm]) => [code, arm.adId]));
  const failures = unknownIds('an ad', options.ads, adOfCode.values());
  for (const [code, adId] of adOfCode) if (options.ads && !options.ads.includes(adId)) adOfCode.delete(code);
  const { log, sorted, armCodes } = prepareReplayLog({ rows, ...columns, users: readLogUsers(store, logId) }, adOfCode);
  const { exposureFactor, directModel } = await fitDirectModel(store, logId, armCodes);
  const policy = POLICIES[options.policy];
  if (!policy) throw new Error(`policy ${options.policy} is not registered`);
  const startedAt = session.io.now().getTime();
  const result = replay(log, { policy, seed: session.seed, exposureFactor, directModel, batch: options.batch });
  const seconds = Math.max(0.001, (session.io.now().getTime() - startedAt) / 1000);
  const estimators = Object.fromEntries(
    Object.entries(result.estimators).map(([name, { value, ciLow, ciHigh }]) => [name, { value, ci_low: ciLow, ci_high: ciHigh }]),
  );
  const json = {
    policy: options.policy,
    log: options.log ?? null,
    seed: session.seed,
    rounds: result.rounds,
    matched: result.matched,
    coverage: result.coverage,
    effective_sample_size: result.effectiveSampleSize,
    largest_weight: result.largestWeight,
    logged_reward: result.loggedReward,
    estimators,
    estimated_propensities: result.estimatedPropensities,
    clusters: result.clusters,
    sorted_by_time: sorted,
    events_per_second: Math.round(result.rounds / seconds),
  };
  return { json, failures, text: describe(json), counts: { rounds: result.rounds, matched: result.matched } };
}

/** Exposure factors by position code, and the shrunk ECOI by arm of the replay, from the log's roll-up. */
async function fitDirectModel(store: StoreSession<Options>['store'], logId: number | undefined, armCodes: readonly number[]) {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const data = await readClickData(store, logId);
  const report = computeEcoi(data.input);
  const exposureFactor = new Float64Array(Math.max(0, ...data.positions.map(({ code }) => code)) + 1).fill(1);
  report.positions.forEach((row, index) => {
    exposureFactor[data.positions[index]?.code as number] = row.exposureFactor ?? 1;
  });
  const shrunk = new Map(report.creatives.map((row, index) => [data.arms[index]?.code, row.ecoiShrunk ?? 0]));
  return { exposureFactor, directModel: Float64Array.from(armCodes, (code) => shrunk.get(code) ?? 0) };
}

interface Report {
  readonly policy: string;
  readonly rounds: number;
  readonly matched: number;
  readonly coverage: number;
  readonly effective_sample_size: number;
  readonly largest_weight: number;
  readonly logged_reward: number;
  readonly estimators: Record<string, { value: number | null; ci_low: number | null; ci_high: number | null }>;
  readonly estimated_propensities: number;
  readonly clusters: { readonly by: string; readonly count: number };
  readonly sorted_by_time: boolean;
  readonly events_per_second: number;
}

function describe(report: Report): string[] {
  const rows = Object.entries(report.estimators).map(([name, { value, ci_low, ci_high }]) => [
    name,
    value === null ? 'cannot be evaluated' : percent(value, 3),
    value === null ? 'too few matched rows' : `${percent(ci_low, 3)} – ${percent(ci_high, 3)}`,
    value === null || report.logged_reward === 0 ? '' : `${(100 * (value / report.logged_reward - 1)).toFixed(1)}%`,
  ]);
  const lines = [
    `${report.policy}: ${count(report.rounds)} rows, ${count(report.matched)} matched (${percent(report.coverage, 1)}), effective sample ${count(report.effective_sample_size)}, largest weight ${report.largest_weight.toPrecision(3)}`,
    '',
    ...table(['estimator', 'clicks per impression', '95 % interval', 'against the log'], rows, [3]),
    '',
    `The log itself: ${percent(report.logged_reward, 3)}. Intervals are of this one run of the policy (its choices change with --seed) and resample ${report.clusters.count} clusters by ${report.clusters.by}. ${count(report.events_per_second)} rows/s.`,
  ];
  if (report.estimated_propensities > 0)
    lines.push(
      `${count(report.estimated_propensities)} propensities were not given and are estimated from the counts of each ad, position and day.`,
    );
  if (!report.sorted_by_time) lines.push('The log was not in time order; it was sorted.');
  return lines;
}

import type { Estimator } from '../core/feedback/estimators.ts';
import type { Estimate, ReplayResult } from '../core/feedback/evaluation.ts';
import type { RankedPoint } from '../core/feedback/sweep.ts';
import { count, percent, table } from './shared.ts';

const LEARNING = ['ucb', 'ucb1', 'kl', 'thompson', 'epsilon-greedy'];

interface About {
  readonly policy: string;
  /** Parts of the reward that the log does not allow, and in how many of its ads. */
  readonly notes: ReadonlyMap<string, number>;
  readonly ads: number;
  /** Ads of the log that the replayed plan does not plan. */
  readonly unplanned: number;
  readonly sorted: boolean;
  readonly rowsPerSecond: number;
}

/** One policy under one setting. */
export function describeReplay(result: ReplayResult, about: About): string[] {
  const { loggedReward } = result;
  const rows = Object.entries(result.estimators).map(([name, estimate]) => [
    name,
    value(estimate, (number) => percent(number, 3)),
    interval(estimate, (number) => percent(number, 3)),
    estimate.value === null || loggedReward === 0 ? '' : signedPercent(estimate.value / loggedReward - 1),
  ]);
  return [
    `${about.policy}: ${count(result.rounds)} rows, ${count(result.matched)} matched (${percent(result.coverage, 1)}), effective sample ${count(result.effectiveSampleSize)}, largest weight ${weightText(result.largestWeight)}${meanWeight(result)}`,
    '',
    ...table(['estimator', 'clicks per impression', '95 % interval', 'against the log'], rows, [3]),
    '',
    ...outcomeLines(result),
    ...closing(result, about),
  ];
}

/** Settings of one policy, best first. */
export function describeSweep(points: readonly RankedPoint[], estimator: Estimator, about: About): string[] {
  const names = [...(points[0] as RankedPoint).values.keys()];
  const rows = points.map(({ values, result, behindBest }, rank) => [
    String(rank + 1),
    ...names.map((name) => values.get(name) as string),
    value(result.estimators[estimator], (number) => percent(number, 3)),
    interval(result.estimators[estimator], (number) => percent(number, 3)),
    count(result.matched),
    distance(behindBest, rank),
  ]);
  const result = (points[0] as RankedPoint).result;
  return [
    `${about.policy}: ${count(result.rounds)} rows, ${points.length} settings with ${result.runs} seeds each, ranked by ${estimator}`,
    '',
    ...table(['rank', ...names, 'clicks per impression', '95 % interval', 'matched', 'behind the best'], rows, [0, 3 + names.length]),
    '',
    ...closing(result, about),
  ];
}

function closing(result: ReplayResult, { policy, notes, ads, unplanned, sorted, rowsPerSecond }: About): string[] {
  const seeds =
    result.runs > 1
      ? `Intervals are over ${result.runs} seeds of the policy and resample ${count(result.clusters.count)} clusters by ${result.clusters.by}.`
      : `Intervals are of this one run of the policy (its choices change with the seed; --seeds 5 shows how much) and resample ${count(result.clusters.count)} clusters by ${result.clusters.by}.`;
  const lines = [`The log itself: ${percent(result.loggedReward, 3)}. ${seeds} ${count(rowsPerSecond)} rows/s.`];
  if (result.estimatedPropensities > 0)
    lines.push(
      `${count(result.estimatedPropensities)} propensities were not given and are estimated from the counts of each ad, position and day.`,
    );
  for (const [note, times] of notes) lines.push(`${note} (${times} of ${ads} ads).`);
  if (policy === 'plan')
    lines.push(
      'If the plan was made from this log, it looks better than it is: judge it on later days (select --day D learns from the days before D).',
    );
  if (unplanned > 0) lines.push(`${count(unplanned)} ads of the log have no plan and are left out.`);
  if (LEARNING.includes(policy) && result.matched > 0)
    lines.push(`It learnt from its ${count(result.matched)} matched rows: with the whole traffic it would learn more.`);
  if (!sorted) lines.push('Rows were not in time order; they were sorted.');
  return lines;
}

function weightText(weight: number): string {
  return weight >= 100 ? count(weight) : weight.toPrecision(3);
}

function meanWeight({ meanWeight: weight }: ReplayResult): string {
  return weight === null
    ? ''
    : `, mean weight ${weight.value.toFixed(2)} (${Math.max(0, weight.ciLow).toFixed(2)} – ${weight.ciHigh.toFixed(2)}; 1 is right)`;
}

function outcomeLines({ outcomes }: ReplayResult): string[] {
  const { viewTime, revenue } = outcomes;
  const lines = [
    viewTime?.value != null && `Mean view time after a click ${seconds(viewTime.value)} (${interval(viewTime, seconds)})`,
    revenue?.value != null && `revenue per 1,000 impressions ${money(revenue.value)} (${interval(revenue, money)})`,
  ].filter((line) => typeof line === 'string');
  return lines.length > 0
    ? [`${lines.join('; ')}; both of matched rows.`.replace('; both of', lines.length > 1 ? '; both of' : ', of')]
    : [];
}

function value(estimate: Estimate, format: (number: number) => string): string {
  return estimate.value === null ? 'cannot be evaluated' : format(estimate.value);
}

function interval(estimate: Estimate, format: (number: number) => string): string {
  return estimate.value === null ? estimate.reason : `${format(estimate.ciLow)} – ${format(estimate.ciHigh)}`;
}

function distance(behind: Estimate | null, rank: number): string {
  if (behind === null) return rank === 0 ? '' : '–';
  if (behind.value === null) return behind.reason;
  const isNoise = behind.ciLow <= 0;
  return `${percent(behind.value, 3)} (${percent(behind.ciLow, 3)} – ${percent(behind.ciHigh, 3)})${isNoise ? ', within noise' : ''}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function money(value: number): string {
  return value.toFixed(2);
}

function signedPercent(value: number): string {
  return `${Math.round(1000 * value) >= 0 ? '+' : '−'}${Math.abs(100 * value).toFixed(1)}%`;
}

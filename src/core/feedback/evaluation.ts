import { type Bootstrap, createBootstrap, differences, percentileInterval } from './bootstrap.ts';
import { ESTIMATORS, type Estimator, type Figure, SUM } from './estimators.ts';
import type { ReplayRun } from './replay.ts';
import type { ReplayLog } from './replay_log.ts';

/** Fewer matched rows, or a smaller effective sample, than this say nothing about a policy. */
const MIN_SUPPORT = 50;
/** Fewer clicks than this say nothing about the time after a click. */
const MIN_VIEWS = 10;
/** A mean weight surely below this leaves too much of what the policy chooses unseen. */
const MIN_MEAN_WEIGHT = 0.95;
/** One surely above this says that the propensities are not those the log was written with. */
const MAX_MEAN_WEIGHT = 1.05;
/** Upper 95 % limit of a Poisson mean when nothing was counted (rule of three). */
const RULE_OF_THREE = 3;
const PER_MILLE = 1_000;

interface Interval {
  readonly value: number;
  readonly ciLow: number;
  readonly ciHigh: number;
}

/** A number with its 95 % interval, or the reason why it cannot be evaluated. */
export type Estimate =
  | (Interval & { readonly reason: null })
  | { readonly value: null; readonly ciLow: null; readonly ciHigh: null; readonly reason: string };

export interface ReplayResult {
  readonly rounds: number;
  /** How often the policy was run over the log, each time with another seed; counts of rows are means over runs. */
  readonly runs: number;
  /** Rows in which the policy chose what was shown and, on a skewed log, were accepted; `coverage` is their share. */
  readonly matched: number;
  readonly coverage: number;
  /** Share of rows in which the policy chose what was shown, accepted or not. */
  readonly matchedShare: number;
  /** (Σw)²/Σw² of the importance weights. */
  readonly effectiveSampleSize: number;
  readonly largestWeight: number;
  /** Σw/n, 1 in expectation; surely below 1, the policy chooses what the log does not show. Null without rows. */
  readonly meanWeight: Interval | null;
  readonly estimatedPropensities: number;
  /** Rows whose candidates lack what was shown: they were taken as not known. */
  readonly refutedCandidates: number;
  readonly clusters: { readonly by: ReplayLog['clusterBy']; readonly count: number };
  /** Clicks per impression under the policy. */
  readonly estimators: Readonly<Record<Estimator, Estimate>>;
  /** Of matched rows: mean seconds after a click, and revenue per 1,000 impressions; null where the log has none. */
  readonly outcomes: { readonly viewTime: Estimate | null; readonly revenue: Estimate | null };
  /** Click rate of the log itself, for comparison. */
  readonly loggedReward: number;
}

/**
 * What a policy would have earned on a log, from runs of it under several seeds, with 95 % percentile intervals: see
 * createBootstrap. Where nothing was clicked the upper end is 3 / effective rows.
 * @param seed of the bootstrap: results of one log and seed can be compared draw by draw
 */
export function evaluate(log: ReplayLog, runs: readonly ReplayRun[], seed: number): ReplayResult {
  const bootstrap = bootstrapOf(runs, seed);
  const support = supportOf(log, runs, bootstrap);
  const matched = meanOver(runs, (run) => run.matched);
  const views = meanOver(runs, (run) => run.views);
  const fewViews = views >= MIN_VIEWS ? null : `${MIN_VIEWS} matched clicks with a view time are needed but there are ${oneDecimal(views)}`;
  const clicks = log.click.reduce((sum, click) => sum + click, 0);
  return {
    rounds: log.rows,
    runs: runs.length,
    matched,
    coverage: share(matched, log.rows),
    matchedShare: share(
      meanOver(runs, (run) => run.chosen),
      log.rows,
    ),
    effectiveSampleSize: meanOver(runs, (run) => run.sample.ips),
    largestWeight: Math.max(0, ...runs.map((run) => run.largestWeight)),
    meanWeight: support.meanWeight,
    estimatedPropensities: log.estimatedPropensities,
    refutedCandidates: log.refutedCandidates,
    clusters: { by: log.clusterBy, count: log.clusterCount },
    estimators: Object.fromEntries(ESTIMATORS.map((name) => [name, estimate(name, runs, bootstrap, support)])) as Record<
      Estimator,
      Estimate
    >,
    outcomes: {
      viewTime: log.viewTime ? outcome('viewTime', 1, support.reasons.replay ?? fewViews, bootstrap) : null,
      revenue: log.revenue ? outcome('revenue', PER_MILLE, support.reasons.replay, bootstrap) : null,
    },
    loggedReward: share(clicks, log.rows),
  };
}

/**
 * What a policy (or setting) A would have earned more than B on the same log, with its 95 % interval. Both are resampled by the
 * same clusters, draw by draw, and run s of one is compared with run s of the other, so what is common to them cancels.
 */
export function compare(
  log: ReplayLog,
  runsA: readonly ReplayRun[],
  runsB: readonly ReplayRun[],
  estimator: Estimator,
  seed: number,
): Estimate {
  const [a, b] = [bootstrapOf(runsA, seed), bootstrapOf(runsB, seed)];
  const reason = supportOf(log, runsA, a).reasons[estimator] ?? supportOf(log, runsB, b).reasons[estimator];
  if (reason !== null) return cannot(reason);
  const { ciLow, ciHigh } = percentileInterval(differences(a, b, estimator));
  const value = a.value(estimator) - b.value(estimator);
  return {
    value,
    ciLow: Math.min(ciLow, value - noClickLimit(estimator, runsB, b)),
    ciHigh: Math.max(ciHigh, value + noClickLimit(estimator, runsA, a)),
    reason: null,
  };
}

function bootstrapOf(runs: readonly ReplayRun[], seed: number): Bootstrap {
  return createBootstrap(
    runs.map(({ sums }) => sums),
    seed,
  );
}

function estimate(name: Estimator, runs: readonly ReplayRun[], bootstrap: Bootstrap, support: Support): Estimate {
  const reason = support.reasons[name];
  if (reason !== null) return cannot(reason);
  const { ciLow, ciHigh } = percentileInterval(bootstrap.draws(name));
  return { value: bootstrap.value(name), ciLow, ciHigh: Math.max(ciHigh, noClickLimit(name, runs, bootstrap)), reason: null };
}

function outcome(figure: Figure, scale: number, reason: string | null, bootstrap: Bootstrap): Estimate {
  if (reason !== null) return cannot(reason);
  const { ciLow, ciHigh } = percentileInterval(bootstrap.draws(figure));
  return { value: scale * bootstrap.value(figure), ciLow: scale * ciLow, ciHigh: scale * ciHigh, reason: null };
}

function cannot(reason: string): Estimate {
  return { value: null, ciLow: null, ciHigh: null, reason };
}

/** Whose clicks an estimate rests on. */
const CLICKS = { replay: SUM.matchedReward, ips: SUM.weightedReward, snips: SUM.weightedReward, dm: SUM.direct, dr: SUM.weightedReward };

/** Upper limit of an estimate that rests on no click, which resampling cannot show; 0 for one that does. */
function noClickLimit(name: Estimator, runs: readonly ReplayRun[], { total }: Bootstrap): number {
  if (total[CLICKS[name]] !== 0) return 0;
  return RULE_OF_THREE / meanOver(runs, (run) => run.sample[name]);
}

interface Support {
  /** Null without rows. */
  readonly meanWeight: Interval | null;
  /** Why an estimator cannot be evaluated; null when it can. */
  readonly reasons: Readonly<Record<Estimator, string | null>>;
}

function supportOf(log: ReplayLog, runs: readonly ReplayRun[], bootstrap: Bootstrap): Support {
  const meanWeight = log.rows > 0 ? { value: bootstrap.value('meanWeight'), ...percentileInterval(bootstrap.draws('meanWeight')) } : null;
  const unseen = meanWeight && tooLittleSeen(meanWeight);
  const wrong = meanWeight && wrongPropensities(meanWeight);
  const matched = meanOver(runs, (run) => run.matched);
  const sample = meanOver(runs, (run) => run.sample.ips);
  const fewMatched = matched >= MIN_SUPPORT ? null : `${MIN_SUPPORT} matched rows are needed but there are ${oneDecimal(matched)}`;
  const fewEffective =
    sample >= MIN_SUPPORT ? null : `an effective sample of ${MIN_SUPPORT} rows is needed but it is ${oneDecimal(sample)}`;
  const fewRows = log.rows >= MIN_SUPPORT ? null : `${MIN_SUPPORT} rows are needed but there are ${log.rows}`;
  const reasons = {
    replay: unseen ?? fewMatched,
    ips: unseen ?? wrong ?? fewEffective,
    snips: unseen ?? fewEffective,
    dm: unseen ?? fewRows,
    dr: unseen ?? wrong ?? fewEffective,
  };
  return { meanWeight, reasons };
}

function tooLittleSeen({ value, ciLow, ciHigh }: Interval): string | null {
  if (ciHigh >= MIN_MEAN_WEIGHT) return null;
  const [mean, low, high] = [value, ciLow, ciHigh].map((weight) => Math.max(0, weight).toFixed(2));
  return `the log shows only ${Math.round(100 * value)} % of what the policy chooses (mean weight ${mean} [${low}, ${high}])`;
}

/** Weights that are all too large cancel in snips and do not enter replay; ips and dr have them in full. */
function wrongPropensities({ value, ciLow, ciHigh }: Interval): string | null {
  if (ciLow <= MAX_MEAN_WEIGHT) return null;
  const [mean, low, high] = [value, ciLow, ciHigh].map((weight) => weight.toFixed(2));
  return `the propensities are smaller than the log's own shares (mean weight ${mean} [${low}, ${high}] instead of 1)`;
}

function oneDecimal(count: number): string {
  return String(Math.round(10 * count) / 10);
}

function meanOver(runs: readonly ReplayRun[], value: (run: ReplayRun) => number): number {
  return runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

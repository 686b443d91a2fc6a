import { createRandom, type Random } from '../random.ts';
import { CLUSTER_SUMS, type Estimate, type Estimator, estimate, MIN_SUPPORT, SUMS_PER_CLUSTER } from './estimators.ts';
import type { Arms, Policy, PolicyOptions } from './policies/policy.ts';
import { completePropensities, dayOf, type ReplayLog } from './replay_log.ts';

const CLUSTERS = 1_024;
const MANY_DAYS = 20;
const NEVER = -1;

export interface ReplayOptions {
  readonly policy: (options: PolicyOptions) => Policy;
  readonly seed: number;
  /** b_p by position code; exposure of one impression. */
  readonly exposureFactor: Float64Array;
  /** q̂ per arm: expected clicks per effective impression, for dm and dr. */
  readonly directModel: Float64Array;
  /** When the policy learns of its matched rows: at each, after so many rows, or when the day ends. */
  readonly batch: number | 'day';
}

export interface ReplayResult {
  readonly rounds: number;
  /** Rows in which the policy chose what was shown (and, on a skewed log, were accepted). */
  readonly matched: number;
  /** Share of rows the policy could have shown what was shown: matched / rounds. */
  readonly coverage: number;
  /** (Σw)²/Σw² of the importance weights. */
  readonly effectiveSampleSize: number;
  readonly largestWeight: number;
  readonly estimatedPropensities: number;
  readonly clusters: { readonly by: 'user' | 'day' | 'stretch of time'; readonly count: number };
  readonly estimators: Readonly<Record<Estimator, Estimate>>;
  /** Click rate of the log itself, for comparison. */
  readonly loggedReward: number;
}

/**
 * Replays a click log: row by row the policy chooses, and learns only from rows where it chose what was shown (Li et al.
 * 2011). Where the log's propensities differ, such a row is accepted with probability (least propensity of its ad) /
 * propensity. An arm can be chosen from the first to the last day it was shown.
 */
export function replay(log: ReplayLog, options: ReplayOptions): ReplayResult {
  const random = createRandom(options.seed, 2);
  const { propensity, estimated } = completePropensities(log);
  const arms: Arms = { ads: log.ads, firstArm: log.firstArm, live: new Uint8Array(log.arms) };
  const policy = options.policy({ arms, random: createRandom(options.seed, 3) });
  const calendar = createCalendar(log);
  const clusters = clusterRows(log, calendar.days);
  const state = runRows(log, propensity, policy, arms, calendar, clusters.of, options, random);
  const effectiveSampleSize = state.weightSquares > 0 ? state.weights ** 2 / state.weightSquares : 0;
  const weighted = effectiveSampleSize >= MIN_SUPPORT;
  const support = { replay: state.matched >= MIN_SUPPORT, ips: weighted, snips: weighted, dm: log.rows >= MIN_SUPPORT, dr: weighted };
  return {
    rounds: log.rows,
    matched: state.matched,
    coverage: log.rows > 0 ? state.matched / log.rows : 0,
    effectiveSampleSize,
    largestWeight: state.largestWeight,
    estimatedPropensities: estimated,
    clusters: { by: clusters.by, count: state.sums.filter((_, i) => i % SUMS_PER_CLUSTER === 0).filter((rows) => rows > 0).length },
    estimators: estimate(state.sums, support, createRandom(options.seed, 4)),
    loggedReward: log.rows > 0 ? log.click.reduce((sum, click) => sum + click, 0) / log.rows : 0,
  };
}

interface RowState {
  readonly sums: Float64Array;
  readonly matched: number;
  readonly weights: number;
  readonly weightSquares: number;
  readonly largestWeight: number;
}

function runRows(
  log: ReplayLog,
  propensity: Float64Array,
  policy: Policy,
  arms: Arms,
  calendar: Calendar,
  clusterOf: (row: number, day: number) => number,
  options: ReplayOptions,
  random: Random,
): RowState {
  const { exposureFactor, directModel } = options;
  const leastPropensity = leastPropensities(log, propensity);
  const sums = new Float64Array(CLUSTERS * CLUSTER_SUMS.length);
  const expected = new Float64Array(log.ads).fill(Number.NaN); // Σ π(arm)·q̂(arm), until the policy changes
  const learning = createLearning(policy, options.batch, expected, log);
  let matched = 0;
  let weights = 0;
  let weightSquares = 0;
  let largestWeight = 0;
  let day = NEVER;
  let dayEnds = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < log.rows; row++) {
    const ts = log.ts[row] as number;
    if (ts >= dayEnds) {
      day = dayOf(ts);
      dayEnds = calendar.endOf(day);
      if (options.batch === 'day') learning.flush();
      for (const ad of calendar.begin(day, arms.live)) {
        policy.liveChanged(ad);
        expected[ad] = Number.NaN;
      }
    }
    const arm = log.arm[row] as number;
    const ad = log.adOf[arm] as number;
    const click = log.click[row] as number;
    const factor = exposureFactor[log.position[row] as number] as number;
    const p = propensity[row] as number;
    const chosen = policy.select(ad) === arm;
    const weight = policy.probability(ad, arm) / p;
    if (Number.isNaN(expected[ad])) expected[ad] = policy.expectation(ad, directModel);
    const direct = (expected[ad] as number) * factor;
    const at = clusterOf(row, day) * SUMS_PER_CLUSTER;
    sums[at] = (sums[at] as number) + 1;
    sums[at + 5] = (sums[at + 5] as number) + direct;
    sums[at + 6] = (sums[at + 6] as number) + direct;
    if (weight > 0) {
      weights += weight;
      weightSquares += weight * weight;
      if (weight > largestWeight) largestWeight = weight;
      sums[at + 3] = (sums[at + 3] as number) + weight;
      sums[at + 4] = (sums[at + 4] as number) + weight * click;
      sums[at + 6] = (sums[at + 6] as number) + weight * (click - (directModel[arm] as number) * factor);
    }
    if (chosen) {
      const least = leastPropensity[ad] as number;
      if (p === least || random.uniform() * p < least) {
        matched++;
        // Rows of an ad are accepted with the probability of its least propensity: weighting by its inverse keeps the mix of ads.
        sums[at + 1] = (sums[at + 1] as number) + 1 / least;
        sums[at + 2] = (sums[at + 2] as number) + click / least;
        learning.add(ad, arm, click, factor);
      }
    }
    learning.rowDone();
  }
  return { sums, matched, weights, weightSquares, largestWeight };
}

/** Hands matched rows to the policy, at once or in batches as a nightly job would. */
function createLearning(policy: Policy, batch: number | 'day', expected: Float64Array, log: ReplayLog) {
  const atOnce = batch === 1;
  const ads: number[] = [];
  const armsSeen: number[] = [];
  const clicks: number[] = [];
  const exposures: number[] = [];
  let rows = 0;
  const learn = (ad: number, arm: number, click: number, exposure: number): void => {
    policy.update(ad, arm, click, exposure);
    expected[ad] = Number.NaN;
  };
  const flush = (): void => {
    for (let i = 0; i < ads.length; i++) learn(ads[i] as number, armsSeen[i] as number, clicks[i] as number, exposures[i] as number);
    ads.length = 0;
    armsSeen.length = 0;
    clicks.length = 0;
    exposures.length = 0;
    rows = 0;
  };
  return {
    flush,
    add: (ad: number, arm: number, click: number, exposure: number): void => {
      if (atOnce) {
        learn(ad, arm, click, exposure);
        return;
      }
      ads.push(ad);
      armsSeen.push(arm);
      clicks.push(click);
      exposures.push(exposure);
    },
    rowDone: (): void => {
      if (!atOnce && batch !== 'day' && ++rows >= Math.min(batch, log.rows)) flush();
    },
  };
}

function leastPropensities(log: ReplayLog, propensity: Float64Array): Float64Array {
  const least = new Float64Array(log.ads).fill(Number.POSITIVE_INFINITY);
  for (let row = 0; row < log.rows; row++) {
    const ad = log.adOf[log.arm[row] as number] as number;
    if ((propensity[row] as number) < (least[ad] as number)) least[ad] = propensity[row] as number;
  }
  return least;
}

/** On which days each arm is live, and what changes when a day begins. */
interface Calendar {
  readonly days: number;
  readonly endOf: (day: number) => number;
  /** Sets the live arms of a day; returns the ads whose set changed. */
  readonly begin: (day: number, live: Uint8Array) => Set<number>;
}

function createCalendar(log: ReplayLog): Calendar {
  const firstDay = new Int32Array(log.arms).fill(NEVER);
  const lastDay = new Int32Array(log.arms).fill(NEVER);
  const days = new Set<number>();
  let day = NEVER;
  let dayEnds = Number.NEGATIVE_INFINITY;
  const endOf = (of: number): number => (of + 1) * 86_400_000;
  for (let row = 0; row < log.rows; row++) {
    if ((log.ts[row] as number) >= dayEnds) {
      day = dayOf(log.ts[row] as number);
      dayEnds = endOf(day);
      days.add(day);
    }
    const arm = log.arm[row] as number;
    if (firstDay[arm] === NEVER) firstDay[arm] = day;
    lastDay[arm] = day;
  }
  return {
    days: days.size,
    endOf,
    begin: (of, live) => {
      const changed = new Set<number>();
      for (let arm = 0; arm < log.arms; arm++) {
        const now = (firstDay[arm] as number) <= of && of <= (lastDay[arm] as number) ? 1 : 0;
        if (live[arm] !== now) changed.add(log.adOf[arm] as number);
        live[arm] = now;
      }
      return changed;
    },
  };
}

/** Rows that belong together: all of one user, of one day, or of one stretch of time. */
function clusterRows(log: ReplayLog, days: number): { by: ReplayResult['clusters']['by']; of: (row: number, day: number) => number } {
  if (log.users) {
    const halves = new Uint32Array(log.users.buffer, log.users.byteOffset, log.users.length * 2);
    // 0 is a user not given: such rows stand for themselves.
    return { by: 'user', of: (row) => ((halves[2 * row] as number) || row) & (CLUSTERS - 1) };
  }
  if (days >= MANY_DAYS) return { by: 'day', of: (_, day) => day & (CLUSTERS - 1) };
  const stretch = Math.max(1, Math.ceil(log.rows / CLUSTERS));
  return { by: 'stretch of time', of: (row) => Math.floor(row / stretch) };
}

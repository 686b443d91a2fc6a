import { createRandom } from '../random.ts';
import { dayOf, endOfDay } from './days.ts';
import { addModelError, createPolicyExposure, type DirectModel } from './direct_method.ts';
import { type Estimator, SUM, SUMS_PER_CLUSTER } from './estimators.ts';
import { createLiveArms } from './live_arms.ts';
import type { Arms, Feedback, Policy, PolicyOptions } from './policies/policy.ts';
import { CLUSTERS, type ReplayLog } from './replay_log.ts';

const CURVE_POINTS = 100;

export interface ReplayOptions extends DirectModel {
  readonly policy: (given: Pick<PolicyOptions, 'arms' | 'random'> & Required<Pick<PolicyOptions, 'logged'>>) => Policy;
  readonly seed: number;
  /** When the policy learns of its matched rows: at each, after so many rows, or when the day ends. */
  readonly batch: number | 'day';
  /** Whether the policy does what the log did, row by row, as `logged` does: every match then counts, however likely it was. */
  readonly followsLog: boolean;
  /** Called about a hundred times, evenly over the log, for a learning curve. */
  readonly onPoint?: (point: CurvePoint) => void;
}

/** Where a run of a policy stands. */
export interface CurvePoint {
  /** Rows done. */
  readonly rows: number;
  /** Time of the last of them. */
  readonly ts: number;
  /** Rows that the policy matched so far, and the clicks in them. */
  readonly matched: number;
  readonly clicks: number;
  /** Matched rows of each arm since the last point. */
  readonly plays: Int32Array;
}

/** What one run of a policy over a log leaves behind for the estimates; plain data. */
export interface ReplayRun {
  readonly seed: number;
  /** The sums of every cluster, as SUM numbers them. */
  readonly sums: Float64Array;
  /** Rows in which the policy chose what was shown, and those of them that were accepted. */
  readonly chosen: number;
  readonly matched: number;
  /** Clicks with a view time in matched rows. */
  readonly views: number;
  readonly largestWeight: number;
  /** How many rows of equal weight each estimate is worth, (Σw)²/Σw². */
  readonly sample: Readonly<Record<Estimator, number>>;
}

/**
 * Replays a click log once: row by row the policy chooses, and learns only from rows where it chose what was shown (Li et al.
 * 2011). Where the log's propensities differ, such a row is accepted with probability (least propensity of its ad) /
 * propensity. Acceptance and the policy draw from streams of their own.
 */
export function runReplay(log: ReplayLog, options: ReplayOptions): ReplayRun {
  const { exposureFactor, directModel, batch, followsLog, onPoint } = options;
  const { adOf, viewTime, revenue, leastPropensity, cluster } = log;
  const acceptance = createRandom(options.seed, 2);
  const liveArms = createLiveArms(log);
  const arms: Arms = { ads: log.ads, firstArm: log.firstArm, live: liveArms.live };
  const logged = { arm: log.arm, propensity: log.propensity };
  const policy = options.policy({ arms, random: createRandom(options.seed, 3), logged });
  const exposure = createPolicyExposure(log, policy, followsLog);
  const expected = new Float64Array(log.ads).fill(Number.NaN); // Σ π(arm)·q̂(arm), until the policy changes
  const feedback: Feedback = { ts: 0, click: 0, exposure: 0, viewTime: Number.NaN, revenue: Number.NaN };
  const learn = (row: number): void => {
    const arm = log.arm[row] as number;
    const ad = adOf[arm] as number;
    exposure.settle(ad, row);
    feedback.ts = log.ts[row] as number;
    feedback.click = log.click[row] as number;
    feedback.exposure = exposureFactor[log.position[row] as number] as number;
    if (viewTime) feedback.viewTime = viewTime[row] as number;
    if (revenue) feedback.revenue = revenue[row] as number;
    policy.update(ad, arm, feedback);
    expected[ad] = Number.NaN;
  };
  const refresh = (ad: number): void => {
    policy.refresh(ad);
    expected[ad] = Number.NaN;
  };
  const waiting = createWaiting(batch === 1 ? 0 : log.rows, learn);
  const curve = createCurve(log, onPoint);
  const sums = new Float64Array(CLUSTERS * SUMS_PER_CLUSTER);
  const add = (at: number, value: number): void => {
    sums[at] = (sums[at] as number) + value;
  };
  let chosen = 0;
  let matched = 0;
  let matchedSquares = 0;
  let matchedWeights = 0;
  let views = 0;
  let weights = 0;
  let weightSquares = 0;
  let largestWeight = 0;
  let dayEnds = Number.NEGATIVE_INFINITY;
  let batchEnds = typeof batch === 'number' && batch > 1 ? batch : Number.POSITIVE_INFINITY;
  for (let row = 0; row < log.rows; row++) {
    const ts = log.ts[row] as number;
    if (ts >= dayEnds) {
      const day = dayOf(ts);
      dayEnds = endOfDay(day);
      if (batch === 'day') waiting.learn(row);
      for (let ad = 0; ad < log.ads; ad++) exposure.settle(ad, row);
      for (const ad of liveArms.beginDay(day)) refresh(ad);
    }
    const arm = log.arm[row] as number;
    const ad = adOf[arm] as number;
    if (liveArms.isOther(ad, row)) {
      exposure.settle(ad, row);
      liveArms.follow(ad, row);
      refresh(ad);
    }
    const click = log.click[row] as number;
    const factor = exposureFactor[log.position[row] as number] as number;
    const p = log.propensity[row] as number;
    const isChosen = policy.select(ad, row) === arm;
    const weight = policy.probability(ad, arm, row) / p;
    if (followsLog || Number.isNaN(expected[ad])) expected[ad] = policy.expectation(ad, directModel, row);
    const direct = (expected[ad] as number) * factor;
    exposure.add(ad, row, factor);
    const at = (cluster[row] as number) * SUMS_PER_CLUSTER;
    add(at, 1);
    add(at + SUM.direct, direct);
    add(at + SUM.doublyRobust, direct);
    if (weight > 0) {
      weights += weight;
      weightSquares += weight * weight;
      if (weight > largestWeight) largestWeight = weight;
      add(at + SUM.weight, weight);
      if (click > 0) add(at + SUM.weightedReward, weight * click);
      add(at + SUM.doublyRobust, weight * (click - (directModel[arm] as number) * factor));
    }
    if (isChosen) {
      chosen++;
      const least = followsLog ? p : (leastPropensity[ad] as number);
      if (p === least || acceptance.uniform() * p < least) {
        // Rows of an ad are accepted with the probability of its least propensity: weighting by its inverse keeps the mix of ads.
        const share = followsLog ? 1 : 1 / least;
        matched++;
        matchedWeights += share;
        matchedSquares += share * share;
        add(at + SUM.matchedWeight, share);
        if (click > 0) {
          add(at + SUM.matchedReward, share * click);
          if (viewTime && !Number.isNaN(viewTime[row])) {
            views++;
            add(at + SUM.views, share);
            add(at + SUM.viewTime, share * (viewTime[row] as number));
          }
        }
        if (revenue && !Number.isNaN(revenue[row])) add(at + SUM.revenue, share * (revenue[row] as number));
        curve?.play(arm, click);
        if (batch === 1) learn(row);
        else {
          waiting.add(row);
          exposure.settle(ad, row);
          policy.shown?.(ad, arm, factor);
          expected[ad] = Number.NaN;
        }
      }
    }
    if (row + 1 === batchEnds) {
      waiting.learn(row + 1);
      batchEnds += batch as number;
    }
    curve?.rowDone(row);
  }
  for (let ad = 0; ad < log.ads; ad++) exposure.settle(ad, log.rows - 1);
  const dm = addModelError(log, options, exposure.byArm, sums, { stride: SUMS_PER_CLUSTER, ...SUM });
  const weighted = weights > 0 ? weights ** 2 / weightSquares : 0;
  return {
    seed: options.seed,
    sums,
    chosen,
    matched,
    views,
    largestWeight,
    sample: { replay: matched > 0 ? matchedWeights ** 2 / matchedSquares : 0, ips: weighted, snips: weighted, dm, dr: weighted },
  };
}

/** Matched rows a policy has not learnt of yet. */
interface Waiting {
  add(row: number): void;
  /** Lets it learn of those before a row. */
  learn(to: number): void;
}

function createWaiting(rows: number, learn: (row: number) => void): Waiting {
  const waits = new Uint8Array(rows);
  let from = 0;
  return {
    add: (row) => {
      waits[row] = 1;
    },
    learn: (to) => {
      for (; from < to; from++) if (waits[from] === 1) learn(from);
    },
  };
}

interface Curve {
  play(arm: number, click: number): void;
  rowDone(row: number): void;
}

function createCurve(log: ReplayLog, onPoint: ((point: CurvePoint) => void) | undefined): Curve | undefined {
  if (!onPoint) return undefined;
  const step = Math.ceil(log.rows / CURVE_POINTS);
  let plays = new Int32Array(log.arms);
  let matched = 0;
  let clicks = 0;
  return {
    play: (arm, click) => {
      matched++;
      clicks += click;
      plays[arm] = (plays[arm] as number) + 1;
    },
    rowDone: (row) => {
      if ((row + 1) % step !== 0 && row + 1 !== log.rows) return;
      onPoint({ rows: row + 1, ts: log.ts[row] as number, matched, clicks, plays });
      plays = new Int32Array(log.arms);
    },
  };
}

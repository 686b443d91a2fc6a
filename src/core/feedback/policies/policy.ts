import type { PolicyConfig } from '../../config.ts';
import type { Random } from '../../random.ts';

/**
 * What a policy chooses among: arms (creatives) numbered through, the arms of ad `a` being
 * `firstArm[a] … firstArm[a + 1] − 1`, and which of them may be shown now.
 */
export interface Arms {
  readonly ads: number;
  readonly firstArm: Int32Array;
  readonly live: Uint8Array;
}

/** What came of showing an arm once. */
export interface Feedback {
  /** Milliseconds since 1970 UTC. */
  ts: number;
  click: number;
  /** b_p of the position: effective impressions. */
  exposure: number;
  /** Seconds after the click; NaN where not measured. */
  viewTime: number;
  /** NaN where not measured. */
  revenue: number;
}

/**
 * How bounds on ECOI become bounds on the reward: `R = slope[ad]·θ + rest[arm]`. Slope 1 and rest 0, as at first, compare
 * by clicks alone.
 */
export interface RewardMap {
  readonly slope: Float64Array;
  readonly rest: Float64Array;
}

/**
 * A selection policy. `select` names the arm to show for an ad; `update` tells it what came of an arm it chose.
 * A deterministic policy shows the selected arm with probability 1; a random one states its probabilities.
 */
export interface Policy {
  /** The arm to show for this ad; −1 when none is live. `row` is the log's row in a replay. */
  select(ad: number, row: number): number;
  update(ad: number, arm: number, feedback: Readonly<Feedback>): void;
  /**
   * The arm was shown and its outcome will come later: until then it counts as what is expected of it, or a policy would show
   * one arm until the first outcome arrives. Not needed by policies that choose at random.
   */
  shown?(ad: number, arm: number, exposure: number): void;
  /** Probability that this arm is shown for this ad now. */
  probability(ad: number, arm: number, row: number): number;
  /** Σ over arms of the probability times a value given per arm; NaN when none is live. */
  expectation(ad: number, values: Float64Array, row: number): number;
  /** The live arms of an ad, or the map of its rewards, have changed. */
  refresh(ad: number): void;
  /** What was learnt of an ad no longer holds. */
  forget(ad: number): void;
}

export interface PolicyOptions {
  readonly arms: Arms;
  readonly random: Random;
  readonly config: PolicyConfig;
  readonly rewards: RewardMap;
  /** What was shown in each row of the log that is replayed, and with which probability. */
  readonly logged?: { readonly arm: Int32Array; readonly propensity: Float64Array };
  /** Share of each arm in a plan. */
  readonly shares?: Float64Array;
}

export type CreatePolicy = (options: PolicyOptions) => Policy;

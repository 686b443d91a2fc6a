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

/**
 * A selection policy. `select` names the arm to show for an ad; `update` tells it what came of an arm it chose.
 * A deterministic policy shows the selected arm with probability 1; a random one states its probabilities.
 */
export interface Policy {
  /** The arm to show for this ad; −1 when none is live. */
  select(ad: number): number;
  /** Clicks and effective impressions that came of showing an arm. */
  update(ad: number, arm: number, clicks: number, exposure: number): void;
  /** Probability that this arm is shown for this ad now. */
  probability(ad: number, arm: number): number;
  /** Σ over arms of the probability times a value given per arm; NaN when none is live. */
  expectation(ad: number, values: Float64Array): number;
  /** The set of live arms of an ad has changed. */
  liveChanged(ad: number): void;
}

export interface PolicyOptions {
  readonly arms: Arms;
  readonly random: Random;
}

import { createRandom } from '../random.ts';
import type { Policy } from './policies/policy.ts';
import type { ReplayLog } from './replay_log.ts';

const SIGN_STREAM = 6;
/** Shares of a prior below this are what rounding makes of 0. */
const ROUNDING = 1e-12;

/** A model of clicks that knows arm and position only: `b_p · q̂_arm`. */
export interface DirectModel {
  /** b_p by position code; exposure of one impression. */
  readonly exposureFactor: Float64Array;
  /** q̂ per arm: expected clicks per effective impression. */
  readonly directModel: Float64Array;
  /** What one more click adds to q̂, per arm: 1/(E + k/m) for shrunk ECOI; 0 for a model that was not fitted to this log. */
  readonly directWeight: Float64Array;
}

/** Effective impressions that the policy would give each arm over the log, W_a = Σ over rows of π(a)·b_p. */
export interface PolicyExposure {
  readonly byArm: Float64Array;
  /** Counts a row of an ad. */
  add(ad: number, row: number, factor: number): void;
  /** To be called before the probabilities of an ad change: deals out what was counted since they last did. */
  settle(ad: number, row: number): void;
}

/**
 * @param followsLog whether the policy does what the log did, row by row, so that each row is dealt out by itself
 */
export function createPolicyExposure(log: ReplayLog, policy: Policy, followsLog: boolean): PolicyExposure {
  const { firstArm } = log;
  const byArm = new Float64Array(log.arms);
  const pending = new Float64Array(log.ads);
  const unit = new Float64Array(log.arms);
  const add = (arm: number, exposure: number): void => {
    byArm[arm] = (byArm[arm] as number) + exposure;
  };
  return {
    byArm,
    add: (ad, row, factor) => {
      if (!followsLog) {
        pending[ad] = (pending[ad] as number) + factor;
        return;
      }
      // What the expectation gives an arm: of what the log did, the shown arm alone.
      for (let arm = firstArm[ad] as number; arm < (firstArm[ad + 1] as number); arm++) {
        unit[arm] = 1;
        add(arm, factor * policy.expectation(ad, unit, row));
        unit[arm] = 0;
      }
    },
    settle: (ad, row) => {
      const exposure = pending[ad] as number;
      if (exposure === 0) return;
      pending[ad] = 0;
      for (let arm = firstArm[ad] as number; arm < (firstArm[ad + 1] as number); arm++) {
        const probability = policy.probability(ad, arm, row);
        if (probability > 0) add(arm, exposure * probability);
      }
    },
  };
}

/**
 * Adds the direct model's own error to the `direct` sum of the clusters, so that resampling them shows it, and nothing to the
 * total. `dm = Σ_a W_a·q̂_a / n`, and q̂ was fitted to the log's own clicks c and exposures b: `q̂_a = (C_a + k)/(E_a + k/m)`,
 * `m = ΣC/ΣE`. With s_a = 1 − E_a/(E_a + k/m), the prior's part in q̂_a, n·dm errs by two sums:
 *
 * - noise of clicks, to first order: a row of arm a adds `W_a/(E_a + k/m)·(c − b·q̂_a) + (c − b·m)/ΣE · Σ_j W_j·s_j·q̂_j/m`,
 *   through its own arm and through the prior mean; a cluster gets that of its rows;
 * - shrinkage: `Σ_a (W_a·s_a − E_a/ΣE·Σ_j W_j·s_j)·(m − α_a)`, where α_a lies about m with the prior's variance m²/k. It
 *   belongs to arms, not rows, so each arm's standard deviation is laid, with a sign of its own, on one of the clusters.
 *
 * k and b_p are taken as known. The mean over rows is taken off.
 * @param sums the clusters' sums, `stride` numbers a cluster, of which number `rows` counts its rows and `direct` is added to
 * @returns impressions with which clicks on the policy's arms would be as well known: n²/Σ_a W_a²/(E_a + k/m), at most n
 */
export function addModelError(
  log: ReplayLog,
  model: DirectModel,
  exposure: Float64Array,
  sums: Float64Array,
  place: { readonly stride: number; readonly rows: number; readonly direct: number },
): number {
  const { exposureFactor, directModel, directWeight } = model;
  const { rows, arm, position, click, cluster } = log;
  if (directWeight.every((weight) => weight === 0)) return rows;
  const shown = new Float64Array(log.arms);
  let clicks = 0;
  let shownInAll = 0;
  for (let row = 0; row < rows; row++) {
    const factor = exposureFactor[position[row] as number] as number;
    shown[arm[row] as number] = (shown[arm[row] as number] as number) + factor;
    shownInAll += factor;
    clicks += click[row] as number;
  }
  const mean = clicks / shownInAll;
  const priorPart = Float64Array.from(shown, (impressions, a) => {
    const part = 1 - impressions * (directWeight[a] as number);
    // What rounding leaves of a prior without weight is none.
    return part > ROUNDING ? part : 0;
  });
  const slope = exposure.map((given, a) => given * (directWeight[a] as number));
  let shrunk = 0;
  let priorSlope = 0;
  for (let a = 0; a < log.arms; a++) {
    if (directWeight[a] === 0) continue;
    shrunk += (exposure[a] as number) * (priorPart[a] as number);
    if (mean > 0) priorSlope += ((exposure[a] as number) * (priorPart[a] as number) * (directModel[a] as number)) / (mean * shownInAll);
  }
  const errors = new Float64Array(sums.length / place.stride);
  for (let row = 0; row < rows; row++) {
    const a = arm[row] as number;
    const factor = exposureFactor[position[row] as number] as number;
    const c = click[row] as number;
    const error = (slope[a] as number) * (c - factor * (directModel[a] as number)) + priorSlope * (c - factor * mean);
    const own = cluster[row] as number;
    errors[own] = (errors[own] as number) + error;
  }
  const rowsOf = Float64Array.from(errors, (_, own) => sums[own * place.stride + place.rows] as number);
  const occupied = [...rowsOf.keys()].filter((own) => (rowsOf[own] as number) > 0);
  const signs = createRandom(0, SIGN_STREAM);
  for (let a = 0; a < log.arms; a++) {
    const sign = signs.below(2) === 0 ? 1 : -1;
    const part = priorPart[a] as number;
    if (directWeight[a] === 0 || part === 0) continue;
    // m²/k = m/(k/m), and k/m = s_a/weight.
    const deviation = Math.sqrt((mean * (directWeight[a] as number)) / part);
    const own = occupied[a % occupied.length] as number;
    errors[own] =
      (errors[own] as number) + sign * deviation * ((exposure[a] as number) * part - ((shown[a] as number) / shownInAll) * shrunk);
  }
  const total = errors.reduce((sum, error) => sum + error, 0);
  errors.forEach((error, own) => {
    const at = own * place.stride + place.direct;
    sums[at] = (sums[at] as number) + error - (total * (rowsOf[own] as number)) / rows;
  });
  const spread = exposure.reduce((sum, given, a) => sum + given * (slope[a] as number), 0);
  return Math.min(rows, (rows * rows) / spread);
}

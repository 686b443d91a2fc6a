import type { RewardTable } from '../multi_instance/reward_table.ts';
import type { Combination, CombinationSpace } from './space.ts';

/** Combinations with their rewards. */
export interface Pool {
  /** [count] */
  readonly rewards: Float64Array;
  /** [count × kinds]: candidates. */
  readonly members: Int32Array;
}

/**
 * The reward of an ad's combinations, `r(x) = m(x) − κ·√v(x)`: m the link that the table gives (logit or ln), v its variance.
 * κ > 0 is pessimistic; without a covariance, as in one posterior draw, κ changes nothing.
 */
export class CombinationReward {
  readonly table: RewardTable;
  readonly kappa: number;
  /** Combinations scored so far. */
  calls = 0;
  private readonly candidates: number;

  constructor(table: RewardTable, kappa = 0) {
    this.table = table;
    this.kappa = table.covariance ? kappa : 0;
    this.candidates = table.main.length;
  }

  /** r of one combination. */
  score(combination: Combination): number {
    this.calls += 1;
    const { mean, variance } = this.moments(combination);
    return this.kappa === 0 ? mean : mean - this.kappa * Math.sqrt(Math.max(0, variance));
  }

  /** Combinations one after the other, with their rewards. */
  pool(combinations: readonly Combination[]): Pool {
    const kinds = this.table.sizes.length;
    const members = new Int32Array(combinations.length * kinds);
    combinations.forEach((combination, i) => {
      members.set(combination, i * kinds);
    });
    return { rewards: Float64Array.from(combinations, (combination) => this.score(combination)), members };
  }

  /**
   * All combinations of a space, in the order of their candidates. Sums over the chosen ones are carried along, so that a
   * combination costs about one addition (two with a covariance). `space.count` must be exact.
   */
  poolOfAll(space: CombinationSpace): Pool {
    const { table, kappa, candidates: n } = this;
    const { kinds, count } = space;
    const rewards = new Float64Array(count);
    const members = new Int32Array(count * kinds);
    const chosen = new Int32Array(kinds);
    // Row k: what each candidate of the kinds from k on adds to mean and variance, given the candidates chosen before.
    const means = Array.from({ length: kinds }, () => Float64Array.from(table.main));
    const variances = Array.from({ length: kinds }, () => (kappa === 0 ? new Float64Array(0) : this.ownVariances()));
    let at = 0;
    const visit = (kind: number, mean: number, variance: number): void => {
      const [meanOf, varianceOf] = [means[kind] as Float64Array, variances[kind] as Float64Array];
      for (const candidate of space.open(chosen.subarray(0, kind))) {
        chosen[kind] = candidate;
        const newMean = mean + (meanOf[candidate] as number);
        const newVariance = kappa === 0 ? 0 : variance + (varianceOf[candidate] as number);
        if (kind < kinds - 1) {
          const first = space.starts[kind + 1] as number;
          if (table.pairs) addRow(means[kind + 1] as Float64Array, meanOf, table.pairs, candidate * n, 1, first);
          if (kappa !== 0) addRow(variances[kind + 1] as Float64Array, varianceOf, this.covariance, candidate * (n + 1), 2, first);
          visit(kind + 1, newMean, newVariance);
        } else {
          rewards[at] = kappa === 0 ? newMean : newMean - kappa * Math.sqrt(Math.max(0, newVariance));
          members.set(chosen, at * kinds);
          at += 1;
        }
      }
    };
    visit(0, table.offset, kappa === 0 ? 0 : (this.covariance[(n + 1) ** 2 - 1] as number));
    this.calls += count;
    return { rewards, members };
  }

  private get covariance(): Float64Array {
    return this.table.covariance as Float64Array;
  }

  private ownVariances(): Float64Array {
    const size = this.candidates + 1;
    return Float64Array.from(
      { length: this.candidates },
      (_, i) => (this.covariance[i * size + i] as number) + 2 * (this.covariance[i * size + size - 1] as number),
    );
  }

  private moments(combination: Combination): { readonly mean: number; readonly variance: number } {
    const { table, candidates: n } = this;
    const { main, pairs, covariance } = table;
    const size = n + 1;
    let mean = table.offset;
    let variance = covariance ? (covariance[size * size - 1] as number) : 0;
    for (let s = 0; s < combination.length; s++) {
      const i = combination[s] as number;
      mean += main[i] as number;
      if (covariance) variance += (covariance[i * size + i] as number) + 2 * (covariance[i * size + n] as number);
      for (let t = 0; t < s; t++) {
        const j = combination[t] as number;
        if (pairs) mean += pairs[j * n + i] as number;
        if (covariance) variance += 2 * (covariance[j * size + i] as number);
      }
    }
    return { mean, variance };
  }
}

function addRow(target: Float64Array, before: Float64Array, matrix: Float64Array, row: number, factor: number, first: number): void {
  for (let i = first; i < target.length; i++) target[i] = (before[i] as number) + factor * (matrix[row + i] as number);
}

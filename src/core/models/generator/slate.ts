import type { Pool } from './reward.ts';
import type { Combination, CombinationSpace } from './space.ts';

export interface SlateRules {
  /** Creatives wanted; fewer come back only when there are fewer combinations, or at-most constraints allow no more. */
  readonly size: number;
  /** Weight of likeness against reward; both run from 0 to 1. */
  readonly gamma: number;
  /** [n × n]: how alike two candidates of one kind are, 0 to 1; 0 unless given, and 1 for the same candidate. */
  readonly likeness?: Float64Array;
}

/**
 * A slate that takes, one after the other, the greatest `r(x) − γ·max_{y∈S} sim(x, y)` of a pool: r scaled to [0, 1] over the
 * first pool, sim the mean over kinds of the likeness of the two candidates. No combination is taken twice, and no candidate
 * more often than its at-most constraint says.
 */
export class Slate {
  readonly combinations: Combination[] = [];
  /** r of each combination. */
  readonly rewards: number[] = [];
  private readonly space: CombinationSpace;
  private readonly rules: SlateRules;
  private readonly uses: Int32Array;
  private scaled: ((reward: number) => number) | undefined;

  constructor(space: CombinationSpace, rules: SlateRules) {
    this.space = space;
    this.rules = rules;
    this.uses = new Int32Array(space.candidates);
  }

  get isFull(): boolean {
    return this.combinations.length >= this.rules.size;
  }

  /** [n]: whether one more creative may hold each candidate under a rule. */
  hasRoom(rule: 'spread' | 'any'): boolean[] {
    return Array.from(this.mostUses(rule), (most, candidate) => (this.uses[candidate] as number) < most);
  }

  /** Fills the slate from a pool; under the spread rule no candidate is in more than ⌈size/2⌉ creatives unless its kind has no other. */
  fill(pool: Pool, rule: 'spread' | 'any'): void {
    const { space, rules, combinations } = this;
    const { rewards, members } = pool;
    const kinds = space.kinds;
    this.scaled ??= scaledOver(rewards);
    const most = this.mostUses(rule);
    const nearest = new Float64Array(rewards.length);
    const taken = new Uint8Array(rewards.length);
    const meet = (chosen: Combination): void => {
      for (let i = 0; i < rewards.length; i++) {
        let [like, same] = [0, 0];
        for (let kind = 0; kind < kinds; kind++) {
          const [own, other] = [members[i * kinds + kind] as number, chosen[kind] as number];
          if (own === other) same += 1;
          else if (rules.likeness) like += rules.likeness[own * space.candidates + other] as number;
        }
        if (same === kinds) taken[i] = 1;
        nearest[i] = Math.max(nearest[i] as number, (same + like) / kinds);
      }
    };
    for (const chosen of combinations) meet(chosen);
    while (!this.isFull) {
      const best = this.bestOf(pool, nearest, taken, most);
      if (best < 0) return;
      const chosen = members.slice(best * kinds, (best + 1) * kinds);
      for (const candidate of chosen) this.uses[candidate] = (this.uses[candidate] as number) + 1;
      combinations.push(chosen);
      this.rewards.push(rewards[best] as number);
      meet(chosen);
    }
  }

  private bestOf({ rewards, members }: Pool, nearest: Float64Array, taken: Uint8Array, most: Float64Array): number {
    const { kinds } = this.space;
    const scaled = this.scaled as (reward: number) => number;
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rewards.length; i++) {
      if (taken[i] === 1) continue;
      const value = scaled(rewards[i] as number) - this.rules.gamma * (nearest[i] as number);
      if (value <= bestValue || this.isOver(members, i * kinds, most)) continue;
      best = i;
      bestValue = value;
    }
    return best;
  }

  private isOver(members: Int32Array, from: number, most: Float64Array): boolean {
    for (let at = from; at < from + this.space.kinds; at++) {
      const candidate = members[at] as number;
      if ((this.uses[candidate] as number) >= (most[candidate] as number)) return true;
    }
    return false;
  }

  private mostUses(rule: 'spread' | 'any'): Float64Array {
    const { mostUses, kindOf, allowed } = this.space;
    const half = Math.ceil(this.rules.size / 2);
    return mostUses.map((most, candidate) => {
      const isOnly = (allowed[kindOf[candidate] as number] as Int32Array).length === 1;
      return rule === 'any' || isOnly ? most : Math.min(most, half);
    });
  }
}

/** Rewards scaled so that those given run from 0 to 1; all 0 when they are equal. */
function scaledOver(rewards: Float64Array): (reward: number) => number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const reward of rewards) {
    low = Math.min(low, reward);
    high = Math.max(high, reward);
  }
  return high > low ? (reward) => (reward - low) / (high - low) : () => 0;
}

/** Mean share of differing elements over all pairs of a slate; null for fewer than two. */
export function meanHamming(combinations: readonly (Int32Array | Uint32Array)[]): number | null {
  const n = combinations.length;
  if (n < 2) return null;
  let sum = 0;
  combinations.forEach((one, i) => {
    for (const other of combinations.slice(0, i)) sum += one.filter((candidate, kind) => candidate !== other[kind]).length / one.length;
  });
  return sum / ((n * (n - 1)) / 2);
}

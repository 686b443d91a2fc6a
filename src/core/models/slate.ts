import type { Random } from '../random.ts';
import { type Combination, countCombinations, type ElementGroup, placesOf, scoreCombinations } from './combinations.ts';

/** Weight of likeness against reward in a slate; both run from 0 to 1. */
export const DEFAULT_GAMMA = 0.5;

/** Temperature of the pool's draw in standard deviations of the reward. */
const TEMPERATURE_SD = 0.25;
const MIN_POOL = 64;
const POOL_PER_CREATIVE = 16;

export interface SlateOptions {
  /** Creatives wanted; fewer come back only when there are fewer combinations. */
  readonly size: number;
  readonly gamma: number;
  readonly random: Random;
}

/**
 * A slate of good and different combinations, best first; our design, as no slate rule is published.
 *
 * All combinations are scored (r, mean element score) and a pool is drawn ∝ exp(r/τ), τ = ¼·sd(r), without replacement;
 * from it the slate takes the greatest `r(x) − γ·max_{y∈S} sim(x, y)`, r scaled to [0, 1] over the pool and sim the share of
 * equal elements. No element is in more than ⌈size/2⌉ creatives unless its kind has no other; when the pool has nothing
 * more under that cap, all combinations are candidates, and the cap falls only when none of them is left.
 */
export function drawSlate(groups: readonly ElementGroup[], { size, gamma, random }: SlateOptions): Combination[] {
  const kinds = groups.length;
  const rewards = scoreCombinations(groups);
  const pool = drawPool(rewards, Math.max(MIN_POOL, POOL_PER_CREATIVE * size), random);
  const scaled = scaledOver(rewards, pool);
  const uses = groups.map((group) => new Uint32Array(group.elementIds.length));
  const slate: Combination[] = [];

  const fill = (candidates: Uint32Array, cap: number): void => {
    const places = placesOf(groups, candidates);
    /** Most elements in common with a creative of the slate; all of them: in the slate. */
    const shared = new Uint32Array(candidates.length);
    const meet = (chosen: Combination): void => {
      for (let at = 0; at < candidates.length; at++) shared[at] = Math.max(shared[at] as number, equalElements(places, at * kinds, chosen));
    };
    const overCap = (at: number): boolean => groups.some((group, kind) => group.elementIds.length > 1 && useOf(at, kind) >= cap);
    const useOf = (at: number, kind: number): number => (uses[kind] as Uint32Array)[places[at * kinds + kind] as number] as number;

    slate.forEach(meet);
    while (slate.length < size) {
      let best = -1;
      let bestValue = Number.NEGATIVE_INFINITY;
      for (let at = 0; at < candidates.length; at++) {
        if (shared[at] === kinds) continue;
        const value = scaled(candidates[at] as number) - (gamma * (shared[at] as number)) / kinds;
        if (value <= bestValue || overCap(at)) continue;
        best = at;
        bestValue = value;
      }
      if (best < 0) return;
      const chosen = places.slice(best * kinds, (best + 1) * kinds);
      slate.push(chosen);
      chosen.forEach((place, kind) => {
        (uses[kind] as Uint32Array)[place] = useOf(best, kind) + 1;
      });
      meet(chosen);
    }
  };

  const cap = Math.ceil(size / 2);
  fill(pool, cap);
  if (slate.length < size) fill(allIndexes(rewards.length), cap);
  if (slate.length < size) fill(allIndexes(rewards.length), Number.POSITIVE_INFINITY);
  return slate;
}

/** Different combinations drawn uniformly, in the order drawn: the slate to compare others with. */
export function drawRandomSlate(groups: readonly ElementGroup[], { size, random }: Pick<SlateOptions, 'size' | 'random'>): Combination[] {
  const wanted = Math.min(size, countCombinations(groups));
  const slate = new Map<string, Combination>();
  while (slate.size < wanted) {
    const combination = Uint32Array.from(groups, (group) => random.below(group.elementIds.length));
    if (!slate.has(combination.join())) slate.set(combination.join(), combination);
  }
  return [...slate.values()];
}

/** Mean share of differing elements over all pairs of a slate; null for fewer than two. */
export function meanHamming(slate: readonly Combination[]): number | null {
  if (slate.length < 2) return null;
  let sum = 0;
  for (const [index, one] of slate.entries()) {
    for (const other of slate.slice(0, index)) sum += 1 - equalElements(one, 0, other) / one.length;
  }
  return sum / ((slate.length * (slate.length - 1)) / 2);
}

/**
 * Indexes, ascending, of `size` combinations drawn without replacement ∝ exp(r/τ): the greatest r/τ + Gumbel noise
 * (Kool, van Hoof & Welling 2019). Equal rewards give a uniform draw.
 */
function drawPool(rewards: Float64Array, size: number, random: Random): Uint32Array {
  const n = rewards.length;
  if (n <= size) return allIndexes(n);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / n;
  const sd = Math.sqrt(rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / n);
  // Rounding leaves a tiny deviation between equal rewards.
  const sharpness = sd > 1e-12 ? 1 / (TEMPERATURE_SD * sd) : 0;
  const keys = rewards.map((reward) => (reward - mean) * sharpness - Math.log(random.exponential()));
  const threshold = keys.slice().sort()[n - size] as number;
  const pool = new Uint32Array(size);
  let at = 0;
  for (let index = 0; index < n && at < size; index++) if ((keys[index] as number) >= threshold) pool[at++] = index;
  return pool;
}

function allIndexes(n: number): Uint32Array {
  const indexes = new Uint32Array(n);
  for (let index = 0; index < n; index++) indexes[index] = index;
  return indexes;
}

/** Rewards scaled so that the pool's run from 0 to 1; all 0 when the pool's are equal. */
function scaledOver(rewards: Float64Array, pool: Uint32Array): (index: number) => number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const index of pool) {
    low = Math.min(low, rewards[index] as number);
    high = Math.max(high, rewards[index] as number);
  }
  return high > low ? (index) => ((rewards[index] as number) - low) / (high - low) : () => 0;
}

function equalElements(places: Uint32Array, from: number, other: Combination): number {
  let equal = 0;
  for (let kind = 0; kind < other.length; kind++) if (places[from + kind] === other[kind]) equal++;
  return equal;
}

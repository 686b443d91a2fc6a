import type { Random } from '../../random.ts';
import { AdDecisions, type PreparedAd, prepareAd } from './decisions.ts';
import { drawDistinct } from './draws.ts';
import { TEMPERATURE } from './network.ts';
import type { GeneratorAd, PointerPolicy } from './policy.ts';
import type { CombinationReward, Pool } from './reward.ts';
import { Slate, type SlateRules } from './slate.ts';
import { ALWAYS_COUNTED, type Combination, type CombinationSpace } from './space.ts';

/** All combinations are scored up to here: 100,000 take about 20 ms an ad. */
export const MAX_SCORED = ALWAYS_COUNTED;
const MIN_POOL = 64;
const POOL_PER_CREATIVE = 16;
/** Different draws of a policy that a slate is chosen from, and how many more of what still fits where these hold too few. */
const POLICY_DRAWS = 256;
const FITTING_DRAWS = 64;
/** Draws, without the spread rule, where none fits any more. */
const MORE_DRAWS = 1_024;
/** A pool holds at least so many combinations for each creative wanted. */
const LEAST_PER_CREATIVE = 2;
/** Every one of n combinations turns up in 30·n draws but for a chance of n·e⁻³⁰. */
const TRIES_PER_DRAW = 30;
const MOST_TRIES = 10_000;

export interface ComposeOptions extends SlateRules {
  readonly random: Random;
}

/** A slate, best first, with the reward of each combination. */
export interface ComposedSlate {
  readonly combinations: readonly Combination[];
  readonly rewards: readonly number[];
  /** Combinations that were scored for it. */
  readonly rewardCalls: number;
}

/**
 * The slate of a space of at most {@link MAX_SCORED} combinations: all are scored, and a pool is drawn ∝ exp(r/τ),
 * τ = ¼·sd(r), without replacement. Where the pool holds too few under the spread rule all combinations are candidates; the
 * rule falls only when none of them is left. Our design, as no slate rule is published.
 */
export function exactSlate(space: CombinationSpace, reward: CombinationReward, { random, ...rules }: ComposeOptions): ComposedSlate {
  const before = reward.calls;
  const all = reward.poolOfAll(space);
  const slate = new Slate(space, rules);
  slate.fill(subPool(all, space.kinds, drawBoltzmann(all.rewards, Math.max(MIN_POOL, POOL_PER_CREATIVE * rules.size), random)), 'spread');
  if (!slate.isFull) slate.fill(all, 'spread');
  if (!slate.isFull) slate.fill(all, 'any');
  return { combinations: slate.combinations, rewards: slate.rewards, rewardCalls: reward.calls - before };
}

/**
 * The slate from 256 different draws of a policy. Where they hold too few under the spread rule the policy draws again, 64 at a
 * time, among candidates that have room left; where these have no combination either, 1,024 of its draws and as many uniform
 * ones fill up without the rule. All of these are at least twice the size of the slate.
 */
export function policySlate(policy: PointerPolicy, ad: GeneratorAd, { random, ...rules }: ComposeOptions): ComposedSlate {
  const { space, reward } = ad;
  const before = reward.calls;
  const prepared: PreparedAd = prepareAd(ad);
  const slate = new Slate(space, rules);
  const atLeast = (draws: number): number => Math.max(draws, LEAST_PER_CREATIVE * rules.size);
  const draw = (from: CombinationSpace, count: number): Combination[] =>
    drawDistinct(new AdDecisions(policy, { ...prepared, space: from }), atLeast(count), random);
  slate.fill(reward.pool(draw(space, POLICY_DRAWS)), 'spread');
  for (let filled = -1; !slate.isFull && slate.combinations.length > filled; ) {
    filled = slate.combinations.length;
    const fitting = space.narrowed(slate.hasRoom('spread'));
    if (!fitting.isEmpty) slate.fill(reward.pool(draw(fitting, FITTING_DRAWS)), 'spread');
  }
  if (!slate.isFull) {
    slate.fill(reward.pool([...draw(space, MORE_DRAWS), ...drawUniform(space, atLeast(MORE_DRAWS), random)]), 'any');
  }
  return { combinations: slate.combinations, rewards: slate.rewards, rewardCalls: reward.calls - before };
}

/** Different combinations drawn uniformly (see {@link CombinationSpace.draw}), in the order drawn: what others are compared with. */
export function randomSlate(
  space: CombinationSpace,
  reward: CombinationReward,
  { size, random }: Pick<ComposeOptions, 'size' | 'random'>,
): ComposedSlate {
  const before = reward.calls;
  const slate = new Slate(space, { size, gamma: 0 });
  // One at a time: a pool of several would be put in the order of its rewards.
  for (const combination of drawUniform(space, Math.min(space.count, size * POOL_PER_CREATIVE), random)) {
    if (!slate.isFull) slate.fill(reward.pool([combination]), 'any');
  }
  return { combinations: slate.combinations, rewards: slate.rewards, rewardCalls: reward.calls - before };
}

/** What chance did to a place of a slate. */
export interface PlacedCombination {
  readonly combination: Combination;
  readonly reward: number;
  /** Whether a uniform draw took the place of the chosen combination. */
  readonly isRandom: boolean;
  /** Probability of this combination at this place, given the other places. */
  readonly propensity: number;
}

/**
 * A slate whose places each hold a uniform draw with probability ε instead: one of the m combinations that no other place
 * holds and that break no at-most constraint beside the other places. Propensity ε/m of such a draw, 1 − ε + ε/m of the chosen
 * combination.
 */
export function withRandomShare(
  { combinations, rewards }: ComposedSlate,
  space: CombinationSpace,
  reward: CombinationReward,
  epsilon: number,
  random: Random,
): PlacedCombination[] {
  const held = new Map(combinations.map((combination) => [combination.join(), combination]));
  const uses = new Int32Array(space.candidates);
  const count = (combination: Combination, by: 1 | -1): void => {
    for (const candidate of combination) uses[candidate] = (uses[candidate] as number) + by;
  };
  for (const combination of combinations) count(combination, 1);
  return combinations.map((chosen, place) => {
    held.delete(chosen.join());
    count(chosen, -1);
    const hasRoom = Array.from(uses, (times, candidate) => times < (space.mostUses[candidate] as number));
    const fitting = hasRoom.includes(false) ? space.narrowed(hasRoom) : space;
    const heldThere = fitting === space ? held.size : [...held.values()].filter((other) => fitting.holds(other)).length;
    const free = Math.max(1, fitting.count - heldThere);
    const drawn = random.uniform() < epsilon ? drawBeside(fitting, chosen, held, random) : chosen;
    held.set(drawn.join(), drawn);
    count(drawn, 1);
    const isRandom = !isSame(drawn, chosen);
    return {
      combination: drawn,
      reward: isRandom ? reward.score(drawn) : (rewards[place] as number),
      isRandom,
      propensity: isRandom ? epsilon / free : 1 - epsilon + epsilon / free,
    };
  });
}

/** A uniform draw that no other place holds; the chosen one where so many tries find none. */
function drawBeside(space: CombinationSpace, chosen: Combination, others: ReadonlyMap<string, Combination>, random: Random): Combination {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const drawn = space.draw(random);
    if (!others.has(drawn.join())) return drawn;
  }
  return chosen;
}

function isSame(one: Combination, other: Combination): boolean {
  return one.every((candidate, kind) => candidate === other[kind]);
}

/** Different uniform draws in the order drawn, as many as there are where those are fewer. */
function drawUniform(space: CombinationSpace, count: number, random: Random): Combination[] {
  const wanted = Math.min(count, space.count);
  const drawn = new Map<string, Combination>();
  for (let tries = 0; drawn.size < wanted && tries < TRIES_PER_DRAW * (wanted + 1); tries++) {
    const combination = space.draw(random);
    if (!drawn.has(combination.join())) drawn.set(combination.join(), combination);
  }
  return [...drawn.values()];
}

function subPool({ rewards, members }: Pool, kinds: number, indexes: Uint32Array): Pool {
  const chosen = new Int32Array(indexes.length * kinds);
  indexes.forEach((index, i) => {
    chosen.set(members.subarray(index * kinds, (index + 1) * kinds), i * kinds);
  });
  return { rewards: Float64Array.from(indexes, (index) => rewards[index] as number), members: chosen };
}

/**
 * Indexes, ascending, of `size` combinations drawn without replacement ∝ exp(r/τ): the greatest r/τ + Gumbel noise
 * (Kool, van Hoof & Welling 2019). Equal rewards give a uniform draw.
 */
function drawBoltzmann(rewards: Float64Array, size: number, random: Random): Uint32Array {
  const n = rewards.length;
  if (n <= size) return Uint32Array.from(rewards.keys());
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / n;
  const sd = Math.sqrt(rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / n);
  // Rounding leaves a tiny deviation between equal rewards.
  const sharpness = sd > 1e-12 * Math.max(1, Math.abs(mean)) ? 1 / (TEMPERATURE * sd) : 0;
  const keys = rewards.map((reward) => (reward - mean) * sharpness - Math.log(random.exponential()));
  const threshold = keys.slice().sort()[n - size] as number;
  const pool = new Uint32Array(size);
  let at = 0;
  for (let index = 0; index < n && at < size; index++) if ((keys[index] as number) >= threshold) pool[at++] = index;
  return pool;
}

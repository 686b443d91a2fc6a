import { DEFAULT_CONFIG, type PolicyConfig } from '../../../../src/core/config.ts';
import type { Arms, CreatePolicy, Feedback, Policy, PolicyOptions, RewardMap } from '../../../../src/core/feedback/policies/policy.ts';
import { createRandom, type Random } from '../../../../src/core/random.ts';

/** Arms of ads of the given sizes, all live. */
export function makeArms(...sizes: readonly number[]): Arms {
  const firstArm = [0];
  for (const size of sizes) firstArm.push((firstArm.at(-1) as number) + size);
  return { ads: sizes.length, firstArm: Int32Array.from(firstArm), live: new Uint8Array(firstArm.at(-1) as number).fill(1) };
}

/** Rewards that are clicks alone. */
export function clicksAlone(arms: Arms): RewardMap {
  return { slope: new Float64Array(arms.ads).fill(1), rest: new Float64Array(arms.live.length) };
}

interface MadeOptions extends Partial<Omit<PolicyOptions, 'arms' | 'config'>> {
  readonly config?: Partial<PolicyConfig>;
}

/** A policy with the default settings, rewards that are clicks alone, and a plan of even shares, where not given otherwise. */
export function makePolicy(create: CreatePolicy, arms: Arms, { config, ...rest }: MadeOptions = {}): Policy {
  return create({
    arms,
    random: createRandom(1),
    rewards: clicksAlone(arms),
    shares: evenShares(arms),
    config: { ...DEFAULT_CONFIG.policy, ...config },
    ...rest,
  });
}

function evenShares(arms: Arms): Float64Array {
  const shares = new Float64Array(arms.live.length);
  for (let ad = 0; ad < arms.ads; ad++) {
    const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
    shares.fill(1 / (end - first), first, end);
  }
  return shares;
}

export function outcome(click: number, exposure = 1, ts = 0): Feedback {
  return { ts, click, exposure, viewTime: Number.NaN, revenue: Number.NaN };
}

/** Shows an arm so many times, the first of them clicked. */
export function show(policy: Policy, ad: number, arm: number, { clicks = 0, plays = 1, exposure = 1 }): void {
  for (let play = 0; play < plays; play++) policy.update(ad, arm, outcome(play < clicks ? 1 : 0, exposure));
}

/** Lets a policy play so many impressions of arms with these CTRs; how often it showed each. */
export function playOut(
  policy: Policy,
  ctrs: readonly number[],
  { impressions, seed = 1 }: { impressions: number; seed?: number },
): number[] {
  const random = createRandom(seed, 1);
  const plays = ctrs.map(() => 0);
  for (let row = 0; row < impressions; row++) {
    const arm = policy.select(0, row);
    plays[arm] = (plays[arm] as number) + 1;
    policy.update(0, arm, outcome(random.uniform() < (ctrs[arm] as number) ? 1 : 0));
  }
  return plays;
}

/** The probabilities with which a policy shows the arms of an ad. */
export function probabilitiesOf(policy: Policy, arms: Arms, ad = 0): number[] {
  const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
  return Array.from({ length: end - first }, (_, i) => policy.probability(ad, first + i, 0));
}

/** A generator that can be started again from a seed while it is in use. */
export function restartable(seed: number): Random & { restart(seed: number): void } {
  let random = createRandom(seed);
  return {
    uint32: () => random.uint32(),
    uniform: () => random.uniform(),
    below: (n) => random.below(n),
    normal: () => random.normal(),
    gamma: (shape) => random.gamma(shape),
    exponential: () => random.exponential(),
    restart: (again) => {
      random = createRandom(again);
    },
  };
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

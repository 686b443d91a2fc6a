import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../../../src/commands/replay.ts';
import { createIndexPolicy } from '../../../../src/core/feedback/policies/index_policy.ts';
import type { Arms, Policy, PolicyOptions } from '../../../../src/core/feedback/policies/policy.ts';
import { POLICIES } from '../../../../src/core/feedback/policies/registry.ts';
import { createUcbPolicy } from '../../../../src/core/feedback/policies/ucb.ts';
import { createUcb1Policy } from '../../../../src/core/feedback/policies/ucb1.ts';
import { createUniformPolicy } from '../../../../src/core/feedback/policies/uniform.ts';
import { gammaQuantile } from '../../../../src/core/numerics/gamma.ts';
import { createRandom, type Random } from '../../../../src/core/random.ts';

/** Arms of ads of the given sizes, all live. */
function makeArms(...sizes: readonly number[]): Arms {
  const firstArm = [0];
  for (const size of sizes) firstArm.push((firstArm.at(-1) as number) + size);
  return { ads: sizes.length, firstArm: Int32Array.from(firstArm), live: new Uint8Array(firstArm.at(-1) as number).fill(1) };
}

function makePolicy(create: (given: PolicyOptions) => Policy, arms: Arms, seed = 1): Policy {
  return create({ arms, random: createRandom(seed) });
}

/** A policy's expected loss against the oracle, as a share of the oracle's clicks. */
function lossOf(create: (given: PolicyOptions) => Policy, ctrs: readonly number[], impressions: number, seed: number): number {
  const policy = makePolicy(create, makeArms(ctrs.length), seed);
  const random: Random = createRandom(seed, 1);
  const best = Math.max(...ctrs);
  let lost = 0;
  for (let i = 0; i < impressions; i++) {
    const arm = policy.select(0);
    const ctr = ctrs[arm] as number;
    lost += best - ctr;
    policy.update(0, arm, random.uniform() < ctr ? 1 : 0, 1);
  }
  return lost / (best * impressions);
}

describe('the registry of policies', () => {
  it('has the names of the command line, and no other', () => {
    expect(Object.keys(POLICIES).sort()).toEqual([...POLICY_NAMES].sort());
  });

  it.each(Object.keys(POLICIES))('%s states probabilities that sum to 1 over live arms, and an expectation by them', (name) => {
    const create = POLICIES[name] as (given: PolicyOptions) => Policy;
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }), fc.integer(), (live, seed) => {
        fc.pre(live.includes(true));
        const arms = makeArms(2, live.length);
        arms.live.set(live.map(Number), 2);
        const policy = makePolicy(create, arms, seed);
        const values = Float64Array.from(arms.live, (_, arm) => arm + 0.5);
        for (let round = 0; round < 20; round++) {
          const arm = policy.select(1);
          expect(arms.live[arm]).toBe(1);
          expect(arm).toBeGreaterThanOrEqual(2);
          const probabilities = live.map((_, i) => policy.probability(1, 2 + i));
          expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
          expect(probabilities[arm - 2]).toBeGreaterThan(0);
          live.forEach((is, i) => {
            if (!is) expect(probabilities[i]).toBe(0);
          });
          const expected = probabilities.reduce((sum, p, i) => sum + p * (values[2 + i] as number), 0);
          expect(policy.expectation(1, values)).toBeCloseTo(expected, 12);
          policy.update(1, arm, round % 3 === 0 ? 1 : 0, 1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each(Object.keys(POLICIES))('%s shows nothing where no arm is live', (name) => {
    const arms = makeArms(2);
    arms.live.fill(0);
    const policy = makePolicy(POLICIES[name] as (given: PolicyOptions) => Policy, arms);
    expect(policy.select(0)).toBe(-1);
    expect([policy.probability(0, 0), policy.probability(0, 1)]).toEqual([0, 0]);
    expect(policy.expectation(0, new Float64Array(2))).toBeNaN();
  });
});

describe('an index policy', () => {
  const constant = (values: readonly number[]) => (given: PolicyOptions) =>
    createIndexPolicy(given, () => ({ epoch: () => 0, of: (_, arm) => values[arm] as number }));

  it('shows every arm once before it shows any twice, whatever their indices', () => {
    const policy = makePolicy(constant([9, 1, 5, 7]), makeArms(4));
    const shown = Array.from({ length: 4 }, () => {
      const arm = policy.select(0);
      policy.update(0, arm, 0, 1);
      return arm;
    });
    expect(shown.sort()).toEqual([0, 1, 2, 3]);
    expect(policy.select(0)).toBe(0);
  });

  it('chooses among arms never shown by its generator, each as often', () => {
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 3_000; seed++) {
      const arm = makePolicy(constant([1, 1, 1]), makeArms(3), seed).select(0);
      counts[arm] = (counts[arm] as number) + 1;
    }
    // Standard error 26.
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(105);
  });

  it('breaks ties by the least exposure', () => {
    const policy = makePolicy(constant([3, 3, 2]), makeArms(3));
    for (const [arm, exposure] of [
      [0, 1.5],
      [1, 0.5],
      [2, 0.1],
    ] as const)
      policy.update(0, arm, 0, exposure);
    expect(policy.select(0)).toBe(1);
    policy.update(0, 1, 0, 1.2);
    expect(policy.select(0)).toBe(0);
  });

  it('keeps its choice until it learns or the live arms change', () => {
    const arms = makeArms(3);
    const policy = makePolicy(constant([1, 1, 1]), arms);
    const first = policy.select(0);
    for (let i = 0; i < 20; i++) expect(policy.select(0)).toBe(first);
    arms.live[first] = 0;
    policy.liveChanged(0);
    expect(policy.select(0)).not.toBe(first);
  });
});

describe('ucb', () => {
  it('shows the arm with the highest quantile of its posterior', () => {
    // Documented index: GammaInv(1 − 1/((τ+1)·ln(N+2)); C+1, rate E+1/m) with τ = ⌊N/500⌋ and m = (ΣC+1)/(ΣE+100).
    const ctrs = [0.05, 0.03, 0.04];
    const policy = makePolicy(createUcbPolicy, makeArms(3));
    const random = createRandom(3, 1);
    const clicks = [0, 0, 0];
    const exposure = [0, 0, 0];
    for (let plays = 0; plays < 6_000; plays++) {
      const chosen = policy.select(0);
      if (plays >= 3) {
        const level = 1 - 1 / ((Math.floor(plays / 500) + 1) * Math.log(plays + 2));
        const m = (sum(clicks) + 1) / (sum(exposure) + 100);
        const indices = ctrs.map((_, arm) => gammaQuantile(level, (clicks[arm] as number) + 1, (exposure[arm] as number) + 1 / m));
        // The level and m are renewed at each play up to N = 50, then when N has grown by 2 %: a click more moves m by 1/ΣC.
        const slack = plays < 50 ? 1e-9 : 1 / (sum(clicks) + 1);
        expect(indices[chosen]).toBeGreaterThanOrEqual(Math.max(...indices) * (1 - slack));
      }
      const factor = plays % 2 === 0 ? 1.5 : 0.5;
      const click = random.uniform() < (ctrs[chosen] as number) * factor ? 1 : 0;
      clicks[chosen] = (clicks[chosen] as number) + click;
      exposure[chosen] = (exposure[chosen] as number) + factor;
      policy.update(0, chosen, click, factor);
    }
    expect(exposure[0]).toBeGreaterThan(0.6 * sum(exposure));
  });

  it('takes the prior mean of an ad from all ads it has seen', () => {
    // Level 1 − 1/ln 4 = .279, where the quantiles of Gamma(2) and Gamma(1) are 1.04 and .327. Arm 2: 1.04/(100 + 1/m),
    // arm 3: .327/(1 + 1/m): .0095 and .0297 where ad 0 has taught m = .1, .0052 and .0032 where it has taught m = .01.
    const choiceAfter = (ctr: number): number => {
      const policy = makePolicy(createUcbPolicy, makeArms(2, 2));
      for (let i = 0; i < 2_000; i++) policy.update(0, i % 2, i % (1 / ctr) === 0 ? 1 : 0, 1);
      policy.update(1, 2, 1, 100);
      policy.update(1, 3, 0, 1);
      return policy.select(1);
    };
    expect([choiceAfter(0.1), choiceAfter(0.01)]).toEqual([3, 2]);
  });
});

describe('ucb1', () => {
  it('shows the arm with the highest C/E + c·√(2·ln N/n)', () => {
    const policy = makePolicy((given) => createUcb1Policy(given, 0.5), makeArms(2));
    // N = 11: .2 + .5·√(2·ln 11/10) = .546 against 0 + .5·√(2·ln 11/1) = 1.095; with three more plays .5·√(2·ln 14/4) = .574.
    for (let i = 0; i < 10; i++) policy.update(0, 0, i < 2 ? 1 : 0, 1);
    policy.update(0, 1, 0, 1);
    expect(policy.select(0)).toBe(1);
    for (let i = 0; i < 3; i++) policy.update(0, 1, 0, 1);
    // .2 + .5·√(2·ln 14/10) = .563 is still the lower one; one more play of arm 1: .2 + .5·√(2·ln 15/10) = .568 against .520.
    expect(policy.select(0)).toBe(1);
    policy.update(0, 1, 0, 1);
    expect(policy.select(0)).toBe(0);
  });

  it('divides clicks by effective impressions', () => {
    const policy = makePolicy((given) => createUcb1Policy(given, 0), makeArms(2));
    policy.update(0, 0, 1, 4);
    policy.update(0, 1, 1, 2);
    expect(policy.select(0)).toBe(1);
  });
});

describe('regret on six arms near 2 %', () => {
  // Mean over best = .745: showing them evenly loses a quarter of the oracle's clicks.
  const CTRS = [0.0268, 0.0225, 0.02, 0.019, 0.0172, 0.0144];
  const meanLoss = (create: (given: PolicyOptions) => Policy): number =>
    sum([1, 2, 3, 4, 5, 6].map((seed) => lossOf(create, CTRS, 50_000, seed))) / 6;

  it('is small for the UCB policies and a quarter of the clicks for the uniform one', () => {
    const [ucb, ucb1, uniform] = [createUcbPolicy, (given: PolicyOptions) => createUcb1Policy(given), createUniformPolicy].map(meanLoss);
    expect(ucb).toBeLessThan(0.09);
    expect(ucb1).toBeLessThan(0.09);
    expect(Math.abs((uniform ?? 0) - 0.2543)).toBeLessThan(0.005);
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

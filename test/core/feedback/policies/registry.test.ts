import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../../../src/commands/replay.ts';
import { DEFAULT_CONFIG, type SelectionConfig, withSettings } from '../../../../src/core/config.ts';
import type { CreatePolicy, Policy } from '../../../../src/core/feedback/policies/policy.ts';
import { POLICIES } from '../../../../src/core/feedback/policies/registry.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { makeArms, makePolicy, outcome, playOut, probabilitiesOf, restartable, sum } from './made_policies.ts';

const createOf = (name: string): CreatePolicy => POLICIES[name]?.create as CreatePolicy;
/** `logged` shows what the log did whatever is live: its laws are its own. */
const CHOOSING = Object.keys(POLICIES).filter((name) => name !== 'logged');
const LEARNING = CHOOSING.filter((name) => 'window' in (POLICIES[name]?.settings ?? {}));
const WIDENED = CHOOSING.filter((name) => 'alpha' in (POLICIES[name]?.settings ?? {}));

/** What a policy makes of one random life: updates of its own choices, and now and then a change of the live arms. */
const life = fc.record({
  seed: fc.integer(),
  window: fc.constantFrom(null, { impressions: 7 }, { ms: 5 }),
  slope: fc.constantFrom(0, 1, 30),
  live: fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
});

describe('the registry of policies', () => {
  it('has the names of the command line, and no other', () => {
    expect(Object.keys(POLICIES).sort()).toEqual([...POLICY_NAMES].sort());
  });

  it.each(Object.entries(POLICIES))('lists settings of %s that there are', (_, { settings }) => {
    const config: SelectionConfig = withSettings(
      DEFAULT_CONFIG,
      new Map(Object.entries(settings).map(([key, value]) => [key, String(value ?? 'open')])),
    );
    expect(config.policy).toEqual({ ...DEFAULT_CONFIG.policy, ...settings });
  });
});

describe.each(CHOOSING)('%s', (name) => {
  it('shows live arms alone, by probabilities that sum to 1 and give its expectation', () => {
    fc.assert(
      fc.property(life, ({ seed, window, slope, live }) => {
        const arms = makeArms(2, 4);
        const random = createRandom(seed, 1);
        const rewards = { slope: Float64Array.of(1, slope), rest: Float64Array.of(0, 0, 0, 0.1, 0, 0.1) };
        const policy = makePolicy(createOf(name), arms, { random: createRandom(seed), config: { window }, rewards });
        const values = Float64Array.from(arms.live, (_, arm) => arm + 0.5);
        let row = 0;
        for (const states of live) {
          arms.live.set(states.map(Number), 2);
          policy.refresh(1);
          for (let round = 0; round < 12; round++, row++) {
            const arm = policy.select(1, row);
            const probabilities = probabilitiesOf(policy, arms, 1);
            if (!states.includes(true)) {
              expect(arm).toBe(-1);
              expect(probabilities).toEqual([0, 0, 0, 0]);
              expect(policy.expectation(1, values, row)).toBeNaN();
              continue;
            }
            expect(states[arm - 2]).toBe(true);
            expect(probabilities[arm - 2]).toBeGreaterThan(0);
            states.forEach((is, i) => {
              if (!is) expect(probabilities[i]).toBe(0);
            });
            expect(sum(probabilities)).toBeCloseTo(1, 12);
            expect(policy.expectation(1, values, row)).toBeCloseTo(sum(probabilities.map((p, i) => p * (values[2 + i] as number))), 12);
            policy.update(1, arm, outcome(random.uniform() < 0.3 ? 1 : 0, 0.5 + random.below(3), row));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('selects as often as it says', () => {
    const arms = makeArms(4);
    const policy = makePolicy(createOf(name), arms, { shares: Float64Array.of(0.5, 0.2, 0, 0.3) });
    playOut(policy, [0.2, 0.25, 0.15, 0.3], { impressions: 60 });
    const probabilities = probabilitiesOf(policy, arms);
    const shown = probabilities.map(() => 0);
    for (let row = 0; row < 40_000; row++) {
      const arm = policy.select(0, row);
      shown[arm] = (shown[arm] as number) + 1;
    }
    // The standard error of a share is at most .0025.
    probabilities.forEach((p, arm) => {
      expect(Math.abs((shown[arm] as number) / 40_000 - p)).toBeLessThanOrEqual(p === 0 || p === 1 ? 0 : 0.011);
    });
  });

  it('makes the same choices from the same seed', () => {
    const choices = (): number[] => {
      const arms = makeArms(5);
      const policy = makePolicy(createOf(name), arms, { random: createRandom(9) });
      return Array.from({ length: 300 }, (_, row) => {
        const arm = policy.select(0, row);
        policy.update(0, arm, outcome(row % 7 === arm ? 1 : 0, 1, row));
        return arm;
      });
    };
    expect(choices()).toEqual(choices());
  });

  it.each([null, { impressions: 100 }, { ms: 150 }])('is like new for an ad that it has been told to forget (window %j)', (window) => {
    const arms = makeArms(2, 4);
    const random = restartable(1);
    const policy = makePolicy(createOf(name), arms, { random, config: { window } });
    const outcomes = createRandom(3);
    const play = (policies: readonly Policy[], row: number): void => {
      const [first, ...others] = policies.map((one) => [one.select(1, row), ...probabilitiesOf(one, arms, 1)]) as [number[], ...number[][]];
      for (const other of others) expect(other).toEqual(first);
      const feedback = outcome(outcomes.uniform() < 0.1 * (first[0] as number) ? 1 : 0, 0.5 * (1 + outcomes.below(4)), row);
      for (const one of policies) one.update(1, first[0] as number, feedback);
    };
    for (let row = 0; row < 5_000; row++) play([policy], row);
    policy.forget(1);
    const fresh = restartable(2);
    random.restart(2);
    const newPolicy = makePolicy(createOf(name), arms, { random: fresh, config: { window } });
    for (let row = 5_000; row < 6_200; row++) play([policy, newPolicy], row);
  });
});

describe.each(LEARNING)('%s with a window', (name) => {
  it('finds the best arm again after the CTRs have turned round', () => {
    const policy = makePolicy(createOf(name), makeArms(3), { config: { window: { impressions: 600 }, epsilon: 0.1 } });
    const before = playOut(policy, [0.5, 0.2, 0.1], { impressions: 30_000, seed: 1 });
    const after = playOut(policy, [0.1, 0.2, 0.5], { impressions: 3_000, seed: 2 });
    expect(before[0]).toBeGreaterThan(0.7 * 30_000);
    expect(after[2]).toBeGreaterThan(0.4 * 3_000);
  });
});

describe.each(WIDENED)('alpha of %s', (name) => {
  it('makes it explore more', () => {
    const leastShown = [0.25, 1, 4].map((factor) => {
      const alpha = factor * (POLICIES[name]?.settings.alpha as number);
      const plays = [1, 2, 3].map((seed) =>
        playOut(makePolicy(createOf(name), makeArms(4), { config: { alpha } }), [0.3, 0.2, 0.15, 0.1], { impressions: 4_000, seed }),
      );
      return sum(plays.map((one) => Math.min(...one)));
    }) as [number, number, number];
    expect(leastShown[0]).toBeLessThan(leastShown[1]);
    expect(leastShown[1]).toBeLessThan(leastShown[2]);
  });

  it('of 0 makes it greedy, and of null leaves it its own', () => {
    const arms = makeArms(2);
    const greedy = makePolicy(createOf(name), arms, { config: { alpha: 0 } });
    for (const [arm, clicks, plays] of [
      [0, 30, 100],
      [1, 1, 4],
    ] as const)
      for (let i = 0; i < plays; i++) greedy.update(0, arm, outcome(i < clicks ? 1 : 0));
    expect(probabilitiesOf(greedy, arms)).toEqual([1, 0]);
    const [own, open] = [POLICIES[name]?.settings.alpha as number, null].map((alpha) =>
      playOut(makePolicy(createOf(name), makeArms(3), { config: { alpha } }), [0.3, 0.2, 0.1], { impressions: 500 }),
    );
    expect(own).toEqual(open);
  });
});

describe('regret on six arms near 2 %', () => {
  // Mean over best = .745: showing them evenly loses a quarter of the oracle's clicks.
  const CTRS = [0.0268, 0.0225, 0.02, 0.019, 0.0172, 0.0144];
  const meanLoss = (name: string): number => {
    const losses = [1, 2, 3, 4, 5, 6].map((seed) => {
      const plays = playOut(makePolicy(createOf(name), makeArms(CTRS.length), { random: createRandom(seed) }), CTRS, {
        impressions: 50_000,
        seed,
      });
      return sum(plays.map((n, arm) => n * ((CTRS[0] as number) - (CTRS[arm] as number)))) / (50_000 * (CTRS[0] as number));
    });
    return sum(losses) / losses.length;
  };

  // Mean and standard deviation over 24 other runs; the mean of 6 runs has a standard error of sd/√6.
  it.each([
    ['ucb', 0.056, 0.029],
    ['ucb1', 0.058, 0.018],
    ['kl', 0.064, 0.02],
    ['thompson', 0.065, 0.032],
    ['epsilon-greedy', 0.084, 0.062],
  ])('is about what it should be for %s: %d', (name, mean, sd) => {
    expect(Math.abs(meanLoss(name) - mean)).toBeLessThan((3 * sd) / Math.sqrt(6));
  });

  it('is a quarter of the clicks for the uniform one', () => {
    expect(Math.abs(meanLoss('uniform') - 0.2543)).toBeLessThan(0.005);
  });
});

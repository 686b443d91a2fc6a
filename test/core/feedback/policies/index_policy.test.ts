import { describe, expect, it } from 'vitest';
import { createIndexPolicy } from '../../../../src/core/feedback/policies/index_policy.ts';
import type { CreatePolicy } from '../../../../src/core/feedback/policies/policy.ts';
import { createUcbPolicy } from '../../../../src/core/feedback/policies/ucb.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { clicksAlone, makeArms, makePolicy, outcome, probabilitiesOf, show } from './made_policies.ts';

/** Arms with these indices, whatever comes of them. */
const constant =
  (values: readonly number[]): CreatePolicy =>
  (given) =>
    createIndexPolicy(given, () => ({ isDue: () => false, of: (_, arm) => values[arm] as number }));

/** The index is C/E. */
const clickRate: CreatePolicy = (given) =>
  createIndexPolicy(given, ({ clicks, exposure }) => ({
    isDue: () => false,
    of: (_, arm) => (clicks[arm] as number) / (exposure[arm] as number),
  }));

describe('an index policy', () => {
  it('shows every arm once before it shows any twice, whatever their indices', () => {
    const policy = makePolicy(constant([9, 1, 5, 7]), makeArms(4));
    const shown = Array.from({ length: 4 }, () => {
      const arm = policy.select(0, 0);
      show(policy, 0, arm, {});
      return arm;
    });
    expect(shown.sort()).toEqual([0, 1, 2, 3]);
    expect(policy.select(0, 0)).toBe(0);
  });

  it('chooses among arms never shown by its generator, each as often', () => {
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 3_000; seed++) {
      const arm = makePolicy(constant([1, 1, 1]), makeArms(3), { random: createRandom(seed) }).select(0, 0);
      counts[arm] = (counts[arm] as number) + 1;
    }
    // Standard error 26.
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(105);
  });

  it('breaks ties by the least exposure', () => {
    const policy = makePolicy(constant([3, 3, 2]), makeArms(3));
    show(policy, 0, 0, { exposure: 1.5 });
    show(policy, 0, 1, { exposure: 0.5 });
    show(policy, 0, 2, { exposure: 0.1 });
    expect(policy.select(0, 0)).toBe(1);
    show(policy, 0, 1, { exposure: 1.2 });
    expect(policy.select(0, 0)).toBe(0);
  });

  it('keeps its choice until it learns, or the live arms change', () => {
    const arms = makeArms(3);
    const policy = makePolicy(constant([1, 1, 1]), arms);
    const first = policy.select(0, 0);
    for (let i = 0; i < 20; i++) expect(policy.select(0, i)).toBe(first);
    arms.live[first] = 0;
    policy.refresh(0);
    expect(policy.select(0, 0)).not.toBe(first);
  });

  it('computes the index of all arms where it is due, and of the shown arm where not', () => {
    const asked: number[] = [];
    let isDue = false;
    const policy = makePolicy(
      (given) =>
        createIndexPolicy(given, () => ({
          isDue: () => isDue,
          of: (_, arm) => {
            asked.push(arm);
            return 1;
          },
        })),
      makeArms(2, 3),
    );
    for (const arm of [2, 3, 4]) show(policy, 1, arm, {});
    expect(asked.splice(0)).toEqual([2, 3, 4]);
    isDue = true;
    show(policy, 1, 3, {});
    expect(asked).toEqual([2, 3, 4]);
  });
});

describe('the rewards of an index policy', () => {
  it('change the order of arms, when it is told that they have changed', () => {
    const arms = makeArms(3);
    const rewards = clicksAlone(arms);
    const policy = makePolicy(constant([0.05, 0.04, 0.01]), arms, { rewards });
    for (const arm of [0, 1, 2]) show(policy, 0, arm, {});
    expect(policy.select(0, 0)).toBe(0);
    // slope·θ + rest: 1.5, 1.6 and 1.5.
    rewards.slope[0] = 30;
    rewards.rest.set([0, 0.4, 1.2]);
    policy.refresh(0);
    expect(policy.select(0, 0)).toBe(1);
    // .5, .8, 1.3.
    rewards.slope[0] = 10;
    policy.refresh(0);
    expect(probabilitiesOf(policy, arms)).toEqual([0, 0, 1]);
  });

  it('do not come before the first showing of an arm', () => {
    const arms = makeArms(3);
    const policy = makePolicy(constant([1, 1, 1]), arms, { rewards: { slope: Float64Array.of(1), rest: Float64Array.of(5, -5, 9) } });
    show(policy, 0, 0, {});
    show(policy, 0, 2, {});
    expect(policy.select(0, 0)).toBe(1);
  });

  it('without a weight of clicks order arms by the rest alone, those never shown first', () => {
    const arms = makeArms(3);
    const policy = makePolicy(constant([9, 3, 1]), arms, { rewards: { slope: Float64Array.of(0), rest: Float64Array.of(0.1, 0.3, 0.2) } });
    const shown = [0, 1, 2].map(() => {
      const arm = policy.select(0, 0);
      show(policy, 0, arm, {});
      return arm;
    });
    expect(shown.sort()).toEqual([0, 1, 2]);
    expect(policy.select(0, 0)).toBe(1);
    expect(policy.expectation(0, Float64Array.of(4, 5, 6), 0)).toBe(5);
  });

  it('that are all the same show arms in turn', () => {
    const arms = makeArms(4);
    const policy = makePolicy(clickRate, arms, { rewards: { slope: new Float64Array(1), rest: new Float64Array(4) } });
    const shown = [0, 0, 0, 0];
    for (let row = 0; row < 40; row++) {
      const arm = policy.select(0, row);
      shown[arm] = (shown[arm] as number) + 1;
      policy.update(0, arm, outcome(arm % 2));
    }
    expect(shown).toEqual([10, 10, 10, 10]);
  });
});

describe('the window of an index policy', () => {
  it('brings an arm first again whose plays have all left', () => {
    const policy = makePolicy(constant([3, 1]), makeArms(2), { config: { window: { impressions: 5 } } });
    show(policy, 0, 1, {});
    show(policy, 0, 0, { plays: 4 });
    expect(policy.select(0, 0)).toBe(0);
    show(policy, 0, 0, {});
    expect(policy.select(0, 0)).toBe(1);
  });

  it('gives an arm a new index when one of its plays leaves', () => {
    const policy = makePolicy(clickRate, makeArms(2), { config: { window: { ms: 10 } } });
    policy.update(0, 0, outcome(1, 1, 0)); // leaves at 10
    policy.update(0, 0, outcome(0, 1, 5));
    policy.update(0, 1, outcome(1, 4, 6));
    expect(policy.select(0, 0)).toBe(0); // 1/2 against 1/4
    policy.update(0, 1, outcome(0, 1, 10));
    expect(policy.select(0, 0)).toBe(1); // 0/1 against 1/5
  });

  it('goes on to other arms while it waits for what came of those it showed', () => {
    const policy = makePolicy(createUcbPolicy, makeArms(4));
    const shown = Array.from({ length: 40 }, () => {
      const arm = policy.select(0, 0);
      policy.shown?.(0, arm, 1);
      return arm;
    });
    expect(shown.slice(0, 4).sort()).toEqual([0, 1, 2, 3]);
    for (const arm of [0, 1, 2, 3]) expect(shown.filter((own) => own === arm)).toHaveLength(10);
  });
});

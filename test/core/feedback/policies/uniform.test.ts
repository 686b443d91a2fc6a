import { describe, expect, it } from 'vitest';
import { createUniformPolicy } from '../../../../src/core/feedback/policies/uniform.ts';
import { makeArms, makePolicy, probabilitiesOf, show } from './made_policies.ts';

describe('uniform', () => {
  it('shows each live arm with the same probability, whatever it learns', () => {
    const arms = makeArms(1, 5);
    const policy = makePolicy(createUniformPolicy, arms);
    show(policy, 1, 3, { clicks: 50, plays: 50 });
    expect(probabilitiesOf(policy, arms, 1)).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    expect(policy.expectation(1, Float64Array.of(100, 1, 2, 3, 4, 5), 0)).toBe(3);
    expect([policy.select(0, 0), policy.probability(0, 0, 0)]).toEqual([0, 1]);
    arms.live.set([0, 0], 2);
    policy.refresh(1);
    expect(probabilitiesOf(policy, arms, 1)).toEqual([1 / 3, 0, 0, 1 / 3, 1 / 3]);
    expect(policy.expectation(1, Float64Array.of(100, 1, 2, 3, 4, 5), 0)).toBeCloseTo(10 / 3, 15);
  });
});

import { describe, expect, it } from 'vitest';
import { createUcb1Policy } from '../../../../src/core/feedback/policies/ucb1.ts';
import { makeArms, makePolicy, show } from './made_policies.ts';

describe('ucb1', () => {
  it('shows the arm with the highest C/E + α·√(2·ln N/n)', () => {
    const policy = makePolicy(createUcb1Policy, makeArms(2), { config: { alpha: 0.5 } });
    // N = 11: .2 + .5·√(2·ln 11/10) = .546 against 0 + .5·√(2·ln 11/1) = 1.095; with three more plays .5·√(2·ln 14/4) = .574.
    show(policy, 0, 0, { clicks: 2, plays: 10 });
    show(policy, 0, 1, {});
    expect(policy.select(0, 0)).toBe(1);
    show(policy, 0, 1, { plays: 3 });
    // .2 + .5·√(2·ln 14/10) = .563 is still the lower one; one more play of arm 1: .2 + .5·√(2·ln 15/10) = .568 against .520.
    expect(policy.select(0, 0)).toBe(1);
    show(policy, 0, 1, {});
    expect(policy.select(0, 0)).toBe(0);
  });

  it('explores a tenth as wide as Auer does, unless it is told otherwise', () => {
    // N = 101: .1 + α·√(2·ln 101/100) against α·√(2·ln 101/1): .130 and .304 with α = .1, .115 and .061 with α = .02.
    const choice = (alpha: number | null): number => {
      const policy = makePolicy(createUcb1Policy, makeArms(2), { config: { alpha } });
      show(policy, 0, 0, { clicks: 10, plays: 100 });
      show(policy, 0, 1, {});
      return policy.select(0, 0);
    };
    expect([choice(null), choice(0.1), choice(0.02)]).toEqual([1, 1, 0]);
  });

  it('divides clicks by effective impressions', () => {
    const policy = makePolicy(createUcb1Policy, makeArms(2), { config: { alpha: 0 } });
    show(policy, 0, 0, { clicks: 1, exposure: 4 });
    show(policy, 0, 1, { clicks: 1, exposure: 2 });
    expect(policy.select(0, 0)).toBe(1);
  });

  it('counts as N the plays in its window', () => {
    // 1/4 + α·√(2·ln N/4) against α·√(2·ln N/1): apart by less than 1/4 with α = .2 for N = 5, by more for the N = 1,004 of all.
    const policy = makePolicy(createUcb1Policy, makeArms(2), { config: { alpha: 0.2, window: { impressions: 5 } } });
    show(policy, 0, 0, { plays: 999 });
    show(policy, 0, 1, {});
    show(policy, 0, 0, { clicks: 1, plays: 4 });
    expect(policy.select(0, 0)).toBe(0);
  });
});

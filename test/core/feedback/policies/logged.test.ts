import { describe, expect, it } from 'vitest';
import { createLoggedPolicy } from '../../../../src/core/feedback/policies/logged.ts';
import { makeArms, makePolicy, show } from './made_policies.ts';

describe('logged', () => {
  const logged = { arm: Int32Array.of(2, 0, 4), propensity: Float64Array.of(0.5, 0.2, 0.7) };

  it('chooses in each row what the log shows, with its propensity, so every weight is 1', () => {
    const policy = makePolicy(createLoggedPolicy, makeArms(3, 2), { logged });
    [0, 0, 1].forEach((ad, row) => {
      const shown = logged.arm[row] as number;
      expect(policy.select(ad, row)).toBe(shown);
      expect(policy.probability(ad, shown, row) / (logged.propensity[row] as number)).toBe(1);
      expect(policy.probability(ad, shown + 1, row)).toBe(0);
      expect(policy.expectation(ad, Float64Array.of(10, 11, 12, 13, 14), row)).toBe(10 + shown);
    });
  });

  it('learns and forgets nothing', () => {
    const policy = makePolicy(createLoggedPolicy, makeArms(3, 2), { logged });
    show(policy, 0, 1, { clicks: 9, plays: 9 });
    policy.refresh(0);
    policy.forget(0);
    expect(policy.select(0, 1)).toBe(0);
  });

  it('is refused where there is no log', () => {
    expect(() => makePolicy(createLoggedPolicy, makeArms(2))).toThrow('the logged policy needs a log to replay');
  });
});

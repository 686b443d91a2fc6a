import { describe, expect, it } from 'vitest';
import { createUcbPolicy } from '../../../../src/core/feedback/policies/ucb.ts';
import { gammaQuantile } from '../../../../src/core/numerics/gamma.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { makeArms, makePolicy, outcome, show, sum } from './made_policies.ts';

/** GammaInv(1 − 1/((τ+1)·ln(N+2)); C+1, rate E+1/m) with τ = ⌊N/500⌋ and m = (ΣC+1)/(ΣE+100), stretched from its mean by α. */
function documentedIndices(
  clicks: readonly number[],
  exposure: readonly number[],
  { plays, alpha = 1 }: { plays: number; alpha?: number },
): number[] {
  const level = 1 - 1 / ((Math.floor(plays / 500) + 1) * Math.log(plays + 2));
  const m = (sum(clicks) + 1) / (sum(exposure) + 100);
  return clicks.map((count, arm) => {
    const [shape, rate] = [count + 1, (exposure[arm] as number) + 1 / m];
    return shape / rate + alpha * (gammaQuantile(level, shape, rate) - shape / rate);
  });
}

describe('ucb', () => {
  it.each([1, 2.5])('shows the arm with the highest quantile of its posterior (alpha %d)', (alpha) => {
    const ctrs = [0.05, 0.03, 0.04];
    const policy = makePolicy(createUcbPolicy, makeArms(3), { config: { alpha } });
    const random = createRandom(3, 1);
    const clicks = [0, 0, 0];
    const exposure = [0, 0, 0];
    for (let plays = 0; plays < 6_000; plays++) {
      const chosen = policy.select(0, plays);
      if (plays >= 3) {
        const indices = documentedIndices(clicks, exposure, { plays, alpha });
        // Level and m are taken anew at each play up to N = 50, then when 2 % of the plays are new: a click more moves m by 1/ΣC.
        const slack = plays < 50 ? 1e-9 : alpha / (sum(clicks) + 1);
        const highest = Math.max(...indices);
        expect(indices[chosen]).toBeGreaterThanOrEqual(highest - slack * Math.abs(highest));
      }
      const factor = plays % 2 === 0 ? 1.5 : 0.5;
      const click = random.uniform() < (ctrs[chosen] as number) * factor ? 1 : 0;
      clicks[chosen] = (clicks[chosen] as number) + click;
      exposure[chosen] = (exposure[chosen] as number) + factor;
      policy.update(0, chosen, outcome(click, factor));
    }
    expect(exposure[0]).toBeGreaterThan((alpha === 1 ? 0.6 : 0.4) * sum(exposure));
  });

  it('takes the level of the window, and the prior of what is in it', () => {
    // In the last 600 plays: 20 clicks of 300 and 9 of 300; τ = 1 and N = 600, where all 30,000 plays would give τ = 60.
    const [index, other] = documentedIndices([20, 9], [300, 300], { plays: 600 }) as [number, number];
    const choiceWith = (lift: number): number => {
      const rewards = { slope: Float64Array.of(1), rest: Float64Array.of(0, lift) };
      const policy = makePolicy(createUcbPolicy, makeArms(2), { config: { window: { impressions: 600 } }, rewards });
      for (let play = 0; play < 29_400; play++) policy.update(0, play % 2, outcome(play % 3 === 0 ? 1 : 0));
      for (let play = 0; play < 600; play++) policy.update(0, play % 2, outcome(play < (play % 2 === 0 ? 40 : 18) ? 1 : 0));
      return policy.select(0, 0);
    };
    // N and m are 2 % behind at most.
    expect([choiceWith(0.98 * (index - other)), choiceWith(1.02 * (index - other))]).toEqual([0, 1]);
  });

  it('takes the prior mean of an ad from all ads it has seen', () => {
    // Level 1 − 1/ln 4 = .279, where the quantiles of Gamma(2) and Gamma(1) are 1.04 and .327. Arm 2: 1.04/(100 + 1/m),
    // arm 3: .327/(1 + 1/m): .0095 and .0297 where ad 0 has taught m = .1, .0052 and .0032 where it has taught m = .01.
    const choiceAfter = (ctr: number): number => {
      const policy = makePolicy(createUcbPolicy, makeArms(2, 2));
      for (let i = 0; i < 2_000; i++) policy.update(0, i % 2, outcome(i % (1 / ctr) === 0 ? 1 : 0));
      show(policy, 1, 2, { clicks: 1, exposure: 100 });
      show(policy, 1, 3, {});
      return policy.select(1, 0);
    };
    expect([choiceAfter(0.1), choiceAfter(0.01)]).toEqual([3, 2]);
  });

  it('leaves what it has forgotten of an ad out of the prior mean', () => {
    // As above, but what ad 0 taught is forgotten: 1/m is (101 + 100)/(1 + 1) = 100, so arm 2: .0052 and arm 3: .0032.
    const policy = makePolicy(createUcbPolicy, makeArms(2, 2));
    for (let i = 0; i < 2_000; i++) policy.update(0, i % 2, outcome(i % 10 === 0 ? 1 : 0));
    policy.forget(0);
    show(policy, 0, 0, {});
    show(policy, 1, 2, { clicks: 1, exposure: 100 });
    show(policy, 1, 3, {});
    expect(policy.select(1, 0)).toBe(2);
  });
});

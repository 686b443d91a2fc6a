import { describe, expect, it } from 'vitest';
import { createEpsilonGreedyPolicy } from '../../../../src/core/feedback/policies/epsilon_greedy.ts';
import { makeArms, makePolicy, probabilitiesOf, show } from './made_policies.ts';

describe('epsilon-greedy', () => {
  it.each([0, 0.1, 0.5, 1])('shows the highest C/E with probability (1 − ε) + ε/K and each other arm with ε/K (ε = %d)', (epsilon) => {
    const arms = makeArms(4);
    const policy = makePolicy(createEpsilonGreedyPolicy, arms, { config: { epsilon } });
    // 3/10, 4/16, 5/16 and 1/4 a click per effective impression.
    show(policy, 0, 0, { clicks: 3, plays: 10 });
    show(policy, 0, 1, { clicks: 4, plays: 8, exposure: 2 });
    show(policy, 0, 2, { clicks: 5, plays: 16 });
    show(policy, 0, 3, { clicks: 1, plays: 4 });
    expect(probabilitiesOf(policy, arms)).toEqual([epsilon / 4, epsilon / 4, 1 - epsilon + epsilon / 4, epsilon / 4]);
    arms.live[2] = 0;
    policy.refresh(0);
    expect(probabilitiesOf(policy, arms)).toEqual(
      [1 - epsilon + epsilon / 3, epsilon / 3, 0, epsilon / 3].map((p) => expect.closeTo(p, 15)),
    );
  });

  it('shows arms never shown first, but for its share of random choices', () => {
    const arms = makeArms(2);
    const policy = makePolicy(createEpsilonGreedyPolicy, arms, { config: { epsilon: 0.2 } });
    show(policy, 0, 0, { clicks: 5, plays: 5 });
    expect(probabilitiesOf(policy, arms)).toEqual([0.1, 0.9]);
  });
});

import { createIndexPolicy } from './index_policy.ts';
import { createMixture } from './mixture.ts';
import type { Policy, PolicyOptions } from './policy.ts';
import { createUniformPolicy } from './uniform.ts';

/** ε-greedy (Sutton & Barto 2018, 2.2): the highest C/E so far, and with probability ε any live arm. */
export function createEpsilonGreedyPolicy(options: PolicyOptions): Policy {
  const greedy = createIndexPolicy(options, (counts) => ({
    isDue: () => false,
    of: (_, arm) => {
      const exposure = counts.exposure[arm] as number;
      return exposure > 0 ? (counts.clicks[arm] as number) / exposure : 0;
    },
  }));
  return createMixture(greedy, createUniformPolicy(options), options.config.epsilon, options.random);
}

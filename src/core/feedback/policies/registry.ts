import { createEpsilonGreedyPolicy } from './epsilon_greedy.ts';
import { createKlPolicy, KL_BUDGET } from './kl.ts';
import { createLoggedPolicy } from './logged.ts';
import { createPlanPolicy } from './plan.ts';
import type { CreatePolicy } from './policy.ts';
import { createThompsonPolicy } from './thompson.ts';
import { createUcbPolicy } from './ucb.ts';
import { createUcb1Policy, UCB1_WIDTH } from './ucb1.ts';
import { createUniformPolicy } from './uniform.ts';

/** A policy, and the settings of section `policy` it heeds with the value it takes where one is left open. */
export interface RegisteredPolicy {
  readonly create: CreatePolicy;
  readonly settings: Readonly<Record<string, number | null>>;
}

/** Policies by the name they have on the command line. */
export const POLICIES: Readonly<Record<string, RegisteredPolicy>> = {
  ucb: { create: createUcbPolicy, settings: { alpha: 1, window: null } },
  ucb1: { create: createUcb1Policy, settings: { alpha: UCB1_WIDTH, window: null } },
  kl: { create: createKlPolicy, settings: { alpha: KL_BUDGET, window: null } },
  thompson: { create: createThompsonPolicy, settings: { alpha: 1, window: null } },
  'epsilon-greedy': { create: createEpsilonGreedyPolicy, settings: { epsilon: 0.1, window: null } },
  uniform: { create: createUniformPolicy, settings: {} },
  logged: { create: createLoggedPolicy, settings: {} },
  plan: { create: createPlanPolicy, settings: {} },
};

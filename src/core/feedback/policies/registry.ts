import type { Policy, PolicyOptions } from './policy.ts';
import { createUcbPolicy } from './ucb.ts';
import { createUcb1Policy } from './ucb1.ts';
import { createUniformPolicy } from './uniform.ts';

/** Policies by the name they have on the command line. */
export const POLICIES: Readonly<Record<string, (options: PolicyOptions) => Policy>> = {
  ucb: createUcbPolicy,
  ucb1: (options) => createUcb1Policy(options),
  uniform: createUniformPolicy,
};

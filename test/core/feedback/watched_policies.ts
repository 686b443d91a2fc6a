import type { Arms, Feedback, Policy } from '../../../src/core/feedback/policies/policy.ts';
import { POLICIES } from '../../../src/core/feedback/policies/registry.ts';
import type { Random } from '../../../src/core/random.ts';
import { makePolicy } from './policies/made_policies.ts';

/** A registered policy by name, with its default settings, that compares creatives by clicks alone. */
export function policyOf(name: string): (given: { readonly arms: Arms; readonly random: Random }) => Policy {
  return ({ arms, random }) => {
    const registered = POLICIES[name];
    if (!registered) throw new Error(`no policy ${name}`);
    return makePolicy(registered.create, arms, { random });
  };
}

/** Sees what a policy is asked and told, as it happens. */
interface Witness {
  readonly selects?: (ad: number, row: number) => void;
  readonly learns?: (ad: number, arm: number, feedback: Readonly<Feedback>) => void;
}

/** The same policy, with a witness. */
export function watch(policy: Policy, { selects, learns }: Witness): Policy {
  return {
    ...policy,
    select: (ad, row) => {
      selects?.(ad, row);
      return policy.select(ad, row);
    },
    update: (ad, arm, feedback) => {
      learns?.(ad, arm, feedback);
      policy.update(ad, arm, feedback);
    },
  };
}

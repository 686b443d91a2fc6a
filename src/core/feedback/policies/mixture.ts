import type { Random } from '../../random.ts';
import type { Policy } from './policy.ts';

/** Shows what `rare` chooses with probability `share`, and what `usual` chooses otherwise; both learn from everything. */
export function createMixture(usual: Policy, rare: Policy, share: number, random: Random): Policy {
  return {
    select: (ad, row) => (share > 0 && random.uniform() < share ? rare : usual).select(ad, row),
    update: (ad, arm, feedback) => {
      usual.update(ad, arm, feedback);
      rare.update(ad, arm, feedback);
    },
    shown: (ad, arm, exposure) => {
      usual.shown?.(ad, arm, exposure);
      rare.shown?.(ad, arm, exposure);
    },
    probability: (ad, arm, row) => (1 - share) * usual.probability(ad, arm, row) + share * rare.probability(ad, arm, row),
    expectation: (ad, values, row) => (1 - share) * usual.expectation(ad, values, row) + share * rare.expectation(ad, values, row),
    refresh: (ad) => {
      usual.refresh(ad);
      rare.refresh(ad);
    },
    forget: (ad) => {
      usual.forget(ad);
      rare.forget(ad);
    },
  };
}

import { createIndexPolicy } from './index_policy.ts';
import type { Policy, PolicyOptions } from './policy.ts';

/** Auer's constant is 1 for rewards spread over [0, 1]; clicks near 2 % are far narrower, and 0.1 loses a fifth as much. */
export const UCB1_WIDTH = 0.1;

/** UCB1 (Auer, Cesa-Bianchi & Fischer 2002) on position-corrected CTR: the index is `C/E + c·√(2·ln N / n)`. */
export function createUcb1Policy(options: PolicyOptions, width: number = UCB1_WIDTH): Policy {
  return createIndexPolicy(options, (counts) => ({
    // N enters every arm's index, so all are computed again at each update.
    epoch: (ad) => counts.adPlays[ad] as number,
    of: (ad, arm) => {
      const exposure = counts.exposure[arm] as number;
      const mean = exposure > 0 ? (counts.clicks[arm] as number) / exposure : 0;
      return mean + width * Math.sqrt((2 * Math.log(counts.adPlays[ad] as number)) / (counts.plays[arm] as number));
    },
  }));
}

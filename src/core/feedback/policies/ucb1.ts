import { createIndexPolicy } from './index_policy.ts';
import type { Policy, PolicyOptions } from './policy.ts';

/** Auer's constant is 1 for rewards spread over [0, 1]; clicks near 2 % are far narrower, and 0.1 loses a fifth as much. */
export const UCB1_WIDTH = 0.1;

/** UCB1 (Auer, Cesa-Bianchi & Fischer 2002) on position-corrected CTR: the index is `C/E + α·√(2·ln N / n)`. */
export function createUcb1Policy(options: PolicyOptions): Policy {
  const width = options.config.alpha ?? UCB1_WIDTH;
  return createIndexPolicy(options, (counts) => ({
    // N enters every arm's index, so all are computed again at each update.
    isDue: () => true,
    of: (ad, arm) => {
      const exposure = counts.exposure[arm] as number;
      const mean = exposure > 0 ? (counts.clicks[arm] as number) / exposure : 0;
      return mean + width * Math.sqrt((2 * Math.log(counts.adPlays[ad] as number)) / (counts.plays[arm] as number));
    },
  }));
}

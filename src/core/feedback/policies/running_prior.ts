import type { PlayCounts } from './play_counts.ts';
import type { Arms } from './policy.ts';
import { createRenewal } from './renewal.ts';

/** Weight of the prior in clicks: one click's worth of "this arm is like the others". */
export const PRIOR_CLICKS = 1;
/** Before any click the mean CTR is taken as one click in this many impressions. */
const FIRST_IMPRESSIONS = 100;

/** Mean CTR of what has been seen, which is never 0 and never undefined. */
export function runningMean(clicks: number, exposure: number): number {
  return (clicks + 1) / (exposure + FIRST_IMPRESSIONS);
}

/**
 * The prior of a policy that may know nothing beforehand: 1 click, at the mean CTR of what it has seen of all ads so far.
 */
export interface RunningPrior {
  /** Whether enough of the ad is new for its prior, and its level, to be renewed. */
  isDue(ad: number): boolean;
  /** Renews the mean with what the ad has brought since. */
  renew(ad: number): void;
  /** Effective impressions the prior click stands for: 1/m. */
  rate(ad: number): number;
}

export function createRunningPrior(arms: Arms, counts: PlayCounts): RunningPrior {
  let clicks = 0;
  let exposure = 0;
  const seen = new Float64Array(arms.ads * 2); // clicks and exposure already summed, per ad
  const rates = new Float64Array(arms.ads).fill(FIRST_IMPRESSIONS);
  const renewal = createRenewal(counts);
  return {
    isDue: renewal.isDue,
    renew: (ad) => {
      let adClicks = 0;
      let adExposure = 0;
      for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
        adClicks += counts.clicks[arm] as number;
        adExposure += counts.exposure[arm] as number;
      }
      clicks += adClicks - (seen[2 * ad] as number);
      exposure += adExposure - (seen[2 * ad + 1] as number);
      seen[2 * ad] = adClicks;
      seen[2 * ad + 1] = adExposure;
      rates[ad] = PRIOR_CLICKS / runningMean(clicks, exposure);
      renewal.done(ad);
    },
    rate: (ad) => rates[ad] as number,
  };
}

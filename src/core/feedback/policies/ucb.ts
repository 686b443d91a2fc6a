import { gammaQuantile } from '../../numerics/gamma.ts';
import { createIndexPolicy } from './index_policy.ts';
import type { Policy, PolicyOptions } from './policy.ts';

/** Weight of the prior in clicks: one click's worth of "this arm is like the others". */
const PRIOR_CLICKS = 1;
/** Before any click the mean CTR is taken as one click in this many impressions. */
const FIRST_IMPRESSIONS = 100;
/** Plays of an ad in one window. */
const WINDOW_PLAYS = 500;
/** Level and mean are renewed each time N has grown by this factor; ln N itself hardly moves in between. */
const LEVEL_GROWTH = 1.02;

/**
 * Bayes-UCB (Kaufmann, Cappé & Garivier 2012) on position-corrected CTR: the index of an arm is the quantile
 * `GammaInv(1 − 1/((τ+1)·ln(N+2)); C+k, rate E+k/m)`, with τ the number of full windows and N the plays of its ad.
 * In a replay nothing may be known beforehand: k is 1 click and m the mean CTR of what the policy has seen so far.
 */
export function createUcbPolicy(options: PolicyOptions): Policy {
  return createIndexPolicy(options, (counts) => {
    let clicks = 0;
    let exposure = 0;
    const seen = new Float64Array(counts.adPlays.length * 2); // clicks and exposure already summed, per ad
    const level = new Float64Array(counts.adPlays.length);
    const rate = new Float64Array(counts.adPlays.length);
    const nextRefresh = new Float64Array(counts.adPlays.length);
    const epochs = new Float64Array(counts.adPlays.length);
    const { arms } = options;
    const refresh = (ad: number): void => {
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
      const plays = counts.adPlays[ad] as number;
      const window = Math.floor(plays / WINDOW_PLAYS);
      level[ad] = 1 - 1 / ((window + 1) * Math.log(plays + 2));
      rate[ad] = PRIOR_CLICKS / ((clicks + 1) / (exposure + FIRST_IMPRESSIONS));
      nextRefresh[ad] = Math.min((window + 1) * WINDOW_PLAYS, Math.max(plays + 1, plays * LEVEL_GROWTH));
    };
    return {
      epoch: (ad) => {
        if ((counts.adPlays[ad] as number) >= (nextRefresh[ad] as number)) {
          refresh(ad);
          epochs[ad] = (epochs[ad] as number) + 1;
        }
        return epochs[ad] as number;
      },
      of: (ad, arm) =>
        gammaQuantile(
          level[ad] as number,
          (counts.clicks[arm] as number) + PRIOR_CLICKS,
          (counts.exposure[arm] as number) + (rate[ad] as number),
        ),
    };
  });
}

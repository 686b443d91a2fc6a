import { gammaQuantile } from '../../numerics/gamma.ts';
import { createIndexPolicy } from './index_policy.ts';
import type { Policy, PolicyOptions } from './policy.ts';
import { createRunningPrior, PRIOR_CLICKS } from './running_prior.ts';

/** Plays of an ad in one window. */
const WINDOW_PLAYS = 500;

/**
 * Bayes-UCB (Kaufmann, Cappé & Garivier 2012) on position-corrected CTR: the index of an arm is the quantile
 * `GammaInv(1 − 1/((τ+1)·ln(N+2)); C+k, rate E+k/m)`, with τ the number of full windows and N the plays of its ad.
 * In a replay nothing may be known beforehand: k is 1 click and m the mean CTR of what the policy has seen so far.
 * `alpha` widens or narrows the distance of the quantile from the posterior mean.
 */
export function createUcbPolicy(options: PolicyOptions): Policy {
  const alpha = options.config.alpha ?? 1;
  return createIndexPolicy(options, (counts) => {
    const prior = createRunningPrior(options.arms, counts);
    const level = new Float64Array(options.arms.ads);
    const windows = new Float64Array(options.arms.ads);
    // Quantiles at rate 1, and the shape and level they belong to: plays without a click change only the rate.
    const unit = new Float64Array(options.arms.live.length);
    const unitShape = new Float64Array(options.arms.live.length);
    const unitLevel = new Float64Array(options.arms.live.length);
    return {
      isDue: (ad) => {
        const plays = counts.adPlays[ad] as number;
        const full = Math.floor(plays / WINDOW_PLAYS);
        if (!prior.isDue(ad) && full === windows[ad]) return false;
        prior.renew(ad);
        windows[ad] = full;
        level[ad] = 1 - 1 / ((full + 1) * Math.log(plays + 2));
        return true;
      },
      of: (ad, arm) => {
        const shape = (counts.clicks[arm] as number) + PRIOR_CLICKS;
        const rate = (counts.exposure[arm] as number) + prior.rate(ad);
        if (shape !== unitShape[arm] || level[ad] !== unitLevel[arm]) {
          unitShape[arm] = shape;
          unitLevel[arm] = level[ad] as number;
          unit[arm] = gammaQuantile(level[ad] as number, shape);
        }
        const bound = (unit[arm] as number) / rate;
        return alpha === 1 ? bound : shape / rate + alpha * (bound - shape / rate);
      },
    };
  });
}

import { drawGamma } from '../../numerics/gamma_draws.ts';
import { createPlayCounts } from './play_counts.ts';
import type { Policy, PolicyOptions } from './policy.ts';
import { createRunningPrior, PRIOR_CLICKS } from './running_prior.ts';
import { drawArm, meanByShare } from './shares.ts';

/** Posterior draws from which an ad's shares are counted. */
const DRAWS = 256;

/**
 * Thompson sampling (Thompson 1933; Chapelle & Li 2011): an arm is shown with the probability that it is the best, the
 * posterior of its CTR being Gamma(C + 1, rate E + 1/m) with m the mean CTR seen so far. The probabilities are counted from
 * 256 draws each time 2 % of an ad's plays are new, so each choice has a propensity that can be stated.
 * `alpha` widens or narrows the draws about their mean.
 */
export function createThompsonPolicy({ arms, random, config, rewards }: PolicyOptions): Policy {
  const alpha = config.alpha ?? 1;
  const counts = createPlayCounts(arms, config.window);
  const prior = createRunningPrior(arms, counts);
  const shares = new Float64Array(arms.live.length);
  const isCurrent = new Uint8Array(arms.ads);

  const renew = (ad: number): void => {
    const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
    isCurrent[ad] = 1;
    shares.fill(0, first, end);
    const fresh: number[] = [];
    const known: number[] = [];
    for (let arm = first; arm < end; arm++) if (arms.live[arm] === 1) ((counts.plays[arm] as number) > 0 ? known : fresh).push(arm);
    if (fresh.length > 0) for (const arm of fresh) shares[arm] = 1 / fresh.length;
    else
      for (let draw = 0; draw < DRAWS; draw++) {
        const best = drawBest(ad, known);
        if (best >= 0) shares[best] = (shares[best] as number) + 1 / DRAWS;
      }
  };
  const drawBest = (ad: number, known: readonly number[]): number => {
    let best = -1;
    let highest = Number.NEGATIVE_INFINITY;
    let ties = 1;
    for (const arm of known) {
      const shape = (counts.clicks[arm] as number) + PRIOR_CLICKS;
      const rate = (counts.exposure[arm] as number) + prior.rate(ad);
      const theta = (shape + alpha * (drawGamma(shape, random) - shape)) / rate;
      const value = (rewards.slope[ad] as number) * theta + (rewards.rest[arm] as number);
      if (value > highest) {
        highest = value;
        best = arm;
        ties = 1;
      } else if (value === highest && random.below(++ties) === 0) best = arm;
    }
    return best;
  };
  const current = (ad: number): Float64Array => {
    if (isCurrent[ad] === 0) renew(ad);
    return shares;
  };
  return {
    select: (ad) => drawArm(arms, ad, current(ad), random),
    update: (ad, arm, feedback) => {
      const isFirst = counts.plays[arm] === 0;
      let isEmptied = false;
      counts.add(ad, arm, feedback, (left) => {
        isEmptied ||= counts.plays[left] === 0;
      });
      if (!isFirst && !isEmptied && !prior.isDue(ad)) return;
      prior.renew(ad);
      isCurrent[ad] = 0;
    },
    probability: (ad, arm) => current(ad)[arm] as number,
    expectation: (ad, values) => meanByShare(arms, ad, current(ad), values),
    refresh: (ad) => {
      isCurrent[ad] = 0;
    },
    forget: (ad) => {
      counts.clear(ad);
      isCurrent[ad] = 0;
    },
  };
}

import { gammaQuantile } from '../numerics/gamma.ts';
import type { Random } from '../random.ts';
import { REWARD, type RewardConfig } from './reward.ts';

/** Virtual impressions are played in this many steps; more steps change shares by less than half a percent. */
const STEPS = 200;
/** Share of impressions dealt out at random, so the next log can be evaluated. */
export const RANDOM_FLOOR = 0.05;

/** Posterior of a creative: clicks and effective impressions so far, and the part of its reward that is not CTR. */
export interface PlannedCreative {
  readonly clicks: number;
  readonly effectiveImpressions: number;
  readonly rewardRest: number;
}

export interface PlanOptions {
  /** Prior of the ad's creatives: k clicks in k/m effective impressions. */
  readonly k: number;
  readonly m: number;
  /** ECOI of the base, to which uplift is relative. */
  readonly base: number;
  /** φ: counts are divided by it in every bound. */
  readonly dispersion: number;
  /** Impressions expected tomorrow. */
  readonly impressions: number;
  /** Windows the ad has had, for the level of the bound. */
  readonly windows: number;
  readonly random: Random;
  readonly reward?: RewardConfig;
}

export interface PlannedShare {
  /** Probability of being shown; the shares of an ad sum to 1. */
  readonly share: number;
  /** Upper bound of the reward when the day begins; Infinity for a creative never shown. */
  readonly bound: number;
}

/**
 * Tomorrow's shares of an ad's creatives: B virtual impressions are played by the highest bound
 * `w_c·(θ_up/base − 1) + rest` with θ_up the Bayes-UCB quantile of ECOI, counts growing at the posterior mean;
 * share = (1 − f)·plays/B + f/K with f = 5 % dealt out at random.
 */
export function planShares(creatives: readonly PlannedCreative[], options: PlanOptions): PlannedShare[] {
  const { k, m, dispersion, random } = options;
  const weight = (options.reward ?? REWARD).ctrWeight;
  const clicks = creatives.map((c) => c.clicks / dispersion);
  const exposure = creatives.map((c) => c.effectiveImpressions / dispersion);
  const plays = new Float64Array(creatives.length);
  const step = Math.max(1, options.impressions / STEPS) / dispersion;
  const total = (): number => exposure.reduce((sum, e) => sum + e, 0) * dispersion;
  const boundOf = (i: number, level: number): number => {
    if ((exposure[i] as number) === 0) return Number.POSITIVE_INFINITY;
    const theta = gammaQuantile(level, (clicks[i] as number) + k, (exposure[i] as number) + k / m);
    return weight * (options.base > 0 ? theta / options.base - 1 : theta) + (creatives[i]?.rewardRest as number);
  };
  const level = (): number => 1 - 1 / ((options.windows + 1) * Math.log(total() + 2));
  const initial = creatives.map((_, i) => boundOf(i, level()));
  let bounds = [...initial];
  let renewAt = total() * 1.02;
  for (let played = 0; played < STEPS; played++) {
    const best = highest(bounds, exposure, random);
    plays[best] = (plays[best] as number) + 1;
    const mean = ((clicks[best] as number) + k) / ((exposure[best] as number) + k / m);
    clicks[best] = (clicks[best] as number) + step * mean;
    exposure[best] = (exposure[best] as number) + step;
    if (total() >= renewAt) {
      bounds = creatives.map((_, i) => boundOf(i, level()));
      renewAt = total() * 1.02;
    } else bounds[best] = boundOf(best, level());
  }
  return creatives.map((_, i) => ({
    share: ((1 - RANDOM_FLOOR) * (plays[i] as number)) / STEPS + RANDOM_FLOOR / creatives.length,
    bound: initial[i] as number,
  }));
}

/** The highest bound; ties go to the least exposure, then by the generator. */
function highest(bounds: readonly number[], exposure: readonly number[], random: Random): number {
  let best = 0;
  let ties = 1;
  for (let i = 1; i < bounds.length; i++) {
    const higher =
      bounds[i] === bounds[best] ? (exposure[best] as number) - (exposure[i] as number) : (bounds[i] as number) - (bounds[best] as number);
    if (higher > 0) {
      best = i;
      ties = 1;
    } else if (higher === 0 && random.below(++ties) === 0) best = i;
  }
  return best;
}

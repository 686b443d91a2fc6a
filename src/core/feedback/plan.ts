import type { SelectionConfig } from '../config.ts';
import { gammaQuantile } from '../numerics/gamma.ts';
import type { Random } from '../random.ts';
import type { Phase } from './exit.ts';
import type { AdReward, CreativeSums, Prior } from './reward.ts';

/** Virtual impressions are played in this many steps; more steps change shares by less than half a percent. */
const STEPS = 200;
/** The level of the bound is renewed each time virtual impressions have grown by this factor: ln N hardly moves in between. */
const GROWTH = 1.02;

/** What is known of an ad when its plan is made. */
export interface PlanOptions {
  readonly phase: Phase;
  /** Index of the creative that alone is shown after the exit. */
  readonly leader: number;
  /** Of each creative. */
  readonly priors: readonly Prior[];
  /** φ: counts are divided by it in every bound. */
  readonly dispersion: number;
  readonly reward: Pick<AdReward, 'slope' | 'rest'>;
  /** Effective impressions every creative gets first. */
  readonly exposureFloor: number;
  /** Impressions expected tomorrow. */
  readonly impressions: number;
  /** Which creatives are there to be shown, retired or not. */
  readonly isLive: readonly boolean[];
  /** Windows the ad has had, for the level of the bound. */
  readonly windows: number;
  readonly config: SelectionConfig;
  readonly random: Random;
}

export interface PlannedShare {
  /** Probability of being shown; the shares of an ad sum to 1. */
  readonly share: number;
  /** Upper bound of the reward when the day begins; Infinity for a creative never shown, unless its ECOI is predicted. */
  readonly bound: number;
}

/**
 * Tomorrow's shares of an ad's creatives; `isShown` is false for those that retired, which get none
 * while there are others.
 *
 * After the exit the leader gets all but the share of probes. Before it, B virtual impressions are played: creatives below
 * the exposure floor first, then by the highest bound `slope·θ_up − w_c + rest`, θ_up the Bayes-UCB quantile of ECOI, counts
 * growing at the posterior mean; share = (1 − f)·plays/B + f/K with f = 5 % dealt out at random. A creative never shown has
 * an infinite bound where nothing is known of it; one whose ECOI is predicted has the quantile of its prior.
 */
export function planShares(
  creatives: readonly Readonly<CreativeSums>[],
  isShown: readonly boolean[],
  options: PlanOptions,
): PlannedShare[] {
  const play = createVirtualPlay(creatives, isShown, options);
  const bounds = creatives.map((_, i) => play.boundOf(i));
  const { config, phase, leader } = options;
  // Where all others retired they are tried all the same: a log of one creative could not be evaluated, nor show that it fell.
  const hasOthers = isShown.filter(Boolean).length > 1;
  const isTried = isShown.map((shown, i) => shown || (!hasOthers && options.isLive[i] === true));
  const tried = isTried.filter(Boolean).length;
  if (phase === 'exploit') {
    const probe = tried > 1 ? config.exit.probe : 0;
    return bounds.map((bound, i) => ({ bound, share: i === leader ? 1 - probe : isTried[i] ? probe / (tried - 1) : 0 }));
  }
  const plays = play.run();
  const floor = config.plan.randomFloor;
  return bounds.map((bound, i) => ({
    bound,
    share: ((1 - floor) * (plays[i] as number)) / STEPS + (isTried[i] ? floor / tried : 0),
  }));
}

function createVirtualPlay(creatives: readonly Readonly<CreativeSums>[], isShown: readonly boolean[], options: PlanOptions) {
  const { priors, dispersion, reward, config, random, exposureFloor } = options;
  const alpha = config.policy.alpha ?? 1;
  const clicks = creatives.map((c) => c.clicks / dispersion);
  const exposure = creatives.map((c) => c.exposure / dispersion);
  const step = Math.max(1, options.impressions / STEPS) / dispersion;
  const total = (): number => exposure.reduce((sum, e) => sum + e, 0) * dispersion;
  const boundOf = (i: number, level = Math.max(0.5, 1 - 1 / ((options.windows + 1) * Math.log(total() + 2)))): number => {
    const { k, m, isPredicted } = priors[i] as Prior;
    if ((exposure[i] as number) === 0 && isPredicted !== true) return Number.POSITIVE_INFINITY;
    const [shape, rate] = [(clicks[i] as number) + k, (exposure[i] as number) + k / m];
    const theta = shape / rate + alpha * (gammaQuantile(level, shape, rate) - shape / rate);
    return reward.slope * theta - config.reward.ctrWeight + (reward.rest[i] as number);
  };
  /** What decides who is played: below the floor, the bound does not. */
  const rankOf = (i: number): number => {
    if (!isShown[i]) return Number.NEGATIVE_INFINITY;
    return (exposure[i] as number) * dispersion < exposureFloor ? Number.POSITIVE_INFINITY : boundOf(i);
  };
  return {
    boundOf: (i: number) => boundOf(i),
    run: (): number[] => {
      const plays = creatives.map(() => 0);
      let ranks = creatives.map((_, i) => rankOf(i));
      let renewAt = total() * GROWTH;
      for (let played = 0; played < STEPS; played++) {
        const best = highest(ranks, priors, exposure, random);
        plays[best] = (plays[best] as number) + 1;
        const { k, m } = priors[best] as Prior;
        const mean = ((clicks[best] as number) + k) / ((exposure[best] as number) + k / m);
        clicks[best] = (clicks[best] as number) + step * mean;
        exposure[best] = (exposure[best] as number) + step;
        if (total() >= renewAt) {
          ranks = creatives.map((_, i) => rankOf(i));
          renewAt = total() * GROWTH;
        } else ranks[best] = rankOf(best);
      }
      return plays;
    },
  };
}

/** The highest rank; ties go to the highest prior mean, then to the least exposure, then by the generator. */
function highest(ranks: readonly number[], priors: readonly Prior[], exposure: readonly number[], random: Random): number {
  let best = 0;
  let ties = 1;
  for (let i = 1; i < ranks.length; i++) {
    const higher =
      ranks[i] === ranks[best]
        ? (priors[i] as Prior).m - (priors[best] as Prior).m || (exposure[best] as number) - (exposure[i] as number)
        : (ranks[i] as number) - (ranks[best] as number);
    if (higher > 0) {
      best = i;
      ties = 1;
    } else if (higher === 0 && random.below(++ties) === 0) best = i;
  }
  return best;
}

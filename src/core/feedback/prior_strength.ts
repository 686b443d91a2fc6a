import { UserError } from '../errors.ts';
import { fitStrength } from './shrinkage.ts';

/** What predictions of ECOI are worth as prior means, by clicks that the model has not seen. */
export interface PriorStrength {
  /** Prior weight of a prediction in clicks. */
  readonly k: number;
  /** s: the prior mean of a creative is s times its prediction. */
  readonly scale: number;
  /** Whether k is at the end of its range: creatives lie about their predictions within noise. */
  readonly atBound: boolean;
  /** Of the clicks with the predictions as prior means, but for a part that depends on the clicks alone. */
  readonly logLikelihood: number;
  /** The same with one prior mean ΣC/ΣE for all and its own best k: when it is higher, the predictions are not preferred. */
  readonly logLikelihoodOfConstant: number;
}

/**
 * Fits the prior `α_i ~ Gamma(k, k/(s·p_i))` to held-out clicks `C_i ~ Poisson(E_i·α_i)`: s = ΣC/Σ p_i·E_i, and the k that
 * maximises the negative-binomial marginal with means `μ_i = s·p_i·E_i` (see fitStrength). Counts are taken as they are, as
 * for the common prior (see fitShrinkage): noise beyond Poisson lowers k, here as there.
 * @param clicks C_i, `exposure` E_i in effective impressions, `means` the predictions p_i, all of the same length; rows with
 *   E = 0 say nothing and are left out
 * @returns undefined without a click
 * @throws UserError when a prediction of a row that counts is not above 0, or not finite
 */
export function fitPriorStrength(
  clicks: ArrayLike<number>,
  exposure: ArrayLike<number>,
  means: ArrayLike<number>,
): PriorStrength | undefined {
  let sumClicks = 0;
  let sumExposure = 0;
  let sumPredicted = 0;
  for (let i = 0; i < clicks.length; i++) {
    const [e, p] = [exposure[i] as number, means[i] as number];
    if (!(e > 0)) continue;
    if (!(p > 0 && Number.isFinite(p))) {
      throw new UserError(`Expected predicted CTRs above 0 but received ${p}.`, 'Train the model again: it predicts nothing usable.');
    }
    sumClicks += clicks[i] as number;
    sumExposure += e;
    sumPredicted += p * e;
  }
  if (sumClicks <= 0) return undefined;
  const [scale, mean] = [sumClicks / sumPredicted, sumClicks / sumExposure];
  const predicted = fitStrength(
    clicks,
    Float64Array.from(exposure, (e, i) => (e > 0 ? scale * (means[i] as number) * e : 0)),
  );
  const constant = fitStrength(
    clicks,
    Float64Array.from(exposure, (e) => mean * e),
  );
  const { atBound, atLeast, logLikelihood } = predicted;
  // Where no k is too large, the clicks are few or alike: what they prove is the least k, not the greatest.
  const k = atBound ? atLeast() : predicted.k;
  return { k, atBound, logLikelihood, scale, logLikelihoodOfConstant: constant.logLikelihood };
}

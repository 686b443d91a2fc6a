import { fitPriorStrength } from '../../feedback/prior_strength.ts';
import type { Examples } from '../features/field.ts';
import type { StoredPrior } from './metadata.ts';
import type { ServedModel } from './served_model.ts';

/** Predictions for every ad and creative: CTRs at exposure factor 1. */
export interface Scores {
  /** p_ad by ad index. */
  readonly adCtr: Float32Array;
  /** p by creative index. */
  readonly ctr: Float32Array;
}

/** Scores all creatives of all ads in average circumstances: one run of the left tower an ad. */
export async function scoreAll(model: ServedModel, { ads, creatives }: Pick<Examples, 'ads' | 'creatives'>): Promise<Scores> {
  const scores = { adCtr: new Float32Array(ads.length), ctr: new Float32Array(creatives.length) };
  for (const [ad, members] of creativesByAd(ads, creatives).entries()) {
    const { adCtr, ctr } = await model.score(ad, members);
    scores.adCtr[ad] = adCtr;
    members.forEach((creative, i) => {
      scores.ctr[creative] = ctr[i] as number;
    });
  }
  return scores;
}

/** Creative indices of each ad. */
export function creativesByAd(ads: readonly string[], creatives: readonly { readonly adId: string }[]): number[][] {
  const adIndex = new Map(ads.map((id, index) => [id, index]));
  const members: number[][] = ads.map(() => []);
  creatives.forEach(({ adId }, creative) => {
    members[adIndex.get(adId) as number]?.push(creative);
  });
  return members;
}

/** By ad index, the creative of the greatest prediction among those that the rows show; −1 for an ad without rows. */
export function firstChoices({ ads, ad, creative }: Examples, rows: Int32Array, ctr: Float32Array): Int32Array {
  const top = new Int32Array(ads.length).fill(-1);
  for (const row of rows) {
    const [index, shown] = [ad[row] as number, creative[row] as number];
    const best = top[index] as number;
    if (best < 0 || (ctr[shown] as number) > (ctr[best] as number)) top[index] = shown;
  }
  return top;
}

/** Clicks and effective impressions (at exposure factor 1) of each creative, or of each ad. */
export interface Sums {
  readonly clicks: Float64Array;
  readonly effective: Float64Array;
}

/** Sums over rows; `of`: creative or ad index of each row of the log, below `count`. */
export function sumRows(examples: Examples, rows: Int32Array, exposure: Float64Array, of: Int32Array, count: number): Sums {
  const { position, clicks, impressions } = examples;
  const sums = { clicks: new Float64Array(count), effective: new Float64Array(count) };
  for (const row of rows) {
    const [index, shown] = [of[row] as number, impressions ? (impressions[row] as number) : 1];
    sums.clicks[index] = (sums.clicks[index] as number) + (clicks[row] as number);
    sums.effective[index] = (sums.effective[index] as number) + shown * (exposure[position[row] as number] as number);
  }
  return sums;
}

/**
 * What predictions are worth as prior means of ECOI, by held-out clicks. The strength is that of the predictions of strangers: creatives
 * that most held-out rows show are known by their own clicks, and would lend new ones a weight that these have not earned.
 * @param ctr predictions, `strangers`: predictions with all creatives' ids taken for unknown
 * @returns null without a held-out click
 */
export function heldOutPrior({ clicks, effective }: Sums, ctr: Float32Array, strangers: Float32Array): StoredPrior | null {
  const fitted = fitPriorStrength(clicks, effective, strangers);
  const known = fitPriorStrength(clicks, effective, ctr);
  if (!fitted || !known) return null;
  return {
    strength: fitted.k,
    scale: known.scale,
    log_likelihood: fitted.logLikelihood,
    log_likelihood_of_constant: fitted.logLikelihoodOfConstant,
  };
}

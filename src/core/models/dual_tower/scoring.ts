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

/**
 * What the predictions are worth as prior means of ECOI, by the held-out clicks and effective impressions of each creative.
 * @returns null without a held-out click
 */
export function heldOutPrior(examples: Examples, rows: Int32Array, exposure: Float64Array, ctr: Float32Array): StoredPrior | null {
  const { creative, position, clicks, impressions, creatives } = examples;
  const [clicked, effective] = [new Float64Array(creatives.length), new Float64Array(creatives.length)];
  for (const row of rows) {
    const [index, shown] = [creative[row] as number, impressions ? (impressions[row] as number) : 1];
    clicked[index] = (clicked[index] as number) + (clicks[row] as number);
    effective[index] = (effective[index] as number) + shown * (exposure[position[row] as number] as number);
  }
  const fitted = fitPriorStrength(clicked, effective, ctr);
  return fitted
    ? {
        strength: fitted.k,
        scale: fitted.scale,
        log_likelihood: fitted.logLikelihood,
        log_likelihood_of_constant: fitted.logLikelihoodOfConstant,
      }
    : null;
}

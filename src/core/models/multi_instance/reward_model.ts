import type { Random } from '../../random.ts';
import type { BagElement, Family } from './bags.ts';
import { NEVER_SHOWN, pairMatrix, pairVariances, placePairs } from './candidate_pairs.ts';
import type { GatedModel } from './gated/gated_model.ts';
import type { Interactions } from './interactions.ts';
import type { PosteriorDraws } from './posterior_draws.ts';
import type { RewardTable } from './reward_table.ts';

/**
 * What a combination is worth: its elements' effects, those and effects of pairs of elements, or elements' effects about what the
 * network reads in their content.
 */
export const ESTIMATORS = ['additive', 'pairwise', 'gated'] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/**
 * A trained reward model: `link = adEffect + Σ_s (g_s + effect_s) + Σ_{s<t} I_st`, g of the gated network (0 without one), I of
 * the network too or of listed pairs, with the posterior of all effects as draws about their mode.
 */
export interface RewardModel {
  readonly family: Family;
  readonly kinds: readonly string[];
  readonly elements: readonly BagElement[];
  readonly ads: readonly string[];
  /** [kinds]: standard deviation of the effects of elements about what their content says. */
  readonly priorSd: Float64Array;
  /** Mean and standard deviation of the ads' effects: what is known of an ad never shown. */
  readonly adMean: number;
  readonly adSd: number;
  readonly effect: Float64Array;
  readonly adEffect: Float64Array;
  readonly posterior: PosteriorDraws;
  /** Of pairs of elements by their indices; undefined without, or where the network has pairs. */
  readonly interactions: Interactions | undefined;
  readonly network: GatedModel | undefined;
}

/** An element that an ad may use, and the terms of its content. */
interface Candidate {
  readonly elementId: string;
  readonly terms: readonly string[];
}

/** An ad with its candidates, one list for each of its kinds. */
export interface AdCandidates {
  readonly adId: string;
  /** Terms of the ad's context, such as its category. */
  readonly terms: readonly string[];
  readonly groups: readonly { readonly kind: string; readonly elements: readonly Candidate[] }[];
}

/** A draw of the posterior in place of its mode, for a Thompson reward: `random` draws the effects of what was never shown. */
export interface PosteriorDraw {
  readonly draw: number;
  readonly random: Random;
}

/** What is known of a link. */
export interface LinkPrediction {
  readonly mean: number;
  readonly sd: number;
}

/** CTR (or amount an impression) of a value of the link. */
export function meanOf(family: Family, link: number): number {
  return family === 'binomial' ? 1 / (1 + Math.exp(-link)) : Math.exp(link);
}

/** Elements whose covariances are made at once for all ads: 32 MB. */
const MOST_SHARED = 2_000;

/** Reward tables of ads by one model. */
export class RewardTables {
  readonly model: RewardModel;
  private readonly elementIndex: ReadonlyMap<string, number>;
  private readonly adIndex: ReadonlyMap<string, number>;
  private covariance: Float64Array | undefined;
  private ofPairs: Float64Array | undefined;

  constructor(model: RewardModel) {
    this.model = model;
    this.elementIndex = new Map(model.elements.map(({ kind, elementId }, index) => [`${model.kinds[kind]}\0${elementId}`, index]));
    this.adIndex = new Map(model.ads.map((adId, index) => [adId, index]));
  }

  /** The kinds of an ad that the model has never seen: their elements all count alike. */
  unknownKinds({ groups }: AdCandidates): string[] {
    return groups.map(({ kind }) => kind).filter((kind) => !this.model.kinds.includes(kind));
  }

  /** How many candidates of an ad were ever shown to the model. */
  shownCandidates(ad: AdCandidates): number {
    return this.indices(ad).filter((index) => index >= 0).length;
  }

  /** [candidates]: what each adds to the link, `g + effect`; what is not known of it counts as the mean of its kind. */
  async effectsOf(ad: AdCandidates): Promise<Float64Array> {
    return (await this.mainOf(ad, this.indices(ad))).main;
  }

  /** The table of an ad: the posterior's mode and covariance, or one draw taken as certain. */
  async tableOf(ad: AdCandidates, thompson?: PosteriorDraw): Promise<RewardTable> {
    const { model } = this;
    const elements = this.indices(ad);
    const adAt = this.adIndex.get(ad.adId) ?? -1;
    const sizes = Int32Array.from(ad.groups, ({ elements: own }) => own.length);
    const sds = this.sdsOf(ad);
    const { main, pairs: fromContent } = await this.mainOf(ad, elements);
    const offset = adAt < 0 ? model.adMean : (model.adEffect[adAt] as number);
    const { interactions } = model;
    const places = interactions && this.placesOf(ad, elements);
    if (!thompson) {
      const covariance = this.covarianceOf(elements, adAt, sds);
      const pairs = places
        ? pairMatrix(
            places,
            (pair) => interactions.effect[pair] as number,
            () => 0,
          )
        : fromContent;
      if (places) this.addPairVariances(covariance, places);
      return { sizes, offset, main, pairs, covariance };
    }
    const { draw, random } = thompson;
    const { effect, ad: adDraws } = model.posterior;
    for (const [i, element] of elements.entries()) {
      const deviation = element < 0 ? (sds[i] as number) * random.normal() : (effect[draw * model.elements.length + element] as number);
      main[i] = (main[i] as number) + deviation;
    }
    const adDeviation = adAt < 0 ? model.adSd * random.normal() : (adDraws[draw * model.ads.length + adAt] as number);
    const pairs = places ? drawPairs(interactions, places, thompson) : fromContent;
    return { sizes, offset: offset + adDeviation, main, pairs, covariance: undefined };
  }

  /**
   * The mean and standard deviation of the link of an ad's combinations, one candidate of each kind: the latter from the draws of
   * the whole link, so with all covariances, of which a table has only those that two elements can carry.
   * @param table the ad's, of the posterior's mode
   */
  predictorOf(ad: AdCandidates, { offset, main, pairs }: RewardTable): (combination: ArrayLike<number>) => LinkPrediction {
    const elements = this.indices(ad);
    const adAt = this.adIndex.get(ad.adId) ?? -1;
    const { interactions } = this.model;
    const places = interactions && this.placesOf(ad, elements);
    const sds = this.sdsOf(ad);
    const n = main.length;
    return (combination) => {
      const members = Array.from(combination);
      const couples = members.flatMap((i, at) => members.slice(0, at).map((j) => i * n + j));
      const pairsOf = places ? couples.map((at) => places[at] as number) : [];
      const mean = members.reduce((sum, i) => sum + (main[i] as number), offset) + couples.reduce((sum, at) => sum + (pairs?.[at] ?? 0), 0);
      const strange = members.reduce((sum, i) => sum + ((elements[i] as number) < 0 ? (sds[i] as number) ** 2 : 0), 0);
      const strangePairs = pairsOf.filter((pair) => pair === NEVER_SHOWN).length * (interactions?.sd ?? 0) ** 2;
      const known = { ad: adAt, elements: members.map((i) => elements[i] as number), pairs: pairsOf };
      return { mean, sd: Math.sqrt(this.varianceOf(known) + strange + strangePairs) };
    };
  }

  /** Variance over the draws of a link with these effects; what is below 0 has no draws. */
  private varianceOf(own: { readonly ad: number; readonly elements: readonly number[]; readonly pairs: readonly number[] }): number {
    const { elements, ads, adSd, posterior, interactions } = this.model;
    const known = own.elements.filter((element) => element >= 0);
    const pairs = own.pairs.filter((pair) => pair >= 0);
    let squares = 0;
    for (let draw = 0; draw < posterior.draws; draw++) {
      let link = own.ad < 0 ? 0 : (posterior.ad[draw * ads.length + own.ad] as number);
      for (const element of known) link += posterior.effect[draw * elements.length + element] as number;
      for (const pair of pairs) link += interactions?.draws[draw * interactions.first.length + pair] as number;
      squares += link * link;
    }
    return squares / posterior.draws + (own.ad < 0 ? adSd ** 2 : 0);
  }

  /** What candidates add to the link, and what the network says of pairs of them. */
  private async mainOf(ad: AdCandidates, elements: readonly number[]) {
    const { main, pairs } = await this.contentOf(ad);
    for (const [i, element] of elements.entries()) {
      main[i] = (main[i] as number) + (element < 0 ? 0 : (this.model.effect[element] as number));
    }
    return { main, pairs };
  }

  /** What the network says of the candidates; zeros without one. */
  private async contentOf(ad: AdCandidates): Promise<{ main: Float64Array; pairs: Float64Array | undefined }> {
    const { network, kinds } = this.model;
    const n = ad.groups.reduce((sum, { elements }) => sum + elements.length, 0);
    const main = new Float64Array(n);
    if (!network) return { main, pairs: undefined };
    const known = ad.groups.flatMap(({ kind, elements }) => elements.map((element) => ({ ...element, kind: kinds.indexOf(kind) })));
    const isKnown = known.flatMap(({ kind }, i) => (kind >= 0 ? [i] : []));
    const described = await network.describe(isKnown.map((i) => ({ ...(known[i] as (typeof known)[number]), context: ad.terms })));
    isKnown.forEach((i, at) => {
      main[i] = described.contribution[at] as number;
    });
    if (!network.hasPairs) return { main, pairs: undefined };
    const { left, right, rank } = described;
    const pairs = new Float64Array(n * n);
    for (const [a, i] of isKnown.entries()) {
      for (const [b, j] of isKnown.entries()) {
        if ((known[i] as { kind: number }).kind >= (known[j] as { kind: number }).kind) continue;
        let product = 0;
        for (let r = 0; r < rank; r++) product += (left[a * rank + r] as number) * (right[b * rank + r] as number);
        pairs[i * n + j] = product;
        pairs[j * n + i] = product;
      }
    }
    return { main, pairs };
  }

  private covarianceOf(elements: readonly number[], adAt: number, sds: readonly number[]): Float64Array {
    const { elements: all, ads, adSd, posterior } = this.model;
    const n = elements.length;
    const size = n + 1;
    const covariance = new Float64Array(size * size);
    const known = elements.flatMap((element, i) => (element < 0 ? [] : [{ element, i }]));
    const shared = this.sharedCovariance();
    for (const { element, i } of known) {
      for (const { element: other, i: j } of known) {
        if (j < i) continue;
        const value = shared
          ? (shared[element * all.length + other] as number)
          : covarianceOfColumns(posterior, all.length, element, other);
        covariance[i * size + j] = value;
        covariance[j * size + i] = value;
      }
      if (adAt < 0) continue;
      let product = 0;
      for (let draw = 0; draw < posterior.draws; draw++) {
        product += (posterior.effect[draw * all.length + element] as number) * (posterior.ad[draw * ads.length + adAt] as number);
      }
      covariance[i * size + n] = product / posterior.draws;
      covariance[n * size + i] = product / posterior.draws;
    }
    for (let i = 0; i < n; i++) if ((elements[i] as number) < 0) covariance[i * size + i] = (sds[i] as number) ** 2;
    let square = 0;
    for (let draw = 0; adAt >= 0 && draw < posterior.draws; draw++) square += (posterior.ad[draw * ads.length + adAt] as number) ** 2;
    covariance[size * size - 1] = adAt < 0 ? adSd ** 2 : square / posterior.draws;
    return covariance;
  }

  /** Adds to elements' covariances what their interactions add to the variance of a combination that holds both. */
  private addPairVariances(covariance: Float64Array, places: Int32Array): void {
    const { interactions, posterior } = this.model as RewardModel & { readonly interactions: Interactions };
    this.ofPairs ??= pairVariances(interactions, posterior);
    const variances = this.ofPairs;
    const own = pairMatrix(
      places,
      (pair) => variances[pair] as number,
      () => interactions.sd ** 2,
    );
    const n = Math.sqrt(places.length);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) covariance[i * (n + 1) + j] = (covariance[i * (n + 1) + j] as number) + (own[i * n + j] as number) / 2;
    }
  }

  /** [elements × elements]: covariance of all effects, made once where that is small; undefined where it is not. */
  private sharedCovariance(): Float64Array | undefined {
    const { elements, posterior } = this.model;
    const n = elements.length;
    if (n > MOST_SHARED) return undefined;
    if (this.covariance) return this.covariance;
    const covariance = new Float64Array(n * n);
    for (let draw = 0; draw < posterior.draws; draw++) {
      const row = posterior.effect.subarray(draw * n, (draw + 1) * n);
      for (let i = 0; i < n; i++) {
        const own = (row[i] as number) / posterior.draws;
        for (let j = i; j < n; j++) covariance[i * n + j] = (covariance[i * n + j] as number) + own * (row[j] as number);
      }
    }
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) covariance[i * n + j] = covariance[j * n + i] as number;
    this.covariance = covariance;
    return covariance;
  }

  /** [candidates]: index of each among the model's elements; −1 where it was never shown. */
  private indices({ groups }: AdCandidates): number[] {
    return groups.flatMap(({ kind, elements }) => elements.map(({ elementId }) => this.elementIndex.get(`${kind}\0${elementId}`) ?? -1));
  }

  /** [candidates × candidates]: the listed pair of each two. */
  private placesOf({ groups }: AdCandidates, elements: readonly number[]): Int32Array {
    const kinds = groups.flatMap(({ kind, elements: own }) => own.map(() => this.model.kinds.indexOf(kind)));
    return placePairs(this.model.interactions as Interactions, elements, kinds, this.model.elements.length);
  }

  /** [candidates]: standard deviation of the effects of their kinds. */
  private sdsOf({ groups }: AdCandidates): number[] {
    return groups.flatMap(({ kind, elements }) => elements.map(() => this.model.priorSd[this.model.kinds.indexOf(kind)] ?? 0));
  }
}

/** Interactions in one draw; those never shown are drawn anew. */
function drawPairs({ sd, effect, draws }: Interactions, places: Int32Array, { draw, random }: PosteriorDraw): Float64Array {
  const ofPair = (pair: number): number => (effect[pair] as number) + (draws[draw * effect.length + pair] as number);
  return pairMatrix(places, ofPair, () => sd * random.normal());
}

/** Covariance of two elements' effects over the draws, whose mean is 0. */
function covarianceOfColumns({ draws, effect }: PosteriorDraws, width: number, a: number, b: number): number {
  let product = 0;
  for (let draw = 0; draw < draws; draw++) product += (effect[draw * width + a] as number) * (effect[draw * width + b] as number);
  return product / draws;
}

import type { Random } from '../../random.ts';
import type { BagElement, Family } from './bags.ts';
import type { GatedModel } from './gated/gated_model.ts';
import type { PosteriorDraws } from './posterior_draws.ts';
import type { RewardTable } from './reward_table.ts';

/** What gives an element its mean: nothing (all start alike), or what the network reads in its content. */
export const ESTIMATORS = ['additive', 'gated'] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/**
 * A trained reward model: `link = adEffect + Σ_s (g_s + effect_s) + Σ_{s<t} I_st`, g and I of the gated network (0 without
 * one), with the posterior of all effects as draws about their mode.
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
  readonly network: GatedModel | undefined;
}

/** An element that an ad may use, and the terms of its content. */
export interface Candidate {
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

  /** The table of an ad: the posterior's mode and covariance, or one draw taken as certain. */
  async tableOf(ad: AdCandidates, thompson?: PosteriorDraw): Promise<RewardTable> {
    const { model } = this;
    const elements = this.indices(ad);
    const adAt = this.adIndex.get(ad.adId) ?? -1;
    const sizes = Int32Array.from(ad.groups, ({ elements: own }) => own.length);
    const sds = ad.groups.flatMap(({ kind, elements: own }) => own.map(() => this.sdOf(kind)));
    const { main, pairs } = await this.contentOf(ad);
    for (const [i, element] of elements.entries()) main[i] = (main[i] as number) + (element < 0 ? 0 : (model.effect[element] as number));
    const offset = adAt < 0 ? model.adMean : (model.adEffect[adAt] as number);
    if (!thompson) return { sizes, offset, main, pairs, covariance: this.covarianceOf(elements, adAt, sds) };
    const { draw, random } = thompson;
    const { effect, ad: adDraws } = model.posterior;
    for (const [i, element] of elements.entries()) {
      const deviation = element < 0 ? (sds[i] as number) * random.normal() : (effect[draw * model.elements.length + element] as number);
      main[i] = (main[i] as number) + deviation;
    }
    const adDeviation = adAt < 0 ? model.adSd * random.normal() : (adDraws[draw * model.ads.length + adAt] as number);
    return { sizes, offset: offset + adDeviation, main, pairs, covariance: undefined };
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

  private sdOf(kind: string): number {
    return this.model.priorSd[this.model.kinds.indexOf(kind)] ?? 0;
  }
}

/** Covariance of two elements' effects over the draws, whose mean is 0. */
function covarianceOfColumns({ draws, effect }: PosteriorDraws, width: number, a: number, b: number): number {
  let product = 0;
  for (let draw = 0; draw < draws; draw++) product += (effect[draw * width + a] as number) * (effect[draw * width + b] as number);
  return product / draws;
}

import { createRandom } from '../../random.ts';
import type { Bags } from './bags.ts';
import { type CreditedModel, creditElements, type ElementCredit } from './credits.ts';
import { describeBags } from './describe_bags.ts';
import type { GatedFeatures } from './gated/gated_model.ts';
import type { Interactions } from './interactions.ts';
import type { LowRankPairs } from './pair_terms.ts';
import type { RewardModel } from './reward_model.ts';

/** Any seed: what an element never shown may be worth is drawn from its prior alone. */
const PRIOR_SEED = 1;
const PRIOR_STREAM = 25;

/** A reward model on the elements and ads of some bags, which may be others than it was trained on. */
export interface AlignedModel {
  /** [elements of the bags]: whether the model was trained on it; effects of others are 0, as uncertain as their prior. */
  readonly isKnown: readonly boolean[];
  /** What the model says of elements over some rows: contributions in the contexts of the rows' ads, by exposure. */
  readonly termsOf: (rows: Int32Array) => CreditedModel;
}

/** Lays a model's effects, draws and contributions out by the elements and ads of bags. */
export async function alignModel(model: RewardModel, bags: Bags, features: GatedFeatures, phi: number): Promise<AlignedModel> {
  const elementAt = new Map(model.elements.map(({ kind, elementId }, i) => [`${model.kinds[kind]}\0${elementId}`, i]));
  const adAt = new Map(model.ads.map((adId, i) => [adId, i]));
  const elements = Int32Array.from(bags.elements, ({ kind, elementId }) => elementAt.get(`${bags.kinds[kind]}\0${elementId}`) ?? -1);
  const ads = Int32Array.from(bags.ads, (adId) => adAt.get(adId) ?? -1);
  const { draws, effect, ad } = model.posterior;
  const priorSd = bags.elements.map(({ kind }) => model.priorSd[model.kinds.indexOf(bags.kinds[kind] as string)] ?? 0);
  const posterior = {
    draws,
    effect: columnsOf(effect, draws, model.elements.length, elements),
    ad: columnsOf(ad, draws, model.ads.length, ads),
  };
  const random = createRandom(PRIOR_SEED, PRIOR_STREAM);
  for (const [i, at] of elements.entries()) {
    if (at >= 0) continue;
    for (let draw = 0; draw < draws; draw++) posterior.effect[draw * elements.length + i] = (priorSd[i] as number) * random.normal();
  }
  const base = Float64Array.from(elements, (at) => (at < 0 ? 0 : (model.effect[at] as number)));
  const adEffect = Float64Array.from(ads, (at) => (at < 0 ? model.adMean : (model.adEffect[at] as number)));
  const interactions = model.interactions && alignPairs(model.interactions, draws, elements, model.elements.length);
  const content = await readContent(model, bags, features);
  const isKnown = Array.from(elements, (at) => at >= 0);
  const termsOf = (rows: Int32Array): CreditedModel => {
    const main = content ? content.meanOver(rows).map((own, i) => own + (base[i] as number)) : base;
    const pairs = interactions ?? content?.pairs;
    return { family: model.family, main, pairs, adEffect, posterior, pairDraws: interactions?.draws, phi };
  };
  return { isKnown, termsOf };
}

/** The interactions of pairs whose elements are both among those of the bags. */
function alignPairs(own: Interactions, draws: number, elements: Int32Array, trained: number): Interactions {
  const indexOf = new Int32Array(trained).fill(-1);
  elements.forEach((at, element) => {
    if (at >= 0) indexOf[at] = element;
  });
  const inBags = (ends: Int32Array): Int32Array => ends.map((at) => indexOf[at] as number);
  const [first, second] = [inBags(own.first), inBags(own.second)];
  // Elements are in the order of their kinds' and their own ids, in the model as in the bags: so are pairs.
  const kept = Int32Array.from(first.keys()).filter((pair) => (first[pair] as number) >= 0 && (second[pair] as number) >= 0);
  return {
    sd: own.sd,
    first: kept.map((pair) => first[pair] as number),
    second: kept.map((pair) => second[pair] as number),
    effect: Float64Array.from(kept, (pair) => own.effect[pair] as number),
    draws: columnsOf(own.draws, draws, own.effect.length, kept),
  };
}

/** Columns of a matrix [draws × width] by index; zeros where the index is −1. */
function columnsOf(values: Float32Array, draws: number, width: number, indices: Int32Array): Float32Array {
  const picked = new Float32Array(draws * indices.length);
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < indices.length; i++) {
      const at = indices[i] as number;
      if (at >= 0) picked[draw * indices.length + i] = values[draw * width + at] as number;
    }
  }
  return picked;
}

interface Content {
  readonly pairs: LowRankPairs | undefined;
  /** [elements]: mean contribution over the rows that hold the element, by exposure. */
  readonly meanOver: (rows: Int32Array) => Float64Array;
}

/** What the network reads in the elements, in the contexts of the ads that showed them; undefined without a network. */
async function readContent({ network, kinds }: RewardModel, bags: Bags, features: GatedFeatures): Promise<Content | undefined> {
  if (!network) return undefined;
  const width = bags.kinds.length;
  const kindOf = bags.kinds.map((kind) => kinds.indexOf(kind));
  const { description, elements, placeOf } = await describeBags(network, bags, features, kindOf);
  const { contribution, left, right, rank } = description;
  const meanOver = (rows: Int32Array): Float64Array => {
    const sums = new Float64Array(bags.elements.length);
    const weights = new Float64Array(bags.elements.length);
    for (const row of rows) {
      for (let at = row * width; at < (row + 1) * width; at++) {
        const item = placeOf[at] as number;
        if (item < 0) continue;
        const element = bags.members[at] as number;
        const weight = bags.exposure[row] as number;
        sums[element] = (sums[element] as number) + weight * (contribution[item] as number);
        weights[element] = (weights[element] as number) + weight;
      }
    }
    return sums.map((sum, element) => ((weights[element] as number) > 0 ? sum / (weights[element] as number) : 0));
  };
  if (rank === 0) return { pairs: undefined, meanOver };
  // Pair vectors do not depend on the ad: any item of the element has them.
  const pairs = { rank, left: new Float32Array(rank * bags.elements.length), right: new Float32Array(rank * bags.elements.length) };
  for (const [item, element] of elements.entries()) {
    pairs.left.set(left.subarray(item * rank, (item + 1) * rank), element * rank);
    pairs.right.set(right.subarray(item * rank, (item + 1) * rank), element * rank);
  }
  return { pairs, meanOver };
}

/** Credits of elements; one that the model was not trained on is not judged. */
export function creditsOf({ isKnown, termsOf }: AlignedModel, bags: Bags, rows: Int32Array): ElementCredit[] {
  return creditElements(bags, rows, termsOf(rows)).map((own) => (isKnown[own.element] ? own : { ...own, evidence: 'insufficient' }));
}

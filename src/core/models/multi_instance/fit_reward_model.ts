import type { OnProgress } from '../../progress.ts';
import { createRandom } from '../../random.ts';
import { type AdditiveFit, type AdditivePrior, fitAdditive, measurePhi } from './additive_fit.ts';
import type { Bags, Family } from './bags.ts';
import { describeBags } from './describe_bags.ts';
import { findPairs, withPairs } from './element_pairs.ts';
import type { GatedFeatures, GatedModel } from './gated/gated_model.ts';
import { trainGated } from './gated/train_gated.ts';
import { splitToStop } from './hold_out.ts';
import { asAdditive, type PairEffects, pairedSd, splitDraws } from './interactions.ts';
import { drawPosterior } from './posterior_draws.ts';
import { searchPrior, searchSharedSd } from './prior_search.ts';
import { type Estimator, meanOf, type RewardModel } from './reward_model.ts';

/** Draws of the posterior: a standard deviation from them is right within 5 %. */
const DRAWS = 200;
/** Of the ads' effects about their mean, in units of the link: wide, or elements would be credited with what their ads are worth. */
const AD_SD = 2;
/** Share of the rows by which the network decides when to stop. */
const VALIDATION_SHARE = 0.15;
const POSTERIOR_STREAM = 23;

export interface FitOptions {
  readonly family: Family;
  readonly seed: number;
  readonly threads: number;
  /** The additive estimator's effects of the same bags, where they are known already: all others begin with them. */
  readonly additive?: Effects | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** The effects of one estimator on some bags. */
export interface Effects {
  readonly priorSd: Float64Array;
  readonly fit: AdditiveFit;
  /** Of pairs of elements; undefined where the estimator has none, or no pair was shown often enough. */
  readonly interactions: PairEffects | undefined;
  /** How much more the outcomes vary than their family's do. */
  readonly phi: number;
  /** [kinds]: the standard deviation that the posterior is drawn with. */
  readonly posteriorSd: Float64Array;
  readonly network: GatedModel | undefined;
  /** [rows]: what the network says of each row; undefined without one. */
  readonly content: Float64Array | undefined;
}

/**
 * Fits one estimator: element effects about 0, with interactions about 0 too or without, or about what the gated network reads
 * in the elements' content.
 * @throws Interrupted on the signal
 */
export async function fitEffects(bags: Bags, estimator: Estimator, features: GatedFeatures, options: FitOptions): Promise<Effects> {
  const additive = options.additive ?? { ...fitAround(bags, undefined, options), network: undefined, content: undefined };
  if (estimator === 'additive') return additive;
  if (estimator === 'pairwise') return addInteractions(bags, additive, options);
  const network = await trainGated(bags, features, {
    ...options,
    ...splitToStop(bags, VALIDATION_SHARE, options.seed),
    adOffsets: additive.fit.adEffect,
    phi: additive.phi,
  });
  const content = await describeRows(network, bags, features);
  const around = fitAround(bags, content, options);
  // What the network learnt by heart leaves little for elements to differ by: their uncertainty is at least what it would be without it.
  const posteriorSd = around.priorSd.map((sd, kind) => Math.max(sd, additive.priorSd[kind] as number));
  return { ...around, posteriorSd, network, content };
}

function fitAround(bags: Bags, offset: Float64Array | undefined, { family, seed }: FitOptions): Omit<Effects, 'network' | 'content'> {
  const rows = rowsOf(bags);
  const { priorSd, phi: searched } = searchPrior(bags, rows, { family, adSd: AD_SD, seed, ...(offset && { offset }) });
  return { ...fitTwice(bags, rows, { family, priorSd, adSd: AD_SD, phi: searched, ...(offset && { offset }) }), interactions: undefined };
}

/** The additive fit with an effect of each pair of elements that was shown often enough. */
function addInteractions(bags: Bags, additive: Effects, { family, seed }: FitOptions): Effects {
  const pairs = findPairs(bags);
  if (pairs.first.length === 0) return additive;
  const rows = rowsOf(bags);
  const paired = withPairs(bags, pairs);
  const { sd, phi: searched } = searchSharedSd(paired, rows, additive.priorSd, { family, adSd: AD_SD, seed });
  const settings = { family, priorSd: pairedSd(paired, additive.priorSd, sd), adSd: AD_SD, phi: searched };
  const { fit, phi } = fitTwice(paired, rows, settings);
  const elements = bags.elements.length;
  return {
    ...additive,
    fit: { ...fit, effect: fit.effect.slice(0, elements) },
    interactions: { ...pairs, sd, effect: fit.effect.slice(elements) },
    phi,
  };
}

/** A fit with the over-dispersion of the rows about a first one. */
function fitTwice(bags: Bags, rows: Int32Array, prior: AdditivePrior) {
  const first = fitAdditive(bags, rows, prior);
  const phi = measurePhi(bags, rows, first, prior);
  return { priorSd: prior.priorSd, posteriorSd: prior.priorSd, phi, fit: fitAdditive(bags, rows, { ...prior, phi, start: first }) };
}

/** [rows]: predicted mean of each row, also of rows that were not fitted. */
export function predictRows(given: Bags, { fit: own, interactions, priorSd, content }: Effects, family: Family): Float64Array {
  const { bags, fit } = interactions ? asAdditive(given, priorSd, own, interactions) : { bags: given, fit: own };
  const kinds = bags.kinds.length;
  return Float64Array.from({ length: bags.rows }, (_, row) => {
    let link = (fit.adEffect[bags.ad[row] as number] as number) + (content?.[row] ?? 0);
    for (let kind = 0; kind < kinds; kind++) {
      const element = bags.members[row * kinds + kind] as number;
      if (element >= 0) link += fit.effect[element] as number;
    }
    return meanOf(family, link);
  });
}

/** The effects with their posterior, as a model that can be kept. */
export function completeModel(bags: Bags, effects: Effects, { family, seed }: FitOptions): RewardModel {
  const { priorSd, posteriorSd, fit, interactions, phi, content, network } = effects;
  const own = interactions ? asAdditive(bags, priorSd, fit, interactions) : { bags, priorSd: posteriorSd, fit };
  const drawn = drawPosterior(own.bags, rowsOf(bags), own.fit, {
    family,
    priorSd: own.priorSd,
    adSd: AD_SD,
    phi,
    ...(content && { offset: content }),
    draws: DRAWS,
    random: createRandom(seed, POSTERIOR_STREAM),
  });
  const { kinds, elements, ads } = bags;
  const { posterior, pairs } = splitDraws(drawn, elements.length);
  return {
    family,
    kinds,
    elements,
    ads,
    priorSd: posteriorSd,
    adMean: fit.adMean,
    adSd: spreadOf(fit.adEffect, posterior.ad),
    effect: fit.effect,
    adEffect: fit.adEffect,
    posterior,
    interactions: interactions && { ...interactions, draws: pairs },
    network,
  };
}

/**
 * Standard deviation of the ads' true effects: the variance of the estimates about their mean less that of their errors, in
 * each draw about its mean too, as how high all ads are is no difference between them.
 */
function spreadOf(effects: Float64Array, draws: Float32Array): number {
  const ads = effects.length;
  const error = Array.from({ length: draws.length / ads }, (_, draw) => varianceOf(draws.subarray(draw * ads, (draw + 1) * ads)));
  const mean = error.reduce((sum, own) => sum + own, 0) / Math.max(1, error.length);
  return Math.sqrt(Math.max(0, varianceOf(effects) - mean));
}

function varianceOf(values: Float64Array | Float32Array): number {
  const n = values.length;
  let mean = 0;
  for (const own of values) mean += own / n;
  let squares = 0;
  for (const own of values) squares += (own - mean) ** 2;
  return squares / Math.max(1, n - 1);
}

/** [rows]: Σ g + Σ I of the row's elements in the context of its ad. */
async function describeRows(network: GatedModel, bags: Bags, features: GatedFeatures): Promise<Float64Array> {
  const kinds = bags.kinds.length;
  const { description, placeOf } = await describeBags(network, bags, features, [...bags.kinds.keys()]);
  return Float64Array.from({ length: bags.rows }, (_, row) => {
    return network.linkOf(
      description,
      placeOf.subarray(row * kinds, (row + 1) * kinds).filter((place) => place >= 0),
    );
  });
}

/** Rows with exposure. */
function rowsOf({ exposure }: Bags): Int32Array {
  return Int32Array.from(exposure.keys()).filter((row) => (exposure[row] as number) > 0);
}

/** [rows]: the mean of each row's ad, shrunk as the estimators shrink it: what knows nothing of elements. */
export function predictAdMeans(bags: Bags, { family }: FitOptions): Float64Array {
  const { fit } = fitTwice(bags, rowsOf(bags), { family, priorSd: new Float64Array(bags.kinds.length), adSd: AD_SD });
  return Float64Array.from(bags.ad, (ad) => meanOf(family, fit.adEffect[ad] as number));
}

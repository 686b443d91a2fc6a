import type { AdditiveFit, AdditivePrior } from './additive_fit.ts';
import type { Bags } from './bags.ts';
import { withPairs } from './element_pairs.ts';
import type { ListedPairs } from './pair_terms.ts';
import type { PosteriorDraws } from './posterior_draws.ts';

/** Interactions of the pairs that were shown, normal about 0; so are those of all others, of which nothing more is known. */
export interface PairEffects extends ListedPairs {
  readonly sd: number;
}

/** Interactions with the posterior of those that were shown. */
export interface Interactions extends PairEffects {
  /** [draws × pairs]: deviations from the effects. */
  readonly draws: Float32Array;
}

/** An additive fit with interactions as the additive fit that it is: that of bags in which pairs count as elements. */
export function asAdditive(bags: Bags, priorSd: Float64Array, fit: AdditiveFit, { sd, ...pairs }: PairEffects) {
  const paired = withPairs(bags, pairs);
  const effect = Float64Array.from([...fit.effect, ...pairs.effect]);
  return { bags: paired, priorSd: pairedSd(paired, priorSd, sd), fit: { ...fit, effect } };
}

/** [kinds and pairs of kinds]: the kinds' standard deviations, and one of all pairs. */
export function pairedSd({ kinds }: Bags, priorSd: Float64Array, sd: number): AdditivePrior['priorSd'] {
  return Float64Array.from(kinds, (_, kind) => priorSd[kind] ?? sd);
}

/** The draws of elements, and those of pairs, which come after them. */
export function splitDraws(
  posterior: PosteriorDraws,
  elements: number,
): { readonly posterior: PosteriorDraws; readonly pairs: Float32Array } {
  const { draws, effect, ad } = posterior;
  const width = effect.length / draws;
  const own = new Float32Array(draws * elements);
  const pairs = new Float32Array(draws * (width - elements));
  for (let draw = 0; draw < draws; draw++) {
    own.set(effect.subarray(draw * width, draw * width + elements), draw * elements);
    pairs.set(effect.subarray(draw * width + elements, (draw + 1) * width), draw * (width - elements));
  }
  return { posterior: { draws, effect: own, ad }, pairs };
}

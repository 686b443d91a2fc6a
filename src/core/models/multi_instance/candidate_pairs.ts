import type { Interactions } from './interactions.ts';
import type { PosteriorDraws } from './posterior_draws.ts';

/** In place of a pair's index: never shown together often enough, or two that cannot interact (of one kind, or of an unknown one). */
export const NEVER_SHOWN = -1;
const NONE = -2;

/**
 * [n × n]: the pair of each two candidates, symmetric.
 * @param candidates [n]: index of each among the model's elements; −1 where it was never shown
 * @param kinds [n]: index of the kind of each among the model's; −1 for an unknown one
 * @param elements number of the model's elements
 */
export function placePairs(
  { first, second }: Interactions,
  candidates: readonly number[],
  kinds: readonly number[],
  elements: number,
): Int32Array {
  const n = candidates.length;
  const places = new Int32Array(n * n).fill(NONE);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (kinds[i] !== kinds[j] && (kinds[i] as number) >= 0 && (kinds[j] as number) >= 0) places[i * n + j] = NEVER_SHOWN;
    }
  }
  const candidateOf = new Int32Array(elements).fill(-1);
  for (let i = 0; i < n; i++) if ((candidates[i] as number) >= 0) candidateOf[candidates[i] as number] = i;
  for (let pair = 0; pair < first.length; pair++) {
    const [i, j] = [candidateOf[first[pair] as number] as number, candidateOf[second[pair] as number] as number];
    if (i < 0 || j < 0) continue;
    places[i * n + j] = pair;
    places[j * n + i] = pair;
  }
  return places;
}

/** [n × n]: what is known of each pair of candidates, by its index; of those never shown, by another function. */
export function pairMatrix(places: Int32Array, ofPair: (pair: number) => number, ofNeverShown: () => number): Float64Array {
  const n = Math.sqrt(places.length);
  const matrix = new Float64Array(places.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const pair = places[i * n + j] as number;
      if (pair === NONE) continue;
      const own = pair === NEVER_SHOWN ? ofNeverShown() : ofPair(pair);
      matrix[i * n + j] = own;
      matrix[j * n + i] = own;
    }
  }
  return matrix;
}

/**
 * [pairs]: what the interaction I of elements e and f adds to the variance of a combination that holds both:
 * `Var I + 2 Cov(I, effect_e) + 2 Cov(I, effect_f)`.
 */
export function pairVariances({ first, second, draws: pairDraws }: Interactions, { draws, effect }: PosteriorDraws): Float64Array {
  const pairs = first.length;
  const elements = effect.length / draws;
  const sums = new Float64Array(pairs);
  for (let draw = 0; draw < draws; draw++) {
    const from = draw * elements;
    for (let pair = 0; pair < pairs; pair++) {
      const own = pairDraws[draw * pairs + pair] as number;
      const both = (effect[from + (first[pair] as number)] as number) + (effect[from + (second[pair] as number)] as number);
      sums[pair] = (sums[pair] as number) + own * (own + 2 * both);
    }
  }
  return sums.map((sum) => sum / draws);
}

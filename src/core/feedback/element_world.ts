import { UserError } from '../errors.ts';
import { createRandom, type Random } from '../random.ts';
import type { ElementKind } from './element_names.ts';

/** A table of every pair is written with the truth. */
const MAX_PAIRS = 1_000_000;

export interface ElementOptions {
  readonly kinds: readonly ElementKind[];
  /** How much good ads favour certain elements: 0 not at all, 1 strongly. */
  readonly favour: number;
  /** Share of the variance of ln CTR inside an ad that comes from pairs of elements, 0 to 1. */
  readonly pairs: number;
}

/** Elements that all ads combine creatives from, and what they do to ln CTR. */
export interface ElementWorld {
  readonly kinds: readonly ElementKind[];
  readonly favour: number;
  /** What one unit of a score is worth in ln CTR: the standard deviation between the combinations of an ad. */
  readonly spread: number;
  /** [kinds][elements]; the mean over a kind is 0. */
  readonly scores: readonly Float64Array[];
  /** [kinds][elements]: how much good ads favour an element; standard normal. */
  readonly tilts: readonly Float64Array[];
  readonly pairs: readonly PairScores[];
}

interface PairScores {
  /** Two kinds, the first the lesser. */
  readonly kinds: readonly [number, number];
  /** [elements of the first × elements of the second]; the mean over either's elements is 0. */
  readonly scores: Float64Array;
}

/** One element of every kind, as places in the kinds' lists. */
export type Combination = readonly number[];

/**
 * Draws normal scores such that the score of a combination drawn evenly has variance 1: pairs have their share of it, each
 * pair of kinds alike, and the kinds alike the rest. A kind of one element has no part in it.
 * @throws UserError where pairs have a share but there are none to draw, or too many to tell.
 */
export function createElementWorld({ kinds, favour, pairs: share }: ElementOptions, spread: number, random: Random): ElementWorld {
  const seed = random.uint32();
  const [mainDraws, tiltDraws, pairDraws] = [createRandom(seed, 1), createRandom(seed, 2), createRandom(seed, 3)];
  const sizes = kinds.map(({ elements }) => elements.length);
  const varied = sizes.filter((size) => size > 1).length;
  const mainSd = Math.sqrt((1 - share) / Math.max(1, varied));
  return {
    kinds,
    favour,
    spread,
    scores: sizes.map((size) => drawCentred(1, size, mainSd, mainDraws)),
    tilts: sizes.map((size) => Float64Array.from({ length: size }, () => tiltDraws.normal())),
    pairs: share > 0 ? drawPairs(sizes, share, pairDraws) : [],
  };
}

function drawPairs(sizes: readonly number[], share: number, random: Random): PairScores[] {
  const pairs = sizes.flatMap((first, a) =>
    sizes.flatMap((second, b) => (a < b && first > 1 && second > 1 ? [{ kinds: [a, b] as const, first, second }] : [])),
  );
  if (pairs.length === 0)
    throw new UserError(
      'Expected two kinds of at least two elements each with --pairs but received fewer.',
      'Give them with --elements, or leave --pairs out.',
    );
  const count = pairs.reduce((sum, { first, second }) => sum + first * second, 0);
  if (count > MAX_PAIRS)
    throw new UserError(
      `Expected at most ${MAX_PAIRS} pairs of elements with --pairs but received ${count}.`,
      'Give fewer elements with --elements, or leave --pairs out.',
    );
  const sd = Math.sqrt(share / pairs.length);
  return pairs.map(({ kinds, first, second }) => ({ kinds, scores: drawCentred(first, second, sd, random) }));
}

/** [rows × columns]: normal, the mean over each row 0 and over each column as well (where there is more than one); the mean square is sd² on average. */
function drawCentred(rows: number, columns: number, sd: number, random: Random): Float64Array {
  const table = Float64Array.from({ length: rows * columns }, () => random.normal());
  let scale = sd;
  if (rows > 1) {
    scale *= Math.sqrt(rows / (rows - 1));
    for (let column = 0; column < columns; column++) centre(table, column, columns, rows);
  }
  if (columns > 1) scale *= Math.sqrt(columns / (columns - 1));
  for (let row = 0; row < rows; row++) centre(table, row * columns, 1, columns);
  return table.map((value) => scale * value);
}

/** Takes the mean of `count` values, `step` apart, from each. */
function centre(values: Float64Array, first: number, step: number, count: number): void {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[first + i * step] as number;
  for (let i = 0; i < count; i++) values[first + i * step] = (values[first + i * step] as number) - sum / count;
}

/** How many combinations take one element of every kind: Π sizes. */
export function combinationCount(kinds: readonly ElementKind[]): number {
  return kinds.reduce((product, { elements }) => product * elements.length, 1);
}

/** How many combinations that begin alike are taken, and those below by their next place. */
interface Taken {
  count: number;
  readonly below: Map<number, Taken>;
}

/**
 * Draws different combinations for an ad, `count` of them, at most {@link combinationCount}. Kind by kind, an element is drawn
 * with chance ∝ `exp(favour · quality · tilt)` × the share of the combinations it still leads to that are not taken yet, so
 * that without favour any set of combinations is as likely as another. `quality` is the ad's ln CTR in standard deviations.
 */
export function drawCombinations(world: ElementWorld, quality: number, count: number, random: Random): Combination[] {
  const weights = world.tilts.map((tilts) => tilts.map((tilt) => Math.exp(world.favour * quality * tilt)));
  const sizesBelow = world.kinds.map((_, kind) => combinationCount(world.kinds.slice(kind + 1)));
  const root: Taken = { count: 0, below: new Map() };
  return Array.from({ length: count }, () => {
    let at = root;
    return weights.map((own, kind) => {
      const open = own.slice();
      for (const [place, taken] of at.below) open[place] = (own[place] as number) * (1 - taken.count / (sizesBelow[kind] as number));
      const place = pick(open, random.uniform());
      const next = at.below.get(place) ?? { count: 0, below: new Map() };
      next.count++;
      at.below.set(place, next);
      at = next;
      return place;
    });
  });
}

/** The index a uniform number falls on, in proportion to weights; never one whose weight is 0. */
function pick(weights: Float64Array, uniform: number): number {
  let total = 0;
  for (const weight of weights) total += weight;
  let rest = uniform * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    last = i;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
}

/** Sum of a combination's scores and those of its pairs: times `spread`, its ln CTR from the ad's. */
export function combinationScore({ scores, pairs, kinds }: ElementWorld, combination: Combination): number {
  let sum = 0;
  for (const [kind, place] of combination.entries()) sum += scores[kind]?.[place] as number;
  for (const {
    kinds: [a, b],
    scores: own,
  } of pairs) {
    const columns = kinds[b]?.elements.length as number;
    sum += own[(combination[a] as number) * columns + (combination[b] as number)] as number;
  }
  return sum;
}

/** The elements of a combination, by kind. */
export function elementsAt({ kinds }: ElementWorld, combination: Combination): Record<string, string> {
  return Object.fromEntries(kinds.map(({ kind, elements }, i) => [kind, elements[combination[i] as number] as string]));
}

import { createRandom, shuffle } from '../../random.ts';
import { type AdditiveFit, type AdditivePrior, fitAdditive, measureLoss, measurePhi } from './additive_fit.ts';
import type { Bags } from './bags.ts';

/** Standard deviations tried: none at all, and powers of 2 from about 1 % of the CTR's odds on. */
const GRID = [0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28] as const;
/**
 * Half-normal prior of a standard deviation: where every element has many outcomes the held-out likelihood is the same for all
 * wide priors, and the widest would be what an element never shown is taken to vary by.
 */
const HYPER_SD = 0.25;
/** Points between two of the grid, where the loss is read off a parabola. */
const BETWEEN = 8;
/** A standard deviation this many nats worse than the best has no weight. */
const FAR = 10;
/** Fits are compared by hundredths of a nat. */
const LEAST_GAIN = 1e-3;
const FOLDS = 5;
/** A standard deviation is as well known from so many rows as from more. */
const MOST_ROWS = 20_000;
/** For the first look at φ: wide enough to leave no effect of elements in the residuals. */
const WIDE_SD = 0.64;
/** Pairs may be as many as rows: so wide that they explain the rows, there would be no residuals left to look at. */
const WIDE_PAIR_SD = 0.16;
/** Where the search for a shared standard deviation begins. */
const FIRST_SHARED_SD = 0.08;
const SAMPLE_STREAM = 31;
const FOLD_STREAM = 32;

export interface PriorSearch {
  /** [kinds] */
  readonly priorSd: Float64Array;
  /** How much more outcomes vary than those of their family do; the search divides by it. */
  readonly phi: number;
  /** Held-out loss in nats for each standard deviation that all kinds had in common. */
  readonly losses: readonly { readonly sd: number; readonly loss: number }[];
}

type SearchedPrior = Omit<AdditivePrior, 'priorSd' | 'phi'>;

/** Training and held-out rows of a fold, and its last fit, where the next one begins. */
interface Fold {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
  fit: AdditiveFit | undefined;
}

/**
 * Finds the standard deviation of element effects, kind by kind, by the likelihood of held-out rows: 5 folds of each ad's
 * combinations; first one common value on a grid of powers of 2, then each kind in turn on the part of the grid that is not
 * far worse. What is taken is the root of the mean variance under the weights `exp(−loss/φ)` × prior: the least loss alone
 * is often that of 0, and intervals would have no width. Of more than 20,000 rows only whole ads with about so many are used.
 * @param prior but for priorSd and φ
 */
export function searchPrior(bags: Bags, rows: Int32Array, prior: SearchedPrior & { readonly seed: number }): PriorSearch {
  const { seed, ...rest } = prior;
  const kinds = bags.kinds.length;
  const sample = sampleAds(bags, rows, seed);
  const { phi, lossAt } = holdOutFolds(bags, sample, new Float64Array(kinds).fill(WIDE_SD), rest, seed);
  const losses = GRID.map((sd) => ({ sd, loss: lossAt(new Float64Array(kinds).fill(sd)) }));
  const common = meanSd(
    GRID,
    losses.map(({ loss }) => loss / phi),
  );
  // Each kind is searched on the grid moved to the common value, so that the others are not held at a rounded one.
  const from = GRID.findIndex((sd, place) => place > 0 && (common <= sd * Math.SQRT2 || place === GRID.length - 1));
  const grid = GRID.map((sd) => (sd * common) / (GRID[from] as number));
  const priorSd = new Float64Array(kinds).fill(common);
  for (let kind = 0; kind < kinds; kind++) {
    const near = walk(grid, from, (sd) => lossAt(priorSd.with(kind, sd)) / phi);
    priorSd[kind] = meanSd(grid, near);
  }
  return { priorSd, phi, losses };
}

/**
 * Finds the one standard deviation that all kinds from a place on have in common, those before it known, in the same way:
 * of interactions, which are too many kinds of too little each to be told apart.
 * @param known [kinds before the place]
 */
export function searchSharedSd(
  bags: Bags,
  rows: Int32Array,
  known: Float64Array,
  prior: SearchedPrior & { readonly seed: number },
): { readonly sd: number; readonly phi: number } {
  const { seed, ...rest } = prior;
  const sample = sampleAds(bags, rows, seed);
  const withShared = (sd: number): Float64Array => Float64Array.from(bags.kinds, (_, kind) => known[kind] ?? sd);
  const { phi, lossAt } = holdOutFolds(bags, sample, withShared(WIDE_PAIR_SD), rest, seed);
  const losses = walk(GRID, GRID.indexOf(FIRST_SHARED_SD), (sd) => lossAt(withShared(sd)) / phi);
  return { sd: meanSd(GRID, losses), phi };
}

/** Losses along a grid on both sides of a place, until they are far above the least; ∞ beyond. */
function walk(grid: readonly number[], from: number, lossAt: (sd: number) => number): number[] {
  const losses = grid.map(() => Number.POSITIVE_INFINITY);
  let least = lossAt(grid[from] as number);
  losses[from] = least;
  for (const direction of [-1, 1]) {
    for (let place = from + direction; place >= 0 && place < grid.length; place += direction) {
      const loss = lossAt(grid[place] as number);
      losses[place] = loss;
      least = Math.min(least, loss);
      if (loss > least + FAR) break;
    }
  }
  return losses;
}

/** Root of the mean of sd² under the weights exp(−loss) × prior, on a grid of 0 and powers of 2 and between those. */
function meanSd(grid: readonly number[], losses: readonly number[]): number {
  const least = Math.min(...losses);
  let [sum, weights] = [0, 0];
  const add = (sd: number, loss: number, share: number): void => {
    const weight = share * Math.exp(least - loss - 0.5 * (sd / HYPER_SD) ** 2);
    sum += weight * sd * sd;
    weights += weight;
  };
  add(0, losses[0] as number, 1);
  for (let place = 1; place < grid.length; place++) {
    const at = losses[place] as number;
    if (!Number.isFinite(at)) continue;
    // Where the loss of a neighbour is not known it goes on as it came.
    const before = place > 1 ? (losses[place - 1] as number) : Number.POSITIVE_INFINITY;
    const after = losses[place + 1] ?? Number.POSITIVE_INFINITY;
    const low = Number.isFinite(before) ? before : 2 * at - after;
    const high = Number.isFinite(after) ? after : 2 * at - before;
    for (let step = 0; step < BETWEEN; step++) {
      const x = (step + 0.5) / BETWEEN - 0.5;
      const loss = at + (x * (high - low)) / 2 + (x * x * (high - 2 * at + low)) / 2;
      add((grid[place] as number) * 2 ** x, loss, 1 / BETWEEN);
    }
  }
  return Math.sqrt(sum / weights);
}

/** Rows of whole ads, in a random order of the ads, until there are enough. */
function sampleAds(bags: Bags, rows: Int32Array, seed: number): Int32Array {
  const used = rows.filter((row) => (bags.exposure[row] as number) > 0);
  if (used.length <= MOST_ROWS) return used;
  const rowsOfAd = new Int32Array(bags.ads.length);
  for (const row of used) rowsOfAd[bags.ad[row] as number] = (rowsOfAd[bags.ad[row] as number] as number) + 1;
  const isTaken = new Uint8Array(bags.ads.length);
  let taken = 0;
  for (const ad of shuffle(Int32Array.from(bags.ads.keys()), createRandom(seed, SAMPLE_STREAM))) {
    if (taken >= MOST_ROWS) break;
    isTaken[ad] = 1;
    taken += rowsOfAd[ad] as number;
  }
  return used.filter((row) => isTaken[bags.ad[row] as number] === 1);
}

/** Deals the rows of each ad out to folds in turn; the row of an ad that has no other is only trained on. */
function dealFolds(bags: Bags, rows: Int32Array, seed: number): Fold[] {
  const dealt = shuffle(Int32Array.from(rows), createRandom(seed, FOLD_STREAM));
  const rowsOfAd = new Int32Array(bags.ads.length);
  for (const row of rows) rowsOfAd[bags.ad[row] as number] = (rowsOfAd[bags.ad[row] as number] as number) + 1;
  const next = new Int32Array(bags.ads.length).map((_, ad) => ad % FOLDS);
  const foldOf = dealt.map((row) => {
    const ad = bags.ad[row] as number;
    next[ad] = (next[ad] as number) + 1;
    return (next[ad] as number) % FOLDS;
  });
  return Array.from({ length: FOLDS }, (_, fold) => ({
    train: dealt.filter((_, i) => foldOf[i] !== fold).sort(),
    heldOut: dealt.filter((row, i) => foldOf[i] === fold && (rowsOfAd[bags.ad[row] as number] as number) > 1).sort(),
    fit: undefined,
  }));
}

/** φ by wide priors, and the loss of held-out rows under others, in nats. */
function holdOutFolds(bags: Bags, rows: Int32Array, wide: Float64Array, prior: SearchedPrior, seed: number) {
  const folds = dealFolds(bags, rows, seed);
  const phi = firstPhi(bags, rows, { ...prior, priorSd: wide });
  const lossAt = (priorSd: Float64Array): number =>
    folds.reduce((sum, fold) => {
      const own = { ...prior, priorSd, phi };
      fold.fit = fitAdditive(bags, fold.train, { ...own, leastGain: LEAST_GAIN, ...(fold.fit && { start: fold.fit }) });
      return sum + measureLoss(bags, fold.heldOut, fold.fit, own);
    }, 0);
  return { phi, lossAt };
}

/** φ about a fit with wide priors; a second round, as the first has the fit of another φ. */
function firstPhi(bags: Bags, rows: Int32Array, wide: AdditivePrior): number {
  let phi = 1;
  for (let round = 0; round < 2; round++) {
    const own = { ...wide, phi };
    phi = measurePhi(bags, rows, fitAdditive(bags, rows, { ...own, leastGain: LEAST_GAIN }), own);
  }
  return phi;
}

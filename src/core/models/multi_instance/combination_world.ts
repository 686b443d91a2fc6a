import type { Random } from '../../random.ts';
import type { Bags } from './bags.ts';
import { type LowRankPairs, pairTerm } from './pair_terms.ts';

export interface CombinationWorldOptions {
  readonly ads: number;
  /** [kinds]: how many elements there are of each kind; all ads share them. */
  readonly elementsPerKind: readonly number[];
  /** Different combinations that each ad shows. */
  readonly combinationsPerAd: number;
  readonly impressionsPerCombination: number;
  /** CTR of an average ad with elements without effect. */
  readonly ctr: number;
  /** Standard deviations of the logit: between ads, between the elements of a kind, and of pairs of elements (none when not given). */
  readonly adSd: number;
  readonly effectSd: number;
  readonly pairSd?: number;
  /** How much good ads favour certain elements: an ad picks an element with probability ∝ exp(confounding × its quality in sd × tilt). */
  readonly confounding: number;
  /** Correlation of an element's tilt with its true effect; 0 when not given. */
  readonly tiltCorrelation?: number;
  /** Variance of clicks over that of the binomial distribution, by CTRs that vary as a beta distribution; 1 when not given. */
  readonly phi?: number;
  readonly random: Random;
}

/** A log of combinations whose true effects are known. */
export interface CombinationWorld {
  readonly bags: Bags;
  /** [elements]: true effect on the logit. */
  readonly effect: Float64Array;
  readonly pairs: LowRankPairs | undefined;
  /** [ads]: logit of the ad with elements without effect. */
  readonly adEffect: Float64Array;
  /** [rows]: the logit of the row's CTR. */
  readonly link: Float64Array;
}

/** Rank of the true pair effects. */
const PAIR_RANK = 4;
/** An ad gives up finding one more combination that it has not after so many draws for each it wants. */
const DRAWS_PER_COMBINATION = 50;

/**
 * Draws ads that show combinations of shared elements, and clicks on them: `logit p = ad + Σ effect + Σ pair`. Where good ads
 * favour certain elements, what an element's own CTR says is confounded with the ads.
 */
export function drawCombinationWorld(options: CombinationWorldOptions): CombinationWorld {
  const { ads, elementsPerKind, random } = options;
  const kinds = elementsPerKind.length;
  const elements = elementsPerKind.flatMap((count, kind) =>
    Array.from({ length: count }, (_, i) => ({ kind, elementId: numbered('e', i) })),
  );
  const first = elementsPerKind.map((_, kind) => elementsPerKind.slice(0, kind).reduce((sum, count) => sum + count, 0));
  const base = Math.log(options.ctr / (1 - options.ctr));
  const { tiltCorrelation: rho = 0, phi = 1 } = options;

  const quality = Float64Array.from({ length: ads }, () => random.normal());
  const standard = elements.map(() => random.normal());
  const tilt = Float64Array.from(standard, (own) => rho * own + Math.sqrt(1 - rho * rho) * random.normal());
  const tiltsOf = elementsPerKind.map((count, kind) => tilt.subarray(first[kind], (first[kind] as number) + count));
  const effect = Float64Array.from(standard, (own) => options.effectSd * own);
  const pairs = options.pairSd ? drawPairs(elements.length, options.pairSd, random) : undefined;
  const adEffect = quality.map((own) => base + options.adSd * own);

  const ad: number[] = [];
  const members: number[] = [];
  for (let a = 0; a < ads; a++) {
    const shares = tiltsOf.map((tilts) => cumulativeShares(tilts, options.confounding * (quality[a] as number)));
    const taken = new Set<string>();
    const draws = DRAWS_PER_COMBINATION * options.combinationsPerAd;
    for (let draw = 0; draw < draws && taken.size < options.combinationsPerAd; draw++) {
      const own = shares.map((share, kind) => (first[kind] as number) + pick(share, random));
      const key = own.join();
      if (taken.has(key)) continue;
      taken.add(key);
      ad.push(a);
      members.push(...own);
    }
  }

  const link = Float64Array.from(ad, (a, row) => {
    const own = members.slice(row * kinds, (row + 1) * kinds);
    const main = own.reduce((sum, element) => sum + (effect[element] as number), adEffect[a] as number);
    return main + (pairs ? own.reduce((sum, s, i) => sum + own.slice(i + 1).reduce((part, t) => part + pairTerm(pairs, s, t), 0), 0) : 0);
  });
  const exposure = new Float64Array(ad.length).fill(options.impressionsPerCombination);
  const outcomes = link.map((own) => drawClicks(options.impressionsPerCombination, 1 / (1 + Math.exp(-own)), phi, random));
  return {
    bags: {
      kinds: elementsPerKind.map((_, kind) => numbered('kind', kind)),
      elements,
      ads: Array.from({ length: ads }, (_, a) => numbered('ad', a)),
      rows: ad.length,
      ad: Int32Array.from(ad),
      members: Int32Array.from(members),
      outcomes,
      exposure,
    },
    effect,
    pairs,
    adEffect,
    link,
  };
}

function numbered(name: string, i: number): string {
  return `${name}${String(i).padStart(5, '0')}`;
}

function drawPairs(elements: number, sd: number, random: Random): LowRankPairs {
  const draw = (scale: number): Float32Array => Float32Array.from({ length: elements * PAIR_RANK }, () => scale * random.normal());
  return { rank: PAIR_RANK, left: draw(sd / Math.sqrt(PAIR_RANK)), right: draw(1) };
}

/** Cumulative shares of n elements whose weights are exp(strength × tilt). */
function cumulativeShares(tilt: Float64Array, strength: number): Float64Array {
  const sums = new Float64Array(tilt.length);
  let total = 0;
  for (let i = 0; i < tilt.length; i++) {
    total += Math.exp(strength * (tilt[i] as number));
    sums[i] = total;
  }
  return sums.map((sum) => sum / total);
}

function pick(sums: Float64Array, random: Random): number {
  const u = random.uniform();
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Clicks of n impressions: beta-binomial with variance φ n p (1 − p), binomial where φ is 1. */
function drawClicks(impressions: number, ctr: number, phi: number, random: Random): number {
  let p = ctr;
  if (phi > 1) {
    const strength = (impressions - phi) / (phi - 1);
    const [a, b] = [random.gamma(ctr * strength), random.gamma((1 - ctr) * strength)];
    p = a / (a + b);
  }
  // From click to click, the impressions between two are geometric.
  const rate = -Math.log1p(-p);
  let clicks = 0;
  for (let seen = 1 + Math.floor(random.exponential() / rate); seen <= impressions; seen += 1 + Math.floor(random.exponential() / rate))
    clicks++;
  return clicks;
}

/** Outcomes over exposure of all rows with an element: what it would be credited with if ads were left out. [elements], NaN where it was not shown. */
export function naiveRates({ kinds, elements, rows, members, outcomes, exposure }: Bags): Float64Array {
  const won = new Float64Array(elements.length);
  const shown = new Float64Array(elements.length);
  for (let at = 0; at < rows * kinds.length; at++) {
    const element = members[at] as number;
    const row = Math.floor(at / kinds.length);
    if (element < 0) continue;
    won[element] = (won[element] as number) + (outcomes[row] as number);
    shown[element] = (shown[element] as number) + (exposure[row] as number);
  }
  return won.map((own, element) => own / (shown[element] as number));
}

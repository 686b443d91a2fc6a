import type { Bags, Family } from '../../../../../src/core/models/multi_instance/bags.ts';
import type { GatedFeatures } from '../../../../../src/core/models/multi_instance/gated/gated_model.ts';
import { createRandom, type Random } from '../../../../../src/core/random.ts';

interface WorldOptions {
  readonly seed: number;
  readonly family?: Family;
  readonly kinds?: number;
  /** Elements of each kind; of these the first `unseen` are in no training or validation row. */
  readonly perKind?: number;
  readonly unseen?: number;
  readonly ads?: number;
  readonly rowsOfAd?: number;
  readonly exposure?: number;
  /** Standard deviations of what each of an element's two terms adds, of what only its id does, and of pair terms. */
  readonly termSd?: number;
  readonly idSd?: number;
  readonly pairSd?: number;
  /** Good ads prefer the second half of each kind's elements, which by their terms are neither better nor worse. */
  readonly isConfounded?: boolean;
}

const TERMS = 8;
const BASE = Math.log(0.05 / 0.95);

/** Bags of a known world: effects are sums over terms, plus the id's, plus pair terms of rank 2. */
export function makeWorld(options: WorldOptions) {
  const { seed, family = 'binomial', kinds = 3, perKind = 24, unseen = 4, ads = 100, rowsOfAd = 15, exposure = 400 } = options;
  const { termSd = 0, idSd = 0, pairSd = 0, isConfounded = false } = options;
  const random = createRandom(seed, 99);
  const termEffects = Array.from({ length: kinds }, () => Array.from({ length: TERMS }, () => termSd * random.normal()));
  const elements = Array.from({ length: kinds * perKind }, (_, i) => ({
    kind: Math.floor(i / perKind),
    elementId: `e${String(i).padStart(4, '0')}`,
  }));
  const terms = elements.map(() => {
    const first = random.below(TERMS);
    return [first, (first + 1 + random.below(TERMS - 1)) % TERMS];
  });
  const content = elements.map(({ kind }, i) => (terms[i] as number[]).reduce((sum, t) => sum + (termEffects[kind]?.[t] ?? 0), 0));
  const effect = content.map((own) => own + idSd * random.normal());
  const factors = elements.map(() => Array.from({ length: 4 }, () => random.normal()));
  const pair = (a: number, b: number): number => {
    const [f = [], g = []] = [factors[Math.min(a, b)], factors[Math.max(a, b)]];
    return pairSd * Math.SQRT1_2 * ((f[0] as number) * (g[1] as number) + (f[2] as number) * (g[3] as number));
  };
  const quality = Array.from({ length: ads }, () => 0.7 * random.normal());

  const rows = ads * rowsOfAd;
  const [ad, members] = [new Int32Array(rows), new Int32Array(rows * kinds)];
  const outcomes = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = Math.floor(row / rowsOfAd);
    ad[row] = own;
    const chosen = Array.from({ length: kinds }, (_, kind) => {
      const isGood = isConfounded ? (quality[own] as number) > 0 !== random.uniform() < 0.15 : random.uniform() < 0.5;
      return kind * perKind + 2 * random.below(perKind / 2) + (isGood ? 1 : 0);
    });
    members.set(chosen, row * kinds);
    let link = BASE + (quality[own] as number);
    chosen.forEach((a, i) => {
      link += effect[a] as number;
      for (const b of chosen.slice(i + 1)) link += pair(a, b);
    });
    outcomes[row] = family === 'binomial' ? clicksOf(exposure, link, random) : amountOf(exposure * Math.exp(link), random);
  }
  const bags: Bags = {
    kinds: Array.from({ length: kinds }, (_, kind) => `kind${kind}`),
    elements,
    ads: Array.from({ length: ads }, (_, i) => `ad${i}`),
    rows,
    ad,
    members,
    outcomes,
    exposure: new Float64Array(rows).fill(exposure),
  };
  const features: GatedFeatures = {
    elementTerms: termSd > 0 ? terms.map((own) => own.map((term) => `words=w${term}`)) : elements.map(() => []),
    adTerms: bags.ads.map((_, i) => [`category=c${i % 5}`]),
  };
  const isUnseen = (element: number): boolean => element % perKind < unseen;
  const seenRows = [...Array(rows).keys()].filter((row) => !members.subarray(row * kinds, (row + 1) * kinds).some(isUnseen));
  const train = Int32Array.from(seenRows.filter((_, i) => i % 6 > 0));
  const validation = Int32Array.from(seenRows.filter((_, i) => i % 6 === 0));
  return { bags, features, train, validation, content, effect, pair, quality, isUnseen, adOffsets: offsetsOf(bags, train) };
}

/** Logit (or log) of the shrunk mean of each ad. */
function offsetsOf({ ads, ad, outcomes, exposure }: Bags, rows: Int32Array): Float64Array {
  const [y, n] = [new Float64Array(ads.length).fill(1), new Float64Array(ads.length).fill(20)];
  for (const row of rows) {
    y[ad[row] as number] = (y[ad[row] as number] as number) + (outcomes[row] as number);
    n[ad[row] as number] = (n[ad[row] as number] as number) + (exposure[row] as number);
  }
  return y.map((sum, i) => Math.log(sum / (n[i] as number)));
}

function clicksOf(n: number, link: number, random: Random): number {
  const p = 1 / (1 + Math.exp(-link));
  let clicks = 0;
  for (let i = 0; i < n; i++) if (random.uniform() < p) clicks++;
  return clicks;
}

/** As many purchases of 30 each as a Poisson number with this mean. */
function amountOf(mean: number, random: Random): number {
  let [count, time] = [0, random.exponential()];
  while (time < mean) {
    count++;
    time += random.exponential();
  }
  return 30 * count;
}

export function correlation(x: readonly number[], y: readonly number[]): number {
  const centred = (values: readonly number[]): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [a, b] = [centred(x), centred(y)];
  const product = (u: readonly number[], v: readonly number[]): number => u.reduce((sum, value, i) => sum + value * (v[i] as number), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** Spearman's ρ of values without ties. */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  const ranks = (values: readonly number[]): number[] => {
    const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
    const found = values.map(() => 0);
    order.forEach((index, rank) => {
      found[index] = rank;
    });
    return found;
  };
  return correlation(ranks(x), ranks(y));
}

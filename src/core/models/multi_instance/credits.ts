import type { Bags, Family } from './bags.ts';
import { baselineOf, type Centre, centredMain, centreTerms, type LinkTerms, referenceOf } from './centred_effects.ts';
import type { ElementPairs } from './element_pairs.ts';
import { type Reference, sharesOf } from './pair_terms.ts';
import type { PosteriorDraws } from './posterior_draws.ts';

/** What a credit's interval says of the element, against the others of its kind. */
type Evidence = 'higher' | 'lower' | 'unclear' | 'insufficient';

/** What an element adds to the link, against the mean of its kind. */
export interface ElementCredit {
  readonly element: number;
  readonly credit: number;
  /** exp(credit): the effect on the odds of a click, or on the amount. */
  readonly multiplier: number;
  /** 95 % interval of the credit. */
  readonly low: number;
  readonly high: number;
  readonly exposure: number;
  readonly outcomes: number;
  /** Outcomes that the element's rows would have had with mean elements. */
  readonly expected: number;
  readonly evidence: Evidence;
}

/** The model that gives credits. */
export interface CreditedModel extends LinkTerms {
  readonly family: Family;
  /** [ads] */
  readonly adEffect: Float64Array;
  readonly posterior: PosteriorDraws;
  /** [draws × pairs]: of listed pairs, as deviations; none: interactions are taken as certain. */
  readonly pairDraws?: Float32Array | undefined;
  readonly phi: number;
}

const INTERVAL_Z = 1.959963984540054;
/** Expected outcomes, divided by φ, under which an element is not judged. */
const LEAST_EXPECTED = 5;

/**
 * Credits of the elements of some rows (all, or those of one ad), centred inside their kind over what the rows showed: main
 * effects of the functional analysis of variance ({@link centredMain}). Interval: credit ± 1.96 sd of the centred effect over
 * the posterior's draws, as the posterior is normal; interactions without draws are taken as certain. An element under 5 expected
 * outcomes is not judged.
 */
export function creditElements(bags: Bags, rows: Int32Array, model: CreditedModel): ElementCredit[] {
  const reference = referenceOf(bags, rows);
  const centre = centreTerms(bags, reference, model);
  const present = bags.kinds.map((_, kind) => kind).filter((kind) => reference.elements.some((e) => kindOf(bags, e) === kind));
  const sd = deviationsOf(bags, reference, model);
  const totals = totalsOf(bags, rows, model, centre);
  const ofKind = bags.kinds.map((_, kind) => reference.elements.reduce((sum, e) => sum + (kindOf(bags, e) === kind ? 1 : 0), 0));
  return Array.from(reference.elements, (element, i) => {
    const credit = centredMain(centre, element, kindOf(bags, element), present);
    const margin = INTERVAL_Z * (sd[i] as number);
    const { exposure, outcomes, expected } = totals.get(element) as Totals;
    const [low, high] = [credit - margin, credit + margin];
    const isJudged = expected / model.phi >= LEAST_EXPECTED && (ofKind[kindOf(bags, element)] as number) > 1;
    const evidence = !isJudged ? 'insufficient' : low > 0 ? 'higher' : high < 0 ? 'lower' : 'unclear';
    return { element, credit, multiplier: Math.exp(credit), low, high, exposure, outcomes, expected, evidence };
  });
}

function kindOf({ elements }: Bags, element: number): number {
  return (elements[element] as Bags['elements'][number]).kind;
}

/** Standard deviation of the centred effect of each element of the reference. */
function deviationsOf(bags: Bags, reference: Reference, { posterior: { draws, effect }, pairs, pairDraws }: CreditedModel): Float64Array {
  const { elements: own, share } = reference;
  const kinds = Int32Array.from(own, (element) => kindOf(bags, element));
  const addPairs = pairs && pairDraws && !('rank' in pairs) ? pairsWithin(sharesOf(bags, reference), pairs, pairDraws) : undefined;
  const squares = new Float64Array(own.length);
  const total = new Float64Array(bags.elements.length);
  const mean = new Float64Array(bags.kinds.length);
  for (let draw = 0; draw < draws; draw++) {
    for (const element of own) total[element] = effect[draw * bags.elements.length + element] as number;
    addPairs?.(draw, total);
    mean.fill(0);
    for (let i = 0; i < own.length; i++) {
      const kind = kinds[i] as number;
      mean[kind] = (mean[kind] as number) + (share[i] as number) * (total[own[i] as number] as number);
    }
    for (let i = 0; i < own.length; i++) {
      const deviation = (total[own[i] as number] as number) - (mean[kinds[i] as number] as number);
      squares[i] = (squares[i] as number) + deviation * deviation;
    }
  }
  return squares.map((sum) => Math.sqrt(sum / draws));
}

/** Adds to elements [elements] the means of their interactions with those of a reference in a draw. */
function pairsWithin(share: Float64Array, { first, second }: ElementPairs, pairDraws: Float32Array) {
  const within = Int32Array.from(first.keys()).filter(
    (p) => (share[first[p] as number] as number) * (share[second[p] as number] as number) > 0,
  );
  return (draw: number, total: Float64Array): void => {
    for (const pair of within) {
      const [a, b, own] = [first[pair] as number, second[pair] as number, pairDraws[draw * first.length + pair] as number];
      total[a] = (total[a] as number) + (share[b] as number) * own;
      total[b] = (total[b] as number) + (share[a] as number) * own;
    }
  };
}

interface Totals {
  exposure: number;
  outcomes: number;
  expected: number;
}

/** What came of each element's rows, and what would have come of them by their ads alone. */
function totalsOf(bags: Bags, rows: Int32Array, { family, adEffect }: CreditedModel, centre: Centre): Map<number, Totals> {
  const kinds = bags.kinds.length;
  const totals = new Map<number, Totals>();
  const baselines = new Map<string, number>();
  for (const row of rows) {
    const exposure = bags.exposure[row] as number;
    if (exposure <= 0) continue;
    const members = bags.members.subarray(row * kinds, (row + 1) * kinds);
    const present = Array.from(members.keys()).filter((kind) => (members[kind] as number) >= 0);
    const baseline = baselines.get(present.join()) ?? baselineOf(centre, present);
    baselines.set(present.join(), baseline);
    const link = (adEffect[bags.ad[row] as number] as number) + baseline;
    const expected = exposure * (family === 'binomial' ? 1 / (1 + Math.exp(-link)) : Math.exp(link));
    for (const element of members) {
      if (element < 0) continue;
      const own = totals.get(element) ?? { exposure: 0, outcomes: 0, expected: 0 };
      own.exposure += exposure;
      own.outcomes += bags.outcomes[row] as number;
      own.expected += expected;
      totals.set(element, own);
    }
  }
  return totals;
}

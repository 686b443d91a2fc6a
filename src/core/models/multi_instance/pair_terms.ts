import type { Bags } from './bags.ts';
import { type ElementPairs, indexOfPair } from './element_pairs.ts';

/** Interactions of low rank: `I_st = Σ_k left[s, k] · right[t, k]` for elements s and t, the kind of s before that of t. */
export interface LowRankPairs {
  readonly rank: number;
  /** [elements × rank] */
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Interactions of given pairs; others are 0. */
export interface ListedPairs extends ElementPairs {
  /** [pairs] */
  readonly effect: Float64Array;
}

/** Interactions of elements of different kinds. */
export type PairTerms = LowRankPairs | ListedPairs;

/** What elements are compared with: those of some rows, each as much as it was shown. */
export interface Reference {
  /** Elements with exposure, in the order of their index. */
  readonly elements: Int32Array;
  /** Share of an element in the exposure of its kind; sums to 1 over each kind. */
  readonly share: Float64Array;
}

/** Means of interactions over a reference, elements of different kinds shown independently. */
export interface PairMeans {
  /** Of an element, whose kind is given too, with those of another kind. */
  readonly partner: (element: number, kind: number, other: number) => number;
  /** Between two kinds, in any order. */
  readonly between: (kind: number, other: number) => number;
}

/** The interaction of two elements, the kind of the first before that of the second. */
export function pairTerm(pairs: PairTerms, first: number, second: number): number {
  if ('rank' in pairs) return dot(pairs.left, first, pairs.right, second, pairs.rank);
  const pair = indexOfPair(pairs, first, second);
  return pair < 0 ? 0 : (pairs.effect[pair] as number);
}

/** The means of interactions over a reference. */
export function meanPairs(bags: Bags, reference: Reference, pairs: PairTerms): PairMeans {
  return 'rank' in pairs ? meanLowRank(bags, reference, pairs) : meanListed(bags, reference, pairs);
}

/** [elements]: share of each in its kind's exposure; 0 outside the reference. */
export function sharesOf({ elements }: Bags, reference: Reference): Float64Array {
  const share = new Float64Array(elements.length);
  for (const [i, element] of reference.elements.entries()) share[element] = reference.share[i] as number;
  return share;
}

function meanLowRank({ kinds, elements }: Bags, reference: Reference, pairs: LowRankPairs): PairMeans {
  const { rank } = pairs;
  const left = new Float64Array(kinds.length * rank);
  const right = new Float64Array(kinds.length * rank);
  for (const [i, element] of reference.elements.entries()) {
    const kind = kindOf(elements, element);
    const share = reference.share[i] as number;
    for (let k = 0; k < rank; k++) {
      const [from, to] = [element * rank + k, kind * rank + k];
      left[to] = (left[to] as number) + share * (pairs.left[from] as number);
      right[to] = (right[to] as number) + share * (pairs.right[from] as number);
    }
  }
  return {
    partner: (element, kind, other) =>
      kind < other ? dot(pairs.left, element, right, other, rank) : dot(left, other, pairs.right, element, rank),
    between: (kind, other) => dot(left, Math.min(kind, other), right, Math.max(kind, other), rank),
  };
}

function meanListed(bags: Bags, reference: Reference, { first, second, effect }: ListedPairs): PairMeans {
  const { elements } = bags;
  const kinds = bags.kinds.length;
  const share = sharesOf(bags, reference);
  const partner = new Float64Array(elements.length * kinds);
  const between = new Float64Array(kinds * kinds);
  for (let pair = 0; pair < first.length; pair++) {
    const [a, b] = [first[pair] as number, second[pair] as number];
    const [shareA, shareB, own] = [share[a] as number, share[b] as number, effect[pair] as number];
    if (shareA === 0 && shareB === 0) continue;
    const [kindA, kindB] = [kindOf(elements, a), kindOf(elements, b)];
    partner[a * kinds + kindB] = (partner[a * kinds + kindB] as number) + shareB * own;
    partner[b * kinds + kindA] = (partner[b * kinds + kindA] as number) + shareA * own;
    between[kindA * kinds + kindB] = (between[kindA * kinds + kindB] as number) + shareA * shareB * own;
    between[kindB * kinds + kindA] = between[kindA * kinds + kindB] as number;
  }
  return {
    partner: (element, _kind, other) => partner[element * kinds + other] as number,
    between: (kind, other) => between[kind * kinds + other] as number,
  };
}

function kindOf(elements: Bags['elements'], element: number): number {
  return (elements[element] as Bags['elements'][number]).kind;
}

function dot(a: Float32Array | Float64Array, row: number, b: Float32Array | Float64Array, other: number, rank: number): number {
  let sum = 0;
  for (let k = 0; k < rank; k++) sum += (a[row * rank + k] as number) * (b[other * rank + k] as number);
  return sum;
}

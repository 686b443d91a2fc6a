import type { Bags } from './bags.ts';

/** Interactions of low rank: `I_st = Σ_k left[s, k] · right[t, k]` for elements s and t, the kind of s before that of t. */
export interface PairTerms {
  readonly rank: number;
  /** [elements × rank] */
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** What a combination's elements add to its link, `Σ_s main[s] + Σ_{s<t} I_st`. */
export interface LinkTerms {
  /** [elements] */
  readonly main: Float64Array;
  readonly pairs: PairTerms | undefined;
}

/** What elements are compared with: those of some rows, each as much as it was shown. */
export interface Reference {
  /** Elements with exposure, in the order of their index. */
  readonly elements: Int32Array;
  /** Share of an element in the exposure of its kind; sums to 1 over each kind. */
  readonly share: Float64Array;
}

/** Means of the terms over a reference. */
export interface Centre {
  readonly terms: LinkTerms;
  /** [kinds] */
  readonly main: Float64Array;
  /** [kinds × rank] */
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** The reference of rows, by their exposure. */
export function referenceOf({ kinds, elements, members, exposure }: Bags, rows: Int32Array): Reference {
  const shown = new Map<number, number>();
  const total = new Float64Array(kinds.length);
  for (const row of rows) {
    const own = exposure[row] as number;
    if (own <= 0) continue;
    for (let kind = 0; kind < kinds.length; kind++) {
      const element = members[row * kinds.length + kind] as number;
      if (element < 0) continue;
      shown.set(element, (shown.get(element) ?? 0) + own);
      total[kind] = (total[kind] as number) + own;
    }
  }
  const indices = Int32Array.from(shown.keys()).sort();
  const share = Float64Array.from(
    indices,
    (e) => (shown.get(e) as number) / (total[(elements[e] as Bags['elements'][number]).kind] as number),
  );
  return { elements: indices, share };
}

/** The means of terms over a reference; pairs are averaged as if elements of different kinds were shown independently. */
export function centreTerms({ kinds, elements }: Bags, reference: Reference, terms: LinkTerms): Centre {
  const { pairs } = terms;
  const rank = pairs?.rank ?? 0;
  const main = new Float64Array(kinds.length);
  const left = new Float64Array(kinds.length * rank);
  const right = new Float64Array(kinds.length * rank);
  for (const [i, element] of reference.elements.entries()) {
    const kind = (elements[element] as Bags['elements'][number]).kind;
    const share = reference.share[i] as number;
    main[kind] = (main[kind] as number) + share * (terms.main[element] as number);
    for (let k = 0; k < rank; k++) {
      const [from, to] = [element * rank + k, kind * rank + k];
      left[to] = (left[to] as number) + share * (pairs?.left[from] as number);
      right[to] = (right[to] as number) + share * (pairs?.right[from] as number);
    }
  }
  return { terms, main, left, right };
}

/**
 * The main effect of an element in the functional analysis of variance, among elements of some kinds:
 * `g_e − ḡ + Σ_t (mean_f I_ef − mean_ef I_ef)` over the other kinds t, means over the reference.
 */
export function centredMain(centre: Centre, element: number, kind: number, present: readonly number[]): number {
  const main = (centre.terms.main[element] as number) - (centre.main[kind] as number);
  return present.reduce(
    (sum, other) => (other === kind ? sum : sum + partnerMean(centre, element, kind, other) - pairMean(centre, kind, other)),
    main,
  );
}

/** What remains of the reference where a combination has elements of some kinds: `Σ_s ḡ_s + Σ_{s<t} mean I_st`. */
export function baselineOf(centre: Centre, present: readonly number[]): number {
  return present.reduce(
    (sum, s, i) => present.slice(i + 1).reduce((part, t) => part + pairMean(centre, s, t), sum + (centre.main[s] as number)),
    0,
  );
}

/**
 * Shares the link of one combination out among its elements: `credit_s = main_s + ½ Σ_t Ĩ_st`, main effects and
 * double-centred pairs: the Shapley values of the game whose value is the link, an absent element standing for its kind's mean.
 * `baseline + Σ credits` is the combination's link, but for its ad's effect.
 * @param members [kinds]: the element of each kind; −1 where there is none
 * @returns credits [kinds], 0 where there is no element
 */
export function creditCombination(
  centre: Centre,
  members: ArrayLike<number>,
): { readonly baseline: number; readonly credits: Float64Array } {
  const present = Array.from(members).flatMap((element, kind) => (element >= 0 ? [kind] : []));
  const credits = new Float64Array(members.length);
  for (const s of present) credits[s] = centredMain(centre, members[s] as number, s, present);
  const { pairs } = centre.terms;
  if (pairs) {
    for (const [i, s] of present.entries()) {
      for (const t of present.slice(i + 1)) {
        const [e, f] = [members[s] as number, members[t] as number];
        const both = pairTerm(pairs, e, f) - partnerMean(centre, e, s, t) - partnerMean(centre, f, t, s) + pairMean(centre, s, t);
        credits[s] = (credits[s] as number) + both / 2;
        credits[t] = (credits[t] as number) + both / 2;
      }
    }
  }
  return { baseline: baselineOf(centre, present), credits };
}

/** The interaction of two elements, the kind of the first before that of the second. */
export function pairTerm({ rank, left, right }: PairTerms, first: number, second: number): number {
  return dot(left, first, right, second, rank);
}

/** Mean interaction of an element with those of another kind. */
function partnerMean({ terms: { pairs }, left, right }: Centre, element: number, kind: number, other: number): number {
  if (!pairs) return 0;
  return kind < other ? dot(pairs.left, element, right, other, pairs.rank) : dot(left, other, pairs.right, element, pairs.rank);
}

/** Mean interaction between two kinds. */
function pairMean({ terms: { pairs }, left, right }: Centre, a: number, b: number): number {
  return pairs ? dot(left, Math.min(a, b), right, Math.max(a, b), pairs.rank) : 0;
}

function dot(a: Float32Array | Float64Array, row: number, b: Float32Array | Float64Array, other: number, rank: number): number {
  let sum = 0;
  for (let k = 0; k < rank; k++) sum += (a[row * rank + k] as number) * (b[other * rank + k] as number);
  return sum;
}

import type { Bags } from './bags.ts';
import { meanPairs, type PairMeans, type PairTerms, pairTerm, type Reference } from './pair_terms.ts';

/** What a combination's elements add to its link, `Σ_s main[s] + Σ_{s<t} I_st`. */
export interface LinkTerms {
  /** [elements] */
  readonly main: Float64Array;
  readonly pairs: PairTerms | undefined;
}

/** Means of the terms over a reference. */
export interface Centre {
  readonly terms: LinkTerms;
  /** [kinds] */
  readonly main: Float64Array;
  readonly pairs: PairMeans | undefined;
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
export function centreTerms(bags: Bags, reference: Reference, terms: LinkTerms): Centre {
  const main = new Float64Array(bags.kinds.length);
  for (const [i, element] of reference.elements.entries()) {
    const { kind } = bags.elements[element] as Bags['elements'][number];
    main[kind] = (main[kind] as number) + (reference.share[i] as number) * (terms.main[element] as number);
  }
  return { terms, main, pairs: terms.pairs && meanPairs(bags, reference, terms.pairs) };
}

/**
 * The main effect of an element in the functional analysis of variance, among elements of some kinds:
 * `g_e − ḡ + Σ_t (mean_f I_ef − mean_ef I_ef)` over the other kinds t, means over the reference.
 */
export function centredMain(centre: Centre, element: number, kind: number, present: readonly number[]): number {
  const main = (centre.terms.main[element] as number) - (centre.main[kind] as number);
  const { pairs } = centre;
  if (!pairs) return main;
  return present.reduce(
    (sum, other) => (other === kind ? sum : sum + pairs.partner(element, kind, other) - pairs.between(kind, other)),
    main,
  );
}

/** What remains of the reference where a combination has elements of some kinds: `Σ_s ḡ_s + Σ_{s<t} mean I_st`. */
export function baselineOf(centre: Centre, present: readonly number[]): number {
  return present.reduce(
    (sum, s, i) => present.slice(i + 1).reduce((part, t) => part + (centre.pairs?.between(s, t) ?? 0), sum + (centre.main[s] as number)),
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
  const { pairs: terms } = centre.terms;
  const { pairs: means } = centre;
  if (terms && means) {
    for (const [i, s] of present.entries()) {
      for (const t of present.slice(i + 1)) {
        const [e, f] = [members[s] as number, members[t] as number];
        const both = pairTerm(terms, e, f) - means.partner(e, s, t) - means.partner(f, t, s) + means.between(s, t);
        credits[s] = (credits[s] as number) + both / 2;
        credits[t] = (credits[t] as number) + both / 2;
      }
    }
  }
  return { baseline: baselineOf(centre, present), credits };
}

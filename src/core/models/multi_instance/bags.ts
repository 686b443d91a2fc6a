/** An element as an instance of bags. */
export interface BagElement {
  /** Index into the kinds. */
  readonly kind: number;
  readonly elementId: string;
}

/** How outcomes are distributed: clicks and conversions out of effective impressions, or an amount per effective impression. */
export type Family = 'binomial' | 'poisson';

/**
 * Combinations of elements as ads showed them, and what came of them: a bag is a row, its elements are the instances
 * (multi-instance learning: the label is the bag's, what is wanted is what each instance adds).
 */
export interface Bags {
  /** Kinds of elements in the order of their names. */
  readonly kinds: readonly string[];
  /** Elements in the order of kind and id. */
  readonly elements: readonly BagElement[];
  /** Ads in the order of their ids. */
  readonly ads: readonly string[];
  readonly rows: number;
  /** [rows]: index of the ad. */
  readonly ad: Int32Array;
  /** [rows × kinds]: index of the row's element of each kind; −1 where it has none. */
  readonly members: Int32Array;
  /** [rows]: clicks, conversions, or revenue. */
  readonly outcomes: Float64Array;
  /** [rows]: effective impressions; at least the outcomes where those are counts. */
  readonly exposure: Float64Array;
}

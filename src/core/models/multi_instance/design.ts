import type { Bags } from './bags.ts';

/** Effects of elements and ads, or anything else that has one value for each of them. */
export interface Coefficients {
  /**
   * [elements + 2]: the elements' own, the ads' mean, and a 0 to which rows point that have no element of a kind, or one whose
   * effect is fixed at 0.
   */
  readonly element: Float64Array;
  /** [ads]: deviations from the ads' mean. */
  readonly ad: Float64Array;
}

/** Rows of bags, those of an ad next to each other, as the additive fit reads them. */
export interface Design {
  readonly rows: number;
  readonly kinds: number;
  readonly elements: number;
  readonly ads: number;
  /** [ads + 1]: the first row of each ad. */
  readonly start: Int32Array;
  /** [rows × kinds]: indices into the coefficients of elements. */
  readonly members: Int32Array;
  readonly outcomes: Float64Array;
  readonly exposure: Float64Array;
  readonly offset: Float64Array;
}

/** The design of some rows of bags; rows without exposure are left out, kinds whose prior standard deviation is 0 have no effects. */
export function buildDesign(bags: Bags, rows: Int32Array, priorSd: Float64Array, offset: Float64Array | undefined): Design {
  const { ads, elements, exposure } = bags;
  const kinds = bags.kinds.length;
  const none = elements.length + 1;
  const used = rows.filter((row) => (exposure[row] as number) > 0);
  const start = new Int32Array(ads.length + 1);
  for (const row of used) {
    const next = (bags.ad[row] as number) + 1;
    start[next] = (start[next] as number) + 1;
  }
  for (let ad = 0; ad < ads.length; ad++) start[ad + 1] = (start[ad + 1] as number) + (start[ad] as number);

  const source = new Int32Array(used.length);
  const at = start.slice();
  for (const row of used) {
    const ad = bags.ad[row] as number;
    source[at[ad] as number] = row;
    at[ad] = (at[ad] as number) + 1;
  }
  const members = new Int32Array(used.length * kinds);
  for (let i = 0; i < source.length; i++) {
    for (let kind = 0; kind < kinds; kind++) {
      const element = bags.members[(source[i] as number) * kinds + kind] as number;
      members[i * kinds + kind] = element < 0 || priorSd[kind] === 0 ? none : element;
    }
  }
  const values = (of: Float64Array): Float64Array => Float64Array.from(source, (row) => of[row] as number);
  return {
    rows: used.length,
    kinds,
    elements: elements.length,
    ads: ads.length,
    start,
    members,
    outcomes: values(bags.outcomes),
    exposure: values(exposure),
    offset: offset ? values(offset) : new Float64Array(used.length),
  };
}

/** Writes the sum of each row's coefficients to `out` [rows]: X times the coefficients. */
export function sumEffects({ ads, kinds, elements, start, members }: Design, { element, ad }: Coefficients, out: Float64Array): void {
  const mean = element[elements] as number;
  for (let a = 0; a < ads; a++) {
    const own = mean + (ad[a] as number);
    for (let row = start[a] as number; row < (start[a + 1] as number); row++) {
      let sum = own;
      for (let at = row * kinds; at < (row + 1) * kinds; at++) sum += element[members[at] as number] as number;
      out[row] = sum;
    }
  }
}

/** Adds each row's value to all of its coefficients: X' times the values [rows]. */
export function addByEffect({ ads, kinds, elements, start, members }: Design, values: Float64Array, { element, ad }: Coefficients): void {
  let total = 0;
  for (let a = 0; a < ads; a++) {
    let sum = 0;
    for (let row = start[a] as number; row < (start[a + 1] as number); row++) {
      const value = values[row] as number;
      sum += value;
      for (let at = row * kinds; at < (row + 1) * kinds; at++) {
        const member = members[at] as number;
        element[member] = (element[member] as number) + value;
      }
    }
    ad[a] = (ad[a] as number) + sum;
    total += sum;
  }
  element[elements] = (element[elements] as number) + total;
  element[elements + 1] = 0;
}

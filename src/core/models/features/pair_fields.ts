import { createCodes, type Field, type FieldCodes } from './field.ts';

const MOST_VALUES = 64;
const MOST_PAIRS = 4;

/** A text column of the context, by row; code 0 is missing. */
export interface ContextColumn {
  readonly name: string;
  readonly codes: FieldCodes;
  readonly terms: readonly string[];
}

/** A text of every creative. */
export interface CreativeColumn {
  readonly name: string;
  /** By creative index; undefined where not given. */
  readonly values: readonly (string | undefined)[];
}

/**
 * Circumstances × creative: for the pairs of columns with the fewest values (at most 4 pairs, each column at most 64 values)
 * `cross.CONTEXT.CREATIVE` with both values as one term, and `cross.same.CONTEXT.CREATIVE`, whether they are equal, where
 * the two columns share a value.
 */
export function pairFields(creative: Int32Array, contexts: readonly ContextColumn[], creatives: readonly CreativeColumn[]): Field[] {
  const right = creatives.map(({ name, values }) => {
    const terms = ['', ...[...new Set(values.filter((value) => value !== undefined))].sort()];
    const codeOf = new Map(terms.map((term, code) => [term, code]));
    return { name, terms, codes: Int32Array.from(values, (value) => codeOf.get(value ?? '') as number) };
  });
  const pairs = contexts
    .flatMap((context) => right.map((own) => ({ context, own })))
    .filter(({ context, own }) => context.terms.length <= MOST_VALUES + 1 && own.terms.length <= MOST_VALUES + 1)
    .sort((a, b) => sizeOf(a) - sizeOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1))
    .slice(0, MOST_PAIRS);
  return pairs.flatMap((pair) => {
    const { context, own } = pair;
    const width = own.terms.length;
    const combine = <Value>(each: (left: string, right: string) => Value): Value[] =>
      context.terms.flatMap((left) => own.terms.map((term) => each(left, term)));
    const codes = createCodes(creative.length, context.terms.length * width);
    for (let row = 0; row < creative.length; row++) {
      codes[row] = (context.codes[row] as number) * width + (own.codes[creative[row] as number] as number);
    }
    const crossed = combine((left, term) => (left && term ? [`${left}|${term}`] : []));
    const equal = combine((left, term) => (left && term ? [left === term ? '1' : '0'] : []));
    const share = context.terms.some((term) => term !== '' && own.terms.includes(term));
    const field = (name: string, terms: Field['terms']): Field => ({ name, side: 'right', isId: false, of: 'row', codes, terms });
    return [field(`cross.with.${nameOf(pair)}`, crossed), ...(share ? [field(`cross.same.${nameOf(pair)}`, equal)] : [])];
  });
}

interface Pair {
  readonly context: { readonly name: string; readonly terms: readonly string[] };
  readonly own: { readonly name: string; readonly terms: readonly string[] };
}

function sizeOf({ context, own }: Pair): number {
  return context.terms.length * own.terms.length;
}

function nameOf({ context, own }: Pair): string {
  return `${context.name}.${own.name}`;
}

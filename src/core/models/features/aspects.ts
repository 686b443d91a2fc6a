import type { EntityField, Side } from './field.ts';

/** A creative has at most so many aspects of its own; the most specific are kept. */
const MOST_ASPECTS = 16;
/** Columns for which what a user was shown is counted beside the clicks. */
const MOST_COLUMNS = 4;

/** A text of every creative, such as its topic; undefined where not given. */
export interface AspectColumn {
  readonly name: string;
  readonly side: Side;
  /** By creative index. */
  readonly values: readonly (string | undefined)[];
}

/** What creatives are about: what a user who clicks one may be interested in. */
export interface Aspects {
  /** By aspect: "topic=food", "title.words=noodles". */
  readonly terms: readonly string[];
  /** Aspects of creative i, the most specific first: `of[start[i]]` to `of[start[i + 1] - 1]`. */
  readonly start: Int32Array;
  readonly of: Int32Array;
  /** Columns that are followed one by one: the aspect of each creative, −1 where not given. */
  readonly columns: readonly { readonly name: string; readonly side: Side; readonly aspect: Int32Array }[];
}

/**
 * Collects the aspects of creatives: their values of columns, those with the fewest values first, the terms of fields, then
 * the values of their ad (columns of the left tower).
 * A column or a term that tells nothing between creatives is left out: one that all have, or one that only one has.
 */
export function collectAspects(creatives: number, columns: readonly AspectColumn[], fields: readonly EntityField[]): Aspects {
  const telling = columns
    .map((column) => ({ ...column, ...spreadOf(column.values) }))
    .filter(({ distinct, given }) => distinct > 1 && distinct < given)
    .sort((a, b) => Number(a.side === 'left') - Number(b.side === 'left') || a.distinct - b.distinct || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_COLUMNS);
  const terms: string[] = [];
  const codeOf = new Map<string, number>();
  const intern = (term: string): number => {
    const known = codeOf.get(term);
    if (known !== undefined) return known;
    codeOf.set(term, terms.length);
    return terms.push(term) - 1;
  };
  const coded = telling.map(({ name, side, values }) => ({
    name,
    side,
    aspect: Int32Array.from(values, (value) => (value === undefined ? -1 : intern(`${name}=${value}`))),
  }));
  const common = fields.map(({ name, terms: of }) => ({ name, of, holders: countHolders(of, creatives) }));
  const start = new Int32Array(creatives + 1);
  const all: number[] = [];
  for (let creative = 0; creative < creatives; creative++) {
    const valuesOf = (wanted: Side): number[] =>
      coded
        .filter(({ side }) => side === wanted)
        .flatMap(({ aspect }) => ((aspect[creative] as number) >= 0 ? [aspect[creative] as number] : []));
    const own = new Set(valuesOf('right'));
    for (const { name, of, holders } of common) {
      for (const term of of[creative] ?? []) {
        const share = holders.get(term) as number;
        if (own.size < MOST_ASPECTS && share > 1 && 2 * share <= creatives) own.add(intern(`${name}=${term}`));
      }
    }
    for (const aspect of valuesOf('left')) own.add(aspect);
    all.push(...own);
    start[creative + 1] = all.length;
  }
  return { terms, start, of: Int32Array.from(all), columns: coded };
}

function spreadOf(values: readonly (string | undefined)[]): { readonly distinct: number; readonly given: number } {
  const given = values.filter((value) => value !== undefined);
  return { distinct: new Set(given).size, given: given.length };
}

function countHolders(terms: readonly (readonly string[])[], creatives: number): Map<string, number> {
  const holders = new Map<string, number>();
  for (const own of terms.slice(0, creatives)) for (const term of new Set(own)) holders.set(term, (holders.get(term) ?? 0) + 1);
  return holders;
}

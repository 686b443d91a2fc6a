import type { BagElement, Bags, Family } from './bags.ts';

/** A creative that was shown: its ad, and the id of its element of each kind. */
export interface ShownCreative {
  readonly adId: string;
  readonly elements: Readonly<Record<string, string>>;
}

/** What came of creatives, cell by cell (a creative at a position on a day, say). */
export interface OutcomeCells {
  /** [cells]: index of the creative. */
  readonly creative: ArrayLike<number>;
  /** [cells]: whatever should be held out together, such as the day. */
  readonly day: ArrayLike<number>;
  readonly outcomes: ArrayLike<number>;
  readonly exposure: ArrayLike<number>;
}

/**
 * Puts creatives with the same elements in the same ad together as one bag. Creatives without elements are left out.
 * @returns also the row of each creative, −1 where it is left out
 */
export function buildBags(
  creatives: readonly ShownCreative[],
  cells: OutcomeCells,
  family: Family,
): { readonly bags: Bags; readonly rowOf: Int32Array } {
  const known = creatives.filter(({ elements }) => Object.keys(elements).length > 0);
  const kinds = [...new Set(known.flatMap(({ elements }) => Object.keys(elements)))].sort();
  const ads = [...new Set(known.map(({ adId }) => adId))].sort();
  const elements = kinds.flatMap((kind, index): BagElement[] => {
    const ids = new Set(known.flatMap((creative) => creative.elements[kind] ?? []));
    return [...ids].sort().map((elementId) => ({ kind: index, elementId }));
  });
  const elementIndex = new Map(elements.map(({ kind, elementId }, index) => [`${kind}\0${elementId}`, index]));
  const adIndex = new Map(ads.map((adId, index) => [adId, index]));

  const rowOfKey = new Map<string, number>();
  const rowOf = new Int32Array(creatives.length).fill(-1);
  const [ad, members]: [number[], number[]] = [[], []];
  for (const [index, creative] of creatives.entries()) {
    const own = kinds.map((kind, k) => elementIndex.get(`${k}\0${creative.elements[kind]}`) ?? -1);
    if (own.every((element) => element < 0)) continue;
    const adOf = adIndex.get(creative.adId) as number;
    const key = `${adOf},${own}`;
    let row = rowOfKey.get(key);
    if (row === undefined) {
      row = rowOfKey.size;
      rowOfKey.set(key, row);
      ad.push(adOf);
      members.push(...own);
    }
    rowOf[index] = row;
  }

  const rows = rowOfKey.size;
  const sums = sumCells(rows, rowOf, cells, () => true, family);
  return { bags: { kinds, elements, ads, rows, ad: Int32Array.from(ad), members: Int32Array.from(members), ...sums }, rowOf };
}

/** Outcomes and exposure of each row, over the cells that are wanted. */
export function sumCells(
  rows: number,
  rowOf: Int32Array,
  cells: OutcomeCells,
  isWanted: (cell: number, row: number) => boolean,
  family: Family,
): Pick<Bags, 'outcomes' | 'exposure'> {
  const outcomes = new Float64Array(rows);
  const exposure = new Float64Array(rows);
  for (let cell = 0; cell < cells.creative.length; cell++) {
    const row = rowOf[cells.creative[cell] as number] as number;
    if (row < 0 || !isWanted(cell, row)) continue;
    outcomes[row] = (outcomes[row] as number) + (cells.outcomes[cell] as number);
    exposure[row] = (exposure[row] as number) + (cells.exposure[cell] as number);
  }
  // Effective impressions of bad positions may be fewer than the clicks: more clicks than trials have no likelihood.
  if (family === 'binomial')
    for (let row = 0; row < rows; row++) exposure[row] = Math.max(exposure[row] as number, outcomes[row] as number);
  return { outcomes, exposure };
}

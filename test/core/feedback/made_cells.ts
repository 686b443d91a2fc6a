import type { EcoiInput } from '../../../src/core/feedback/ecoi.ts';
import type { Random } from '../../../src/core/random.ts';

/** One cell: creative, position, impressions, clicks. */
export type Cell = readonly [creative: number, position: number, impressions: number, clicks: number];

/** Cells as columns; all creatives belong to one ad unless `ad` says otherwise. */
export function ecoiInput(cells: readonly Cell[], ad?: readonly number[]): EcoiInput {
  const column = (at: 0 | 1 | 2 | 3): number[] => cells.map((cell) => cell[at]);
  const creatives = ad?.length ?? 1 + Math.max(-1, ...column(0));
  return {
    creatives,
    positions: 1 + Math.max(-1, ...column(1)),
    creative: column(0),
    position: column(1),
    impressions: column(2),
    clicks: column(3),
    ad: ad ?? new Array<number>(creatives).fill(0),
  };
}

/** A Poisson count: arrivals of unit rate in a time of `mean`. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let time = random.exponential(); time < mean; time += random.exponential()) count++;
  return count;
}

/** Sums of a column over the cells of each creative or position. */
export function sumBy(cells: readonly Cell[], key: 0 | 1, value: (cell: Cell) => number): number[] {
  const sums: number[] = [];
  for (const cell of cells) sums[cell[key]] = (sums[cell[key]] ?? 0) + value(cell);
  return sums;
}

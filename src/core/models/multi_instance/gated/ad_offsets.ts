import type { Bags, Family } from '../bags.ts';

/** Ads' offsets are all but free: shrunk harder, they would leave the ads' quality to the elements. */
const PRIOR_SD = 2;
const MOST_STEPS = 50;
const LARGEST_STEP = 2;
const CLOSE_ENOUGH = 1e-9;

/**
 * The offset of each ad given what its rows' elements add: per ad the maximum of `log-likelihood(o + effects)/φ − (o − m)²/2s²`
 * with s = 2 about the mean m of the given offsets, by Newton's method; an ad without rows keeps its own.
 * @param effects of each of the rows
 * @param offsets [ads] to start from
 */
export function profileOffsets(
  bags: Bags,
  rows: Int32Array,
  effects: ArrayLike<number>,
  offsets: Float64Array,
  options: { readonly family: Family; readonly phi: number },
): Float64Array {
  const { ad, outcomes, exposure } = bags;
  const mean = offsets.reduce((sum, offset) => sum + offset, 0) / Math.max(1, offsets.length);
  const found = offsets.slice();
  const rowsOf = groupRows(ad, rows, offsets.length);
  for (const [index, own] of rowsOf.entries()) {
    if (own.length === 0) continue;
    let offset = offsets[index] as number;
    for (let step = 0; step < MOST_STEPS; step++) {
      let gradient = (mean - offset) / PRIOR_SD ** 2;
      let curvature = 1 / PRIOR_SD ** 2;
      for (const i of own) {
        const row = rows[i] as number;
        const n = (exposure[row] as number) / options.phi;
        const link = offset + (effects[i] as number);
        const rate = options.family === 'binomial' ? 1 / (1 + Math.exp(-link)) : Math.exp(Math.min(LARGEST_LINK, link));
        gradient += (outcomes[row] as number) / options.phi - n * rate;
        curvature += n * rate * (options.family === 'binomial' ? 1 - rate : 1);
      }
      const move = Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, gradient / curvature));
      offset += move;
      if (Math.abs(move) < CLOSE_ENOUGH) break;
    }
    found[index] = offset;
  }
  return found;
}

const LARGEST_LINK = 40;

/** Places in `rows` by ad. */
function groupRows(ad: Int32Array, rows: Int32Array, ads: number): number[][] {
  const groups: number[][] = Array.from({ length: ads }, () => []);
  rows.forEach((row, i) => {
    (groups[ad[row] as number] as number[]).push(i);
  });
  return groups;
}

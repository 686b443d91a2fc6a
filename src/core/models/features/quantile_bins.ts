const MOST_BINS = 16;
/** More rows do not move a quantile by anything a bin would show. */
const MOST_SAMPLED = 200_000;

/** The distinct given values in ascending order; undefined when there are more than 16. */
export function fewValues(values: Float64Array): number[] | undefined {
  const distinct = distinctValues(values, MOST_BINS + 1);
  return distinct.length > MOST_BINS ? undefined : distinct;
}

/** The distinct given values in ascending order: all, or the first `most` to be met. */
export function distinctValues(values: Float64Array, most = Number.POSITIVE_INFINITY): number[] {
  const distinct = new Set<number>();
  for (let row = 0; row < values.length && distinct.size < most; row++) {
    if (!Number.isNaN(values[row])) distinct.add(values[row] as number);
  }
  return [...distinct].sort((a, b) => a - b);
}

/**
 * Edges of at most 16 bins that hold about as many rows each: distinct quantiles of the given values of the first `count`
 * rows in the order of `order` (of the rows themselves when undefined). A bin holds its lower edge.
 */
export function quantileEdges(values: Float64Array, order: Int32Array | undefined, count: number): number[] {
  const step = Math.max(1, Math.ceil(count / MOST_SAMPLED));
  const sample: number[] = [];
  for (let at = 0; at < count; at += step) {
    const value = values[order ? (order[at] as number) : at] as number;
    if (!Number.isNaN(value)) sample.push(value);
  }
  const sorted = Float64Array.from(sample).sort();
  const edges = new Set<number>();
  for (let bin = 1; bin < MOST_BINS; bin++) {
    const edge = sorted[Math.floor((bin * sorted.length) / MOST_BINS)];
    if (edge !== undefined && edge > (sorted[0] as number)) edges.add(edge);
  }
  return [...edges];
}

/** Bin of a value from 0 to `edges.length`: how many edges are not above it. */
export function binOf(value: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

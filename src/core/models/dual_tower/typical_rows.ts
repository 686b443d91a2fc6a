import type { Tower } from './tower.ts';

/**
 * A tower's embeddings with, for every field of circumstances that is no id, the mean embedding of the training rows in the
 * field's own table row: what an impression is like of which nothing is known.
 * @param isOfRow whether each field belongs to the row, not to the ad or creative
 */
export function withTypicalRows(
  tower: Tower,
  isOfRow: readonly boolean[],
  rows: Int32Array,
  impressions: Float32Array | undefined,
): Float32Array {
  const { dimension, weights } = tower.table;
  const table = weights.slice();
  tower.fields.forEach(({ codes, starts, ids, isId, unknown }, index) => {
    if (isId || !isOfRow[index]) return;
    const counts = new Float64Array(starts.length - 1);
    let total = 0;
    for (const row of rows) {
      const shown = impressions ? (impressions[row] as number) : 1;
      counts[codes[row] as number] = (counts[codes[row] as number] as number) + shown;
      total += shown;
    }
    const mean = new Float64Array(dimension);
    counts.forEach((count, code) => {
      const [from, to] = [starts[code] as number, starts[code + 1] as number];
      for (let i = from; i < to; i++) {
        const share = count / (to - from) / total;
        for (let d = 0; d < dimension; d++) mean[d] = (mean[d] as number) + share * (weights[(ids[i] as number) * dimension + d] as number);
      }
    });
    table.set(mean, unknown * dimension);
  });
  return table;
}

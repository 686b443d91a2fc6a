import type { HeldOutRows } from '../../../../src/core/models/metrics/held_out_rows.ts';
import { createRandom } from '../../../../src/core/random.ts';

export interface MadeRows extends HeldOutRows {
  readonly clicks: Float64Array;
  readonly impressions: Float64Array;
  readonly ad: Int32Array;
  readonly cluster: Int32Array;
  readonly predictions: Float64Array;
}

/**
 * Impressions of users who click more or less, on ads of which each has its own click rate. The prediction knows the ad and what
 * the row shows, not the user, and is a fifth too high.
 */
export function makeImpressions({ rows, users, ads, seed }: { rows: number; users: number; ads: number; seed: number }): MadeRows {
  const random = createRandom(seed);
  const liking = Float64Array.from({ length: users }, () => 0.7 * random.normal());
  const made = emptyRows(rows);
  for (let row = 0; row < rows; row++) {
    const [user, ad] = [random.below(users), random.below(ads)];
    const known = -1.6 + ad / ads + 0.8 * random.normal();
    made.ad[row] = ad;
    made.cluster[row] = user;
    made.impressions[row] = 1;
    made.clicks[row] = random.uniform() < sigmoid(known + (liking[user] as number)) ? 1 : 0;
    made.predictions[row] = Math.min(1, 1.2 * sigmoid(known));
  }
  return made;
}

/** Counts of a few rows, with many equal predictions. */
export function makeCounts(rows: number, seed: number): MadeRows {
  const random = createRandom(seed);
  const made = emptyRows(rows);
  for (let row = 0; row < rows; row++) {
    made.ad[row] = random.below(3);
    made.cluster[row] = random.below(4);
    made.impressions[row] = random.below(5);
    made.clicks[row] = random.below((made.impressions[row] as number) + 1);
    made.predictions[row] = random.below(6) / 5;
  }
  return made;
}

/** The single impressions that counts stand for. */
export function impressionsOf(counts: MadeRows): MadeRows {
  const rows = Array.from(counts.impressions, (n, row) => new Array<number>(n).fill(row)).flat();
  const firstOf = new Map<number, number>();
  rows.forEach((row, at) => {
    if (!firstOf.has(row)) firstOf.set(row, at);
  });
  return {
    ...takeRows(counts, rows),
    impressions: new Float64Array(rows.length).fill(1),
    clicks: Float64Array.from(rows, (row, at) => (at - (firstOf.get(row) as number) < (counts.clicks[row] as number) ? 1 : 0)),
  };
}

export function takeRows({ clicks, impressions, ad, cluster, predictions }: MadeRows, rows: readonly number[]): MadeRows {
  return {
    clicks: Float64Array.from(rows, (row) => clicks[row] as number),
    impressions: Float64Array.from(rows, (row) => impressions[row] as number),
    ad: Int32Array.from(rows, (row) => ad[row] as number),
    cluster: Int32Array.from(rows, (row) => cluster[row] as number),
    predictions: Float64Array.from(rows, (row) => predictions[row] as number),
  };
}

/** Row numbers in an order drawn from a seed. */
export function shuffledRows(rows: number, seed: number): number[] {
  const random = createRandom(seed);
  const keys = Array.from({ length: rows }, () => random.uniform());
  return [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function emptyRows(rows: number): MadeRows {
  return {
    clicks: new Float64Array(rows),
    impressions: new Float64Array(rows),
    ad: new Int32Array(rows),
    cluster: new Int32Array(rows),
    predictions: new Float64Array(rows),
  };
}

import { daysOf } from '../features/context.ts';
import type { Examples } from '../features/field.ts';
import { type HeldOutMetrics, heldOutMetrics } from '../metrics/held_out_metrics.ts';
import type { HeldOutRows } from '../metrics/held_out_rows.ts';
import { CREATIVE_SEGMENTS, creativeSegments, metricsBySegment } from '../metrics/segments.ts';
import type { Split } from './split.ts';

/** Held-out metrics of all rows, and of those whose creatives training saw often, seldom or never. */
export interface Evaluation {
  readonly all: HeldOutMetrics;
  readonly segments: Readonly<Record<(typeof CREATIVE_SEGMENTS)[number], HeldOutMetrics>>;
  /** What was resampled as a whole. */
  readonly clusters: 'users' | 'days of ads' | 'rows';
}

/**
 * The held-out rows as the metrics take them. Clusters are users where the log names them (an impression without one stands
 * for itself), else the days of each ad, or the rows where those are few.
 */
export function heldOutRows(examples: Examples, rows: Int32Array): HeldOutRows & { readonly clusters: Evaluation['clusters'] } {
  const { propensity, impressions } = examples;
  return {
    clicks: Float32Array.from(rows, (row) => examples.clicks[row] as number),
    impressions: impressions && Float32Array.from(rows, (row) => impressions[row] as number),
    ad: Int32Array.from(rows, (row) => examples.ad[row] as number),
    shown: Int32Array.from(rows, (row) => examples.creative[row] as number),
    propensity: propensity?.some(Number.isFinite) ? Float32Array.from(rows, (row) => propensity[row] as number) : undefined,
    ...clustersOf(examples, rows),
  };
}

/** With fewer days of ads than this, resampling them says nothing. */
const FEWEST_DAYS_OF_ADS = 20;

function clustersOf(examples: Examples, rows: Int32Array): { cluster: Int32Array; clusters: Evaluation['clusters'] } {
  if (examples.user) return { cluster: userClusters(examples.user, rows), clusters: 'users' };
  const cluster = dayClusters(examples, rows);
  if (cluster.some((index) => index >= FEWEST_DAYS_OF_ADS - 1)) return { cluster, clusters: 'days of ads' };
  return { cluster: rows.map((_, i) => i), clusters: 'rows' };
}

function userClusters(user: Int32Array, rows: Int32Array): Int32Array {
  let alone = user.reduce((most, index) => Math.max(most, index), -1) + 1;
  return numbered(Int32Array.from(rows, (row) => ((user[row] as number) >= 0 ? (user[row] as number) : alone++)));
}

function dayClusters({ ad, ads, ts }: Examples, rows: Int32Array): Int32Array {
  const days = daysOf(Float64Array.from(rows, (row) => ts[row] as number));
  return numbered(Float64Array.from(days, (day, i) => (day + 1) * ads.length + (ad[rows[i] as number] as number)));
}

/** Values replaced by numbers from 0 in the order of their first sight. */
function numbered(values: Int32Array | Float64Array): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(values, (value) => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  });
}

/** The segment of each held-out row, an index into CREATIVE_SEGMENTS: how often training saw its creative. */
export function heldOutSegments(examples: Examples, split: Split): Uint8Array {
  const { clicks, impressions, creative } = examples;
  const trained = new Float64Array(examples.creatives.length);
  let [clicked, shown] = [0, 0];
  for (const rows of [split.train, split.validation]) {
    for (const row of rows) {
      const n = impressions ? (impressions[row] as number) : 1;
      const index = creative[row] as number;
      trained[index] = (trained[index] as number) + n;
      shown += n;
      clicked += clicks[row] as number;
    }
  }
  const ofCreative = creativeSegments(trained, { meanCtr: clicked / shown });
  return Uint8Array.from(split.heldOut, (row) => ofCreative[creative[row] as number] as number);
}

/**
 * Evaluates predictions of the held-out rows.
 * @param predictions click probability of each held-out row; `top`: the creative that the model puts first, by ad index
 */
export function evaluate(
  examples: Examples,
  split: Split,
  held: ReturnType<typeof heldOutRows>,
  predictions: Float32Array,
  top: Int32Array | undefined,
  seed: number,
): Evaluation {
  const output = { predictions, top: top && Int32Array.from(split.heldOut, (row) => top[examples.ad[row] as number] as number) };
  return {
    all: heldOutMetrics(held, output, { seed }),
    segments: metricsBySegment(held, output, heldOutSegments(examples, split), CREATIVE_SEGMENTS, { seed }),
    clusters: held.clusters,
  };
}

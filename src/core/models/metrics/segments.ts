import type { BootstrapOptions } from './cluster_bootstrap.ts';
import { type HeldOutMetrics, heldOutMetrics } from './held_out_metrics.ts';
import type { HeldOutRows, ModelOutput } from './held_out_rows.ts';

const DEFAULT_MIN_EXPECTED_CLICKS = 20;

/** Parts of the creatives by what training saw of them; a creative's segment is an index into this list. */
export const CREATIVE_SEGMENTS = ['head', 'tail', 'unseen'] as const;

interface SegmentOptions {
  /** Clicks per impression in training. */
  readonly meanCtr: number;
  /** A creative of fewer expected clicks in training is of the tail; default 20. */
  readonly minExpectedClicks?: number | undefined;
}

/**
 * The segment of each creative: `unseen` without a training impression, `tail` where `n · meanCtr` is below the wanted number of
 * expected clicks, `head` for the rest. Expected clicks, not clicks: or creatives would be sorted by their luck.
 * @returns an index into CREATIVE_SEGMENTS for each creative
 */
export function creativeSegments(
  trainingImpressions: ArrayLike<number>,
  { meanCtr, minExpectedClicks = DEFAULT_MIN_EXPECTED_CLICKS }: SegmentOptions,
): Uint8Array {
  return Uint8Array.from(trainingImpressions, (impressions) => {
    if (impressions === 0) return CREATIVE_SEGMENTS.indexOf('unseen');
    return CREATIVE_SEGMENTS.indexOf(impressions * meanCtr < minExpectedClicks ? 'tail' : 'head');
  });
}

/**
 * The metrics of each segment's rows apart; all segments are resampled by the same clusters.
 * @param segment of each row, an index into `names`
 * @throws UserError for a prediction that is no probability
 */
export function metricsBySegment<Name extends string>(
  rows: HeldOutRows,
  output: ModelOutput,
  segment: ArrayLike<number>,
  names: readonly Name[],
  options: BootstrapOptions,
): Readonly<Record<Name, HeldOutMetrics>> {
  const metrics = names.map((name, code) => {
    const members = rowsWhere(segment, code);
    const ofMembers = { predictions: pick(output.predictions, members), top: output.top && pick(output.top, members) };
    return [name, heldOutMetrics(pickRows(rows, members), ofMembers, options)] as const;
  });
  return Object.fromEntries(metrics) as Record<Name, HeldOutMetrics>;
}

function rowsWhere(segment: ArrayLike<number>, code: number): Uint32Array {
  let count = 0;
  for (let row = 0; row < segment.length; row++) if (segment[row] === code) count++;
  const members = new Uint32Array(count);
  for (let row = 0, at = 0; at < count; row++) if (segment[row] === code) members[at++] = row;
  return members;
}

function pickRows(rows: HeldOutRows, members: Uint32Array): HeldOutRows {
  return {
    clicks: pick(rows.clicks, members),
    impressions: rows.impressions && pick(rows.impressions, members),
    ad: pick(rows.ad, members),
    cluster: pick(rows.cluster, members),
    shown: rows.shown && pick(rows.shown, members),
    propensity: rows.propensity && pick(rows.propensity, members),
  };
}

function pick(column: ArrayLike<number>, members: Uint32Array): Float64Array {
  return Float64Array.from(members, (row) => column[row] as number);
}

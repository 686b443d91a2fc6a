import type { Estimate } from '../../feedback/evaluation.ts';
import { estimateOf, type Resampled } from './cluster_bootstrap.ts';
import { type HeldOutRows, impressionsAt } from './held_out_rows.ts';
import type { GroupFigures } from './ranking.ts';

/** A smaller effective sample of matched impressions says nothing about a model's choice. */
const MIN_SUPPORT = 50;
/** Upper 95 % limit of a Poisson mean when nothing was counted (rule of three). */
const RULE_OF_THREE = 3;

type NsctrName = 'nsctr' | 'loggedCtr' | 'nsctrRatio';

/** How often the model's first choices were clicked. */
export interface Nsctr {
  readonly nsctr: Estimate;
  /** Click rate of the log itself on the same ads with the same weights. */
  readonly loggedCtr: Estimate;
  /** NSCTR over that. */
  readonly ratio: Estimate;
  /** Matched rows weigh 1 / propensity; false: the log lacks it for some of them, and all count alike. */
  readonly corrected: boolean;
  readonly matchedRows: number;
  readonly matchedImpressions: number;
  /** Share of the impressions whose ad has a matched row; the other ads are left out. */
  readonly impressionShare: number;
  /** (Σv)²/Σv² over matched impressions, v the weight of one in NSCTR. */
  readonly effectiveSampleSize: number;
  /** Greatest 1 / propensity of a matched row. */
  readonly largestWeight: number;
}

/** The rows in which the model's first choice was shown. */
interface MatchedRows {
  readonly ad: Uint32Array;
  readonly cluster: Uint32Array;
  readonly clicks: Float64Array;
  readonly impressions: Float64Array;
  /** 1 / propensity, or 1 where the log has none. */
  readonly weight: Float64Array;
  readonly corrected: boolean;
}

/**
 * The rows with impressions in which the model's first choice is the shown creative.
 * @param top index of the model's first choice in each row, −1 where unknown
 * @param shown index of the shown creative
 */
export function matchRows(rows: HeldOutRows, top: ArrayLike<number>, shown: ArrayLike<number>): MatchedRows {
  const matches: number[] = [];
  for (let row = 0; row < top.length; row++) {
    if ((top[row] as number) >= 0 && top[row] === shown[row] && impressionsAt(rows, row) > 0) matches.push(row);
  }
  const { propensity } = rows;
  const corrected = propensity !== undefined && matches.every((row) => (propensity[row] as number) > 0 && (propensity[row] as number) <= 1);
  return {
    ad: Uint32Array.from(matches, (row) => rows.ad[row] as number),
    cluster: Uint32Array.from(matches, (row) => rows.cluster[row] as number),
    clicks: Float64Array.from(matches, (row) => rows.clicks[row] as number),
    impressions: Float64Array.from(matches, (row) => impressionsAt(rows, row)),
    weight: Float64Array.from(matches, (row) => (corrected ? 1 / (propensity[row] as number) : 1)),
    corrected,
  };
}

/**
 * NSCTR (JD, AAAI 2024): the click rate where the model's first choice was shown, each ad re-weighted to its share of
 * impressions, `Σ_a I_a (Σ w c / Σ w n) / Σ_a I_a`, sums over matched rows, w = 1 / propensity. The weights, normalised inside the
 * ad, are our addition: they correct a log that chose creatives unevenly. Ads without a matched row are left out;
 * NaN when none is left.
 * @param ads clicks and impressions of each ad under the same weights of clusters
 */
export function nsctrFigures(
  { ad, cluster, clicks, impressions, weight }: MatchedRows,
  ads: Pick<GroupFigures, 'clicks' | 'impressions'>,
  weights: Uint8Array,
): Readonly<Record<NsctrName, number>> {
  const matchedClicks = new Float64Array(ads.impressions.length);
  const matched = new Float64Array(ads.impressions.length);
  for (let at = 0; at < ad.length; at++) {
    const times = (weights[cluster[at] as number] as number) * (weight[at] as number);
    const ofAd = ad[at] as number;
    matchedClicks[ofAd] = (matchedClicks[ofAd] as number) + times * (clicks[at] as number);
    matched[ofAd] = (matched[ofAd] as number) + times * (impressions[at] as number);
  }
  let chosenClicks = 0;
  let adClicks = 0;
  let adImpressions = 0;
  for (let ofAd = 0; ofAd < matched.length; ofAd++) {
    if (matched[ofAd] === 0) continue;
    const count = ads.impressions[ofAd] as number;
    chosenClicks += (count * (matchedClicks[ofAd] as number)) / (matched[ofAd] as number);
    adClicks += ads.clicks[ofAd] as number;
    adImpressions += count;
  }
  return { nsctr: chosenClicks / adImpressions, loggedCtr: adClicks / adImpressions, nsctrRatio: chosenClicks / adClicks };
}

/**
 * NSCTR with its intervals and its support; not evaluated on an effective sample below 50 impressions. Where no matched
 * impression was clicked the upper end is 3 / effective sample.
 * @param adImpressions impressions of each ad
 * @param reason why nothing of these rows can be evaluated, or null
 */
export function describeNsctr(
  rows: MatchedRows,
  adImpressions: Float64Array,
  resampled: Resampled<NsctrName>,
  reason: string | null,
): Nsctr {
  const support = supportOf(rows, adImpressions);
  const sample = support.effectiveSampleSize;
  const few = `an effective sample of ${MIN_SUPPORT} matched impressions is needed but it is ${Math.round(10 * sample) / 10}`;
  const why = reason ?? (sample < MIN_SUPPORT ? few : null);
  const { nsctr, loggedCtr } = resampled.value;
  const noClick = loggedCtr > 0 ? null : 'the log has no click on the ads that were matched';
  const limit = nsctr > 0 ? 0 : RULE_OF_THREE / sample;
  return {
    nsctr: reachingTo(limit, estimateOf(resampled, 'nsctr', why)),
    loggedCtr: reachingTo(loggedCtr > 0 ? 0 : limit, estimateOf(resampled, 'loggedCtr', why)),
    ratio: reachingTo(limit / loggedCtr, estimateOf(resampled, 'nsctrRatio', why ?? noClick)),
    corrected: rows.corrected,
    ...support,
  };
}

type Support = Pick<Nsctr, 'matchedRows' | 'matchedImpressions' | 'impressionShare' | 'effectiveSampleSize' | 'largestWeight'>;

function supportOf({ ad, impressions, weight }: MatchedRows, adImpressions: Float64Array): Support {
  const sums = new Float64Array(adImpressions.length);
  const squares = new Float64Array(adImpressions.length);
  for (let at = 0; at < ad.length; at++) {
    const [ofAd, count, w] = [ad[at] as number, impressions[at] as number, weight[at] as number];
    sums[ofAd] = (sums[ofAd] as number) + count * w;
    squares[ofAd] = (squares[ofAd] as number) + count * w * w;
  }
  let total = 0;
  let covered = 0;
  let coveredSquares = 0;
  for (let ofAd = 0; ofAd < sums.length; ofAd++) {
    const count = adImpressions[ofAd] as number;
    total += count;
    if (sums[ofAd] === 0) continue;
    covered += count;
    coveredSquares += (count / (sums[ofAd] as number)) ** 2 * (squares[ofAd] as number);
  }
  return {
    matchedRows: ad.length,
    matchedImpressions: impressions.reduce((sum, count) => sum + count, 0),
    impressionShare: total > 0 ? covered / total : 0,
    effectiveSampleSize: covered > 0 ? covered ** 2 / coveredSquares : 0,
    largestWeight: weight.reduce((largest, w) => Math.max(largest, w), 0),
  };
}

function reachingTo(limit: number, estimate: Estimate): Estimate {
  return estimate.reason === null ? { ...estimate, ciHigh: Math.max(estimate.ciHigh, limit) } : estimate;
}

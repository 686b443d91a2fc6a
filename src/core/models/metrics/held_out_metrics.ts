import type { Estimate } from '../../feedback/evaluation.ts';
import { ascendingOrder, groupedOrder } from './ascending_order.ts';
import { binErrors, type CalibrationBin, calibrationBins, calibrationErrorEstimate, decileEnds } from './calibration.ts';
import { type BootstrapOptions, estimateOf, resampleClusters } from './cluster_bootstrap.ts';
import { checkRows, type HeldOutRows, type HeldOutSize, indexCount, type ModelOutput, sizeOf, tooFew } from './held_out_rows.ts';
import { lossStatistics } from './log_loss.ts';
import { describeNsctr, matchRows, type Nsctr, nsctrFigures } from './nsctr.ts';
import { groupFigures, meanArea, NO_AD_OF_BOTH_CLASSES, oneClassGroups, rankRows } from './ranking.ts';

/** What held-out rows say of a model; each estimate has a 95 % interval by the bootstrap over clusters. */
export interface HeldOutMetrics extends HeldOutSize {
  readonly auc: Estimate;
  /** Mean of the ads' AUC, weighted by their impressions. */
  readonly gauc: Estimate;
  /** Ads that GAUC leaves out, as all of their impressions or none were clicked; and their share of impressions. */
  readonly oneClassAds: { readonly ads: number; readonly impressionShare: number };
  /** Nats an impression. */
  readonly logLoss: Estimate;
  /** Log-loss over that of the rows' mean click rate. */
  readonly normalisedEntropy: Estimate;
  /** Clicks predicted over clicks. */
  readonly calibrationRatio: Estimate;
  /** Clicks an impression by which the predictions of the bins are off. */
  readonly calibrationError: Estimate;
  readonly calibration: readonly CalibrationBin[];
  /** Null where the model's first choices or the shown creatives are not given. */
  readonly nsctr: Nsctr | null;
}

/**
 * All metrics of a model on held-out rows.
 * @throws UserError for a prediction that is no probability, and for more clicks than impressions
 */
export function heldOutMetrics(rows: HeldOutRows, output: ModelOutput, options: BootstrapOptions): HeldOutMetrics {
  checkRows(rows, output);
  const { predictions, top } = output;
  const ascending = ascendingOrder(predictions);
  const byAd = groupedOrder(ascending, rows.ad, indexCount(rows.ad));
  const ranked = rankRows(rows, predictions, { order: ascending, ends: Uint32Array.of(ascending.length) });
  const rankedByAd = rankRows(rows, predictions, byAd);
  const deciles = decileEnds(rows, predictions, ascending);
  const matched = top && rows.shown ? matchRows(rows, top, rows.shown) : null;

  const clusters = indexCount(rows.cluster);
  const losses = lossStatistics(rows, predictions, clusters);
  const errors = binErrors(rows, predictions, ascending, deciles);
  const statistics = (weights: Uint8Array) => {
    const all = groupFigures(ranked, weights);
    const ads = groupFigures(rankedByAd, weights);
    return {
      auc: meanArea(all),
      gauc: meanArea(ads),
      calibrationError: errors(weights) / (all.impressions[0] as number),
      ...losses(weights),
      ...(matched ? nsctrFigures(matched, ads, weights) : NO_CHOICES),
    };
  };
  const resampled = resampleClusters(clusters, statistics, options);

  const size = sizeOf(rows);
  const reason = tooFew(size);
  const ads = groupFigures(rankedByAd, new Uint8Array(clusters).fill(1));
  const oneClass = oneClassGroups(ads);
  return {
    ...size,
    auc: estimateOf(resampled, 'auc', reason),
    gauc: estimateOf(resampled, 'gauc', reason ?? (oneClass.groups < size.ads ? null : NO_AD_OF_BOTH_CLASSES)),
    oneClassAds: { ads: oneClass.groups, impressionShare: oneClass.impressionShare },
    logLoss: estimateOf(resampled, 'logLoss', reason),
    normalisedEntropy: estimateOf(resampled, 'normalisedEntropy', reason),
    calibrationRatio: estimateOf(resampled, 'calibrationRatio', reason),
    calibrationError: calibrationErrorEstimate(resampled, reason),
    calibration: calibrationBins(rows, predictions, ascending, deciles),
    nsctr: matched && describeNsctr(matched, ads.impressions, resampled, reason),
  };
}

const NO_CHOICES = { nsctr: Number.NaN, loggedCtr: Number.NaN, nsctrRatio: Number.NaN };

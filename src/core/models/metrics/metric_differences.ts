import type { Estimate } from '../../feedback/evaluation.ts';
import { ascendingOrder, groupedOrder } from './ascending_order.ts';
import { type BootstrapOptions, estimateOf, resampleClusters, type Statistics } from './cluster_bootstrap.ts';
import { checkRows, type HeldOutRows, indexCount, sizeOf, tooFew } from './held_out_rows.ts';
import { lossStatistics } from './log_loss.ts';
import { groupFigures, meanArea, NO_AD_OF_BOTH_CLASSES, rankRows } from './ranking.ts';

type Compared = 'logLoss' | 'auc' | 'gauc';

/**
 * By how much model A's figures are above model B's on the same rows, with 95 % intervals: both are resampled by the same
 * clusters, draw by draw, so what is common to them cancels. A is better where its log-loss is below B's, its AUC and GAUC above.
 * @throws UserError for a prediction that is no probability
 */
export function metricDifferences(
  rows: HeldOutRows,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): Readonly<Record<Compared, Estimate>> {
  for (const predictions of [a, b]) checkRows(rows, { predictions });
  const [figuresA, figuresB] = [comparedStatistics(rows, a), comparedStatistics(rows, b)];
  const differences: Statistics<Compared> = (weights) => {
    const [ofA, ofB] = [figuresA(weights), figuresB(weights)];
    return { logLoss: ofA.logLoss - ofB.logLoss, auc: ofA.auc - ofB.auc, gauc: ofA.gauc - ofB.gauc };
  };
  const resampled = resampleClusters(indexCount(rows.cluster), differences, options);
  const reason = tooFew(sizeOf(rows));
  const noAd = Number.isNaN(resampled.value.gauc) ? NO_AD_OF_BOTH_CLASSES : null;
  return {
    logLoss: estimateOf(resampled, 'logLoss', reason),
    auc: estimateOf(resampled, 'auc', reason),
    gauc: estimateOf(resampled, 'gauc', reason ?? noAd),
  };
}

function comparedStatistics(rows: HeldOutRows, predictions: ArrayLike<number>): Statistics<Compared> {
  const ascending = ascendingOrder(predictions);
  const byAd = groupedOrder(ascending, rows.ad, indexCount(rows.ad));
  const ranked = rankRows(rows, predictions, { order: ascending, ends: Uint32Array.of(ascending.length) });
  const rankedByAd = rankRows(rows, predictions, byAd);
  const losses = lossStatistics(rows, predictions, indexCount(rows.cluster));
  return (weights) => ({
    logLoss: losses(weights).logLoss,
    auc: meanArea(groupFigures(ranked, weights)),
    gauc: meanArea(groupFigures(rankedByAd, weights)),
  });
}

import type { Statistics } from './cluster_bootstrap.ts';
import { type HeldOutRows, impressionsAt } from './held_out_rows.ts';

/** Predictions are cut to [1e-7, 1 − 1e-7], so that a single certain and wrong one does not make the loss infinite. */
const CLIP = 1e-7;
/** Of a cluster: Σ loss, Σ n·p, Σ c, Σ n. */
const SUMS = 4;

type LossName = 'logLoss' | 'normalisedEntropy' | 'calibrationRatio';

/**
 * Log-loss, `Σ −[c ln p + (n − c) ln(1 − p)] / Σ n` in nats an impression; normalised entropy (He et al. 2014), that loss over
 * the loss of the rows' own mean click rate: below 1, the model knows more than the mean; and the calibration ratio
 * `Σ n·p / Σ c`: above 1, it promises too many clicks. Sums are kept per cluster, so a replicate costs O(clusters).
 */
export function lossStatistics(rows: HeldOutRows, predictions: ArrayLike<number>, clusters: number): Statistics<LossName> {
  const sums = new Float64Array(SUMS * clusters);
  for (let row = 0; row < predictions.length; row++) {
    const [prediction, clicks, impressions] = [predictions[row] as number, rows.clicks[row] as number, impressionsAt(rows, row)];
    const p = Math.min(Math.max(prediction, CLIP), 1 - CLIP);
    const at = SUMS * (rows.cluster[row] as number);
    sums[at] = (sums[at] as number) - clicks * Math.log(p) - (impressions - clicks) * Math.log1p(-p);
    sums[at + 1] = (sums[at + 1] as number) + impressions * prediction;
    sums[at + 2] = (sums[at + 2] as number) + clicks;
    sums[at + 3] = (sums[at + 3] as number) + impressions;
  }
  return (weights) => {
    let loss = 0;
    let predicted = 0;
    let clicks = 0;
    let impressions = 0;
    for (let cluster = 0, at = 0; cluster < clusters; cluster++, at += SUMS) {
      const weight = weights[cluster] as number;
      loss += weight * (sums[at] as number);
      predicted += weight * (sums[at + 1] as number);
      clicks += weight * (sums[at + 2] as number);
      impressions += weight * (sums[at + 3] as number);
    }
    const logLoss = loss / impressions;
    return { logLoss, normalisedEntropy: logLoss / entropy(clicks / impressions), calibrationRatio: predicted / clicks };
  };
}

function entropy(p: number): number {
  return -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}

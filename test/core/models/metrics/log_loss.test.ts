import { describe, expect, it } from 'vitest';
import { lossStatistics } from '../../../../src/core/models/metrics/log_loss.ts';

const PREDICTIONS = [0.1, 0.4, 0.35, 0.8, 0.4, 0.1, 0.65, 0.4, 0.05, 0.9];
const ALL = new Uint8Array(2).fill(1);
const CLUSTER = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];

describe('lossStatistics', () => {
  it('is the log-loss of scikit-learn, of impressions and of counts', () => {
    // Reference: scikit-learn 1.6.1 with the arrays of ranking.test.ts: log_loss(y, p)
    const single = { clicks: [0, 0, 1, 1, 1, 0, 0, 0, 0, 1], ad: CLUSTER, cluster: CLUSTER };
    expect(lossStatistics(single, PREDICTIONS, 2)(ALL).logLoss).toBeCloseTo(0.462810462107873, 14);
    // log_loss(yy, pp, sample_weight=w), and that over log_loss(yy, full(20, c.sum() / n.sum()), sample_weight=w)
    const counted = { ...single, clicks: [1, 0, 3, 2, 4, 0, 5, 1, 0, 2], impressions: [10, 4, 7, 3, 12, 5, 8, 6, 9, 2] };
    const figures = lossStatistics(counted, PREDICTIONS, 2)(ALL);
    expect(figures.logLoss).toBeCloseTo(0.45374524641343206, 14);
    expect(figures.normalisedEntropy).toBeCloseTo(0.7743719069420912, 14);
  });

  it('promises clicks: Σ n p over Σ c', () => {
    const rows = { clicks: [1, 3], impressions: [10, 20], ad: [0, 0], cluster: [0, 1] };
    const statistics = lossStatistics(rows, [0.2, 0.1], 2);
    expect(statistics(ALL).calibrationRatio).toBeCloseTo(4 / 4, 14);
    // The second cluster three times: (2 + 3·2) / (1 + 3·3).
    expect(statistics(Uint8Array.of(1, 3)).calibrationRatio).toBeCloseTo(8 / 10, 14);
  });

  it('stays finite for a certain and wrong prediction', () => {
    const rows = { clicks: [1, 0], ad: [0, 0], cluster: [0, 1] };
    expect(lossStatistics(rows, [0, 1], 2)(ALL).logLoss).toBeCloseTo(-Math.log(1e-7), 6);
  });

  it('has a normalised entropy of 1 for the mean click rate', () => {
    const rows = { clicks: [1, 2], impressions: [10, 20], ad: [0, 0], cluster: [0, 1] };
    expect(lossStatistics(rows, [0.1, 0.1], 2)(ALL).normalisedEntropy).toBeCloseTo(1, 12);
  });
});

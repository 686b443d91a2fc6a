import { describe, expect, it } from 'vitest';
import { type Figure, figureOf, SUM, SUMS_PER_CLUSTER, totalOf } from '../../../src/core/feedback/estimators.ts';

function clusters(...sums: readonly Partial<Record<keyof typeof SUM, number>>[]): Float64Array {
  const result = new Float64Array(sums.length * SUMS_PER_CLUSTER);
  sums.forEach((cluster, i) => {
    for (const [name, value] of Object.entries(cluster)) result[i * SUMS_PER_CLUSTER + SUM[name as keyof typeof SUM]] = value;
  });
  return result;
}

describe('figureOf', () => {
  it('is the ratio of two sums over all clusters', () => {
    const total = totalOf(
      clusters(
        { rows: 100, matchedWeight: 40, matchedReward: 4, weight: 90, weightedReward: 9, direct: 11, doublyRobust: 12 },
        { rows: 60, matchedWeight: 10, matchedReward: 2, weight: 60, weightedReward: 3, direct: 5, doublyRobust: 2 },
        { revenue: 25, views: 5, viewTime: 60 },
      ),
    );
    const figures: Readonly<Record<Figure, number>> = {
      replay: 6 / 50,
      ips: 12 / 160,
      snips: 12 / 150,
      dm: 16 / 160,
      dr: 14 / 160,
      meanWeight: 150 / 160,
      viewTime: 60 / 5,
      revenue: 25 / 50,
    };
    for (const [name, value] of Object.entries(figures)) expect(figureOf(total, name as Figure)).toBe(value);
  });

  it('is no number where there is nothing to divide by', () => {
    expect(figureOf(totalOf(clusters({ rows: 10, weight: 2 })), 'replay')).toBeNaN();
  });
});

import { describe, expect, it } from 'vitest';
import { MS_PER_DAY } from '../../../../src/core/feedback/days.ts';
import { evaluate, heldOutRows } from '../../../../src/core/models/dual_tower/evaluation.ts';
import { smallExamples } from './made_examples.ts';

describe('held-out rows', () => {
  it('are the columns of the rows that are asked for', () => {
    const rows = heldOutRows(smallExamples({ propensity: Float32Array.of(1, 2, 3, 4, 5, 6, 7, Number.NaN) }), Int32Array.of(7, 0));
    expect([rows.clicks, rows.ad, rows.shown, rows.propensity].map((column) => Array.from(column as ArrayLike<number>))).toEqual([
      [1, 1],
      [1, 0],
      [3, 0],
      [Number.NaN, 1],
    ]);
    expect(rows.impressions).toBeUndefined();
  });

  it('have no propensities where the log gives none', () => {
    expect(heldOutRows(smallExamples({ propensity: new Float32Array(8).fill(Number.NaN) }), Int32Array.of(0)).propensity).toBeUndefined();
    expect(heldOutRows(smallExamples(), Int32Array.of(0)).propensity).toBeUndefined();
  });

  it('fall into users, and an impression without one stands for itself', () => {
    const rows = heldOutRows(smallExamples({ user: Int32Array.of(3, 3, -1, 0, -1, 3, 0, 1) }), Int32Array.of(1, 2, 3, 4, 5, 6));
    expect(rows.clusters).toBe('users');
    expect(Array.from(rows.cluster)).toEqual([0, 1, 2, 3, 0, 2]);
  });

  it('fall into days of ads where the log has no users', () => {
    const rows = Int32Array.from({ length: 48 }, (_, row) => row);
    // Two ads, each on twelve days, two rows a day.
    const examples = {
      ...smallExamples(),
      clicks: new Uint8Array(48),
      creative: new Int32Array(48),
      ad: rows.map((row) => row % 2),
      ts: Float64Array.from(rows, (row) => Math.floor(row / 4) * MS_PER_DAY),
    };
    const held = heldOutRows(examples, rows);
    expect(held.clusters).toBe('days of ads');
    expect(Array.from(held.cluster as ArrayLike<number>)).toEqual(Array.from(rows, (row) => 2 * Math.floor(row / 4) + (row % 2)));
  });

  it('stand for themselves where days of ads are too few to resample', () => {
    const held = heldOutRows(smallExamples(), Int32Array.of(7, 6, 5));
    expect([held.clusters, Array.from(held.cluster as ArrayLike<number>)]).toEqual(['rows', [0, 1, 2]]);
  });
});

describe('an evaluation', () => {
  const heldOut = Int32Array.of(4, 5, 6, 7);
  const split = { train: Int32Array.of(0, 1), validation: Int32Array.of(2), heldOut };

  it('tells creatives that training or validation saw from those that neither did', () => {
    const examples = smallExamples();
    const { segments, all, clusters } = evaluate(
      examples,
      split,
      heldOutRows(examples, heldOut),
      Float32Array.of(0.4, 0.3, 0.2, 0.1),
      undefined,
      1,
    );
    expect([all.impressions, all.clicks, clusters]).toEqual([4, 2, 'rows']);
    expect([segments.head.impressions, segments.tail.impressions, segments.unseen.impressions]).toEqual([0, 3, 1]);
    expect(all.nsctr).toBeNull();
  });

  it('counts impressions of aggregated rows, and asks for those that the model would show', () => {
    const impressions = Float32Array.of(3000, 10, 10, 10, 200, 100, 50, 25);
    const clicks = Float32Array.of(300, 1, 1, 1, 20, 9, 5, 2);
    const examples = smallExamples({ impressions, clicks });
    const top = Int32Array.of(0, 3);
    const { segments, all } = evaluate(examples, split, heldOutRows(examples, heldOut), new Float32Array(4).fill(0.1), top, 1);
    // 300 expected clicks of a1 in training; 1 each of a2 and b1; none of b2.
    expect([segments.head, segments.tail, segments.unseen].map(({ impressions: n }) => n)).toEqual([200, 150, 25]);
    // Of 375 impressions, 225 are of the first choices a1 and b2.
    expect(all.nsctr?.matchedImpressions).toBe(225);
  });
});

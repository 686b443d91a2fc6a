import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { type Split, splitExamples } from '../../../../src/core/models/dual_tower/split.ts';
import type { Examples } from '../../../../src/core/models/features/field.ts';
import { smallExamples } from './made_examples.ts';

function logOf(rows: number, change: Partial<Examples> = {}): Examples {
  const creatives = Array.from({ length: 30 }, (_, i) => ({ adId: `ad${i % 3}`, creativeId: `c${i}`, isStored: true }));
  const creative = Int32Array.from({ length: rows }, (_, row) => row % 30);
  return smallExamples({
    rows,
    ads: ['ad0', 'ad1', 'ad2'],
    creatives,
    creative,
    ad: creative.map((index) => index % 3),
    ts: Float64Array.from({ length: rows }, (_, row) => 1000 * row),
    ...change,
  });
}

function all({ train, validation, heldOut }: Split): number[] {
  return [...train, ...validation, ...heldOut].sort((a, b) => a - b);
}

describe('a split by time', () => {
  it('trains on the first rows, validates on the next and holds out the last', () => {
    const split = splitExamples(logOf(1000), 'time', 0.2, 1);
    expect(all(split)).toEqual([...Array(1000).keys()]);
    expect([split.train.length, split.validation.length, split.heldOut.length]).toEqual([720, 80, 200]);
    expect(Math.max(...split.train)).toBeLessThan(Math.min(...split.validation));
    expect(Math.max(...split.validation)).toBeLessThan(Math.min(...split.heldOut));
  });

  it('goes by the times of the rows, not by their places', () => {
    const order = Int32Array.from({ length: 1000 }, (_, i) => 999 - i);
    const { train, validation, heldOut } = splitExamples(logOf(1000, { order }), 'time', 0.2, 1);
    expect(Math.min(...train)).toBeGreaterThan(Math.max(...validation));
    expect(Math.min(...validation)).toBeGreaterThan(Math.max(...heldOut));
    expect([...heldOut]).toEqual(Array.from({ length: 200 }, (_, i) => 199 - i));
  });

  it('keeps the rows of one moment together where there are moments enough', () => {
    // Ten days of a hundred rows of one time each, as aggregated rows have.
    const ts = Float64Array.from({ length: 1000 }, (_, row) => Math.floor(row / 100));
    const { train, validation, heldOut } = splitExamples(logOf(1000, { ts }), 'time', 0.25, 1);
    expect([train.length, validation.length, heldOut.length]).toEqual([600, 100, 300]);
    // All at once: there is nothing to cut between.
    const once = splitExamples(logOf(1000, { ts: new Float64Array(1000) }), 'time', 0.25, 1);
    expect([once.train.length, once.validation.length, once.heldOut.length]).toEqual([675, 75, 250]);
  });

  it('needs times, and enough rows', () => {
    const undated = logOf(100, { ts: new Float64Array(100).fill(-1) });
    expect(() => splitExamples(undated, 'time', 0.2, 1)).toThrow(UserError);
    expect(() => splitExamples(undated, 'time', 0.2, 1)).toThrow(/Expected rows with times/);
    expect(() => splitExamples(logOf(3), 'time', 0.2, 1)).toThrow(
      'Expected rows for each of training, validation and holdout but validation has none of 3.',
    );
  });
});

describe('a split by creatives', () => {
  const creativesOf = (examples: Examples, rows: Int32Array): Set<number> =>
    new Set(Array.from(rows, (row) => examples.creative[row] as number));

  it('holds out whole creatives and leaves every ad at least one to train on', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const examples = logOf(900);
      const split = splitExamples(examples, 'creatives', 0.4, seed);
      expect(all(split)).toEqual([...Array(900).keys()]);
      const parts = [split.train, split.validation, split.heldOut].map((rows) => creativesOf(examples, rows));
      expect(parts.reduce((sum, part) => sum + part.size, 0)).toBe(30);
      expect(new Set(Array.from(split.train, (row) => examples.ad[row]))).toEqual(new Set([0, 1, 2]));
    }
  });

  it('leaves every ad a creative even when nearly all are to be held out', () => {
    const examples = logOf(900);
    for (const seed of [1, 2, 3, 4]) {
      const { train, validation, heldOut } = splitExamples(examples, 'creatives', 0.99, seed);
      expect(new Set(Array.from(train, (row) => examples.ad[row]))).toEqual(new Set([0, 1, 2]));
      expect([train.length, validation.length, heldOut.length]).toEqual([90, 30, 780]);
    }
  });

  it('finds a creative for each purpose in a small log', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { train, validation, heldOut } = splitExamples(smallExamples(), 'creatives', 0.2, seed);
      expect([train.length, validation.length, heldOut.length]).toEqual([4, 2, 2]);
    }
  });

  it('is a function of the ids and the seed: the same creatives whatever else the log holds', () => {
    const held = (examples: Examples, seed: number) =>
      [...creativesOf(examples, splitExamples(examples, 'creatives', 0.3, seed).heldOut)].sort();
    expect(held(logOf(900), 1)).toEqual(held(logOf(300), 1));
    expect(held(logOf(900), 2)).not.toEqual(held(logOf(900), 1));
  });

  it('draws creatives of two ads apart that share an id', () => {
    // Creative i of ten is in both ads: ad0 owns 0 to 9, ad1 owns 10 to 19.
    const creatives = Array.from({ length: 20 }, (_, i) => ({ adId: `ad${Math.floor(i / 10)}`, creativeId: `c${i % 10}`, isStored: true }));
    const creative = Int32Array.from({ length: 400 }, (_, row) => row % 20);
    const examples = logOf(400, { creatives, creative, ad: creative.map((index) => Math.floor(index / 10)) });
    const held = creativesOf(examples, splitExamples(examples, 'creatives', 0.4, 1).heldOut);
    const ofAd = (ad: number) => [...held].flatMap((index) => (Math.floor(index / 10) === ad ? [index % 10] : [])).sort();
    expect(held.size).toBeGreaterThan(2);
    expect(ofAd(0)).not.toEqual(ofAd(1));
  });

  it('holds out about the share that is asked for', () => {
    const creatives = Array.from({ length: 2000 }, (_, i) => ({ adId: 'ad0', creativeId: `c${i}`, isStored: true }));
    const creative = Int32Array.from(creatives.keys());
    const examples = logOf(2000, { creatives, creative, ad: new Int32Array(2000) });
    const { train, validation, heldOut } = splitExamples(examples, 'creatives', 0.2, 1);
    // Standard deviations of 18, 12 and 20: four of them.
    expect(Math.abs(heldOut.length - 400)).toBeLessThan(72);
    expect(Math.abs(validation.length - 160)).toBeLessThan(48);
    expect(Math.abs(train.length - 1440)).toBeLessThan(80);
  });

  it('keeps the order of time, and needs no times', () => {
    const order = Int32Array.from({ length: 900 }, (_, i) => 899 - i);
    const { train } = splitExamples(logOf(900, { order }), 'creatives', 0.3, 1);
    expect([...train]).toEqual([...train].sort((a, b) => b - a));
    expect(splitExamples(logOf(900, { ts: new Float64Array(900).fill(-1) }), 'creatives', 0.3, 1).heldOut.length).toBeGreaterThan(0);
  });

  it('refuses a log whose ads have one creative each', () => {
    const single = logOf(90, { creatives: logOf(1).creatives.slice(0, 3), creative: Int32Array.from({ length: 90 }, (_, row) => row % 3) });
    expect(() => splitExamples(single, 'creatives', 0.3, 1)).toThrow(UserError);
  });
});

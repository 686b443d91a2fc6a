import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blendResidual,
  compareCells,
  showSameView,
  straightness,
  unlikeness,
  viewChange,
} from '../../../src/core/media/cell_differences.ts';
import { blend, dissolve, measure, plainFrame, view } from './made_frames.ts';

const seeds = fc.nat(1000);

describe('the difference of two frames', () => {
  it('is none to itself, and the same both ways', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const measures = measure([view(seed), view(seed + 1)]);
        expect(compareCells(measures, 0, 0)).toEqual({ distance: 0, correlation: expect.closeTo(1, 9) });
        const there = compareCells(measures, 0, 1);
        const back = compareCells(measures, 1, 0);
        expect(there.distance).toBe(back.distance);
        expect(there.correlation).toBeCloseTo(back.correlation, 9);
      }),
      { numRuns: 10 },
    );
  });

  it('correlates under another light, not with another view, and never with a plain frame', () => {
    const dim = blend(view(1), plainFrame(16), 0.5);
    const measures = measure([view(1), dim, view(2), plainFrame(90)]);
    expect(compareCells(measures, 0, 1).correlation).toBeGreaterThan(0.99);
    expect(compareCells(measures, 0, 2).correlation).toBeLessThan(0.5);
    expect(compareCells(measures, 0, 3).correlation).toBe(0);
    expect(unlikeness(measures, 0, 1)).toBeLessThan(1);
    expect(unlikeness(measures, 0, 2)).toBeGreaterThan(20);
  });
});

describe('the change of views', () => {
  it('is above 0 between two views, and 0 between frames of one view in any light and between plain ones', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const frame = view(seed);
        const measures = measure([frame, blend(frame, plainFrame(16), 0.6), view(seed + 1), plainFrame(90), plainFrame(93)]);
        expect([viewChange(measures, 0, 1), showSameView(measures, 0, 1)]).toEqual([0, true]);
        expect(viewChange(measures, 0, 2)).toBeGreaterThan(0);
        expect(viewChange(measures, 0, 2)).toBeLessThanOrEqual(1);
        expect(showSameView(measures, 0, 2)).toBe(false);
        expect([viewChange(measures, 3, 4), showSameView(measures, 3, 4)]).toEqual([0, false]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('change over several frames', () => {
  const [a, b, c] = [view(1), view(2), view(3)];

  it('is straight inside a dissolve, and not where nothing or everything changes', () => {
    const measures = measure([a, ...dissolve(a, b, 9), b, b, b, c, a]);
    for (const frame of [2, 5, 8]) expect(straightness(measures, frame, 2)).toBeGreaterThan(0.95);
    expect(straightness(measures, 12, 1)).toBe(0);
    expect(straightness(measures, 13, 1)).toBeLessThan(0);
  });

  it('leaves no residual as a blend, and much as a wipe', () => {
    const blends = measure([a, ...dissolve(a, b, 9), b]);
    expect(blendResidual(blends, 0, 10)).toBeLessThan(0.01);
    const wipe = Array.from({ length: 11 }, (_, step) => a.map((value, at) => (at % 72 < step * 7.2 ? (b[at] as number) : value)));
    expect(blendResidual(measure(wipe), 0, 10)).toBeGreaterThan(0.2);
  });
});

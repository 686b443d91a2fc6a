import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBend } from '../../../src/core/media/bend.ts';

/** `count` values on two lines that meet at `bend`, where the slope changes by `change`. */
function bentLine(count: number, bend: number, slope: number, change: number): number[] {
  return Array.from({ length: count }, (_, t) => 3 + slope * t + change * Math.max(0, t - bend));
}

describe('the bend of a line', () => {
  it('is where its slope grows, whatever the slope before and the scale', () => {
    const line = fc.record({
      count: fc.integer({ min: 6, max: 60 }),
      place: fc.double({ min: 0.3, max: 0.7, noNaN: true }),
      slope: fc.double({ min: -5, max: 5, noNaN: true }),
      change: fc.double({ min: 0.1, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(line, ({ count, place, slope, change }) => {
        const bend = place * (count - 1);
        expect(Math.abs((findBend(bentLine(count, bend, slope, change)) ?? 0) - bend)).toBeLessThanOrEqual(0.5);
      }),
      { numRuns: 100 },
    );
  });

  it('is none where nothing changes, where the slope falls, and in less than three values', () => {
    expect(findBend(Array.from({ length: 12 }, () => 7))).toBeUndefined();
    expect(findBend(bentLine(12, 5, 1, -2))).toBeUndefined();
    expect(findBend([1, 4])).toBeUndefined();
  });
});

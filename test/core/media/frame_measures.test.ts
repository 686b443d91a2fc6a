import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELLS, createFrameMeter } from '../../../src/core/media/frame_measures.ts';
import { blend, blurred, MADE_SIZE, measure, plainFrame, view } from './made_frames.ts';

const PIXELS = MADE_SIZE.width * MADE_SIZE.height;

describe('measures of a frame', () => {
  it('are those of its luma', () => {
    const half = plainFrame(20).fill(220, PIXELS / 2, PIXELS);
    const { count, luma, deviation, cells } = measure([half]);
    expect(count).toBe(1);
    expect(luma[0]).toBe(120);
    expect(deviation[0]).toBe(100);
    expect([...cells.subarray(0, CELLS)]).toEqual([...Array<number>(CELLS / 2).fill(20), ...Array<number>(CELLS / 2).fill(220)]);
  });

  it('have the mean of the cells as their luma, to rounding, in frames of any even size', () => {
    const side = fc.integer({ min: 16, max: 80 }).map((half) => half * 2);
    fc.assert(
      fc.property(side, side, fc.infiniteStream(fc.nat(255)), (width, height, values) => {
        const meter = createFrameMeter({ width, height });
        meter.add(Uint8Array.from({ length: (width * height * 3) / 2 }, () => values.next().value ?? 0));
        const { luma, cells } = meter.measures();
        const mean = cells.subarray(0, CELLS).reduce((sum, cell) => sum + cell, 0) / CELLS;
        // Cells differ in size by a pixel a side where the frame has no whole number of pixels for each.
        expect(Math.abs(mean - (luma[0] as number))).toBeLessThan(8);
      }),
      { numRuns: 20 },
    );
  });

  it('change with the luma, the colours and neither', () => {
    const colourful = plainFrame(100).fill(200, PIXELS);
    const { motion, colourChange, chroma } = measure([plainFrame(100), plainFrame(130), colourful, colourful]);
    expect([...motion.subarray(0, 4)]).toEqual([0, 30, 30, 0]);
    expect([...colourChange.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
    expect(chroma[0]).toBe(0);
    expect(chroma[2]).toBeCloseTo(72 * Math.SQRT2, 3);
  });

  it('are less sharp the more a frame is blurred', () => {
    const { sharpness } = measure([view(1), blurred(view(1), 1), blurred(view(1), 3), plainFrame(90)]);
    const [sharp = 0, soft = 0, softer = 0, plain] = sharpness;
    expect(soft).toBeLessThan(0.8 * sharp);
    expect(softer).toBeLessThan(0.8 * soft);
    expect(plain).toBe(0);
  });

  it('count what is clipped', () => {
    const { clipped } = measure([plainFrame(16), plainFrame(235), plainFrame(128), blend(plainFrame(16), plainFrame(235), 0.5)]);
    expect([...clipped.subarray(0, 4)]).toEqual([1, 1, 0, 0]);
  });

  it('stay with their frames when there are many', () => {
    const { width, height } = { width: 36, height: 32 };
    const meter = createFrameMeter({ width, height });
    for (let frame = 0; frame < 5000; frame++) meter.add(new Uint8Array((width * height * 3) / 2).fill(frame % 250));
    const { count, luma, cells } = meter.measures();
    expect(count).toBe(5000);
    for (const frame of [0, 2047, 2048, 4999]) {
      expect(luma[frame]).toBe(frame % 250);
      expect(cells[frame * CELLS]).toBe(frame % 250);
    }
  });
});

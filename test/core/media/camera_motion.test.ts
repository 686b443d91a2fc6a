import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cameraMotion, moveView, STILL } from '../../../src/core/media/camera_motion.ts';
import { CELL_COLUMNS, CELLS } from '../../../src/core/media/frame_measures.ts';
import { evenTimes, measure, plainFrame } from './made_frames.ts';
import { hills } from './moving_views.ts';

describe('the motion of a camera', () => {
  const velocity = fc.double({ min: -0.1, max: 0.1, noNaN: true });

  it('is told from two frames of its shot', () => {
    fc.assert(
      fc.property(velocity, velocity, (right, down) => {
        const frames = Array.from({ length: 11 }, (_, t) => hills(1, right * t, down * t));
        const motion = cameraMotion(measure(frames), evenTimes(11), 0, 10, STILL);
        // Cells a second at 25 frames; luma is rounded and the view is drawn between cells by straight lines.
        expect(Math.abs(motion.right - right * 25)).toBeLessThan(0.1);
        expect(Math.abs(motion.down - down * 25)).toBeLessThan(0.1);
      }),
      { numRuns: 20 },
    );
  });

  it('is none in a plain view', () => {
    expect(cameraMotion(measure([plainFrame(90), plainFrame(92)]), evenTimes(2), 0, 1, STILL)).toEqual(STILL);
  });

  it('moves a view there and tells what it cannot know', () => {
    const measures = measure([hills(1, 0, 0), hills(1, 2, 0)]);
    const moved = new Float32Array(CELLS);
    moveView(measures, 0, { right: 4, down: 0 }, 0.5, moved);
    for (const [cell, value] of moved.entries()) {
      if (cell % CELL_COLUMNS < 2) expect(value).toBeNaN();
      else expect(Math.abs(value - (measures.cells[CELLS + cell] as number))).toBeLessThanOrEqual(1);
    }
  });

  it('of a still camera leaves all as it is', () => {
    const measures = measure([hills(2, 0, 0)]);
    const moved = new Float32Array(CELLS);
    moveView(measures, 0, STILL, 3, moved);
    expect([...moved]).toEqual([...measures.cells.subarray(0, CELLS)]);
  });
});

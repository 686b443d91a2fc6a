import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepFrames } from '../../../src/core/media/kept_frames.ts';
import { MADE_SIZE, plainFrame, view } from './made_frames.ts';

const BYTES = (MADE_SIZE.width * MADE_SIZE.height * 3) / 2;

/** Grey tells the number of the frame. */
const numbered = (frame: number): Uint8Array => plainFrame(16 + frame);
const full = (grey: number): number => Math.round(1.164 * grey);

describe('kept frames', () => {
  it('are all there while there is room, and come as pictures', () => {
    const kept = keepFrames(MADE_SIZE);
    for (let frame = 0; frame < 100; frame++) kept.add(numbered(frame), 1, true);
    for (const frame of [0, 42, 99]) {
      const picture = kept.nearest(frame, 0, 99);
      expect(picture).toMatchObject(MADE_SIZE);
      expect(Math.abs((picture?.data[0] ?? 0) - full(frame))).toBeLessThanOrEqual(1);
    }
  });

  it('have the colours of the video', () => {
    const kept = keepFrames(MADE_SIZE);
    const pixels = MADE_SIZE.width * MADE_SIZE.height;
    // Pure red of Rec. 601: Y 81, U 90, V 240.
    kept.add(
      new Uint8Array(BYTES)
        .fill(81, 0, pixels)
        .fill(90, pixels, pixels * 1.25)
        .fill(240, pixels * 1.25),
      1,
      true,
    );
    const [red = 0, green = 0, blue = 0] = kept.nearest(0, 0, 0)?.data ?? [];
    expect(red).toBeGreaterThan(250);
    expect(Math.max(green, blue)).toBeLessThan(5);
  });

  it('are copies', () => {
    const kept = keepFrames(MADE_SIZE);
    const frame = view(1);
    kept.add(frame, 1, true);
    const before = kept.nearest(0, 0, 0);
    frame.fill(16);
    expect(kept.nearest(0, 0, 0)?.data.join()).toBe(before?.data.join());
  });

  it('are no more where every frame is a cut', () => {
    const kept = keepFrames(MADE_SIZE, 6 * BYTES);
    const frames = Array.from({ length: 200 }, (_, frame) => frame);
    for (const frame of frames) kept.add(numbered(frame), 1, false);
    const left = frames.filter((frame) => kept.nearest(frame, frame, frame));
    expect(left.length).toBeLessThanOrEqual(6);
    expect(left.length).toBeGreaterThanOrEqual(2);
  });

  it('are at most as many as there is room for, the better of neighbours, and none stands for two shots', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 12 }), fc.array(fc.nat(9), { minLength: 30, maxLength: 120 }), (room, worths) => {
        const cut = 20;
        const kept = keepFrames(MADE_SIZE, room * BYTES);
        for (const [frame, worth] of worths.entries()) kept.add(numbered(frame), worth, frame !== cut);
        const numbers = worths.map((_, frame) => frame).filter((frame) => kept.nearest(frame, frame, frame));
        expect(numbers.length).toBeLessThanOrEqual(room);
        expect(kept.nearest(5, 0, cut - 1)).toBeDefined();
        expect(kept.nearest(25, cut, worths.length - 1)).toBeDefined();
      }),
      { numRuns: 30 },
    );
    const kept = keepFrames(MADE_SIZE, 4 * BYTES);
    for (const [frame, worth] of [1, 5, 7, 2].entries()) kept.add(numbered(frame), worth, true);
    expect([0, 1, 2, 3].filter((frame) => kept.nearest(frame, frame, frame))).toEqual([1, 2]);
  });
});

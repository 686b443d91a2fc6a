import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseKeyFrames, findKeyFrames, frameQualities, type KeyFrame } from '../../../src/core/media/key_frames.ts';
import type { Shot } from '../../../src/core/media/shots.ts';
import { blend, blurred, evenTimes, measure, plainFrame, shot, view } from './made_frames.ts';

/** Key frames of shots that follow on each other. */
function keyFramesOf(shots: readonly (readonly Uint8Array[])[], codedKeys: readonly number[] = [0]): KeyFrame[] {
  const frames = shots.flat();
  const times = evenTimes(frames.length);
  let first = 0;
  const ranges = shots.map(({ length }): Shot => {
    const range = { first, last: first + length - 1, startSeconds: first / 25, endSeconds: (first + length) / 25 };
    first += length;
    return range;
  });
  return findKeyFrames(measure(frames), times, ranges, codedKeys);
}

function replaced(frames: readonly Uint8Array[], changes: Readonly<Record<number, Uint8Array>>): Uint8Array[] {
  return frames.map((frame, index) => changes[index] ?? frame);
}

describe('the key frame of a shot', () => {
  it('is its sharpest frame', () => {
    const soft = blurred(view(1), 1);
    const [{ frame } = { frame: null }] = keyFramesOf([replaced(shot(soft, 40), { 23: view(1) })]);
    expect(frame).toBe(23);
  });

  it('lies away from the borders', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 60 }), (count) => {
        const frames = shot(blurred(view(1), 1), count);
        const [{ frame } = { frame: null }] = keyFramesOf([replaced(frames, { 0: view(1), [count - 1]: view(1) })]);
        const border = Math.min(0.25 * 25, count * 0.2);
        expect(frame).toBeGreaterThanOrEqual(Math.floor(border));
        expect(frame).toBeLessThanOrEqual(count - 1 - Math.floor(border));
      }),
      { numRuns: 20 },
    );
  });

  it('comes soon after a coded key frame, though not so soon that a seek misses it, where others are hardly better', () => {
    const still = Array.from({ length: 60 }, () => view(1));
    expect(keyFramesOf([still], [0, 33])[0]?.frame).toBe(37);
    const soft = shot(blurred(view(1), 1), 60);
    expect(keyFramesOf([replaced(soft, { 20: view(1) })], [0, 33])[0]?.frame).toBe(20);
  });

  it('is the only frame of a video of one frame', () => {
    expect(keyFramesOf([[view(1)]])).toMatchObject([{ shot: 0, frame: 0, time: 0, rejected: null }]);
  });

  it.each([
    ['black', plainFrame(16)],
    ['white', plainFrame(235)],
    ['plain', plainFrame(120)],
    ['blurred', blurred(view(1), 10)],
  ])('is none where all frames are %s, and is taken from the others where some are', (reason, bad) => {
    const still = (count: number): Uint8Array[] => Array.from({ length: count }, () => bad);
    expect(keyFramesOf([still(30)])).toMatchObject([{ frame: null, rejected: reason, shown: 15 }]);
    const [{ frame } = { frame: null }] = keyFramesOf([[...still(20), ...shot(view(1), 20)]]);
    expect(frame).toBeGreaterThanOrEqual(20);
  });

  it('is none that a flash lights, however weakly', () => {
    const lit = blend(view(1), plainFrame(235), 0.3);
    const soft = shot(blurred(view(1), 1), 40);
    const [{ frame } = { frame: null }] = keyFramesOf([replaced(soft, { 20: lit, 21: lit })]);
    expect([20, 21]).not.toContain(frame);
  });

  it('is none of a standstill in a shot that moves, but may be one of a slide', () => {
    const moving = Array.from({ length: 40 }, (_, index) => blurred(view(1), 1 + (index % 2)));
    const [{ frame } = { frame: null }] = keyFramesOf([
      [...moving.slice(0, 15), ...Array.from({ length: 8 }, () => view(1)), ...moving.slice(0, 15)],
    ]);
    expect(frame).not.toBeNull();
    expect(frame !== null && frame >= 15 && frame <= 22).toBe(false);
    expect(keyFramesOf([Array.from({ length: 30 }, () => view(1))])[0]?.rejected).toBeNull();
  });

  it('has a quality in [0, 1], lower when it is blurred, dark or over-exposed', () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const frame = view(seed);
        const worse = [blurred(frame, 2), blend(frame, plainFrame(16), 0.6), blend(frame, plainFrame(235), 0.6)];
        const [quality = 0, ...others] = frameQualities(measure([frame, ...worse]));
        expect(quality).toBeLessThanOrEqual(1);
        for (const other of others) {
          expect(other).toBeGreaterThanOrEqual(0);
          expect(other).toBeLessThan(quality);
        }
      }),
    );
  });
});

describe('the choice of key frames', () => {
  const shots = [1, 2, 3].map((seed) => shot(view(seed), 20));

  it('takes the best, and tells why the others are left out', () => {
    const all = keyFramesOf(shots);
    const [best] = all.toSorted((a, b) => b.quality - a.quality);
    const chosen = chooseKeyFrames(all, 1);
    expect(chosen.filter(({ rejected }) => rejected === null)).toEqual([best]);
    expect(chosen.filter(({ rejected }) => rejected === 'better shots fill the limit')).toHaveLength(2);
    expect(chooseKeyFrames(all, 3)).toEqual(all);
  });

  it('shows the same view once', () => {
    const chosen = chooseKeyFrames(keyFramesOf([...shots, shot(blend(view(1), plainFrame(120), 0.3), 20)]), 4);
    expect(chosen[3]?.rejected).toBe(`near-duplicate of the frame at ${chosen[0]?.time.toFixed(2)} s`);
  });

  it('leaves out a shot that is much poorer than the best', () => {
    const chosen = chooseKeyFrames(keyFramesOf([...shots, shot(blend(view(4), plainFrame(16), 0.85), 20)]), 4);
    expect(chosen.map(({ rejected }) => rejected)).toEqual([null, null, null, 'much poorer than the best shot']);
  });

  it('keeps the reasons there were, and is empty where there is no shot', () => {
    expect(chooseKeyFrames(keyFramesOf([shot(plainFrame(16), 20)]), 4)).toMatchObject([{ frame: null, rejected: 'black' }]);
    expect(chooseKeyFrames([], 4)).toEqual([]);
  });
});

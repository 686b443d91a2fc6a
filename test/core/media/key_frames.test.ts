import { describe, expect, it } from 'vitest';
import { chooseKeyFrames } from '../../../src/core/media/key_frames.ts';
import type { VideoFrame } from '../../../src/core/media/video.ts';

/** Frames at 10 a second; `shot` gives each shot a hash of its own, far from the others'. */
function frame(index: number, shot: number, change: Partial<VideoFrame> = {}): VideoFrame {
  return {
    time: index / 10,
    sceneScore: 0,
    luma: 120,
    deviation: 40,
    quality: 0.5,
    hash: BigInt(`0x${String(shot).repeat(16)}`),
    ...change,
  };
}

/** Shots of 20 frames each. */
function video(shots: number): VideoFrame[] {
  return Array.from({ length: shots * 20 }, (_, index) => {
    const shot = Math.floor(index / 20);
    return frame(index, shot, { sceneScore: index > 0 && index % 20 === 0 ? 0.8 : 0 });
  });
}

function replaced(frames: readonly VideoFrame[], changes: Readonly<Record<number, Partial<VideoFrame>>>): VideoFrame[] {
  return frames.map((each, index) => ({ ...each, ...changes[index] }));
}

describe('key frames', () => {
  it('are the best frame of every shot', () => {
    expect(chooseKeyFrames(replaced(video(3), { 9: { quality: 0.6 }, 31: { quality: 0.7 }, 50: { quality: 0.8 } }), 5)).toEqual([
      9, 31, 50,
    ]);
  });

  it('are those of the best shots when there are more shots than wanted', () => {
    expect(chooseKeyFrames(replaced(video(3), { 9: { quality: 0.6 }, 31: { quality: 0.7 }, 50: { quality: 0.8 } }), 2)).toEqual([31, 50]);
  });

  it('keep away from the borders of a shot', () => {
    const [chosen] = chooseKeyFrames(
      replaced(video(1), { 0: { quality: 0.9 }, 2: { quality: 0.9 }, 18: { quality: 0.9 }, 10: { quality: 0.6 } }),
      1,
    );
    expect(chosen).toBe(10);
  });

  it('never are black, white or plain, however good the rest of their measures', () => {
    const frames = replaced(video(4), { 5: { quality: 0.6 } }).map((each, index) => {
      if (index >= 60) return { ...each, deviation: 3, quality: 0.9 };
      if (index >= 40) return { ...each, luma: 250, quality: 0.9 };
      return index >= 20 ? { ...each, luma: 6, quality: 0.9 } : each;
    });
    expect(chooseKeyFrames(frames, 4)).toEqual([5]);
  });

  it('leave out a shot that is blurred beside the others', () => {
    const frames = video(2).map((each, index) => (index < 20 ? { ...each, quality: 0.2 } : each));
    expect(chooseKeyFrames(frames, 4).every((index) => index >= 20)).toBe(true);
  });

  it('show the same view once, in its better frame', () => {
    const frames = video(3).map((each, index) => (index >= 40 ? { ...each, hash: frame(0, 0).hash ^ 7n, quality: 0.6 } : each));
    const chosen = chooseKeyFrames(frames, 4);
    expect(chosen).toHaveLength(2);
    expect(chosen[1]).toBeGreaterThanOrEqual(40);
  });

  it('take the only frame of a video of one frame', () => {
    expect(chooseKeyFrames([frame(0, 1)], 4)).toEqual([0]);
  });

  it('are none in an empty or a black video', () => {
    expect(chooseKeyFrames([], 4)).toEqual([]);
    expect(
      chooseKeyFrames(
        video(2).map((each) => ({ ...each, luma: 0, deviation: 0 })),
        4,
      ),
    ).toEqual([]);
  });
});

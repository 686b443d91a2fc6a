import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSceneScorer, findCuts, findShots } from '../../../src/core/media/shots.ts';

const flat = (value: number): Uint8Array => new Uint8Array(300).fill(value);

function scoresOf(values: readonly number[]): number[] {
  const score = createSceneScorer();
  return values.map((value) => score(flat(value)));
}

describe('scene scores', () => {
  it('are the lesser of the difference and its change, over 100', () => {
    // Differences: 0, 30, 30, 0; changes: 30, 0, 30.
    expect(scoresOf([10, 40, 70, 70])).toEqual([0, 0.3, 0, 0]);
  });

  it('stay low for steady motion, even fast', () => {
    expect(findCuts(scoresOf([0, 20, 40, 60, 80, 100, 120]))).toEqual([]);
  });

  it('are at most 1', () => {
    expect(scoresOf([0, 255])).toEqual([0, 1]);
  });

  it('do not keep the frame they were given', () => {
    const score = createSceneScorer();
    const frame = flat(10);
    score(frame);
    frame.fill(90);
    expect(score(frame)).toBe(0.8);
  });
});

describe('shots', () => {
  it('begin at the cuts and cover every frame once', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }), (scores) => {
        const shots = findShots(scores);
        expect(shots.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at))).toEqual([
          ...scores.keys(),
        ]);
        expect(shots.slice(1).map((shot) => shot.first)).toEqual(findCuts(scores));
      }),
    );
  });

  it('are none where there is no frame', () => {
    expect(findShots([])).toEqual([]);
  });
});

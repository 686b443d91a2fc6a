import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Boundary, findBoundaries, findShots } from '../../../src/core/media/shots.ts';
import { blend, dissolve, evenTimes, measure, plainFrame, shot, view } from './made_frames.ts';
import { hills } from './moving_views.ts';

const BLACK = plainFrame(16);
const WHITE = plainFrame(235);

function boundariesOf(frames: readonly Uint8Array[]): Boundary[] {
  return findBoundaries(measure(frames), evenTimes(frames.length), frames.length / 25);
}

function shown(frames: readonly Uint8Array[]): string[] {
  return boundariesOf(frames).map(({ kind, first, last }) => `${kind} ${first}-${last}`);
}

/** A flash that leaves nothing of the view, and fades over two more frames. */
function flash(frame: Uint8Array): Uint8Array[] {
  return [WHITE, blend(frame, WHITE, 0.8), blend(frame, WHITE, 0.5)];
}

describe('shot boundaries', () => {
  it('are the cuts between views, however short the shots', () => {
    const lengths = fc.array(fc.integer({ min: 8, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lengths, fc.nat(1000), (counts, seed) => {
        const frames = counts.flatMap((count, index) => shot(view(seed + index), count));
        const starts = counts.map((_, index) => counts.slice(0, index).reduce((sum, count) => sum + count, 0)).slice(1);
        expect(shown(frames)).toEqual(starts.map((start) => `cut ${start}-${start}`));
      }),
      { numRuns: 12 },
    );
  });

  it('are the blends of a dissolve, and no cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 100 }), fc.nat(1000), (count, seed) => {
        const [a, b] = [view(seed), view(seed + 1)];
        // The longest ones are found where their shots last more than a second.
        const beside = count <= 60 ? 20 : 30;
        const [found, ...more] = boundariesOf([...shot(a, beside), ...dissolve(a, b, count), ...shot(b, beside)]);
        expect([found?.kind, more]).toEqual(['dissolve', []]);
        expect(Math.abs((found?.first ?? 0) - beside)).toBeLessThanOrEqual(1);
        expect(Math.abs((found?.last ?? 0) - (beside + count - 1))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['black', BLACK],
    ['white', WHITE],
  ])('are the frames of a fade through %s, the way there and back among them', (_, colour) => {
    const [a, b] = [view(1), view(2)];
    const hold = Array.from({ length: 4 }, () => colour);
    const frames = [...shot(a, 20), ...dissolve(a, colour, 10), ...hold, ...dissolve(colour, b, 10), ...shot(b, 20)];
    const [found, ...more] = boundariesOf(frames);
    expect([found?.kind, more]).toEqual(['fade', []]);
    expect(Math.abs((found?.first ?? 0) - 20)).toBeLessThanOrEqual(1);
    expect(Math.abs((found?.last ?? 0) - 43)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['black', BLACK],
    ['white', WHITE],
  ])('are the frames of a slow fade through %s, and not those of the moving shots beside it', (_, colour) => {
    const moving = (seed: number, count: number): Uint8Array[] => Array.from({ length: count }, (__, t) => hills(seed, t * 0.04, 0));
    const fade = (frames: readonly Uint8Array[], share: (index: number) => number): Uint8Array[] =>
      frames.map((frame, index) => blend(frame, colour, share(index)));
    const [a, b] = [moving(1, 120), moving(2, 140)];
    const out = fade(a.slice(60), (index) => (index + 1) / 61);
    const back = fade(b.slice(0, 75), (index) => 1 - (index + 1) / 76);
    const hold = Array.from({ length: 5 }, () => colour);
    const [found, ...more] = boundariesOf([...a.slice(0, 60), ...out, ...hold, ...back, ...b.slice(75)]);
    expect([found?.kind, more]).toEqual(['fade', []]);
    expect(Math.abs((found?.first ?? 0) - 60)).toBeLessThanOrEqual(1);
    expect(Math.abs((found?.last ?? 0) - 199)).toBeLessThanOrEqual(1);
  });

  it('are black frames between two cuts', () => {
    const black = Array.from({ length: 12 }, () => BLACK);
    expect(shown([...shot(view(1), 30), ...black, ...shot(view(2), 30)])).toEqual(['fade 30-41']);
  });

  it('are not made by a flash of light', () => {
    const a = view(1);
    expect(shown([...shot(a, 20), WHITE, ...shot(a, 20), ...flash(a), ...shot(a, 20)])).toEqual([]);
    expect(shown([...shot(a, 20), blend(a, WHITE, 0.85), blend(a, WHITE, 0.85), ...shot(a, 20)])).toEqual([]);
  });

  it('are one cut where light flashes on it', () => {
    const [a, b] = [view(1), view(2)];
    const [found, ...more] = boundariesOf([...shot(a, 20), WHITE, ...shot(b, 20)]);
    expect([found?.kind, more]).toEqual(['cut', []]);
    expect(Math.abs((found?.first ?? 0) - 20)).toBeLessThanOrEqual(1);
  });

  it('are not made by a light that is turned down', () => {
    const a = view(1);
    const dim = blend(a, BLACK, 0.7);
    expect(shown([...shot(a, 20), ...dissolve(a, dim, 20), ...shot(dim, 20)])).toEqual([]);
    expect(shown([...shot(a, 20), ...shot(dim, 20)])).toEqual([]);
  });

  it('are found in the dark as in the light', () => {
    const dark = (frame: Uint8Array): Uint8Array => blend(frame, BLACK, 0.75);
    expect(shown([...shot(dark(view(1)), 20), ...shot(dark(view(2)), 20)])).toEqual(['cut 20-20']);
  });

  it('are between all pictures of a slide show of one frame each', () => {
    const frames = [1, 2, 3, 4, 5].map(view);
    const times = Float64Array.from(frames, (_, frame) => frame * 2);
    expect(findBoundaries(measure(frames), times, 10).map(({ kind, first }) => [kind, first])).toEqual(
      [1, 2, 3, 4].map((at) => ['cut', at]),
    );
  });

  it('are fades from black and from white where they follow on each other', () => {
    const frames = [
      ...shot(view(1), 20),
      ...dissolve(view(1), BLACK, 8),
      BLACK,
      ...dissolve(BLACK, WHITE, 8),
      WHITE,
      ...dissolve(WHITE, view(2), 8),
    ];
    const found = boundariesOf([...frames, ...shot(view(2), 20)]);
    expect(found.map(({ kind }) => kind)).toEqual(['fade', 'fade']);
    expect(found[1]?.first).toBe((found[0]?.last ?? 0) + 1);
  });

  it('are none in a video that is black from end to end', () => {
    expect(shown(Array.from({ length: 30 }, () => BLACK))).toEqual([]);
  });

  it('have scores in [0, 1] and times from the frames, also at a variable rate', () => {
    const [a, b, c] = [view(1), view(2), view(3)];
    const frames = [...shot(a, 20), ...shot(b, 20), ...dissolve(b, c, 10), ...shot(c, 20)];
    const times = Float64Array.from(frames, (_, frame) => (frame < 25 ? frame / 50 : 0.5 + (frame - 25) / 10));
    const boundaries = findBoundaries(measure(frames), times, 5);
    expect(boundaries.map(({ kind }) => kind)).toEqual(['cut', 'dissolve']);
    expect(boundaries[0]).toMatchObject({ first: 20, last: 20, startSeconds: 0.4, endSeconds: 0.4 });
    expect(boundaries[1]?.startSeconds).toBe(times[boundaries[1]?.first ?? 0]);
    expect(boundaries[1]?.endSeconds).toBe(times[(boundaries[1]?.last ?? 0) + 1]);
    for (const { score } of boundaries) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  });
});

describe('shots', () => {
  it('and gradual boundaries cover every frame once', () => {
    const joint = fc.record({ length: fc.integer({ min: 8, max: 30 }), gradual: fc.integer({ min: 0, max: 20 }), black: fc.boolean() });
    fc.assert(
      fc.property(fc.array(joint, { minLength: 1, maxLength: 5 }), fc.nat(1000), (joints, seed) => {
        const frames = joints.flatMap(({ length, gradual, black }, index) => [
          ...shot(view(seed + index), length),
          ...dissolve(view(seed + index), black ? BLACK : view(seed + index + 1), gradual),
        ]);
        const times = evenTimes(frames.length);
        const boundaries = boundariesOf(frames);
        const shots = findShots(boundaries, times, frames.length / 25);
        const ranges = [...shots, ...boundaries.filter(({ kind }) => kind !== 'cut')].sort((a, b) => a.first - b.first);
        const covered = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
        expect(covered).toEqual([...frames.keys()]);
        for (const { first, last, startSeconds, endSeconds } of shots)
          expect(endSeconds - startSeconds).toBeCloseTo((last - first + 1) / 25, 9);
      }),
      { numRuns: 12 },
    );
  });

  it('are one in a video of one frame', () => {
    const times = evenTimes(1);
    const boundaries = findBoundaries(measure([view(1)]), times, 0.04);
    expect(findShots(boundaries, times, 0.04)).toEqual([{ first: 0, last: 0, startSeconds: 0, endSeconds: 0.04 }]);
  });
});

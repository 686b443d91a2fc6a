import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Boundary } from '../../../src/core/media/shots.ts';
import { analyseVideo, type VideoAnalysis } from '../../../src/core/media/video.ts';
import { packagedFfmpeg } from './made_media.ts';
import { makeSceneCorpus } from './scene_corpus.ts';
import { dissolved, type FrameRange, film, fractal, makeScenes, type SceneVideo } from './scene_maker.ts';

/** Frames of a shot long enough that it must give a key frame: below, half of it lies at its borders. */
const LONG_SHOT = 20;

const folder = mkdtempSync(join(tmpdir(), 'atelier-scenes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const videos = await makeSceneCorpus(folder);

function within(range: FrameRange, frame: number, slack = 0): boolean {
  return frame >= range[0] - slack && frame <= range[1] + slack;
}

/** The true boundaries in their order, a hard cut as a range of one frame. */
function boundariesOf(video: SceneVideo): FrameRange[] {
  return [...video.cuts.map((cut) => [cut, cut] as const), ...video.gradual].sort((a, b) => a[0] - b[0]);
}

/** The frames of each shot between the true boundaries and the black ends. */
function shotsOf(video: SceneVideo): FrameRange[] {
  const breaks = [...boundariesOf(video), ...video.ends].sort((a, b) => a[0] - b[0]);
  const isCut = ([first, last]: FrameRange): boolean => first === last;
  const starts = [0, ...breaks.map((range) => (isCut(range) ? range[0] : range[1] + 1))];
  const lasts = [...breaks.map(([first]) => first - 1), video.times.length - 1];
  return starts.map((first, index) => [first, lasts[index] as number] as const).filter(([first, last]) => last >= first);
}

/** Whether both ends of a found boundary lie within one frame of those of a true one. */
function agrees(found: Boundary, [first, last]: FrameRange): boolean {
  return Math.abs(found.first - first) <= 1 && Math.abs(found.last - last) <= 1;
}

async function analyse(video: SceneVideo): Promise<VideoAnalysis> {
  return analyseVideo({ ffmpeg: await packagedFfmpeg(), path: video.file });
}

describe.each(videos.map((video) => ({ name: video.name, video })))('a made video with $name', async ({ video }) => {
  const analysis = await analyse(video);

  it('is upright, with the time of every frame', () => {
    expect([analysis.width, analysis.height]).toEqual([video.width, video.height]);
    expect(analysis.times).toHaveLength(video.times.length);
    for (const [frame, time] of video.times.entries()) expect(analysis.times[frame]).toBeCloseTo(time, 3);
  });

  it('has its boundaries within one frame, none missing and none too many', () => {
    const found = analysis.boundaries.filter(({ first, last }) => !video.ends.some((end) => within(end, first, 1) && within(end, last, 1)));
    const truth = boundariesOf(video);
    const shown = { found: found.map(({ kind, first, last }) => `${kind} ${first}-${last}`), truth };
    expect(found.length, JSON.stringify(shown)).toBe(truth.length);
    for (const [index, range] of truth.entries()) expect(agrees(found[index] as Boundary, range), JSON.stringify(shown)).toBe(true);
  });

  it('gives a key frame for each long shot, and none from a boundary, a flash, the black or a standstill', () => {
    const frames = analysis.keyFrames.flatMap(({ frame }) => (frame === null ? [] : [frame]));
    const shown = JSON.stringify(analysis.keyFrames.map(({ frame, rejected }) => rejected ?? frame));
    for (const range of [...video.gradual, ...video.ends, ...video.unusable]) {
      expect(
        frames.filter((frame) => within(range, frame)),
        `${shown} in ${range}`,
      ).toEqual([]);
    }
    for (const shot of shotsOf(video).filter(([first, last]) => last - first + 1 >= LONG_SHOT)) {
      expect(
        frames.filter((frame) => within(shot, frame)),
        `${shown} in shot ${shot}`,
      ).toHaveLength(1);
    }
  });
});

it('makes the same video every time', async () => {
  const other = join(folder, 'again');
  mkdirSync(other);
  const script = { name: 'twice', shots: [film(resolve('fixtures/notes/lake/lake-03.jpg'), 12), dissolved(4, fractal(10))] };
  const files = [await makeScenes(script, folder), await makeScenes(script, other)].map(({ file }) => readFileSync(file));
  expect(files[0]?.equals(files[1] as Buffer)).toBe(true);
});

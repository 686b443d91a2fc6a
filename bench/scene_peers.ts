import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Boundary } from '../src/core/media/shots.ts';
import { analyseVideo } from '../src/core/media/video.ts';
import { packagedFfmpeg } from '../test/core/media/made_media.ts';
import { makeRandomScenes } from '../test/core/media/random_scenes.ts';
import { makeSceneCorpus } from '../test/core/media/scene_corpus.ts';
import type { FrameRange, SceneVideo } from '../test/core/media/scene_maker.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROUNDS = 3;
const RANDOM_VIDEOS = 24;
const SEED = 1;
/** The detectors whose speed is measured. */
const TIMED = ['content', 'adaptive'];

/** What a detector found in one video. */
interface Found {
  /** Times of the boundaries in seconds, in the middle of those that are ranges. */
  readonly boundaries: readonly number[];
  /** How long it took; undefined where nobody took the time. */
  readonly seconds: number | undefined;
}

interface Comparison {
  readonly video: Truth;
  readonly ours: Found;
  /** By the detector's name. */
  readonly peers: ReadonlyMap<string, Found>;
}

interface ComparedSet {
  readonly name: string;
  readonly compared: readonly Comparison[];
}

type Kind = 'hard cuts' | 'all boundaries';

type Truth = Pick<SceneVideo, 'name' | 'file' | 'times' | 'cuts' | 'gradual' | 'ends'>;

/**
 * Shot boundaries beside PySceneDetect's: F1 of hard cuts and of all boundaries, and frames a second. Of made videos with every
 * kind of boundary and what is mistaken for one; of videos drawn at random, by which no threshold was chosen; of the real clips.
 * Ours is the whole analysis: measures, boundaries and key frames.
 */
export async function benchScenes(folder: string, data: string, python: string): Promise<BenchLine[]> {
  const ffmpeg = await packagedFfmpeg();
  const made = await makeSceneCorpus(folder);
  const random = await makeRandomScenes(folder, RANDOM_VIDEOS, SEED);
  const clips = await realClips(join(data, 'video'), ffmpeg);
  const peer = await startPeer(python);
  const compare = async (name: string, videos: readonly Truth[]): Promise<ComparedSet> => {
    const compared: Comparison[] = [];
    for (const video of videos) compared.push(await compareOn(video, ffmpeg, peer));
    return { name, compared };
  };
  const sets = [await compare(`${made.length} made videos`, made), await compare(`${random.length} random videos`, random)];
  const real = await compare(`${clips.length} real clips`, clips);
  await peer.end();
  const eachClip = real.compared.map((one) => ({ name: one.video.name, compared: [one] }));
  return peer.detectors.flatMap((detector) => {
    const beside = `PySceneDetect ${peer.version}, ${detector}`;
    return [
      ...sets.flatMap((set) => [compareF1(set, 'hard cuts', detector, beside), compareF1(set, 'all boundaries', detector, beside)]),
      ...(clips.length > 0 ? [compareF1(real, 'hard cuts', detector, beside)] : []),
      ...[...sets, ...eachClip].flatMap((set) => compareFrameRates(set, detector, beside)),
    ];
  });
}

/** All detectors on one video; ours and those whose speed is measured take turns. */
async function compareOn(video: Truth, ffmpeg: string, peer: Peer): Promise<Comparison> {
  const analyse = () => analyseVideo({ ffmpeg, path: video.file });
  const { boundaries } = await analyse();
  const middle = ({ first, last }: Boundary): number => ((video.times[first] as number) + (video.times[last] as number)) / 2;
  const found: [string, number[]][] = [];
  for (const detector of peer.detectors) found.push([detector, await peer.find(detector, video.file)]);
  const [ours, ...theirs] = await fastest([analyse, ...TIMED.map((detector) => () => peer.find(detector, video.file))], ROUNDS);
  return {
    video,
    ours: { boundaries: boundaries.map(middle), seconds: ours },
    peers: new Map(found.map(([detector, times]) => [detector, { boundaries: times, seconds: theirs[TIMED.indexOf(detector)] }])),
  };
}

interface Peer {
  readonly version: string;
  readonly detectors: readonly string[];
  readonly find: (detector: string, file: string) => Promise<number[]>;
  readonly end: () => Promise<void>;
}

/** Starts PySceneDetect and waits until it is ready: its start is not measured. */
async function startPeer(python: string): Promise<Peer> {
  const child = spawn(python, ['-B', 'bench/peers/scene_detect.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('Expected an answer of bench/peers/scene_detect.py but it ended.');
    return JSON.parse(value);
  };
  const { version, detectors } = (await read()) as Pick<Peer, 'version' | 'detectors'>;
  return {
    version,
    detectors,
    find: (detector, path) => {
      child.stdin.write(`${JSON.stringify({ detector, path })}\n`);
      return read() as Promise<number[]>;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The clips with their known cuts. The first one comes from black: a boundary there is neither right nor wrong. */
async function realClips(folder: string, ffmpeg: string): Promise<Truth[]> {
  if (!existsSync(folder)) return [];
  const known = JSON.parse(readFileSync(join(folder, 'ground_truth.json'), 'utf8')) as Record<string, KnownClip>;
  return Promise.all(
    Object.entries(known).map(async ([name, clip]) => {
      const file = join(folder, name);
      const times = Array.from((await analyseVideo({ ffmpeg, path: file })).times);
      const cuts = clip.hard_cuts_frames ?? (clip.hard_cuts_seconds ?? []).map((second) => nearestFrame(times, second));
      const bright = clip.fade_in_from_black?.full_brightness_about_frame;
      return { name: basename(file), file, times, cuts, gradual: [], ends: bright === undefined ? [] : [[0, bright] as const] };
    }),
  );
}

interface KnownClip {
  readonly hard_cuts_frames?: readonly number[];
  readonly hard_cuts_seconds?: readonly number[];
  readonly fade_in_from_black?: { readonly full_brightness_about_frame: number };
}

function nearestFrame(times: readonly number[], second: number): number {
  return times.reduce((best, time, frame) => (Math.abs(time - second) < Math.abs((times[best] as number) - second) ? frame : best), 0);
}

function compareF1({ name, compared }: ComparedSet, kind: Kind, detector: string, beside: string): BenchLine {
  const f1 = (found: (comparison: Comparison) => Found): number => {
    const counts = compared.map((comparison) => count(comparison.video, found(comparison).boundaries, kind));
    const sum = (key: keyof Counts): number => counts.reduce((total, one) => total + one[key], 0);
    return (2 * sum('right')) / (2 * sum('right') + sum('wrong') + sum('missed'));
  };
  const ours = f1(({ ours }) => ours);
  return compareSpeeds(
    `F1 of ${kind}, ${name}`,
    'F1',
    ours,
    f1(({ peers }) => peers.get(detector) as Found),
    beside,
  );
}

interface Counts {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

/**
 * Counts the boundaries of one video. A true one is found when a boundary lies within one frame of it, or of its range where it
 * is gradual; more of them in the same range are passed over. One where the video itself comes from black or goes there is no
 * mistake, nor is a gradual one where hard cuts alone are counted.
 */
function count(video: Truth, boundaries: readonly number[], kind: Kind): Counts {
  const frames = boundaries.map((second) => nearestFrame(video.times, second));
  const within = ([first, last]: FrameRange, frame: number): boolean => frame >= first - 1 && frame <= last + 1;
  const cuts = video.cuts.map((cut) => [cut, cut] as const);
  const wanted = kind === 'hard cuts' ? cuts : [...cuts, ...video.gradual];
  const allowed = [...cuts, ...video.gradual, ...video.ends];
  const right = wanted.filter((range) => frames.some((frame) => within(range, frame))).length;
  const wrong = frames.filter((frame) => !allowed.some((range) => within(range, frame))).length;
  return { right, wrong, missed: wanted.length - right };
}

/** One line, or none for a detector whose speed is not measured. */
function compareFrameRates({ name, compared }: ComparedSet, detector: string, beside: string): BenchLine[] {
  const frames = compared.reduce((sum, { video }) => sum + video.times.length, 0);
  const rate = (found: readonly Found[]): number => frames / found.reduce((sum, { seconds }) => sum + (seconds ?? Number.NaN), 0);
  const reference = rate(compared.map(({ peers }) => peers.get(detector) as Found));
  if (Number.isNaN(reference)) return [];
  return [compareSpeeds(`shots of ${name}`, 'frames/s', rate(compared.map(({ ours }) => ours)), reference, beside)];
}

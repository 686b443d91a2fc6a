import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { findFfmpeg } from '../src/core/media/ffmpeg.ts';
import type { FrameSize } from '../src/core/media/frame_measures.ts';
import { chooseKeyFrames } from '../src/core/media/key_frames.ts';
import type { RgbPicture } from '../src/core/media/pixels.ts';
import { analyseVideo, readFrame, type ShownKeyFrame, type VideoSource } from '../src/core/media/video.ts';
import { dissolved, film, makeScenes, type SceneScript } from '../test/core/media/scene_maker.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROUNDS = 5;
/** Key frames kept of a note's media by default. */
const KEY_FRAMES = 4;
/** Full frames read at the same time, as extract does. */
const SEEKS_AT_ONCE = 2;
const POLL_MILLISECONDS = 10;

/**
 * Key frames of videos (one pass over all frames, then those chosen in full size) beside ffmpeg's bare decoding of the same file
 * to the same small frames; the aim is at most 1.3 times its time, a ratio of 0.77 and more. And the memory it takes, ffmpeg's included.
 */
export async function benchVideos(folder: string): Promise<BenchLine[]> {
  const ffmpeg = (await findFfmpeg({ environment: process.env })).path;
  const hd = await makeLargeVideo(folder, '1080p', { width: 1920, height: 1080 }, 100);
  const uhd = await makeLargeVideo(folder, '4K', { width: 3840, height: 2160 }, 40);
  const lines: BenchLine[] = [];
  for (const file of [...realVideos(), hd]) lines.push(await benchKeyFrames(file, ffmpeg));
  for (const file of [hd, uhd]) lines.push(await benchMemory(file));
  return lines;
}

/** Three shots with a cut and a dissolve, coded as phones and editors do: frames out of order, several to look back at. */
async function makeLargeVideo(parent: string, name: string, size: FrameSize, shotFrames: number): Promise<string> {
  const folder = join(parent, name);
  mkdirSync(folder);
  const shot = (note: string): SceneScript['shots'][number] => film(resolve('fixtures/notes', note), shotFrames, '20+n*4', '10+n', 1.3);
  const { file } = await makeScenes(
    {
      name,
      shots: [shot('lake/lake-03.jpg'), shot('train/train-02.jpg'), dissolved(12, shot('noodles/noodles-03.jpg'))],
      size,
      encoding: ['-preset', 'superfast', '-crf', '30', '-g', '50', '-bf', '3', '-refs', '4'],
    },
    folder,
  );
  return file;
}

async function benchKeyFrames(file: string, ffmpeg: string): Promise<BenchLine> {
  const source = { ffmpeg, path: file };
  const { times, keyFrames } = await analyseVideo(source);
  const ours = async (): Promise<void> => {
    const analysis = await analyseVideo(source);
    const chosen = chooseKeyFrames(analysis.keyFrames, KEY_FRAMES).filter(({ rejected }) => rejected === null);
    for (let at = 0; at < chosen.length; at += SEEKS_AT_ONCE) {
      await Promise.all(chosen.slice(at, at + SEEKS_AT_ONCE).map(({ frame }) => readFrame(source, analysis, frame as number)));
    }
  };
  // The thumbnails are frames as the analysis sees them.
  const { width, height } = (keyFrames[0] as ShownKeyFrame).thumbnail() as RgbPicture;
  const [seconds, reference] = await fastest([ours, () => decode(source, width, height)], ROUNDS);
  return compareSpeeds(
    `key frames of ${basename(file)}`,
    'frames/s',
    times.length / (seconds as number),
    times.length / (reference as number),
    "ffmpeg's decoding to the same small frames",
  );
}

/** Lets ffmpeg decode a video into a pipe that throws everything away. */
async function decode({ ffmpeg, path }: VideoSource, width: number, height: number): Promise<void> {
  const small = ['-vf', `scale=${width}:${height}:flags=area`, '-vsync', 'passthrough', '-pix_fmt', 'yuv420p', '-f', 'rawvideo'];
  const child = spawn(ffmpeg, ['-v', 'error', '-nostdin', '-i', path, '-map', '0:V:0', ...small, 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`Expected ffmpeg to decode ${path} but it ended with ${child.exitCode}.`);
}

/** The whole command on a note of one video: the most memory its process had, and the ffmpegs beside it at one time. */
async function benchMemory(file: string): Promise<BenchLine> {
  const folder = dirname(file);
  writeFileSync(join(folder, 'note.md'), `---\nnote_id: ${basename(folder)}\nmedia: [${basename(file)}]\n---\n\nA large video.\n`);
  const store = ['--quiet', '--store', `${folder}.db`];
  execFileSync(process.execPath, ['bin/atelier.js', 'import', 'notes', folder, ...store], { stdio: ['ignore', 'ignore', 'inherit'] });
  const child = spawn(process.execPath, ['bench/peak_memory.mjs', 'extract', '--per-note', '4', ...store], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let own = '';
  let ofFfmpeg = 0;
  child.stdout.on('data', (text) => {
    own += text;
  });
  const poll = setInterval(() => {
    ofFfmpeg = Math.max(
      ofFfmpeg,
      childrenOf(child.pid as number).reduce((sum, pid) => sum + peakMemory(pid), 0),
    );
  }, POLL_MILLISECONDS);
  await once(child, 'close');
  clearInterval(poll);
  if (child.exitCode !== 0) throw new Error(`Expected extract to read ${file} but it ended with ${child.exitCode}.`);
  const bytes = Number(own) + ofFfmpeg;
  return compareSpeeds(`extract ${basename(file)}, such videos in a gigabyte`, 'videos/GB', 2 ** 30 / bytes, 1, 'the aim of 1 GB');
}

function childrenOf(pid: number): string[] {
  return readLinuxFile(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((child) => child !== '');
}

/** Most bytes a process ever had in memory; 0 when it has ended. */
function peakMemory(pid: string): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readLinuxFile(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes ?? 0) * 1024;
}

/** A process may end while its file is read. */
function readLinuxFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The real clips, or else the videos of the fixtures. */
function realVideos(): string[] {
  const data = join(process.env.ATELIER_REAL_DATA ?? resolve('../shared/data'), 'video');
  const folder = existsSync(data) ? data : resolve('fixtures/notes');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mp4'))
    .sort()
    .map((name) => join(folder, name));
}

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { extractImages } from '../src/core/media/extract.ts';
import { findFfmpeg } from '../src/core/media/ffmpeg.ts';
import type { MediaFile } from '../src/core/media/media_file.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROUNDS = 3;
const run = promisify(execFile);

/**
 * Extraction of photos (measured, hashed, encoded again) beside sharp's plain decoding of the same files, and of a video
 * (shots, key frames, their JPEGs) beside ffmpeg's plain decoding of the same file.
 */
export async function benchExtract(): Promise<BenchLine[]> {
  const ffmpeg = await findFfmpeg({ environment: process.env });
  const lines: BenchLine[] = [];
  for (const { name, files } of photoSets()) lines.push(await benchPhotos(name, files));
  for (const file of videos()) lines.push(await benchVideo(file, ffmpeg.path));
  return lines;
}

async function benchPhotos(name: string, files: readonly MediaFile[]): Promise<BenchLine> {
  const [ours, reference] = await fastest(
    [
      () => inParallel(files, async (file) => void (await extractImages([file], { limit: 1, ffmpeg: undefined }))),
      () => inParallel(files, async (file) => void (await sharp(file.path).raw().toBuffer())),
    ],
    ROUNDS,
  );
  return compareSpeeds(
    `extract ${files.length} photos of ${name}`,
    'images/s',
    files.length / (ours as number),
    files.length / (reference as number),
    "sharp's plain decoding",
  );
}

async function benchVideo(file: MediaFile, ffmpeg: string): Promise<BenchLine> {
  const [ours, reference] = await fastest(
    [
      async () => void (await extractImages([file], { limit: 4, ffmpeg })),
      async () => void (await run(ffmpeg, ['-v', 'error', '-i', file.path, '-map', '0:V:0', '-f', 'null', '-'])),
    ],
    ROUNDS,
  );
  return compareSpeeds(
    `extract ${basename(file.path)}`,
    'videos/s',
    1 / (ours as number),
    1 / (reference as number),
    "ffmpeg's plain decoding",
  );
}

async function inParallel(files: readonly MediaFile[], work: (file: MediaFile) => Promise<void>): Promise<void> {
  const queue = files.values();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const file of queue) await work(file);
    }),
  );
}

function photoSets(): { name: string; files: MediaFile[] }[] {
  const data = dataFolder();
  const folders = data ? ['howtocook/images', 'based-cooking/images'].map((folder) => join(data, folder)) : [resolve('fixtures')];
  return folders
    .filter((folder) => existsSync(folder))
    .map((folder) => ({ name: folder.split('/').slice(-2).join('/'), files: mediaIn(folder, /\.(jpe?g|png|webp)$/i, 'image') }))
    .filter(({ files }) => files.length > 0);
}

function videos(): MediaFile[] {
  const data = dataFolder();
  const folder = data ? join(data, 'video') : resolve('fixtures');
  return existsSync(folder) ? mediaIn(folder, /\.mp4$/i, 'video') : [];
}

function mediaIn(folder: string, pattern: RegExp, kind: MediaFile['kind']): MediaFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => ({ path: join(folder, name), root: folder, kind }));
}

function dataFolder(): string | undefined {
  const folder = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');
  return existsSync(folder) ? folder : undefined;
}

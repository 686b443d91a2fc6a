import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { extractImages } from '../src/core/media/extract.ts';
import { findFfmpeg } from '../src/core/media/ffmpeg.ts';
import type { MediaFile } from '../src/core/media/media_file.ts';

const ROUNDS = 3;
const run = promisify(execFile);

/** One comparison: our speed beside a peer's or a limit's, in the same unit. */
export interface BenchLine {
  readonly bench: string;
  readonly ours: number;
  readonly reference: number;
  /** reference / ours: how many times slower we are. */
  readonly ratio: number;
  readonly unit: string;
  readonly note?: string;
}

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
  const [ours, reference] = await fastest([
    () => inParallel(files, async (file) => void (await extractImages([file], { limit: 1, ffmpeg: undefined }))),
    () => inParallel(files, async (file) => void (await sharp(file.path).raw().toBuffer())),
  ]);
  return line(
    `extract ${name}`,
    files.length,
    ours,
    reference,
    'images/s',
    `${files.length} files; reference: sharp decodes them to pixels`,
  );
}

async function benchVideo(file: MediaFile, ffmpeg: string): Promise<BenchLine> {
  const [ours, reference] = await fastest([
    async () => void (await extractImages([file], { limit: 4, ffmpeg })),
    async () => void (await run(ffmpeg, ['-v', 'error', '-i', file.path, '-map', '0:V:0', '-f', 'null', '-'])),
  ]);
  return line(`extract ${file.path.split('/').at(-1)}`, 1, ours, reference, 'videos/s', 'reference: ffmpeg decodes it to null');
}

function line(bench: string, items: number, ours: number, reference: number, unit: string, note: string): BenchLine {
  const rounded = (value: number): number => Number(value.toPrecision(4));
  return { bench, ours: rounded(items / ours), reference: rounded(items / reference), ratio: rounded(ours / reference), unit, note };
}

/** Seconds of the fastest round of each; the rounds alternate, so a busy machine slows both. */
async function fastest(tasks: readonly (() => Promise<void>)[]): Promise<[number, number]> {
  const best = tasks.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, task] of tasks.entries()) {
      const start = performance.now();
      await task();
      best[index] = Math.min(best[index] as number, (performance.now() - start) / 1000);
    }
  }
  return best as [number, number];
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

if (process.argv[1] === import.meta.filename) {
  for (const result of await benchExtract()) console.log(JSON.stringify(result));
}

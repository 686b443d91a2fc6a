import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import sharp from 'sharp';
import { dominantColours } from '../src/core/media/colours.ts';
import { differenceHash } from '../src/core/media/perceptual_hash.ts';
import { readPicture } from '../src/core/media/picture.ts';
import { measurePicture } from '../src/core/media/quality.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROUNDS = 5;
const WORKING_SIZE = 384;
/** What eight cores shall do in a second: then one main thread has to be able to. */
const TARGET = 200;

/**
 * Photos read, made plain JPEGs, measured, hashed and their colours named, beside sharp's bare decoding of the same files
 * to the size that they are measured at; beside its bare conversion to JPEG and that, the least work for a file that cannot
 * be kept; and how many photos a second the one main thread could serve if decoding cost nothing, beside what eight cores
 * shall do.
 */
export async function benchPhotos(): Promise<BenchLine[]> {
  const lines: BenchLine[] = [];
  for (const { name, files } of photoSets()) {
    let mainThread = Number.POSITIVE_INFINITY;
    const [ours, bare, converting] = await fastest(
      [
        async () => {
          const before = performance.eventLoopUtilization();
          await inParallel(files, whole);
          mainThread = Math.min(mainThread, performance.eventLoopUtilization(before).active / 1000);
        },
        () => inParallel(files, bareDecoding),
        () => inParallel(files, bareConversion),
      ],
      ROUNDS,
    );
    const speed = (seconds: number | undefined): number => files.length / (seconds as number);
    const photos = `${files.length} photos of ${name}`;
    lines.push(compareSpeeds(photos, 'images/s', speed(ours), speed(bare), "sharp's bare decoding and resizing"));
    lines.push(compareSpeeds(photos, 'images/s', speed(ours), speed(converting), "sharp's bare conversion to JPEG and resizing"));
    lines.push(compareSpeeds(`${photos}: main thread alone`, 'images/s', speed(mainThread), TARGET, 'what eight cores shall do'));
  }
  return lines;
}

async function whole(file: string): Promise<void> {
  const { working, width, height, compression } = await readPicture(file);
  const { luma } = measurePicture(working, width, height, { compression });
  differenceHash(luma, working.width, working.height);
  dominantColours(working);
}

async function bareDecoding(file: string): Promise<void> {
  await sharp(file).autoOrient().resize(WORKING_SIZE, WORKING_SIZE, { fit: 'inside' }).raw().toBuffer();
}

async function bareConversion(file: string): Promise<void> {
  const jpeg = await sharp(file).autoOrient().flatten({ background: '#fff' }).jpeg({ quality: 90 }).toBuffer();
  await sharp(jpeg).resize(WORKING_SIZE, WORKING_SIZE, { fit: 'inside' }).raw().toBuffer();
}

async function inParallel(files: readonly string[], work: (file: string) => Promise<void>): Promise<void> {
  const queue = files.values();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const file of queue) await work(file);
    }),
  );
}

/** The real photos where they are, else the project's own. */
function photoSets(): { name: string; files: string[] }[] {
  const data = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');
  const sets = ['howtocook/images', 'based-cooking/images'].map((name) => ({ name, files: photosIn(join(data, name)) }));
  const found = sets.filter(({ files }) => files.length > 0);
  return found.length > 0 ? found : [{ name: 'fixtures', files: photosIn(resolve('fixtures')) }];
}

function photosIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
  return names.sort().map((name) => join(folder, name));
}

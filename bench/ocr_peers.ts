import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { createTextReader } from '../src/core/media/ocr/text_reader.ts';
import { readingAccuracy, wordsRead } from '../test/core/media/ocr/reading_accuracy.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROUNDS = 3;
const ENGLISH_PAGES = ['rapidocr-en.jpg', 'cnocr-multi-line_en_white.png'];

interface Comparison {
  readonly name: string;
  readonly truth: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  readonly seconds: readonly [ours: number, theirs: number];
}

/**
 * Text read in the real pictures beside RapidOCR, which has the same networks: characters and English words read right, and
 * pictures a second, each on one thread. Both get the same upright pixels without transparency, as PNG.
 */
export async function benchOcr(folder: string, data: string, python: string): Promise<BenchLine[]> {
  const known = JSON.parse(readFileSync(join(data, 'ocr', 'ground_truth.json'), 'utf8')) as Record<string, { lines: string[] }>;
  const reader = await createTextReader({ threads: 1 });
  const peer = await startPeer(python);
  const compared: Comparison[] = [];
  for (const [name, { lines: truth }] of Object.entries(known)) {
    const path = join(folder, `${name}.png`);
    await sharp(join(data, 'ocr', name))
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .png()
      .toFile(path);
    const read = async (): Promise<string[]> => {
      const { data: pixels, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
      return (await reader.read({ data: pixels, width: info.width, height: info.height })).map(({ text }) => text);
    };
    const [ours, theirs] = [await read(), await peer.read(path)];
    const [own = 0, other = 0] = await fastest([read, () => peer.read(path)], ROUNDS);
    compared.push({ name, truth, ours, theirs, seconds: [own, other] });
  }
  await peer.end();
  await reader.close();

  const beside = `RapidOCR ${peer.version}`;
  const lines = compared.flatMap(({ name, truth, ours, theirs, seconds: [own, other] }) => [
    ...(truth.length > 0
      ? [compareSpeeds(`characters of ${name}`, 'share read right', readingAccuracy(truth, ours), readingAccuracy(truth, theirs), beside)]
      : []),
    ...(ENGLISH_PAGES.includes(name)
      ? [compareSpeeds(`words of ${name}`, 'share read right', wordsRead(truth, ours), wordsRead(truth, theirs), beside)]
      : []),
    compareSpeeds(`text of ${name}`, 'pictures/s', 1 / own, 1 / other, beside),
  ]);
  const rate = (whose: 0 | 1): number => compared.length / compared.reduce((sum, { seconds }) => sum + seconds[whose], 0);
  return [...lines, compareSpeeds(`text of ${compared.length} pictures`, 'pictures/s', rate(0), rate(1), beside)];
}

interface Peer {
  readonly version: string;
  readonly read: (path: string) => Promise<string[]>;
  readonly end: () => Promise<void>;
}

/** Starts RapidOCR and waits until its networks are loaded: that is not measured. */
async function startPeer(python: string): Promise<Peer> {
  const child = spawn(python, ['-B', 'bench/peers/ocr.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value, done } = await answers.next();
    if (done) throw new Error('Expected an answer of bench/peers/ocr.py but it ended.');
    return JSON.parse(value);
  };
  const { version } = (await answer()) as Pick<Peer, 'version'>;
  return {
    version,
    read: (path) => {
      child.stdin.write(`${JSON.stringify({ path })}\n`);
      return answer() as Promise<string[]>;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

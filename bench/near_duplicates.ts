import { createHashIndex } from '../src/core/media/hash_index.ts';
import { NEAR_DUPLICATE_BITS } from '../src/core/media/perceptual_hash.ts';
import { createRandom, type Random } from '../src/core/random.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const SIZES = [20_000, 1_000_000];
const LOOKUPS = 1_000;
/** Hashes a scan passes in a few milliseconds; enough of them to be timed. */
const SCANS = 20;
const ROUNDS = 3;

/** Near-duplicates of pictures by the index of their hashes, beside a look at all hashes by bit counts in typed arrays. */
export async function benchNearDuplicates(): Promise<BenchLine[]> {
  const lines: BenchLine[] = [];
  for (const size of SIZES) lines.push(...(await benchStore(size)));
  return lines;
}

async function benchStore(size: number): Promise<BenchLine[]> {
  const random = createRandom(1);
  const hashes = new BigUint64Array(size);
  const halves = new Uint32Array(hashes.buffer);
  for (let at = 0; at < halves.length; at++) halves[at] = random.uint32();
  const places = Array.from({ length: LOOKUPS }, () => random.below(size));
  const questions = places.map((place) => changed(hashes[place] as bigint, random));
  const index = createHashIndex(hashes);
  const found = (results: readonly number[][]): number => results.filter((result, at) => result.includes(places[at] as number)).length;
  const ours = questions.map((hash) => index.within(hash, NEAR_DUPLICATE_BITS));
  const scanned = questions.slice(0, SCANS).map((hash) => scan(halves, hash));
  if (found(ours) !== LOOKUPS || JSON.stringify(scanned) !== JSON.stringify(ours.slice(0, SCANS))) {
    throw new Error('Expected the index to find what a scan finds.');
  }

  const [building, lookups, scans] = (await fastest(
    [
      () => createHashIndex(hashes),
      () => questions.forEach((hash) => void index.within(hash, NEAR_DUPLICATE_BITS)),
      () => questions.slice(0, SCANS).forEach((hash) => void scan(halves, hash)),
    ],
    ROUNDS,
  )) as [number, number, number];
  const name = `near-duplicates among ${size.toLocaleString('en-US')} pictures`;
  // The night's question: every picture of the store asked for.
  const night = size / (building + (size * lookups) / LOOKUPS);
  return [
    compareSpeeds(name, 'lookups/s', LOOKUPS / lookups, SCANS / scans, 'a scan of all hashes'),
    compareSpeeds(`${name}, all asked, index built`, 'lookups/s', night, SCANS / scans, 'a scan of all hashes'),
  ];
}

/** A near-duplicate: some bits differ. */
function changed(hash: bigint, random: Random): bigint {
  let copy = hash;
  for (let bits = 0; bits < NEAR_DUPLICATE_BITS; bits++) copy ^= 1n << BigInt(random.below(64));
  return copy;
}

function scan(halves: Uint32Array, hash: bigint): number[] {
  const [first, second] = new Uint32Array(BigUint64Array.of(hash).buffer) as unknown as [number, number];
  const found: number[] = [];
  for (let at = 0; at < halves.length; at += 2) {
    if (bitCount((halves[at] as number) ^ first) + bitCount((halves[at + 1] as number) ^ second) <= NEAR_DUPLICATE_BITS) found.push(at / 2);
  }
  return found;
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

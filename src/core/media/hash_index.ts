/** A hash is cut into this many bands of {@link BAND_BITS} bits. */
const BANDS = 4;
const BAND_BITS = 16;
const BUCKETS = 2 ** BAND_BITS;

/** A set of 64-bit hashes in which the neighbours of a hash are found without looking at all of them. */
export interface HashIndex {
  /**
   * Places, ascending, of hashes that differ from `hash` in at most `distance` bits: all of them, or where there are more
   * than `limit` as many as that, whichever were met first. The same hashes and question give the same answer.
   */
  within(hash: bigint, distance: number, limit?: number): number[];
}

/** The hashes in the order of one band's value: those with value v stand from `start[v]` to `start[v + 1]`. */
interface Band {
  readonly start: Uint32Array;
  /** Places in the list the index was made of. */
  readonly places: Uint32Array;
  /** Both halves of each hash, so that a bucket is read in one piece. */
  readonly halves: Uint32Array;
}

/**
 * An index by multi-index hashing (Norouzi, Punjani & Fleet 2012) with the general pigeonhole principle (Qin et al. 2018):
 * d + 1 shares are dealt to the 4 bands of 16 bits; two hashes that differ in at most d bits differ in fewer bits than its
 * share in at least one band. So only buckets as near as that are read: for d = 10, 428 of 262,144.
 * Takes 48 bytes a hash and one megabyte.
 */
export function createHashIndex(hashes: BigUint64Array | readonly bigint[]): HashIndex {
  const bands = sortByBands(BigUint64Array.from(hashes));
  const near = nearestFirst();
  const question = new BigUint64Array(1);
  const questionHalves = new Uint32Array(question.buffer);
  const questionBands = new Uint16Array(question.buffer);

  return {
    within(hash, distance, limit = Number.POSITIVE_INFINITY) {
      question[0] = hash;
      const [first, second] = questionHalves as unknown as [number, number];
      const found = new Set<number>();
      for (const [number, { start, places, halves }] of bands.entries()) {
        const value = questionBands[number] as number;
        const share = Math.floor((distance + BANDS - number) / BANDS);
        const buckets = near.counts[Math.min(share, BAND_BITS + 1)] as number;
        for (let at = 0; at < buckets; at++) {
          const bucket = value ^ (near.differences[at] as number);
          for (let entry = start[bucket] as number, end = start[bucket + 1] as number; entry < end; entry++) {
            const bits = bitCount((halves[2 * entry] as number) ^ first) + bitCount((halves[2 * entry + 1] as number) ^ second);
            if (bits > distance) continue;
            found.add(places[entry] as number);
            if (found.size >= limit) return [...found].sort((a, b) => a - b);
          }
        }
      }
      return [...found].sort((a, b) => a - b);
    },
  };
}

function sortByBands(words: BigUint64Array): Band[] {
  return Array.from({ length: BANDS }, (_, band) => sortByBand(words, band));
}

/** Counting sort. */
function sortByBand(words: BigUint64Array, band: number): Band {
  const parts = new Uint16Array(words.buffer);
  const wordHalves = new Uint32Array(words.buffer);
  const start = new Uint32Array(BUCKETS + 1);
  for (let at = band; at < parts.length; at += BANDS) add(start, (parts[at] as number) + 1, 1);
  for (let value = 0; value < BUCKETS; value++) add(start, value + 1, start[value] as number);
  const next = start.slice(0, BUCKETS);
  const places = new Uint32Array(words.length);
  const halves = new Uint32Array(2 * words.length);
  for (let place = 0; place < words.length; place++) {
    const entry = add(next, parts[place * BANDS + band] as number, 1);
    places[entry] = place;
    halves[2 * entry] = wordHalves[2 * place] as number;
    halves[2 * entry + 1] = wordHalves[2 * place + 1] as number;
  }
  return { start, places, halves };
}

interface NearestFirst {
  /** All values of a band, those with fewer bits set first. */
  readonly differences: Uint16Array;
  /** How many values have fewer than this many bits set. */
  readonly counts: Uint32Array;
}

/** Counting sort by the bits set. */
function nearestFirst(): NearestFirst {
  const counts = new Uint32Array(BAND_BITS + 2);
  for (let value = 0; value < BUCKETS; value++) add(counts, bitCount(value) + 1, 1);
  for (let bits = 0; bits <= BAND_BITS; bits++) add(counts, bits + 1, counts[bits] as number);
  const differences = new Uint16Array(BUCKETS);
  const next = counts.slice();
  for (let value = 0; value < BUCKETS; value++) differences[add(next, bitCount(value), 1)] = value;
  return { differences, counts };
}

/** Adds to a number of a list and returns what it was. */
function add(list: Uint32Array, at: number, more: number): number {
  const before = list[at] as number;
  list[at] = before + more;
  return before;
}

/** Bits set in a 32-bit number: sums of neighbours in ever wider fields (Warren, Hacker's Delight, 2012). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

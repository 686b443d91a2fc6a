import { HashTable } from '../hash_table.ts';

/** Beyond so many different rows of an unsorted file, equal rows far apart are no longer told from one row read twice. */
const MOST_ROWS = 4_000_000;
const GOLDEN = 0x9e3779b97f4a7c15n;

/**
 * Tells equal rows of one file apart: the k-th of them gets an id of its own, the same whenever the file is imported.
 * What was seen is forgotten once a batch begins later than all before it, so a file in time order stays small.
 */
export class RepeatCounter {
  private readonly seen = new HashTable();
  private latest = Number.NEGATIVE_INFINITY;

  /** Ids of a batch's rows, given the hashes of their contents and the batch's range of times. */
  idsOf(contents: BigUint64Array, tsMin: number, tsMax: number): BigUint64Array {
    if (tsMin > this.latest || this.seen.size > MOST_ROWS) this.seen.clear();
    this.latest = Math.max(this.latest, tsMax);
    const halves = new Uint32Array(contents.buffer, contents.byteOffset, contents.length * 2);
    const ids = contents.slice();
    for (let row = 0; row < contents.length; row++) {
      const low = halves[2 * row] as number;
      const high = halves[2 * row + 1] as number;
      const repeat = this.seen.get(low, high) + 1;
      this.seen.set(low, high, repeat);
      if (repeat > 0) ids[row] = BigInt.asUintN(64, (contents[row] as bigint) + BigInt(repeat) * GOLDEN);
    }
    return ids;
  }
}

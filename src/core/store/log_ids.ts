import { HashTable } from '../hash_table.ts';

const NOT_MET = 0;
const MET_IN_FILE = 1;
const MET_IN_LOG = 2;

/** The ids of a batch of a file, and which of them were met before; of equal ids in the batch, all but the first were. */
export class BatchIds {
  private readonly rowOf: HashTable;
  private readonly met: Uint8Array;
  private fresh: number;

  constructor(ids: BigUint64Array) {
    const halves = halvesOf(ids);
    this.rowOf = new HashTable(ids.length);
    this.met = new Uint8Array(ids.length);
    this.fresh = ids.length;
    for (let row = 0; row < ids.length; row++) {
      const low = halves[2 * row] as number;
      const high = halves[2 * row + 1] as number;
      if (this.rowOf.get(low, high) < 0) this.rowOf.set(low, high, row);
      else this.meet(row, MET_IN_FILE);
    }
  }

  /** Takes note of ids that the log has: written by an earlier batch of the same file, or before the file came. */
  addKnown(ids: BigUint64Array, from: 'file' | 'log'): void {
    for (const row of this.rowsOf(ids)) if (this.met[row] === NOT_MET) this.meet(row, from === 'file' ? MET_IN_FILE : MET_IN_LOG);
  }

  /** How many of these ids the batch has; those that the file had before are not counted again. */
  countCommon(ids: BigUint64Array): number {
    let count = 0;
    for (const row of this.rowsOf(ids)) if (this.met[row] !== MET_IN_FILE) count++;
    return count;
  }

  /** Rows whose id was not met before, in their order. */
  freshRows(): Uint32Array {
    const rows = new Uint32Array(this.fresh);
    for (let row = 0, at = 0; row < this.met.length; row++) if (this.met[row] === NOT_MET) rows[at++] = row;
    return rows;
  }

  /** Rows of the batch that have one of these ids. */
  private rowsOf(ids: BigUint64Array): number[] {
    const halves = halvesOf(ids);
    const rows: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const row = this.rowOf.get(halves[2 * i] as number, halves[2 * i + 1] as number);
      if (row >= 0) rows.push(row);
    }
    return rows;
  }

  private meet(row: number, where: number): void {
    this.met[row] = where;
    this.fresh--;
  }
}

function halvesOf(ids: BigUint64Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, ids.length * 2);
}

import { HashTable } from '../hash_table.ts';
import { eachDay } from './days.ts';
import type { ReplayLog } from './replay_log.ts';

type Columns = Pick<ReplayLog, 'ts' | 'arm' | 'position' | 'propensity' | 'adOf'>;

/**
 * Estimates the propensities that were not given (NaN), in place: the share of the arm among the rows of the same ad,
 * position and day. Rows must be in time order.
 * @returns how many were estimated
 */
export function completePropensities({ ts, arm, position, propensity, adOf }: Columns): number {
  let estimated = 0;
  const ofAd = new KeyCounts();
  const ofArm = new KeyCounts();
  eachDay(ts, (_, from, to) => {
    if (!propensity.subarray(from, to).some(Number.isNaN)) return;
    ofAd.clear();
    ofArm.clear();
    for (let row = from; row < to; row++) {
      ofAd.add(adOf[arm[row] as number] as number, position[row] as number);
      ofArm.add(arm[row] as number, position[row] as number);
    }
    for (let row = from; row < to; row++) {
      if (!Number.isNaN(propensity[row])) continue;
      const at = position[row] as number;
      propensity[row] = ofArm.get(arm[row] as number, at) / ofAd.get(adOf[arm[row] as number] as number, at);
      estimated++;
    }
  });
  return estimated;
}

/** How often each pair of whole numbers was added. */
class KeyCounts {
  private readonly slots = new HashTable();
  private counts: number[] = [];

  add(low: number, high: number): void {
    const slot = this.slots.get(low, high);
    if (slot >= 0) this.counts[slot] = (this.counts[slot] as number) + 1;
    else {
      this.slots.set(low, high, this.counts.length);
      this.counts.push(1);
    }
  }

  get(low: number, high: number): number {
    return this.counts[this.slots.get(low, high)] as number;
  }

  clear(): void {
    this.slots.clear();
    this.counts = [];
  }
}

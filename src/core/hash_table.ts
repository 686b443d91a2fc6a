const EMPTY = -1;
const INITIAL_SLOTS = 1024;
const MAX_LOAD = 0.6;

/** Spreads keys that differ in few bits (codes, days) over the slots. */
function slotOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/**
 * Map from 64-bit keys (two 32-bit halves, unsigned) to small integers, in typed arrays with open addressing.
 */
export class HashTable {
  private low: Uint32Array;
  private high: Uint32Array;
  private values: Int32Array;
  private count = 0;

  /** Room for `expected` keys from the start. */
  constructor(expected = 0) {
    let slots = INITIAL_SLOTS;
    while (slots * MAX_LOAD <= expected) slots *= 2;
    this.low = new Uint32Array(slots);
    this.high = new Uint32Array(slots);
    this.values = new Int32Array(slots).fill(EMPTY);
  }

  get size(): number {
    return this.count;
  }

  /** The value kept for a hash, or −1. */
  get(low: number, high: number): number {
    const mask = this.values.length - 1;
    for (let slot = slotOf(low, high) & mask; ; slot = (slot + 1) & mask) {
      const value = this.values[slot] as number;
      if (value === EMPTY || (this.low[slot] === low && this.high[slot] === high)) return value;
    }
  }

  /** Keeps `value` (not negative) for a hash, replacing what was there. */
  set(low: number, high: number, value: number): void {
    if (this.count >= this.values.length * MAX_LOAD) this.grow();
    const mask = this.values.length - 1;
    let slot = slotOf(low, high) & mask;
    while (this.values[slot] !== EMPTY && !(this.low[slot] === low && this.high[slot] === high)) slot = (slot + 1) & mask;
    if (this.values[slot] === EMPTY) this.count++;
    this.low[slot] = low;
    this.high[slot] = high;
    this.values[slot] = value;
  }

  clear(): void {
    this.values.fill(EMPTY);
    this.count = 0;
  }

  private grow(): void {
    const { low, high, values } = this;
    this.low = new Uint32Array(values.length * 2);
    this.high = new Uint32Array(values.length * 2);
    this.values = new Int32Array(values.length * 2).fill(EMPTY);
    this.count = 0;
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] as number;
      if (value !== EMPTY) this.set(low[slot] as number, high[slot] as number, value);
    }
  }
}

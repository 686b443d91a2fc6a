const SLOTS = 10;
/** Words of a user: impressions, clicks, then aspect + 1 (0: free), impressions and clicks of each slot: two cache lines. */
const WORDS = 2 + 3 * SLOTS;

/** The aspect a user clicked most, and the one after it; −1: none. */
export interface Strongest {
  first: number;
  second: number;
}

/**
 * What every user was shown and clicked so far, in 128 bytes a user: totals, and impressions and clicks of at most ten
 * aspects. The least clicked makes room for a new one.
 */
export class UserStates {
  private readonly words: Int32Array;
  /** By aspect: the last comparison it took part in. */
  private readonly compared: Int32Array;
  private comparison = 0;

  constructor(users: number, aspects: number) {
    this.words = new Int32Array(users * WORDS);
    this.compared = new Int32Array(aspects);
  }

  impressions(user: number): number {
    return this.words[user * WORDS] as number;
  }

  clicks(user: number): number {
    return this.words[user * WORDS + 1] as number;
  }

  /** Slot of a user's aspect, −1 where it has none. */
  slotOf(user: number, aspect: number): number {
    const { words } = this;
    const end = (user + 1) * WORDS;
    for (let slot = user * WORDS + 2; slot < end && words[slot] !== 0; slot += 3) if (words[slot] === aspect + 1) return slot;
    return -1;
  }

  impressionsIn(slot: number): number {
    return slot < 0 ? 0 : (this.words[slot + 1] as number);
  }

  clicksIn(slot: number): number {
    return slot < 0 ? 0 : (this.words[slot + 2] as number);
  }

  /** The aspects a user clicked most; of equal ones the one kept for longest. */
  strongest(user: number, into: Strongest): void {
    const { words } = this;
    let [most, next] = [0, 0];
    into.first = into.second = -1;
    const end = (user + 1) * WORDS;
    for (let slot = user * WORDS + 2; slot < end && words[slot] !== 0; slot += 3) {
      const clicks = words[slot + 2] as number;
      const aspect = (words[slot] as number) - 1;
      if (clicks > most) {
        into.second = into.first;
        next = most;
        into.first = aspect;
        most = clicks;
      } else if (clicks > next) {
        into.second = aspect;
        next = clicks;
      }
    }
  }

  /**
   * How many of the aspects `of[from]` to `of[to - 1]` the user has clicked (`matches`), and the cosine between the vector
   * of the user's clicks by aspect and the 0/1 vector of those aspects.
   */
  compare(user: number, of: Int32Array, from: number, to: number): { readonly matches: number; readonly cosine: number } {
    const { words, compared } = this;
    const comparison = ++this.comparison;
    for (let at = from; at < to; at++) compared[of[at] as number] = comparison;
    let matches = 0;
    let product = 0;
    let squares = 0;
    const end = (user + 1) * WORDS;
    for (let slot = user * WORDS + 2; slot < end && words[slot] !== 0; slot += 3) {
      const clicks = words[slot + 2] as number;
      if (clicks === 0) continue;
      squares += clicks * clicks;
      if (compared[(words[slot] as number) - 1] !== comparison) continue;
      matches++;
      product += clicks;
    }
    return { matches, cosine: product === 0 ? 0 : product / Math.sqrt(squares * (to - from)) };
  }

  /** Adds impressions and clicks to a user's totals. */
  addTotals(user: number, impressions: number, clicks: number): void {
    this.increase(user * WORDS, impressions, clicks);
  }

  /** Adds impressions and clicks to an aspect. One that was only shown takes no clicked one's place. */
  add(user: number, aspect: number, impressions: number, clicks: number): void {
    const { words } = this;
    let slot = this.slotOf(user, aspect);
    if (slot < 0) {
      slot = this.weakest(user);
      if (clicks === 0 && (words[slot + 2] as number) > 0) return;
      words[slot] = aspect + 1;
      words[slot + 1] = 0;
      words[slot + 2] = 0;
    }
    this.increase(slot + 1, impressions, clicks);
  }

  private increase(at: number, impressions: number, clicks: number): void {
    this.words[at] = (this.words[at] as number) + impressions;
    this.words[at + 1] = (this.words[at + 1] as number) + clicks;
  }

  /** A free slot, else the one with the fewest clicks, and of those the fewest impressions. */
  private weakest(user: number): number {
    const { words } = this;
    const first = user * WORDS + 2;
    let weakest = first;
    for (let slot = first; slot < (user + 1) * WORDS; slot += 3) {
      if (words[slot] === 0) return slot;
      const difference = (words[slot + 2] as number) - (words[weakest + 2] as number);
      if (difference < 0 || (difference === 0 && (words[slot + 1] as number) < (words[weakest + 1] as number))) weakest = slot;
    }
    return weakest;
  }
}

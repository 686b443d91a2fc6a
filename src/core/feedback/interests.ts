/** What creatives are about and users like more or less. */
export const TOPICS = ['food', 'travel', 'beauty', 'home', 'fashion'] as const;

/** How much the users of a world differ in what they click. */
export interface Interests {
  readonly seed: number;
  /** ln CTR between an indifferent user and one who likes the topic most. */
  readonly strength: number;
}

/** How much a user likes a topic, evenly spread over [−1, 1]: a function of the seed and both numbers, not of any draw. */
function preference(seed: number, user: number, topic: number): number {
  const own = scramble(seed ^ Math.imul(user + 1, 0x9e3779b1));
  return scramble(own ^ Math.imul(topic + 1, 0x165667b1)) / 2 ** 31 - 1;
}

/**
 * What a user's liking of a topic does to the click probability: `exp(s·m)·s/sinh(s)`, with s the strength and m the
 * preference in [−1, 1]. Its mean over users is 1, its largest value below 2s + 1.
 */
export function interestFactor({ seed, strength }: Interests, user: number, topic: number): number {
  return (Math.exp(strength * preference(seed, user, topic)) * strength) / Math.sinh(strength);
}

/** MurmurHash3's finaliser (Appleby 2011). */
function scramble(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

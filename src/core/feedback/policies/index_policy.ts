import { createPlayCounts, type PlayCounts } from './play_counts.ts';
import type { Policy, PolicyOptions } from './policy.ts';

/** The index of an arm, which the policy maximises; asked only for arms shown at least once. */
export interface ArmIndex {
  /** Called at each update of an ad: whether the indices of all its arms must be computed again. */
  readonly isDue: (ad: number) => boolean;
  readonly of: (ad: number, arm: number) => number;
}

/**
 * A policy that shows the arm with the highest index, mapped to the reward: never-shown arms first, then the highest; ties go
 * to the arm with the least exposure, then by the generator. The choice is kept until an update, so unmatched rows of a
 * replay are free.
 */
export function createIndexPolicy({ arms, random, config, rewards }: PolicyOptions, createIndex: (counts: PlayCounts) => ArmIndex): Policy {
  const counts = createPlayCounts(arms, config.window);
  const index = createIndex(counts);
  const values = new Float64Array(arms.live.length).fill(Number.POSITIVE_INFINITY);
  const choice = new Int32Array(arms.ads).fill(-2); // −2: to be chosen

  const choose = (ad: number): number => {
    const slope = rewards.slope[ad] as number;
    let best = -1;
    let highest = 0;
    let ties = 0;
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      if (arms.live[arm] === 0) continue;
      const bound = values[arm] as number;
      const value = bound === Number.POSITIVE_INFINITY ? bound : slope * bound + (rewards.rest[arm] as number);
      // ∞ − ∞, of two arms never shown, is NaN and leaves it to exposure, which is 0 for both.
      const better = best < 0 ? 1 : value - highest || (counts.exposure[best] as number) - (counts.exposure[arm] as number);
      if (better > 0) {
        best = arm;
        highest = value;
        ties = 1;
      } else if (better === 0 && random.below(++ties) === 0) best = arm;
    }
    return best;
  };
  const select = (ad: number): number => {
    if (choice[ad] === -2) choice[ad] = choose(ad);
    return choice[ad] as number;
  };
  const renew = (ad: number, arm: number): void => {
    values[arm] = (counts.plays[arm] as number) > 0 ? index.of(ad, arm) : Number.POSITIVE_INFINITY;
  };
  return {
    select,
    update: (ad, arm, feedback) => {
      counts.add(ad, arm, feedback, (left) => renew(ad, left));
      if (index.isDue(ad)) {
        for (let other = arms.firstArm[ad] as number; other < (arms.firstArm[ad + 1] as number); other++) renew(ad, other);
      } else renew(ad, arm);
      choice[ad] = -2;
    },
    shown: (ad, arm, exposure) => {
      counts.expect(ad, arm, exposure);
      renew(ad, arm);
      choice[ad] = -2;
    },
    probability: (ad, arm) => (select(ad) === arm ? 1 : 0),
    expectation: (ad, values) => {
      const arm = select(ad);
      return arm < 0 ? Number.NaN : (values[arm] as number);
    },
    refresh: (ad) => {
      choice[ad] = -2;
    },
    forget: (ad) => {
      counts.clear(ad);
      values.fill(Number.POSITIVE_INFINITY, arms.firstArm[ad], arms.firstArm[ad + 1]);
      choice[ad] = -2;
    },
  };
}

import type { Policy, PolicyOptions } from './policy.ts';

/** What has come of an arm so far. */
export interface ArmCounts {
  readonly clicks: Float64Array;
  /** Effective impressions. */
  readonly exposure: Float64Array;
  readonly plays: Float64Array;
  /** Plays of all arms of each ad. */
  readonly adPlays: Float64Array;
}

/** The index of an arm, which the policy maximises; asked only for arms shown at least once. */
export interface ArmIndex {
  /** How often the indices of all arms of an ad must be computed again, given its plays; a change says "now". */
  readonly epoch: (ad: number) => number;
  readonly of: (ad: number, arm: number) => number;
}

/**
 * A policy that shows the arm with the highest index: never-shown arms first, then the highest; ties go to the arm with
 * the least exposure, then by the generator. The choice is kept until an update, so unmatched rows of a replay are free.
 */
export function createIndexPolicy({ arms, random }: PolicyOptions, createIndex: (counts: ArmCounts) => ArmIndex): Policy {
  const size = arms.live.length;
  const counts = {
    clicks: new Float64Array(size),
    exposure: new Float64Array(size),
    plays: new Float64Array(size),
    adPlays: new Float64Array(arms.ads),
  };
  const index = createIndex(counts);
  const values = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const epochs = new Float64Array(arms.ads).fill(-1);
  const choice = new Int32Array(arms.ads).fill(-2); // −2: to be chosen

  const choose = (ad: number): number => {
    let best = -1;
    let ties = 0;
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      if (arms.live[arm] === 0) continue;
      // ∞ − ∞, of two arms never shown, is NaN and leaves it to exposure, which is 0 for both.
      const better =
        best < 0
          ? 1
          : (values[arm] as number) - (values[best] as number) || (counts.exposure[best] as number) - (counts.exposure[arm] as number);
      if (better > 0) {
        best = arm;
        ties = 1;
      } else if (better === 0 && random.below(++ties) === 0) best = arm;
    }
    return best;
  };
  const select = (ad: number): number => {
    if (choice[ad] === -2) choice[ad] = choose(ad);
    return choice[ad] as number;
  };
  return {
    select,
    update: (ad, arm, clicks, exposure) => {
      counts.clicks[arm] = (counts.clicks[arm] as number) + clicks;
      counts.exposure[arm] = (counts.exposure[arm] as number) + exposure;
      counts.plays[arm] = (counts.plays[arm] as number) + 1;
      counts.adPlays[ad] = (counts.adPlays[ad] as number) + 1;
      const epoch = index.epoch(ad);
      if (epoch === epochs[ad]) values[arm] = index.of(ad, arm);
      else {
        epochs[ad] = epoch;
        for (let other = arms.firstArm[ad] as number; other < (arms.firstArm[ad + 1] as number); other++) {
          if ((counts.plays[other] as number) > 0) values[other] = index.of(ad, other);
        }
      }
      choice[ad] = -2;
    },
    probability: (ad, arm) => (select(ad) === arm ? 1 : 0),
    expectation: (ad, values) => {
      const arm = select(ad);
      return arm < 0 ? Number.NaN : (values[arm] as number);
    },
    liveChanged: (ad) => {
      choice[ad] = -2;
    },
  };
}

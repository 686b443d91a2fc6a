import type { Span } from '../../config.ts';
import type { Arms, Feedback } from './policy.ts';
import { PRIOR_CLICKS, runningMean } from './running_prior.ts';

/** What has come of the arms so far, or within the window a policy looks back over. */
export interface PlayCounts {
  readonly clicks: Float64Array;
  /** Effective impressions. */
  readonly exposure: Float64Array;
  readonly plays: Float64Array;
  /** Plays of all arms of each ad. */
  readonly adPlays: Float64Array;
  /** Updates of each ad, however long ago. */
  readonly adUpdates: Float64Array;
  /** Counts a play, and takes out those that have left the window; `left` is called for the arm of each. */
  add(ad: number, arm: number, feedback: Readonly<Feedback>, left: (arm: number) => void): void;
  /** Counts a play whose outcome is not known yet at its posterior mean; the next plays added of this arm take its place. */
  expect(ad: number, arm: number, exposure: number): void;
  /** Forgets all plays of an ad. */
  clear(ad: number): void;
}

export function createPlayCounts(arms: Arms, window: Span | null): PlayCounts {
  const clicks = new Float64Array(arms.live.length);
  const exposure = new Float64Array(arms.live.length);
  const plays = new Float64Array(arms.live.length);
  const adPlays = new Float64Array(arms.ads);
  const adUpdates = new Float64Array(arms.ads);
  // Plays that wait for their outcome, and what they count as meanwhile.
  const waiting = new Float64Array(arms.live.length);
  const waitingClicks = new Float64Array(arms.live.length);
  const waitingExposure = new Float64Array(arms.live.length);
  const queues: PlayQueue[] = window ? Array.from({ length: arms.ads }, () => new PlayQueue()) : [];

  const expire = (ad: number, now: number, left: (arm: number) => void): void => {
    const queue = queues[ad] as PlayQueue;
    const isPast = (): boolean =>
      window !== null && ('impressions' in window ? queue.size > window.impressions : queue.size > 0 && queue.oldestTs <= now - window.ms);
    while (isPast()) {
      const { arm, click, exposure: factor } = queue.shift();
      plays[arm] = (plays[arm] as number) - 1;
      adPlays[ad] = (adPlays[ad] as number) - 1;
      // An arm without plays has nothing: no residue of adding and taking away.
      const empty = plays[arm] === 0;
      clicks[arm] = empty ? 0 : (clicks[arm] as number) - click;
      exposure[arm] = empty ? 0 : (exposure[arm] as number) - factor;
      left(arm);
    }
  };
  const count = (ad: number, arm: number, play: number, click: number, factor: number): void => {
    clicks[arm] = (clicks[arm] as number) + click;
    exposure[arm] = (exposure[arm] as number) + factor;
    plays[arm] = (plays[arm] as number) + play;
    adPlays[ad] = (adPlays[ad] as number) + play;
  };
  const wait = (arm: number, play: number, click: number, factor: number): void => {
    waiting[arm] = (waiting[arm] as number) + play;
    waitingClicks[arm] = (waitingClicks[arm] as number) + click;
    waitingExposure[arm] = (waitingExposure[arm] as number) + factor;
  };
  /** Posterior mean of an arm, the prior being one click's worth of its ad's CTR. */
  const meanOf = (ad: number, arm: number): number => {
    let adClicks = 0;
    let adExposure = 0;
    for (let other = arms.firstArm[ad] as number; other < (arms.firstArm[ad + 1] as number); other++) {
      adClicks += clicks[other] as number;
      adExposure += exposure[other] as number;
    }
    const prior = PRIOR_CLICKS / runningMean(adClicks, adExposure);
    return ((clicks[arm] as number) + PRIOR_CLICKS) / ((exposure[arm] as number) + prior);
  };
  return {
    clicks,
    exposure,
    plays,
    adPlays,
    adUpdates,
    expect: (ad, arm, factor) => {
      const click = factor * meanOf(ad, arm);
      count(ad, arm, 1, click, factor);
      wait(arm, 1, click, factor);
    },
    add: (ad, arm, feedback, left) => {
      const ofArm = waiting[arm] as number;
      if (ofArm > 0) {
        // The waiting plays of an arm are alike: each is worth their mean.
        const [click, factor] = [(waitingClicks[arm] as number) / ofArm, (waitingExposure[arm] as number) / ofArm];
        count(ad, arm, -1, -click, -factor);
        wait(arm, -1, -click, -factor);
      }
      count(ad, arm, 1, feedback.click, feedback.exposure);
      adUpdates[ad] = (adUpdates[ad] as number) + 1;
      if (!window) return;
      (queues[ad] as PlayQueue).push(arm, feedback);
      expire(ad, feedback.ts, left);
    },
    clear: (ad) => {
      const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
      for (const values of [clicks, exposure, plays, waiting, waitingClicks, waitingExposure]) values.fill(0, first, end);
      adPlays[ad] = 0;
      if (window) queues[ad] = new PlayQueue();
    },
  };
}

/** Every ad has a queue, and most ads are small. */
const FIRST_SLOTS = 8;

/** Plays of one ad, oldest first, in a ring that grows when it is full. */
class PlayQueue {
  private arm = new Int32Array(FIRST_SLOTS);
  private click = new Uint8Array(FIRST_SLOTS);
  private exposure = new Float64Array(FIRST_SLOTS);
  private ts = new Float64Array(FIRST_SLOTS);
  private head = 0;
  size = 0;

  get oldestTs(): number {
    return this.ts[this.head] as number;
  }

  push(arm: number, feedback: Readonly<Feedback>): void {
    if (this.size === this.arm.length) this.grow();
    const at = (this.head + this.size++) % this.arm.length;
    this.arm[at] = arm;
    this.click[at] = feedback.click;
    this.exposure[at] = feedback.exposure;
    this.ts[at] = feedback.ts;
  }

  shift(): { arm: number; click: number; exposure: number } {
    const at = this.head;
    this.head = (this.head + 1) % this.arm.length;
    this.size--;
    return { arm: this.arm[at] as number, click: this.click[at] as number, exposure: this.exposure[at] as number };
  }

  private grow(): void {
    const wider = <Values extends Int32Array | Uint8Array | Float64Array>(values: Values): Values => {
      const result = new (values.constructor as new (length: number) => Values)(2 * values.length);
      result.set(values.subarray(this.head));
      result.set(values.subarray(0, this.head), values.length - this.head);
      return result;
    };
    this.arm = wider(this.arm);
    this.click = wider(this.click);
    this.exposure = wider(this.exposure);
    this.ts = wider(this.ts);
    this.head = 0;
  }
}

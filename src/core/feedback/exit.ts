import type { SelectionConfig } from '../config.ts';
import { drawGamma } from '../numerics/gamma_draws.ts';
import { normalQuantile } from '../numerics/normal.ts';
import type { Random } from '../random.ts';
import {
  type AdReward,
  addSums,
  type CreativeSums,
  computeReward,
  noSums,
  type Prior,
  shrunkViewTime,
  stepLambda,
  viewTimeFloor,
} from './reward.ts';

/** Lowest ECOI of a base from which the exposure floor is reckoned, so that it stays finite. */
const LEAST_BASE = 1e-4;

export type Phase = 'explore' | 'exploit' | 'reopened';
export type TransitionEvent = 'exit' | 'reopen' | 'retire' | 'return';

/** A change of an ad's state, and the numbers it rests on. */
export interface Transition {
  /** Windows closed so far. */
  readonly window: number;
  readonly event: TransitionEvent;
  /** Index of the creative it is about. */
  readonly creative: number;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** How far an ad is from its exit, after a window. */
export interface ExitCheck {
  /** Live creatives below the exposure floor; what follows is reckoned once there are none. */
  readonly belowFloor: number;
  /** Range of the leader's cumulative ECOI over the ring, relative to it; undefined while the ring fills, and before its first click. */
  readonly range?: number | undefined;
  readonly expectedLoss?: number;
  readonly keepsViewTime?: boolean;
}

export interface WindowOptions {
  /** Of each creative. */
  readonly priors: readonly Prior[];
  /** φ: counts are divided by it in every posterior and interval. */
  readonly dispersion: number;
  /** Which creatives may be shown, by index. */
  readonly live: ArrayLike<number>;
  /** Index of the note's own creative, if one is. */
  readonly base?: number | undefined;
  readonly random: Random;
}

/**
 * What is known of one ad, window by window, and the phase it is in.
 *
 * It explores until every live creative has had its floor of `n_min = ceil(5/ECOIs_base)` effective impressions, the leader's
 * cumulative ECOI has stayed within 5 % over the ring of windows, the leader keeps the view-time floor, and the expected
 * loss `E[max_j R_j − R_leader]/(1 + R_leader)` is at most 1 %. Then only the leader is shown, and probes. It reopens when
 * a creative is added, the leader goes, its ECOI over the ring leaves its 99.9 % interval twice running, or λ stays up.
 * A creative retires when P(R_j ≥ R_leader) < 1 % after the floor. (All numbers: section `exit` of the settings.)
 *
 * With `exits` false it only keeps the sums, λ and the reward.
 */
export class AdState {
  phase: Phase = 'explore';
  /** Index of the creative with the highest reward; −1 before the first window. */
  leader = -1;
  lambda = 0;
  windows = 0;
  /** Effective impressions every live creative gets first; 0 before the first window. */
  exposureFloor = 0;
  reward: AdReward | undefined;
  /** Of the last window that was not spent on the leader alone. */
  check: ExitCheck | undefined;
  readonly retired: Uint8Array;
  readonly transitions: Transition[] = [];
  /** Sums since what was learnt last ceased to hold. */
  readonly sums: CreativeSums[];
  /** How often that was. */
  timesForgotten = 0;

  private readonly config: SelectionConfig;
  private readonly exits: boolean;
  /** Sums of the last windows, and every creative's cumulative ECOI after each of them. */
  private recent: (readonly CreativeSums[])[] = [];
  private ecois: number[][] = [];
  /** Creatives that were live at the exit. */
  private known = new Set<number>();
  /** Windows closed before the exit. */
  private exitWindow = 0;
  private breaches = 0;
  private lambdaWindows = 0;

  constructor(creatives: number, config: SelectionConfig, exits: boolean) {
    this.config = config;
    this.exits = exits;
    this.retired = new Uint8Array(creatives);
    this.sums = Array.from({ length: creatives }, noSums);
  }

  /** Takes in what a window brought, by creative, and moves on. */
  closeWindow(window: readonly CreativeSums[], options: WindowOptions): void {
    const { reward: config, exit } = this.config;
    const { leader } = this;
    this.windows++;
    for (const [i, more] of window.entries()) addSums(this.sums[i] as CreativeSums, more);
    this.recent = [...this.recent, window].slice(-exit.ring);
    this.ecois = [...this.ecois, this.sums.map(({ clicks, exposure }) => (exposure > 0 ? clicks / exposure : 0))].slice(-exit.ring);
    const views = noSums();
    for (const creative of window) addSums(views, creative);
    const floor = viewTimeFloor(this.sums, options.base, config);
    this.lambda = stepLambda(this.lambda, views, floor, config);
    this.reward = computeReward(this.sums, { ...options, lambda: this.lambda, config });
    this.exposureFloor = Math.ceil(exit.floorClicks / Math.max(this.reward.base, LEAST_BASE));
    if (this.phase !== 'exploit') this.leader = this.best(options.live);
    if (!this.exits) return;
    this.breaches = leader >= 0 && this.leader === leader && this.hasChanged(options) ? this.breaches + 1 : 0;
    if (this.phase === 'exploit') this.noticeLive(options.live);
    // Before the exit too: its rivals may have retired while the leader was better.
    if (this.breaches >= exit.reopenWindows) this.reopenForChange();
    else if (this.phase === 'exploit') this.considerReopening();
    else this.considerExit(floor, options);
  }

  /** Tells which creatives may be shown now: an ad that shows its leader only reopens for a new one. */
  noticeLive(live: ArrayLike<number>): void {
    const isLeaderGone = this.leader >= 0 && live[this.leader] === 0;
    if (this.phase === 'exploit') {
      const added = this.sums.findIndex((_, i) => live[i] === 1 && !this.known.has(i));
      if (added >= 0) this.reopen(added, 'a creative was added', {});
      else if (isLeaderGone) this.reopen(this.leader, 'the leader is no longer live', {});
    }
    // They were worse than it, and may be all there is now.
    if (isLeaderGone) this.returnRetired('the leader is no longer live');
  }

  /** The leader's sums over the ring, after the exit as far as it lies after it, and all before that. */
  private aroundRing(): { now: CreativeSums; before: CreativeSums } {
    const now = noSums();
    const windows = this.phase === 'exploit' ? this.recent.slice(this.exitWindow - this.windows) : this.recent;
    for (const window of windows) addSums(now, window[this.leader] as CreativeSums);
    const all = this.sums[this.leader] as CreativeSums;
    return { now, before: { ...all, clicks: all.clicks - now.clicks, exposure: all.exposure - now.exposure } };
  }

  /**
   * Whether the leader's ECOI c/e over the ring differs from C/E before it: |ln(c/e) − ln(C/E)| beyond its normal quantile, with
   * variance φ·(1/c + 1/C) and half a click added to each. One window alone has too few clicks to tell.
   */
  private hasChanged({ dispersion }: WindowOptions): boolean {
    const { now, before } = this.aroundRing();
    if (now.exposure <= 0 || before.exposure < this.exposureFloor || before.exposure <= 0) return false;
    const [few, many] = [now.clicks + 0.5, before.clicks + 0.5];
    const change = Math.log(few / now.exposure) - Math.log(many / before.exposure);
    const deviation = Math.sqrt(dispersion * (1 / few + 1 / many));
    return Math.abs(change) > normalQuantile((1 + this.config.exit.reopenLevel) / 2) * deviation;
  }

  private best(live: ArrayLike<number>): number {
    const rewards = (this.reward as AdReward).rewards;
    let best = -1;
    for (const [i, { exposure }] of this.sums.entries()) {
      if (live[i] !== 1 || this.retired[i] === 1 || exposure <= 0) continue;
      if (best < 0 || (rewards[i] as number) > (rewards[best] as number)) best = i;
    }
    return best;
  }

  private reopenForChange(): void {
    const { now, before } = this.aroundRing();
    const level = 100 * this.config.exit.reopenLevel;
    this.reopen(this.leader, `the leader's ECOI left its ${level} % interval in ${this.breaches} windows running`, {
      ecoi: now.clicks / now.exposure,
      ecoiBefore: before.clicks / before.exposure,
      windows: this.breaches,
    });
    this.forget();
  }

  private considerReopening(): void {
    const { exit } = this.config;
    this.lambdaWindows = this.lambda > exit.lambdaLevel ? this.lambdaWindows + 1 : 0;
    if (this.lambdaWindows < exit.lambdaWindows) return;
    this.reopen(this.leader, `view time stayed below its floor: λ above ${exit.lambdaLevel} in ${this.lambdaWindows} windows running`, {
      lambda: this.lambda,
      windows: this.lambdaWindows,
    });
    this.returnRetired('the ad reopened');
  }

  private considerExit(floor: number | null, options: WindowOptions): void {
    const { exit } = this.config;
    const live = this.liveCreatives(options.live);
    const belowFloor = live.filter((i) => (this.sums[i] as CreativeSums).exposure < this.exposureFloor).length;
    this.check = { belowFloor };
    if (this.leader < 0 || belowFloor > 0) return;
    const { expectedLoss, asGood } = this.comparePosteriors(live, options);
    for (const [at, i] of live.entries()) {
      const probability = asGood[at] as number;
      if (i !== this.leader && probability < exit.retireProbability) this.retire(i, probability);
    }
    const range = this.leaderRange();
    const keepsViewTime =
      floor === null || this.config.reward.lambdaMax === 0 || shrunkViewTime(this.sums[this.leader], this.sums) >= floor;
    this.check = { belowFloor, range, expectedLoss, keepsViewTime };
    if (range === undefined || range > exit.stability || !keepsViewTime || expectedLoss > exit.expectedLoss) return;
    this.phase = 'exploit';
    this.exitWindow = this.windows;
    // All live creatives, not the retired ones alone: those may come back without being new.
    this.known = new Set([...this.sums.keys()].filter((i) => options.live[i] === 1));
    this.breaches = 0;
    this.lambdaWindows = 0;
    this.record('exit', this.leader, 'the leader is stable and its expected loss small', {
      ecoi: this.ecoiOf(this.leader),
      range,
      expectedLoss,
      lambda: this.lambda,
    });
    // From here on λ tells whether the leader alone keeps the floor, so it starts anew.
    this.lambda = 0;
  }

  /**
   * (max − min)/last of the leader's cumulative ECOI over a full ring; undefined before its first click, and while the ring has
   * less of it than the exposure floor: what is not shown does not change.
   */
  private leaderRange(): number | undefined {
    const last = this.ecoiOf(this.leader);
    const exposure = this.recent.reduce((sum, window) => sum + (window[this.leader] as CreativeSums).exposure, 0);
    if (this.ecois.length < this.config.exit.ring || last === 0 || exposure < this.exposureFloor) return undefined;
    const series = this.ecois.map((ecois) => ecois[this.leader] as number);
    return (Math.max(...series) - Math.min(...series)) / last;
  }

  private retire(creative: number, probability: number): void {
    this.retired[creative] = 1;
    this.record('retire', creative, 'too unlikely to be as good as the leader', {
      probability,
      ecoi: this.ecoiOf(creative),
      leaderEcoi: this.ecoiOf(this.leader),
    });
  }

  /** Expected loss of keeping the leader, and each live creative's probability of being as good, from seeded draws. */
  private comparePosteriors(
    live: readonly number[],
    { priors, dispersion, random }: WindowOptions,
  ): { expectedLoss: number; asGood: number[] } {
    if (live.length === 1) return { expectedLoss: 0, asGood: [1] };
    const { draws } = this.config.exit;
    const { slope, rest, rewards } = this.reward as AdReward;
    const weight = this.config.reward.ctrWeight;
    const shape = live.map((i) => (this.sums[i] as CreativeSums).clicks / dispersion + (priors[i] as Prior).k);
    const scale = live.map((i) => {
      const { k, m } = priors[i] as Prior;
      return slope / ((this.sums[i] as CreativeSums).exposure / dispersion + k / m);
    });
    const shift = live.map((i) => (rest[i] as number) - weight);
    const leaderAt = live.indexOf(this.leader);
    const wins = new Float64Array(live.length);
    const drawn = new Float64Array(live.length);
    let loss = 0;
    for (let draw = 0; draw < draws; draw++) {
      let highest = Number.NEGATIVE_INFINITY;
      for (let at = 0; at < live.length; at++) {
        drawn[at] = (scale[at] as number) * drawGamma(shape[at] as number, random) + (shift[at] as number);
        if ((drawn[at] as number) > highest) highest = drawn[at] as number;
      }
      const own = drawn[leaderAt] as number;
      loss += highest - own;
      for (let at = 0; at < live.length; at++) if ((drawn[at] as number) >= own) wins[at] = (wins[at] as number) + 1;
    }
    return { expectedLoss: loss / draws / (1 + (rewards[this.leader] as number)), asGood: Array.from(wins, (n) => n / draws) };
  }

  private liveCreatives(live: ArrayLike<number>): number[] {
    return this.sums.map((_, i) => i).filter((i) => live[i] === 1 && this.retired[i] === 0);
  }

  private ecoiOf(i: number): number {
    const { clicks, exposure } = this.sums[i] as CreativeSums;
    return clicks / exposure;
  }

  private reopen(creative: number, reason: string, numbers: Readonly<Record<string, number>>): void {
    this.phase = 'reopened';
    this.breaches = 0;
    this.ecois = [];
    this.record('reopen', creative, reason, numbers);
  }

  /** The leader changed, so what is older than the ring may not hold of the others either. */
  private forget(): void {
    for (const [i, sums] of this.sums.entries()) {
      Object.assign(sums, noSums());
      for (const window of this.recent) addSums(sums, window[i] as CreativeSums);
    }
    this.timesForgotten++;
    this.returnRetired('the ad reopened');
  }

  private returnRetired(reason: string): void {
    for (const [i, isRetired] of this.retired.entries()) {
      if (isRetired === 0) continue;
      this.retired[i] = 0;
      this.record('return', i, reason, {});
    }
  }

  private record(event: TransitionEvent, creative: number, reason: string, numbers: Readonly<Record<string, number>>): void {
    this.transitions.push({ window: this.windows, event, creative, reason, numbers });
  }
}

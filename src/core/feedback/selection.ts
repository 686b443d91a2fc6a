import type { SelectionConfig } from '../config.ts';
import type { Random } from '../random.ts';
import { AdState, type Phase, type Transition } from './exit.ts';
import type { Arms, CreatePolicy, Feedback, Policy, PolicyOptions, RewardMap } from './policies/policy.ts';
import { PRIOR_CLICKS, runningMean } from './policies/running_prior.ts';
import { createUniformPolicy } from './policies/uniform.ts';
import { type AdReward, type CreativeSums, noSums, type Prior } from './reward.ts';

export interface SelectionOptions {
  readonly arms: Arms;
  readonly random: Random;
  readonly create: CreatePolicy;
  readonly config: SelectionConfig;
  /** Whether ads leave exploration: see AdState. */
  readonly exit: boolean;
  readonly logged?: PolicyOptions['logged'];
  readonly shares?: Float64Array;
}

/** A transition of an ad; `arm` is the creative it is about. */
export interface AdTransition extends Omit<Transition, 'creative'> {
  readonly ad: number;
  readonly arm: number;
}

/** A policy on the reward, with λ per window and, where asked for, the exit mechanism. */
export interface Selection extends Policy {
  phase(ad: number): Phase;
  /** Arm that leads; −1 before the first window. */
  leader(ad: number): number;
  lambda(ad: number): number;
  /** Of all ads, each ad's in order of time. */
  transitions(): AdTransition[];
  /** Parts of the reward that data did not allow, and in how many ads. */
  notes(): Map<string, number>;
}

/**
 * Wraps a policy the way a night uses it: its bounds on ECOI are mapped to the reward, whose parts and whose λ are renewed
 * when a window of the ad closes. With `exit`, creatives below the exposure floor come first, retired ones are not shown, after
 * the exit only the leader is, and at any time a share of probes is dealt out evenly among the live creatives that do not
 * lead: so each keeps some exposure in every window. `refresh` must be called for each ad before its first choice.
 */
export function createSelection(options: SelectionOptions): Selection {
  const { arms, random, config, exit } = options;
  const size = arms.live.length;
  const rewards: RewardMap = { slope: new Float64Array(arms.ads).fill(1), rest: new Float64Array(size) };
  const shown: Arms = { ...arms, live: new Uint8Array(size) };
  const probed: Arms = { ...arms, live: new Uint8Array(size) };
  const { logged, shares } = options;
  const policy = options.create({
    arms: shown,
    random,
    config: config.policy,
    rewards,
    ...(logged && { logged }),
    ...(shares && { shares }),
  });
  const probes = createUniformPolicy({ arms: probed, random });
  const states = Array.from({ length: arms.ads }, (_, ad) => new AdState(armsOf(ad), config, exit));
  const windows = createWindows(arms, config);
  /** Arm below the exposure floor that is to be shown; −1 when there is none. */
  const forced = new Int32Array(arms.ads).fill(-1);
  const isPastFloor = new Uint8Array(arms.ads);
  /** Whether anybody is left to be probed beside the leader. */
  const hasProbes = new Uint8Array(arms.ads);
  const exposure = new Float64Array(size);
  /** Plays whose exposure counts already while their outcome is waited for. */
  const waiting = new Int32Array(size);
  let clicks = 0;
  let exposures = 0;

  function armsOf(ad: number): number {
    return (arms.firstArm[ad + 1] as number) - (arms.firstArm[ad] as number);
  }
  const state = (ad: number): AdState => states[ad] as AdState;
  const leaderArm = (ad: number): number => (state(ad).leader < 0 ? -1 : (arms.firstArm[ad] as number) + state(ad).leader);
  const isExploiting = (ad: number): boolean => state(ad).phase === 'exploit';

  const refresh = (ad: number): void => {
    const own = state(ad);
    const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
    if (exit) own.noticeLive(arms.live.subarray(first, end));
    const isAlone = own.retired.every((retired, i) => retired === 1 || i === own.leader || arms.live[first + i] === 0);
    hasProbes[ad] = 0;
    for (let arm = first; arm < end; arm++) {
      shown.live[arm] = arms.live[arm] === 1 && own.retired[arm - first] === 0 ? 1 : 0;
      // Where all others retired, they are probed all the same, or nobody would see the leader fall behind them.
      probed.live[arm] = (isAlone ? arms.live[arm] : shown.live[arm]) === 1 && arm - first !== own.leader ? 1 : 0;
      if (exit && probed.live[arm] === 1) hasProbes[ad] = 1;
    }
    isPastFloor[ad] = 0;
    force(ad);
    policy.refresh(ad);
    probes.refresh(ad);
  };
  /** Looks for the arm with the least exposure among those below the floor. */
  const force = (ad: number): void => {
    forced[ad] = -1;
    if (isPastFloor[ad] === 1) return;
    if (!exit || isExploiting(ad)) {
      isPastFloor[ad] = 1;
      return;
    }
    let least = state(ad).exposureFloor;
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      if (shown.live[arm] === 0 || (exposure[arm] as number) >= least) continue;
      least = exposure[arm] as number;
      forced[ad] = arm;
    }
    if (forced[ad] === -1 && state(ad).windows > 0) isPastFloor[ad] = 1;
  };
  const closeWindow = (ad: number): void => {
    const own = state(ad);
    const [first, end] = [arms.firstArm[ad] as number, arms.firstArm[ad + 1] as number];
    const forgotten = own.timesForgotten;
    own.closeWindow(windows.take(ad), {
      priors: new Array<Prior>(end - first).fill({ k: PRIOR_CLICKS, m: runningMean(clicks, exposures) }),
      dispersion: 1,
      live: arms.live.subarray(first, end),
      random,
    });
    const reward = own.reward as AdReward;
    rewards.slope[ad] = reward.slope;
    for (let arm = first; arm < end; arm++) rewards.rest[arm] = reward.rest[arm - first] as number;
    if (own.timesForgotten > forgotten) {
      for (let arm = first; arm < end; arm++) exposure[arm] = (own.sums[arm - first] as CreativeSums).exposure;
      waiting.fill(0, first, end);
      policy.forget(ad);
    }
    refresh(ad);
  };
  const probeShare = (ad: number): number => (hasProbes[ad] === 1 && (forced[ad] as number) < 0 ? config.exit.probe : 0);
  /** What alone is shown but for probes: an arm below the floor, or the leader after the exit; −1 where the policy chooses. */
  const onlyArm = (ad: number): number => {
    if ((forced[ad] as number) >= 0) return forced[ad] as number;
    return isExploiting(ad) ? leaderArm(ad) : -1;
  };

  return {
    select: (ad, row) => {
      const share = probeShare(ad);
      if (share > 0 && random.uniform() < share) return probes.select(ad, row);
      const only = onlyArm(ad);
      return only >= 0 ? only : policy.select(ad, row);
    },
    update: (ad, arm, feedback) => {
      if (windows.isOver(ad, feedback.ts)) closeWindow(ad);
      clicks += feedback.click;
      exposures += feedback.exposure;
      if (waiting[arm] === 0) exposure[arm] = (exposure[arm] as number) + feedback.exposure;
      else waiting[arm] = (waiting[arm] as number) - 1;
      policy.update(ad, arm, feedback);
      if (isPastFloor[ad] === 0) force(ad);
      if (windows.add(ad, arm, feedback)) closeWindow(ad);
    },
    shown: (ad, arm, factor) => {
      exposure[arm] = (exposure[arm] as number) + factor;
      waiting[arm] = (waiting[arm] as number) + 1;
      policy.shown?.(ad, arm, factor);
      if (isPastFloor[ad] === 0) force(ad);
    },
    probability: (ad, arm, row) => {
      const share = probeShare(ad);
      const only = onlyArm(ad);
      const usual = only >= 0 ? Number(only === arm) : policy.probability(ad, arm, row);
      return share > 0 ? (1 - share) * usual + share * probes.probability(ad, arm, row) : usual;
    },
    expectation: (ad, values, row) => {
      const share = probeShare(ad);
      const only = onlyArm(ad);
      const usual = only >= 0 ? (values[only] as number) : policy.expectation(ad, values, row);
      return share > 0 ? (1 - share) * usual + share * probes.expectation(ad, values, row) : usual;
    },
    refresh,
    forget: (ad) => policy.forget(ad),
    phase: (ad) => state(ad).phase,
    leader: leaderArm,
    lambda: (ad) => state(ad).lambda,
    notes: () => {
      const ads = new Map<string, number>();
      for (const note of states.flatMap(({ reward }) => reward?.notes ?? [])) ads.set(note, (ads.get(note) ?? 0) + 1);
      return ads;
    },
    transitions: () =>
      states.flatMap((own, ad) =>
        own.transitions.map(({ creative, ...transition }) => ({ ...transition, ad, arm: (arms.firstArm[ad] as number) + creative })),
      ),
  };
}

/** Sums of the window each ad is in. */
interface Windows {
  /** Whether the time of the ad's window has passed. */
  isOver(ad: number, ts: number): boolean;
  /** Counts a play; true when it fills the ad's window. */
  add(ad: number, arm: number, feedback: Readonly<Feedback>): boolean;
  /** The sums of the ad's window by creative, which is then empty again. */
  take(ad: number): CreativeSums[];
}

function createWindows(arms: Arms, { exit: { window } }: SelectionConfig): Windows {
  const fresh = (ad: number): CreativeSums[] =>
    Array.from({ length: (arms.firstArm[ad + 1] as number) - (arms.firstArm[ad] as number) }, noSums);
  const sums = Array.from({ length: arms.ads }, (_, ad) => fresh(ad));
  const plays = new Float64Array(arms.ads);
  const ends = new Float64Array(arms.ads).fill(Number.NaN);
  return {
    isOver: (ad, ts) => ts >= (ends[ad] as number),
    add: (ad, arm, { ts, click, exposure, viewTime, revenue }) => {
      const own = (sums[ad] as CreativeSums[])[arm - (arms.firstArm[ad] as number)] as CreativeSums;
      own.impressions++;
      own.clicks += click;
      own.exposure += exposure;
      if (!Number.isNaN(revenue)) own.revenue += revenue;
      if (click > 0 && !Number.isNaN(viewTime)) {
        own.views++;
        own.viewTime += viewTime;
        own.logViewTime += Math.log1p(viewTime);
      }
      plays[ad] = (plays[ad] as number) + 1;
      if ('impressions' in window) return (plays[ad] as number) >= window.impressions;
      if (Number.isNaN(ends[ad])) ends[ad] = ts + window.ms;
      return false;
    },
    take: (ad) => {
      const taken = sums[ad] as CreativeSums[];
      sums[ad] = fresh(ad);
      plays[ad] = 0;
      ends[ad] = Number.NaN;
      return taken;
    },
  };
}

import type { SelectionConfig } from '../config.ts';
import type { Random } from '../random.ts';
import { AdState, type ExitCheck, type Phase, type Transition } from './exit.ts';
import { type AdDay, windowsOf } from './outcomes.ts';
import { planShares } from './plan.ts';
import { addSums, type CreativeSums, computeReward, noSums, type Prior, shrunkEcoi } from './reward.ts';

/** Impressions a day assumed for an ad that was never shown, or hardly. */
const LEAST_IMPRESSIONS = 1_000;

export interface AdPlanOptions {
  /** Number of the ad's creatives: those shown, and those that are new. */
  readonly creatives: number;
  /** Days of the ad, oldest first. */
  readonly days: readonly AdDay[];
  /** Whether each creative is in the store. One that only the log knows is gone when a ring of windows has not shown it. */
  readonly isStored: readonly boolean[];
  /** Index of the creative that is the note's own title and cover, if one is. */
  readonly base: number | undefined;
  /** Of each creative. */
  readonly priors: readonly Prior[];
  /** φ: counts are divided by it in every bound and posterior. */
  readonly dispersion: number;
  readonly config: SelectionConfig;
  readonly random: Random;
}

type CreativeState = 'new' | 'live' | 'leader' | 'retired';

export interface PlannedCreative {
  readonly state: CreativeState;
  /** Probability of being shown tomorrow. */
  readonly share: number;
  /** Upper bound of the reward; Infinity for a creative never shown, unless its ECOI is predicted. */
  readonly bound: number;
  /** At the posterior mean of ECOI, which a prediction alone is enough for; null for a creative never shown without one. */
  readonly reward: number | null;
  readonly ecoiShrunk: number | null;
  readonly prior: Prior;
  readonly sums: Readonly<CreativeSums>;
  /** Whether it is no longer there to be shown. */
  readonly isGone: boolean;
}

/** One window of the ad's past, and the state it ended in. */
interface PlannedWindow {
  readonly window: number;
  readonly firstDay: number;
  readonly lastDay: number;
  readonly total: Readonly<CreativeSums>;
  readonly lambda: number;
  readonly phase: Phase;
  /** Index of the leading creative; −1 for none. */
  readonly leader: number;
}

export interface AdPlan {
  readonly phase: Phase;
  readonly leader: number;
  readonly lambda: number;
  /** Effective impressions every creative gets first. */
  readonly exposureFloor: number;
  readonly check: ExitCheck | undefined;
  readonly creatives: readonly PlannedCreative[];
  readonly windows: readonly PlannedWindow[];
  readonly transitions: readonly Transition[];
  /** Parts of the reward that the data do not allow. */
  readonly notes: readonly string[];
}

/**
 * Tomorrow's plan of one ad: its past is gone through window by window (see AdState), then shares are dealt out (see
 * planShares). With the same priors, φ and exposure factors it depends on the days alone: a later day never changes the past.
 */
export function planAd(options: AdPlanOptions): AdPlan {
  const { creatives, config, priors, dispersion, base, random } = options;
  const state = new AdState(creatives, config, true);
  const { full, since } = windowsOf(options.days, config.exit.window, creatives);
  const live = new Uint8Array(creatives);
  const lastShown = new Array<number>(creatives).fill(0);
  /** Whether it may be shown; `windows` have passed. Those that are hardly shown, or not at all, may be there all the same. */
  const isThere = (i: number, windows: number): boolean =>
    options.isStored[i] === true ||
    state.retired[i] === 1 ||
    (state.phase === 'exploit' && i !== state.leader) ||
    (lastShown[i] as number) > windows - config.exit.ring;
  const windows = full.map((window): PlannedWindow => {
    // A creative is live from its first impression on: it may have a share and yet not be shown in a window.
    for (const [i, { impressions }] of window.creatives.entries()) {
      if (impressions > 0) lastShown[i] = state.windows + 1;
      live[i] = (lastShown[i] as number) > 0 && isThere(i, state.windows + 1) ? 1 : 0;
    }
    state.closeWindow(window.creatives, { priors, dispersion, live, base, random });
    const total = noSums();
    for (const sums of window.creatives) addSums(total, sums);
    const { firstDay, lastDay } = window;
    return { window: state.windows, firstDay, lastDay, total, lambda: state.lambda, phase: state.phase, leader: state.leader };
  });
  const isLiveNow = live.map((_, i) => ((since[i] as CreativeSums).impressions > 0 || isThere(i, state.windows) ? 1 : 0));
  state.noticeLive(isLiveNow);

  const sums = state.sums.map((known, i) => {
    const now = { ...known };
    addSums(now, since[i] as CreativeSums);
    return now;
  });
  const reward = computeReward(sums, { priors, base, lambda: state.lambda, config: config.reward });
  const isShown = sums.map((_, i) => isLiveNow[i] === 1 && state.retired[i] === 0);
  const leader = state.phase === 'exploit' ? state.leader : bestOf(sums, isShown, reward.rewards);
  const shares = planShares(sums, isShown, {
    phase: state.phase,
    leader,
    priors,
    dispersion,
    reward,
    exposureFloor: state.exposureFloor,
    impressions: expectedImpressions(options.days),
    windows: state.windows,
    isLive: [...isLiveNow].map((is) => is === 1),
    config,
    random,
  });
  return {
    phase: state.phase,
    leader,
    lambda: state.lambda,
    exposureFloor: state.exposureFloor,
    check: state.check,
    creatives: sums.map((own, i): PlannedCreative => {
      const wasShown = own.impressions > 0;
      const prior = priors[i] as Prior;
      const isKnown = wasShown || prior.isPredicted === true;
      return {
        state: state.retired[i] === 1 || isLiveNow[i] === 0 ? 'retired' : i === leader ? 'leader' : wasShown ? 'live' : 'new',
        ...(shares[i] as { share: number; bound: number }),
        reward: isKnown ? (reward.rewards[i] as number) : null,
        ecoiShrunk: isKnown ? shrunkEcoi(own, prior) : null,
        prior,
        sums: own,
        isGone: isLiveNow[i] === 0,
      };
    }),
    windows,
    transitions: state.transitions,
    notes: sums.some(({ impressions }) => impressions > 0) ? reward.notes : [],
  };
}

function bestOf(sums: readonly CreativeSums[], isShown: readonly boolean[], rewards: readonly number[]): number {
  return sums.reduce((best, { impressions }, i) => {
    if (impressions <= 0 || !isShown[i]) return best;
    return best < 0 || (rewards[i] as number) > (rewards[best] as number) ? i : best;
  }, -1);
}

/** The ad's mean over its days. */
function expectedImpressions(days: readonly AdDay[]): number {
  const total = days.reduce((sum, { creatives }) => sum + creatives.reduce((ofDay, { impressions }) => ofDay + impressions, 0), 0);
  return Math.max(LEAST_IMPRESSIONS, total / Math.max(1, days.length));
}

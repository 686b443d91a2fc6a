import type { PlayCounts } from './play_counts.ts';

/** Part of an ad's plays, those in the window, that may be new before all is computed again: ln N hardly moves meanwhile. */
const NEW_SHARE = 0.02;

/** When what depends on all arms of an ad is to be computed again: when 2 % of the plays it is computed from are new. */
export interface Renewal {
  isDue(ad: number): boolean;
  /** It has been computed. */
  done(ad: number): void;
}

export function createRenewal({ adPlays, adUpdates }: PlayCounts): Renewal {
  const doneAt = new Float64Array(adUpdates.length);
  return {
    // Plays, not updates, say what is at hand: after much has been forgotten or has left a window, little is enough.
    isDue: (ad) => (adUpdates[ad] as number) - (doneAt[ad] as number) >= Math.max(1, NEW_SHARE * (adPlays[ad] as number)),
    done: (ad) => {
      doneAt[ad] = adUpdates[ad] as number;
    },
  };
}

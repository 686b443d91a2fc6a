import { placeInSet, type ReplayLog } from './replay_log.ts';

/** No candidates were seen yet. */
const NONE = -1;
/** The calendar says which arms are live. */
const CALENDAR = 0;

/**
 * Which arms can be shown, as a replay goes on: where a row's candidates are known exactly those, else the arms from the
 * first to the last day on which they were shown.
 */
export interface LiveArms {
  readonly live: Uint8Array;
  /** Brings the arms that follow the calendar to a day; returns the ads whose live arms have changed. */
  beginDay(day: number): readonly number[];
  /** Whether a row of an ad has other candidates than the ad's row before it. */
  isOther(ad: number, row: number): boolean;
  /** Sets the live arms of an ad to a row's candidates. */
  follow(ad: number, row: number): void;
}

export function createLiveArms(log: ReplayLog): LiveArms {
  const { firstArm, firstDay, lastDay, candidates } = log;
  const live = new Uint8Array(log.arms);
  const setOf = new Int32Array(log.ads).fill(candidates ? NONE : CALENDAR);
  let today = 0;
  const followCalendar = (ad: number): boolean => {
    let isChanged = false;
    for (let arm = firstArm[ad] as number; arm < (firstArm[ad + 1] as number); arm++) {
      const now = (firstDay[arm] as number) <= today && today <= (lastDay[arm] as number) ? 1 : 0;
      if (live[arm] !== now) isChanged = true;
      live[arm] = now;
    }
    return isChanged;
  };
  return {
    live,
    beginDay: (day) => {
      today = day;
      const changed: number[] = [];
      for (let ad = 0; ad < log.ads; ad++) if (setOf[ad] === CALENDAR && followCalendar(ad)) changed.push(ad);
      return changed;
    },
    isOther: (ad, row) => candidates !== undefined && candidates.setOf[row] !== setOf[ad],
    follow: (ad, row) => {
      const set = candidates?.setOf[row] ?? CALENDAR;
      setOf[ad] = set;
      if (!candidates || set === CALENDAR) {
        followCalendar(ad);
        return;
      }
      live.fill(0, firstArm[ad], firstArm[ad + 1]);
      const end = candidates.firstOf[set + 1] as number;
      for (let at = placeInSet(candidates, set, firstArm[ad] as number); at < end; at++) {
        const arm = candidates.arms[at] as number;
        if (arm >= (firstArm[ad + 1] as number)) break;
        live[arm] = 1;
      }
    },
  };
}

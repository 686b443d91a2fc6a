import { prepareReplayLog, type RawLog, type ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { type SimulatedAd, simulateImpressions, type World } from '../../../src/core/feedback/simulator.ts';
import { START } from './made_worlds.ts';

export const MS_PER_DAY = 86_400_000;

/** One impression; the ad of an arm is given beside the log. */
export interface MadeRow {
  readonly ts: number;
  readonly arm: number;
  readonly position?: number;
  readonly click: number;
  /** Not given: to be estimated. */
  readonly propensity?: number;
}

export function rawLog(rows: readonly MadeRow[], users?: readonly number[]): RawLog {
  return {
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    arm: Int32Array.from(rows, (row) => row.arm),
    position: Int32Array.from(rows, (row) => row.position ?? 0),
    click: Uint8Array.from(rows, (row) => row.click),
    propensity: Float64Array.from(rows, (row) => row.propensity ?? Number.NaN),
    users: users && BigUint64Array.from(users, BigInt),
  };
}

/** A log of arms 0, 1, …, whose ads are named in `adOf`, in order of ad. */
export function makeLog(rows: readonly MadeRow[], adOf: readonly string[], users?: readonly number[]): ReplayLog {
  return prepareReplayLog(rawLog(rows, users), new Map(adOf.map((ad, arm) => [arm, ad]))).log;
}

interface SimulatedLogOptions {
  readonly days?: number;
  /** Known users; not given, intervals resample stretches of time. */
  readonly users?: number;
}

/** A simulated log with the creatives of all ads numbered through. */
export function simulateLog(world: World, impressions: number, seed: number, { days = 5, users }: SimulatedLogOptions = {}): ReplayLog {
  const creatives = (world.ads[0] as SimulatedAd).creatives.length;
  const rows: MadeRow[] = [];
  const user: number[] = [];
  for (const batch of simulateImpressions(world, { impressions, start: START, days, users: users ?? 1, seed })) {
    for (let row = 0; row < batch.rows; row++) {
      rows.push({
        ts: batch.ts[row] as number,
        arm: (batch.ad[row] as number) * creatives + (batch.creative[row] as number),
        position: batch.position[row] as number,
        click: batch.click[row] as number,
        propensity: batch.propensity[row] as number,
      });
      user.push(1 + (batch.user[row] as number));
    }
  }
  return makeLog(
    rows,
    world.ads.flatMap((ad) => ad.creatives.map(() => ad.adId)),
    users === undefined ? undefined : user,
  );
}

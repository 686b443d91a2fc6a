import { DEFAULT_CONFIG } from '../../../src/core/config.ts';
import type { DirectModel } from '../../../src/core/feedback/direct_method.ts';
import { computeEcoi } from '../../../src/core/feedback/ecoi.ts';
import type { CreatePolicy, Policy } from '../../../src/core/feedback/policies/policy.ts';
import type { ReplayOptions } from '../../../src/core/feedback/replay.ts';
import { prepareReplayLog, type RawLog, type ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { type SimulatedAd, simulateImpressions, type World } from '../../../src/core/feedback/simulator.ts';
import { START } from './made_worlds.ts';
import { clicksAlone } from './policies/made_policies.ts';

export const MS_PER_DAY = 86_400_000;

/** One impression; the ad of an arm is given beside the log. */
export interface MadeRow {
  readonly ts: number;
  readonly arm: number;
  readonly position?: number;
  readonly click: number;
  /** Not given: to be estimated. */
  readonly propensity?: number;
  readonly user?: number;
  readonly viewTime?: number;
  readonly revenue?: number;
  /** Code of the set of arms that could have been shown; not known when not given. */
  readonly candidates?: number;
}

type Sets = ReadonlyMap<number, readonly number[]>;

/** Columns of these rows; those that are not required only when the first row has them. */
export function rawLog(rows: readonly MadeRow[], sets?: Sets): RawLog {
  const has = (name: keyof MadeRow): boolean => rows[0]?.[name] !== undefined;
  return {
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    arm: Int32Array.from(rows, (row) => row.arm),
    position: Int32Array.from(rows, (row) => row.position ?? 0),
    click: Uint8Array.from(rows, (row) => row.click),
    propensity: Float64Array.from(rows, (row) => row.propensity ?? Number.NaN),
    userBuckets: has('user') ? Uint16Array.from(rows, (row) => row.user ?? 0) : undefined,
    viewTime: has('viewTime') ? Float32Array.from(rows, (row) => row.viewTime ?? Number.NaN) : undefined,
    revenue: has('revenue') ? Float32Array.from(rows, (row) => row.revenue ?? Number.NaN) : undefined,
    candidates: sets && { codes: Int32Array.from(rows, (row) => row.candidates ?? 0), sets },
  };
}

/** A log of arms 0, 1, …, whose ads are named in `adOf`, in order of ad. */
export function makeLog(rows: readonly MadeRow[], adOf: readonly string[], sets?: Sets): ReplayLog {
  return prepareReplayLog(rawLog(rows, sets), new Map(adOf.map((ad, arm) => [arm, ad]))).log;
}

interface SimulatedLogOptions {
  readonly days?: number;
  /** Known users; not given, intervals resample stretches of time. */
  readonly users?: number;
}

/** A simulated log with the creatives of all ads numbered through. */
export function simulateLog(world: World, impressions: number, seed: number, { days = 5, users }: SimulatedLogOptions = {}): ReplayLog {
  const creatives = (world.ads[0] as SimulatedAd).creatives.length;
  const raw = {
    rows: impressions,
    ts: new Float64Array(impressions),
    arm: new Int32Array(impressions),
    position: new Int32Array(impressions),
    click: new Uint8Array(impressions),
    propensity: new Float64Array(impressions),
    userBuckets: users === undefined ? undefined : new Uint16Array(impressions),
    viewTime: new Float32Array(impressions),
    revenue: new Float32Array(impressions),
  };
  let done = 0;
  for (const batch of simulateImpressions(world, { impressions, start: START, days, users: users ?? 1, seed })) {
    for (const name of ['ts', 'position', 'click', 'propensity', 'viewTime', 'revenue'] as const) raw[name].set(batch[name], done);
    raw.userBuckets?.set(batch.user, done);
    for (let row = 0; row < batch.rows; row++) {
      raw.arm[done + row] = (batch.ad[row] as number) * creatives + (batch.creative[row] as number);
    }
    done += batch.rows;
  }
  const adIds = world.ads.flatMap((ad) => ad.creatives.map(() => ad.adId));
  return prepareReplayLog(raw, new Map(adIds.map((ad, arm) => [arm, ad]))).log;
}

/** Exposure factors and shrunk ECOI, from the log itself, as `atelier replay` fits them. */
export function fitDirectModel(log: ReplayLog, positions: number): DirectModel {
  const size = log.arms * positions;
  const [impressions, clicks] = [new Float64Array(size), new Float64Array(size)];
  for (let row = 0; row < log.rows; row++) {
    const cell = (log.arm[row] as number) * positions + (log.position[row] as number);
    impressions[cell] = (impressions[cell] as number) + 1;
    clicks[cell] = (clicks[cell] as number) + (log.click[row] as number);
  }
  const {
    creatives,
    positions: places,
    shrinkage,
  } = computeEcoi({
    creatives: log.arms,
    positions,
    creative: Int32Array.from({ length: size }, (_, cell) => Math.floor(cell / positions)),
    position: Int32Array.from({ length: size }, (_, cell) => cell % positions),
    impressions,
    clicks,
    ad: log.adOf,
  });
  const { k, m } = shrinkage ?? { k: 1, m: 0.01 };
  return {
    exposureFactor: Float64Array.from(places, (place) => place.exposureFactor ?? 1),
    directModel: Float64Array.from(creatives, (creative) => creative.ecoiShrunk ?? 0),
    directWeight: Float64Array.from(creatives, (creative) => 1 / (creative.effectiveImpressions + k / m)),
  };
}

/** A policy as replay makes it, with the default settings; `shares` per arm for a plan. */
export function replayed(create: CreatePolicy, shares?: readonly number[]): ReplayOptions['policy'] {
  return (given): Policy =>
    create({
      ...given,
      config: DEFAULT_CONFIG.policy,
      rewards: clicksAlone(given.arms),
      ...(shares && { shares: Float64Array.from(shares) }),
    });
}

/** Options of a replay with a direct model that gives every arm .02 and was not fitted to the log. */
export function replayOptions(log: ReplayLog, changes: Partial<ReplayOptions> & Pick<ReplayOptions, 'policy'>): ReplayOptions {
  return {
    seed: 1,
    batch: 1,
    followsLog: false,
    exposureFactor: new Float64Array(8).fill(1),
    directModel: new Float64Array(log.arms).fill(0.02),
    directWeight: new Float64Array(log.arms),
    ...changes,
  };
}

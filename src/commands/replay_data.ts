import { UserError } from '../core/errors.ts';
import type { DirectModel } from '../core/feedback/direct_method.ts';
import type { ReplayLog } from '../core/feedback/replay_log.ts';
import type { Arm } from '../core/store/logs.ts';
import type { Store } from '../core/store/open.ts';
import { readClickData } from './click_data.ts';

/** Prior without any click in the log. */
const BLANK_PRIOR = { k: 1, m: 0.01 };

/** A click log ready to be replayed, and the names of its arms. */
export interface ReplayData {
  readonly log: ReplayLog;
  readonly sorted: boolean;
  readonly direct: DirectModel;
  /** By arm of the replay. */
  readonly arms: readonly Arm[];
  /** Every ad there is in the store's logs. */
  readonly adIds: ReadonlySet<string>;
}

/**
 * Reads the columns of a log (of all logs without an id) once, and fits the direct model to its roll-up.
 * @param ads the ads to keep; all when undefined
 * @throws UserError when there is no row to replay
 */
export async function readReplayData(store: Store, logId: number | undefined, ads: readonly string[] | undefined): Promise<ReplayData> {
  const { readArms } = await import('../core/store/logs.ts');
  const { readLogCandidates, readLogColumns, readUserBuckets } = await import('../core/store/log_columns.ts');
  const { CLUSTERS, prepareReplayLog } = await import('../core/feedback/replay_log.ts');
  const { rows, columns } = readLogColumns(store, logId, ['ts', 'arm', 'position', 'click', 'propensity'], ['view_time_s', 'revenue']);
  if (rows === 0) {
    throw new UserError(
      'Expected a log of single impressions but there are only aggregated rows.',
      'Replay needs one row per impression; ecoi and select work on aggregated rows.',
    );
  }
  const armOf = readArms(store);
  const kept = new Map([...armOf].flatMap(([code, { adId }]) => (!ads || ads.includes(adId) ? [[code, adId] as const] : [])));
  const { log, sorted, armCodes } = prepareReplayLog(
    {
      rows,
      ts: columns.ts,
      arm: columns.arm,
      position: columns.position,
      click: columns.click,
      propensity: columns.propensity,
      viewTime: columns.view_time_s,
      revenue: columns.revenue,
      userBuckets: readUserBuckets(store, logId, CLUSTERS),
      candidates: candidateArms(readLogCandidates(store, logId), armOf),
    },
    kept,
  );
  return {
    log,
    sorted,
    direct: await fitDirectModel(store, logId, armCodes),
    arms: armCodes.map((code) => armOf.get(code) as Arm),
    adIds: new Set([...armOf.values()].map(({ adId }) => adId)),
  };
}

/** Sets of creative ids as sets of arms: an id may be a creative of several ads, and each row's ad tells which is meant. */
function candidateArms(
  candidates: { readonly codes: Int32Array; readonly sets: ReadonlyMap<number, readonly string[]> } | undefined,
  armOf: ReadonlyMap<number, Arm>,
) {
  if (!candidates) return undefined;
  const codesOf = new Map<string, number[]>();
  for (const [code, { creativeId }] of armOf) codesOf.set(creativeId, [...(codesOf.get(creativeId) ?? []), code]);
  const sets = new Map([...candidates.sets].map(([set, ids]) => [set, ids.flatMap((id) => codesOf.get(id) ?? [])]));
  return { codes: candidates.codes, sets };
}

/** Exposure factors by position code, and the shrunk ECOI by arm of the replay, from the log's roll-up. */
async function fitDirectModel(store: Store, logId: number | undefined, armCodes: readonly number[]): Promise<DirectModel> {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const data = await readClickData(store, logId);
  const report = computeEcoi(data.input);
  const exposureFactor = new Float64Array(Math.max(0, ...data.positions.map(({ code }) => code)) + 1).fill(1);
  report.positions.forEach((row, index) => {
    exposureFactor[data.positions[index]?.code as number] = row.exposureFactor ?? 1;
  });
  const { k, m } = report.shrinkage ?? BLANK_PRIOR;
  const known = new Map(report.creatives.map((row, index) => [data.arms[index]?.code, row]));
  const noClicks = report.shrinkage ? m : 0;
  return {
    exposureFactor,
    directModel: Float64Array.from(armCodes, (code) => known.get(code)?.ecoiShrunk ?? noClicks),
    directWeight: Float64Array.from(armCodes, (code) => 1 / ((known.get(code)?.effectiveImpressions ?? 0) + k / m)),
  };
}

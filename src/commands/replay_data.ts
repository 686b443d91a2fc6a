import { UserError } from '../core/errors.ts';
import type { DirectModel } from '../core/feedback/direct_method.ts';
import type { ReplayLog } from '../core/feedback/replay_log.ts';
import type { Arm } from '../core/store/logs.ts';
import type { Store } from '../core/store/open.ts';
import { readClickData } from './click_data.ts';

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
  const { arms: armOf, candidates } = candidateArms(readLogCandidates(store, logId), columns.arm, readArms(store));
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
      candidates,
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

/**
 * Sets of creative ids as sets of arms. An id may be a creative of several ads: it is that of the ad of each row with the set.
 * Candidates that no log shows get codes of their own, so that a policy may choose them and the mean weight shows it.
 */
function candidateArms(
  candidates: { readonly codes: Int32Array; readonly sets: ReadonlyMap<number, readonly string[]> } | undefined,
  shown: Int32Array,
  known: ReadonlyMap<number, Arm>,
) {
  if (!candidates) return { arms: known, candidates: undefined };
  const arms = new Map(known);
  const codeOf = new Map([...known].map(([code, { adId, creativeId }]) => [`${adId}\0${creativeId}`, code]));
  let lastCode = [...known.keys()].reduce((last, code) => Math.max(last, code), 0);
  const sets = new Map([...candidates.sets.keys()].map((set) => [set, new Set<number>()]));
  const seen = new Set<number>();
  for (const [row, set] of candidates.codes.entries()) {
    const arm = shown[row] as number;
    const pair = arm * (sets.size + 1) + set;
    if (set === 0 || seen.has(pair)) continue;
    seen.add(pair);
    const { adId } = known.get(arm) as Arm;
    for (const creativeId of candidates.sets.get(set) ?? []) {
      const key = `${adId}\0${creativeId}`;
      if (!codeOf.has(key)) {
        lastCode++;
        codeOf.set(key, lastCode);
        arms.set(lastCode, { adId, creativeId });
      }
      sets.get(set)?.add(codeOf.get(key) as number);
    }
  }
  return { arms, candidates: { codes: candidates.codes, sets: new Map([...sets].map(([set, codes]) => [set, [...codes]])) } };
}

/** Exposure factors by position code, and the shrunk ECOI by arm of the replay, from the log's roll-up. */
async function fitDirectModel(store: Store, logId: number | undefined, armCodes: readonly number[]): Promise<DirectModel> {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const { BLANK_PRIOR } = await import('../core/feedback/reward.ts');
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

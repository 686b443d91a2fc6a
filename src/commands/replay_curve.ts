import type { CurvePoint } from '../core/feedback/replay.ts';
import type { Selection } from '../core/feedback/selection.ts';
import type { Arm } from '../core/store/logs.ts';
import type { ReplayData } from './replay_data.ts';

export const CURVE_COLUMNS = [
  'ts',
  'rows',
  'matched',
  'clicks',
  'ctr',
  'ad_id',
  'state',
  'lambda',
  'creative_id',
  'plays',
  'share',
] as const;

type CurveRow = Readonly<Record<(typeof CURVE_COLUMNS)[number], string | number>>;

/**
 * A learning curve as rows: at each point, for each creative, the matched rows it got since the point before and its share of
 * its ad's; beside it the run's rows, matched rows and clicks so far, and the ad's state and λ.
 */
export function createCurveRows({ log, arms }: ReplayData): {
  rows: CurveRow[];
  onPoint: (point: CurvePoint, selection: Selection) => void;
} {
  const rows: CurveRow[] = [];
  const onPoint = ({ ts, rows: done, matched, clicks, plays }: CurvePoint, selection: Selection): void => {
    for (let ad = 0; ad < log.ads; ad++) {
      const [first, end] = [log.firstArm[ad] as number, log.firstArm[ad + 1] as number];
      const total = plays.subarray(first, end).reduce((sum, own) => sum + own, 0);
      for (let arm = first; arm < end; arm++) {
        const { adId, creativeId } = arms[arm] as Arm;
        rows.push({
          ts: new Date(ts).toISOString(),
          rows: done,
          matched,
          clicks,
          ctr: matched > 0 ? clicks / matched : '',
          ad_id: adId,
          state: selection.phase(ad),
          lambda: selection.lambda(ad),
          creative_id: creativeId,
          plays: plays[arm] as number,
          share: total > 0 ? (plays[arm] as number) / total : '',
        });
      }
    }
  };
  return { rows, onPoint };
}

import type { Store } from './open.ts';

export const PLAN_PHASES = ['explore', 'exploit', 'reopened'] as const;
export const PLAN_EVENTS = ['exit', 'reopen', 'retire', 'return'] as const;

type PlanPhase = (typeof PLAN_PHASES)[number];
type PlanEvent = (typeof PLAN_EVENTS)[number];

interface PlanCreativeRow {
  readonly creativeId: string;
  readonly state: 'new' | 'live' | 'leader' | 'retired';
  readonly share: number;
  readonly propensity: number;
  /** Infinity for a creative never shown. */
  readonly bound: number;
  readonly reward: number | null;
  readonly ecoiShrunk: number | null;
  readonly reason: string;
}

/** What one window of an ad's log said, and where the ad stood at its end. */
interface PlanWindowRow {
  /** From 1 on. */
  readonly window: number;
  /** YYYY-MM-DD; '' when undated. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly impressions: number;
  readonly clicks: number;
  /** Clicks with a view time. */
  readonly views: number;
  /** Mean seconds after a click; null when not measured. */
  readonly viewTime: number | null;
  readonly lambda: number;
  readonly phase: PlanPhase;
  /** A creative id. */
  readonly leader: string | null;
}

/** A change of an ad's phase, or of one creative's state, with the numbers it was decided by. */
interface PlanTransitionRow {
  /** The window at whose end it came; 0 before the first. */
  readonly window: number;
  readonly event: PlanEvent;
  readonly creativeId: string | null;
  readonly reason: string;
  /** Finite: JSON has no other numbers. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface PlanRow {
  readonly adId: string;
  readonly state: PlanPhase;
  readonly lambda: number;
  readonly creatives: readonly PlanCreativeRow[];
  readonly windows: readonly PlanWindowRow[];
  /** In the order they happened. */
  readonly transitions: readonly PlanTransitionRow[];
}

/** Keeps the plans of a day with their history, replacing those of the same day and ad. */
export function savePlans(store: Store, day: string, plans: readonly PlanRow[], runId: number): void {
  const drop = store.db.prepare('DELETE FROM plans WHERE day = ? AND ad_id = ?');
  const insert = store.db.prepare('INSERT INTO plans (day, ad_id, state, lambda, run_id) VALUES (?, ?, ?, ?, ?)');
  const insertCreative = store.db.prepare(
    `INSERT INTO plan_creatives (day, ad_id, creative_id, state, share, propensity, bound, reward, ecoi_shrunk, reason)
     VALUES (@day, @adId, @creativeId, @state, @share, @propensity, @bound, @reward, @ecoiShrunk, @reason)`,
  );
  const insertWindow = store.db.prepare(
    `INSERT INTO plan_windows (day, ad_id, window, first_day, last_day, impressions, clicks, views, view_time_s, lambda, phase, leader)
     VALUES (@day, @adId, @window, @firstDay, @lastDay, @impressions, @clicks, @views, @viewTime, @lambda, @phase, @leader)`,
  );
  const insertTransition = store.db.prepare(
    `INSERT INTO plan_transitions (day, ad_id, seq, window, event, creative_id, reason, numbers)
     VALUES (@day, @adId, @seq, @window, @event, @creativeId, @reason, @numbers)`,
  );
  store.db
    .transaction(() => {
      for (const { adId, state, lambda, creatives, windows, transitions } of plans) {
        drop.run(day, adId);
        insert.run(day, adId, state, lambda, runId);
        for (const row of creatives) insertCreative.run({ ...row, day, adId, bound: Number.isFinite(row.bound) ? row.bound : null });
        for (const row of windows) insertWindow.run({ ...row, day, adId });
        for (const [index, row] of transitions.entries()) {
          insertTransition.run({ ...row, day, adId, seq: index + 1, numbers: JSON.stringify(row.numbers) });
        }
      }
    })
    .immediate();
}

import type { Store } from './open.ts';

export interface PlanCreativeRow {
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

export interface PlanRow {
  readonly adId: string;
  readonly state: 'explore' | 'exploit' | 'reopened';
  readonly lambda: number;
  readonly creatives: readonly PlanCreativeRow[];
}

/** Keeps the plans of a day, replacing those of the same day and ad. */
export function savePlans(store: Store, day: string, plans: readonly PlanRow[], runId: number): void {
  const drop = store.db.prepare('DELETE FROM plans WHERE day = ? AND ad_id = ?');
  const insert = store.db.prepare('INSERT INTO plans (day, ad_id, state, lambda, run_id) VALUES (?, ?, ?, ?, ?)');
  const insertCreative = store.db.prepare(
    'INSERT INTO plan_creatives (day, ad_id, creative_id, state, share, propensity, bound, reward, ecoi_shrunk, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  store.db
    .transaction(() => {
      for (const plan of plans) {
        drop.run(day, plan.adId);
        insert.run(day, plan.adId, plan.state, plan.lambda, runId);
        for (const row of plan.creatives) {
          const bound = Number.isFinite(row.bound) ? row.bound : null;
          insertCreative.run(
            day,
            plan.adId,
            row.creativeId,
            row.state,
            row.share,
            row.propensity,
            bound,
            row.reward,
            row.ecoiShrunk,
            row.reason,
          );
        }
      }
    })
    .immediate();
}

import type { Store } from './open.ts';

/** Ad id → creative id → share in [0, 1] of the ad's plan. */
type Shares = Map<string, Map<string, number>>;

/**
 * Each creative's share in its ad's plan of a day, or in its ad's newest plan when no day is given; ads without such a plan
 * are absent. `day` is the newest day among these plans, null when there are none.
 */
export function readPlanShares(store: Store, day?: string): { readonly day: string | null; readonly shares: Shares } {
  const rows = store.db
    .prepare(
      `SELECT ad_id AS adId, creative_id AS creativeId, day, share FROM plan_creatives
       JOIN (SELECT ad_id, max(day) AS day FROM plans WHERE ? IS NULL OR day = ? GROUP BY ad_id) USING (ad_id, day)
       ORDER BY ad_id, creative_id`,
    )
    .all(day ?? null, day ?? null) as { adId: string; creativeId: string; day: string; share: number }[];
  const shares: Shares = new Map();
  let newest: string | null = null;
  for (const row of rows) {
    const ofAd = shares.get(row.adId) ?? new Map<string, number>();
    shares.set(row.adId, ofAd.set(row.creativeId, row.share));
    if (newest === null || row.day > newest) newest = row.day;
  }
  return { day: newest, shares };
}

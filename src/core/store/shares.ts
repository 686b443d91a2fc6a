import type { Store } from './open.ts';

/** Each creative's share in its ad's newest plan: ad id → creative id → share in [0, 1]; ads without a plan are absent. */
export function readNewestShares(store: Store): Map<string, Map<string, number>> {
  const rows = store.db
    .prepare(
      `SELECT ad_id AS adId, creative_id AS creativeId, share FROM plan_creatives
       JOIN (SELECT ad_id, max(day) AS day FROM plans GROUP BY ad_id) USING (ad_id, day) ORDER BY ad_id, creative_id`,
    )
    .all() as { adId: string; creativeId: string; share: number }[];
  const shares = new Map<string, Map<string, number>>();
  for (const { adId, creativeId, share } of rows) {
    const ofAd = shares.get(adId) ?? new Map<string, number>();
    shares.set(adId, ofAd.set(creativeId, share));
  }
  return shares;
}

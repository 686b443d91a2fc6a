import type { Store } from './open.ts';

/** A creative as compose chose it. */
export interface SlateEntry {
  readonly creativeId: string;
  /** Predicted reward, with its 95 % interval where a reward model gave it. */
  readonly reward: number;
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
  /** Whether chance alone chose it. */
  readonly isRandom: boolean;
  /** Probability that this combination takes this place of the slate. */
  readonly propensity: number;
}

/** Replaces the slate of an ad; its creatives are stored already. Call it inside a transaction. */
export function saveSlate(store: Store, adId: string, slate: readonly SlateEntry[], runId: number): void {
  store.db.prepare('DELETE FROM slates WHERE ad_id = ?').run(adId);
  const insert = store.db.prepare(
    `INSERT INTO slates (ad_id, place, creative_id, reward, ci_low, ci_high, is_random, propensity, run_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  slate.forEach(({ creativeId, reward, ciLow, ciHigh, isRandom, propensity }, index) => {
    insert.run(adId, index + 1, creativeId, reward, ciLow, ciHigh, isRandom ? 1 : 0, propensity, runId);
  });
}

/** The entries of all slates by ad and creative, `"<ad>\0<creative>"`. */
export function readSlates(store: Store): Map<string, SlateEntry> {
  const rows = store.db
    .prepare(
      `SELECT ad_id AS adId, creative_id AS creativeId, reward, ci_low AS ciLow, ci_high AS ciHigh, is_random AS isRandom, propensity
       FROM slates ORDER BY ad_id, place`,
    )
    .all() as (Omit<SlateEntry, 'isRandom'> & { adId: string; isRandom: number })[];
  return new Map(rows.map(({ adId, isRandom, ...row }) => [`${adId}\0${row.creativeId}`, { ...row, isRandom: isRandom === 1 }]));
}

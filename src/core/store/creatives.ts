import type { Store } from './open.ts';

export interface Creative {
  readonly adId: string;
  readonly creativeId: string;
  readonly origin: 'imported' | 'composed';
  readonly score: number | null;
  /** What gave the score: 'mean element score', or a reward model. */
  readonly scorer: string | null;
  /** Kind → element id. */
  readonly elements: Readonly<Record<string, string>>;
}

export interface Ad {
  readonly adId: string;
  readonly noteId: string | null;
}

/** Ads in the order of their ids: those stored, and one (with the note's id) for every note that no ad promotes. */
export function readAds(store: Store, adIds?: readonly string[]): Ad[] {
  return store.db
    .prepare(
      `SELECT ad_id AS adId, note_id AS noteId FROM (
         SELECT ad_id, coalesce(note_id, (SELECT n.note_id FROM notes n WHERE n.note_id = ads.ad_id)) AS note_id FROM ads
         UNION ALL
         SELECT note_id, note_id FROM notes n WHERE NOT EXISTS (SELECT 1 FROM ads a WHERE a.note_id = n.note_id OR a.ad_id = n.note_id))
       ${adIds ? 'WHERE ad_id IN (SELECT value FROM json_each(?))' : ''} ORDER BY ad_id`,
    )
    .all(...(adIds ? [JSON.stringify(adIds)] : [])) as Ad[];
}

/** Makes the ad if it is new; a note given later fills one that was missing, and never replaces another. */
export function saveAd(store: Store, ad: Ad): void {
  store.db
    .prepare(
      'INSERT INTO ads (ad_id, note_id) VALUES (?, ?) ON CONFLICT (ad_id) DO UPDATE SET note_id = excluded.note_id WHERE note_id IS NULL',
    )
    .run(ad.adId, ad.noteId);
}

/**
 * Keeps a creative whose elements are stored already; 'conflict' when the id is taken by other elements. One that was composed
 * before takes the new score. Call it inside a transaction.
 */
export function saveCreative(store: Store, creative: Creative, runId: number): 'inserted' | 'unchanged' | 'conflict' {
  const { adId, creativeId, origin, score, scorer } = creative;
  const elements = Object.entries(creative.elements);
  const result = store.db
    .prepare('INSERT INTO creatives (ad_id, creative_id, origin, score, scorer, run_id) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
    .run(adId, creativeId, origin, score, scorer, runId);
  if (result.changes === 0) {
    const before = readElementIds(store, adId, creativeId);
    const same = before.size === elements.length && elements.every(([kind, id]) => before.get(kind) === id);
    if (same && origin === 'composed') {
      store.db
        .prepare("UPDATE creatives SET score = ?, scorer = ? WHERE ad_id = ? AND creative_id = ? AND origin = 'composed'")
        .run(score, scorer, adId, creativeId);
    }
    return same ? 'unchanged' : 'conflict';
  }
  const insert = store.db.prepare('INSERT INTO creative_elements (ad_id, creative_id, kind, element_id) VALUES (?, ?, ?, ?)');
  for (const [kind, id] of elements) insert.run(adId, creativeId, kind, id);
  return 'inserted';
}

function readElementIds(store: Store, adId: string, creativeId: string): Map<string, string> {
  const rows = store.db
    .prepare('SELECT kind, element_id FROM creative_elements WHERE ad_id = ? AND creative_id = ?')
    .raw()
    .all(adId, creativeId);
  return new Map(rows as [string, string][]);
}

/** Creatives of one ad, or of all, in the order of their ids. */
export function readCreatives(store: Store, adId?: string): Creative[] {
  return readWhere(store, adId === undefined ? 'true' : 'ad_id = @adId', { adId });
}

/** In an ad's newest slate, shown by a log, or imported; an ad without a slate keeps all it has. */
const LIVE = `(origin = 'imported'
  OR NOT EXISTS (SELECT 1 FROM slates s WHERE s.ad_id = c.ad_id)
  OR EXISTS (SELECT 1 FROM slates s WHERE s.ad_id = c.ad_id AND s.creative_id = c.creative_id)
  OR EXISTS (SELECT 1 FROM arms a WHERE a.ad_id = c.ad_id AND a.creative_id = c.creative_id))`;
const PLANNED = `EXISTS (SELECT 1 FROM plan_creatives p WHERE p.ad_id = c.ad_id AND p.creative_id = c.creative_id
  AND p.day = (SELECT max(day) FROM plans WHERE ad_id = c.ad_id))`;

/**
 * Creatives that a plan may choose from: imported ones, those that a log has shown, and the ad's newest slate. What an earlier
 * slate composed and nobody ever showed is left out.
 */
export function readLiveCreatives(store: Store): Creative[] {
  return readWhere(store, LIVE, { adId: undefined });
}

/** Creatives to publish, of one ad or of all: those live, and those of the newest plan, which an earlier slate may have composed. */
export function readPublishedCreatives(store: Store, adId?: string): Creative[] {
  const condition = `(${LIVE} OR ${PLANNED})`;
  return readWhere(store, adId === undefined ? condition : `ad_id = @adId AND ${condition}`, { adId });
}

function readWhere(store: Store, condition: string, { adId }: { readonly adId: string | undefined }): Creative[] {
  const rows = store.db
    .prepare(
      `SELECT ad_id AS adId, creative_id AS creativeId, origin, score, scorer,
         (SELECT json_group_object(kind, element_id) FROM (SELECT kind, element_id FROM creative_elements e
            WHERE e.ad_id = c.ad_id AND e.creative_id = c.creative_id ORDER BY kind)) AS elements
       FROM creatives c WHERE ${condition} ORDER BY ad_id, creative_id`,
    )
    .all(...(adId === undefined ? [] : [{ adId }])) as (Omit<Creative, 'elements'> & { elements: string })[];
  return rows.map((row) => ({ ...row, elements: JSON.parse(row.elements) }));
}

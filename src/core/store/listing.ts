import { readAds, readCreatives } from './creatives.ts';
import { filePath } from './files.ts';
import { type NoteUnderstanding, readUnderstandings } from './note_understandings.ts';
import { readNotes } from './notes.ts';
import type { Store } from './open.ts';
import { listRuns } from './runs.ts';
import { readSlates, type SlateEntry } from './slates.ts';
import { readBrands, readLexicon, readQueries } from './terms.ts';

/** Narrows a listing; undefined takes everything. */
export interface ListingFilter {
  readonly notes?: readonly string[] | undefined;
  readonly ads?: readonly string[] | undefined;
  readonly kind?: string | undefined;
}

export type ListingRow = Readonly<Record<string, unknown>>;

/** What the store holds, one reader per kind of thing; rows have the keys of `--json` and a fixed order. */
export const LISTINGS = {
  notes: listNotes,
  elements: listElements,
  creatives: listCreatives,
  models: listModels,
  runs: (store) => listRuns(store).map((run) => ({ ...run })),
  ads: listAds,
  logs: listLogs,
  queries: (store) => readQueries(store).map(({ query, frequency }) => ({ query, frequency })),
  brands: (store) => readBrands(store).map((name) => ({ name })),
  lexicon: (store, { kind }) => readLexicon(store, kind).map(({ term, type }) => ({ term, type })),
  plans: listPlans,
} as const satisfies Record<string, (store: Store, filter: ListingFilter) => ListingRow[]>;

export type ListingName = keyof typeof LISTINGS;

function listNotes(store: Store, { notes }: ListingFilter): ListingRow[] {
  const elements = countBy(store, 'SELECT note_id, count(*) FROM note_elements GROUP BY note_id');
  const understandings = readUnderstandings(store);
  return readNotes(store, notes).map(({ noteId, title, body, lang, brand, category, createdAt, media }) => ({
    note_id: noteId,
    title,
    body,
    lang,
    brand,
    category,
    created_at: createdAt,
    media: media.map(({ path }) => path),
    elements: elements.get(noteId) ?? 0,
    ...understandingColumns(understandings.get(noteId)),
  }));
}

/** What a note's text is about; none of it where it was not read yet. */
function understandingColumns(known: NoteUnderstanding | undefined): ListingRow {
  if (!known) return {};
  return { language: known.language, keywords: known.keywords, entities: known.entities, title_style: known.titleStyle };
}

/**
 * One row for an element and a note it was made for or is shown for; `note_id` is null where there is none. `made` tells of a
 * text by which generators, models, prompts and for which platforms it was written, one entry a setting.
 */
function listElements(store: Store, filter: ListingFilter): ListingRow[] {
  const rows = store.db
    .prepare(
      `WITH owners AS (
         SELECT element_id, note_id FROM note_elements
         UNION
         SELECT element_id, note_id FROM creative_elements JOIN ads USING (ad_id) WHERE note_id IS NOT NULL),
       used AS (SELECT element_id, count(*) AS creatives FROM creative_elements GROUP BY element_id)
       SELECT e.element_id, e.kind, coalesce(e.text, e.file) AS content, o.note_id, n.score, n.source, e.width, e.height,
         (SELECT json_group_array(json_object('generator', value ->> 'generator', 'paradigm', value ->> 'paradigm', 'model', value ->> 'model',
            'prompt', value ->> 'prompt', 'platform', value -> 'controls' ->> 'platform')) FROM json_each(n.details, '$.settings')) AS made,
         coalesce(u.creatives, 0) AS creatives, e.file IS NOT NULL AS is_file
       FROM elements e
       LEFT JOIN owners o ON o.element_id = e.element_id
       LEFT JOIN note_elements n ON n.element_id = e.element_id AND n.note_id = o.note_id
       LEFT JOIN used u ON u.element_id = e.element_id
       WHERE (:kind IS NULL OR e.kind = :kind)
         AND (:notes IS NULL OR o.note_id IN (SELECT value FROM json_each(:notes)))
         AND (:ads IS NULL OR e.element_id IN (SELECT element_id FROM creative_elements WHERE ad_id IN (SELECT value FROM json_each(:ads))))
       ORDER BY e.kind, o.note_id, n.score DESC, e.element_id`,
    )
    .all(parameters(filter)) as (ListingRow & { content: string; is_file: number; made: string | null })[];
  return rows.map(({ is_file, content, made, ...row }) => ({
    ...row,
    made: JSON.parse(made ?? '[]') as object[],
    content: is_file === 1 ? filePath(store, content) : content,
  }));
}

function listCreatives(store: Store, { notes, ads }: ListingFilter): ListingRow[] {
  const noteOf = new Map(readAds(store, ads).map(({ adId, noteId }) => [adId, noteId]));
  const texts = store.db
    .prepare(
      `SELECT json_group_object(kind, text) FROM (SELECT e.kind, e.text FROM creative_elements c JOIN elements e USING (element_id)
         WHERE c.ad_id = ? AND c.creative_id = ? AND e.text IS NOT NULL ORDER BY e.kind)`,
    )
    .pluck();
  const rows = readCreatives(store).filter(({ adId }) => noteOf.has(adId) && (!notes || notes.includes(noteOf.get(adId) ?? '')));
  const slates = readSlates(store);
  return rows.map(({ creativeId, adId, origin, score, scorer, elements }) => ({
    ...slateColumns(slates.get(`${adId}\0${creativeId}`)),
    creative_id: creativeId,
    ad_id: adId,
    note_id: noteOf.get(adId) ?? null,
    elements,
    texts: JSON.parse(texts.get(adId, creativeId) as string),
    origin,
    score,
    scorer,
  }));
}

/** What the ad's newest slate says of a creative; none of it where the slate does not hold it. */
function slateColumns(entry: SlateEntry | undefined): ListingRow {
  if (!entry) return {};
  return { in_slate: true, ci_low: entry.ciLow, ci_high: entry.ciHigh, random: entry.isRandom, propensity: entry.propensity };
}

function listAds(store: Store, { notes, ads }: ListingFilter): ListingRow[] {
  const creatives = countBy(store, 'SELECT ad_id, count(*) FROM creatives GROUP BY ad_id');
  return readAds(store, ads)
    .filter(({ noteId }) => !notes || (noteId !== null && notes.includes(noteId)))
    .map(({ adId, noteId }) => ({ ad_id: adId, note_id: noteId, creatives: creatives.get(adId) ?? 0 }));
}

function listModels(store: Store, filter: ListingFilter): ListingRow[] {
  const rows = store.db
    .prepare(
      'SELECT model_id, kind, path, metrics, created_at, run_id FROM models WHERE :kind IS NULL OR kind = :kind ORDER BY created_at, model_id',
    )
    .all(parameters(filter)) as (ListingRow & { path: string; metrics: string })[];
  return rows.map((row) => ({ ...row, path: filePath(store, row.path), metrics: JSON.parse(row.metrics) }));
}

function listLogs(store: Store): ListingRow[] {
  const rows = store.db
    .prepare(
      `SELECT l.name AS log, coalesce(sum(c.rows), 0) AS rows, min(nullif(c.ts_min, -1)) AS first, nullif(max(c.ts_max), -1) AS last,
         (SELECT sum(impressions) FROM roll_up r WHERE r.log_id = l.log_id) AS impressions,
         (SELECT sum(clicks) FROM roll_up r WHERE r.log_id = l.log_id) AS clicks
       FROM logs l LEFT JOIN log_chunks c ON c.log_id = l.log_id GROUP BY l.log_id ORDER BY l.name`,
    )
    .all() as (ListingRow & { first: number | null; last: number | null })[];
  return rows.map(({ log, rows, first, last, impressions, clicks }) => ({
    log,
    rows,
    first: isoTime(first),
    last: isoTime(last),
    impressions: impressions ?? 0,
    clicks: clicks ?? 0,
  }));
}

/** One row per creative of a plan, the newest day first. */
function listPlans(store: Store, filter: ListingFilter): ListingRow[] {
  return store.db
    .prepare(
      `SELECT c.day, c.ad_id, p.state AS ad_state, p.lambda, c.creative_id, c.state, c.share, c.propensity, c.bound, c.reward, c.ecoi_shrunk, c.reason
       FROM plan_creatives c JOIN plans p USING (day, ad_id)
       WHERE :ads IS NULL OR c.ad_id IN (SELECT value FROM json_each(:ads))
       ORDER BY c.day DESC, c.ad_id, c.share DESC, c.creative_id`,
    )
    .all(parameters(filter)) as ListingRow[];
}

function parameters({ notes, ads, kind }: ListingFilter): Record<string, string | null> {
  return { notes: notes ? JSON.stringify(notes) : null, ads: ads ? JSON.stringify(ads) : null, kind: kind ?? null };
}

function countBy(store: Store, sql: string): Map<string, number> {
  return new Map(store.db.prepare(sql).raw().all() as [string, number][]);
}

function isoTime(ms: number | null): string | null {
  const time = new Date(ms ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

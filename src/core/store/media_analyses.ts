import { isKept } from './files.ts';
import type { Store } from './open.ts';

/** A picture a medium offers. */
interface StoredCandidate {
  readonly details: Readonly<Record<string, unknown>>;
  /** Name under `<store>.files/`; null where it was passed over. */
  readonly file: string | null;
  /** A small JPEG where there is no file. */
  readonly thumbnail: Uint8Array | null;
}

/** What was found in one picture or video. */
export interface StoredAnalysis {
  /** Size, boundaries and shots; null for a picture. */
  readonly video: Readonly<Record<string, unknown>> | null;
  readonly candidates: readonly StoredCandidate[];
}

/** The bytes that were looked at, and what was looked for (JSON). */
export interface AnalysisKey {
  readonly sha256: string;
  readonly parameters: string;
}

/** What was found in the same bytes with the same parameters before; undefined when nothing was, or a file of it is lost or empty. */
export function readAnalysis(store: Store, { sha256, parameters }: AnalysisKey): StoredAnalysis | undefined {
  const row = store.db
    .prepare('SELECT analysis_id AS id, video FROM media_analyses WHERE sha256 = ? AND parameters = ?')
    .get(sha256, parameters) as { id: number; video: string | null } | undefined;
  if (row === undefined) return undefined;
  const candidates = store.db
    .prepare('SELECT details, file, thumbnail FROM media_candidates WHERE analysis_id = ? ORDER BY ordinal')
    .all(row.id) as { details: string; file: string | null; thumbnail: Buffer | null }[];
  if (candidates.some(({ file }) => file !== null && !isKept(store, file))) return undefined;
  return {
    video: row.video === null ? null : JSON.parse(row.video),
    candidates: candidates.map(({ details, ...rest }) => ({ details: JSON.parse(details), ...rest })),
  };
}

/** Keeps what was found in a medium, in place of what the same parameters found before. */
export function saveAnalysis(store: Store, { sha256, parameters }: AnalysisKey, analysis: StoredAnalysis, runId: number): void {
  const insert = store.db.prepare('INSERT INTO media_candidates (analysis_id, ordinal, details, file, thumbnail) VALUES (?, ?, ?, ?, ?)');
  store.db
    .transaction(() => {
      store.db.prepare('DELETE FROM media_analyses WHERE sha256 = ? AND parameters = ?').run(sha256, parameters);
      const { lastInsertRowid: id } = store.db
        .prepare('INSERT INTO media_analyses (sha256, parameters, video, run_id) VALUES (?, ?, ?, ?)')
        .run(sha256, parameters, analysis.video === null ? null : JSON.stringify(analysis.video), runId);
      for (const [ordinal, { details, file, thumbnail }] of analysis.candidates.entries())
        insert.run(id, ordinal, JSON.stringify(details), file, thumbnail);
    })
    .immediate();
}

import { UserError } from '../errors.ts';
import type { Store } from './open.ts';

/** A text feature with more different values than this is free text: the rest share one code. */
const MAX_FEATURE_VALUES = 65_536;
const OTHER_VALUE = '(other)';

export interface Arm {
  readonly adId: string;
  readonly creativeId: string;
}

export interface Position {
  /** '' when the log has no scenes. */
  readonly scene: string;
  /** 1-based rank; 0 when the log has no positions. */
  readonly position: number;
}

/** The log of that name, made when it is new. */
export function ensureLog(store: Store, name: string): number {
  store.db.prepare('INSERT INTO logs (name) VALUES (?) ON CONFLICT DO NOTHING').run(name);
  return store.db.prepare('SELECT log_id FROM logs WHERE name = ?').pluck().get(name) as number;
}

/**
 * The id of a log by name; undefined, which means all logs, when no name is given.
 * @throws UserError when there is no such log, or none at all
 */
export function findLog(store: Store, name: string | undefined): number | undefined {
  const names = store.db.prepare('SELECT name FROM logs ORDER BY name').pluck().all() as string[];
  if (names.length === 0)
    throw new UserError(`Expected a click log in ${store.path} but there is none.`, 'Import one first: atelier import logs FILE.');
  if (name === undefined) return undefined;
  const id = store.db.prepare('SELECT log_id FROM logs WHERE name = ?').pluck().get(name) as number | undefined;
  if (id === undefined) throw new UserError(`Expected one of the logs ${names.join(', ')} but received "${name}".`);
  return id;
}

/** All arms by code (code 0 is not used). */
export function readArms(store: Store): Map<number, Arm> {
  const rows = store.db.prepare('SELECT arm, ad_id AS adId, creative_id AS creativeId FROM arms ORDER BY arm').all() as (Arm & {
    arm: number;
  })[];
  return new Map(rows.map(({ arm, adId, creativeId }) => [arm, { adId, creativeId }]));
}

/** All positions by code. */
export function readPositions(store: Store): Map<number, Position> {
  const rows = store.db.prepare('SELECT position_id, scene, position FROM positions ORDER BY position_id').all() as (Position & {
    position_id: number;
  })[];
  return new Map(rows.map(({ position_id, scene, position }) => [position_id, { scene, position }]));
}

/** All sets of candidates by code: sorted creative ids (code 0 is not used: it stands for candidates not given). */
export function readCandidateSets(store: Store): Map<number, readonly string[]> {
  const rows = store.db.prepare('SELECT set_id, creative_ids FROM candidate_sets ORDER BY set_id').raw().all() as [number, string][];
  return new Map(rows.map(([code, creativeIds]) => [code, JSON.parse(creativeIds) as string[]]));
}

export function readFeatureTypes(store: Store, logId: number): Map<string, 'number' | 'text'> {
  const rows = store.db.prepare('SELECT name, type FROM log_features WHERE log_id = ? ORDER BY name').all(logId) as {
    name: string;
    type: 'number' | 'text';
  }[];
  return new Map(rows.map(({ name, type }) => [name, type]));
}

export function saveFeatures(store: Store, logId: number, features: readonly { name: string; type: 'number' | 'text' }[]): void {
  const insert = store.db.prepare('INSERT INTO log_features (log_id, name, type) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  store.db
    .transaction(() => {
      for (const { name, type } of features) insert.run(logId, name, type);
    })
    .immediate();
}

// ---- codes of strings: looked up, or given out in the order of first sight ----

export function armCodes(store: Store, arms: readonly (readonly string[])[]): number[] {
  const find = store.db.prepare('SELECT arm FROM arms WHERE ad_id = ? AND creative_id = ?').pluck();
  const insert = store.db.prepare('INSERT INTO arms (ad_id, creative_id) VALUES (?, ?) RETURNING arm').pluck();
  return store.db.transaction(() => arms.map((arm) => (find.get(...arm) ?? insert.get(...arm)) as number)).immediate();
}

export function positionCodes(store: Store, positions: readonly (readonly string[])[]): number[] {
  const find = store.db.prepare('SELECT position_id FROM positions WHERE scene = ? AND position = ?').pluck();
  const insert = store.db.prepare('INSERT INTO positions (scene, position) VALUES (?, ?) RETURNING position_id').pluck();
  return store.db
    .transaction(() =>
      positions.map(([scene, position]) => (find.get(scene, Number(position)) ?? insert.get(scene, Number(position))) as number),
    )
    .immediate();
}

/** Codes of sets of creative ids, given in any order and more than once; 0 for a list without an id. */
export function candidateCodes(store: Store, lists: readonly (readonly string[])[]): number[] {
  const find = store.db.prepare('SELECT set_id FROM candidate_sets WHERE creative_ids = ?').pluck();
  const insert = store.db.prepare('INSERT INTO candidate_sets (creative_ids) VALUES (?) RETURNING set_id').pluck();
  const codeOf = (list: readonly string[]): number => {
    const ids = [...new Set(list)].filter(Boolean).sort();
    if (ids.length === 0) return 0;
    const text = JSON.stringify(ids);
    return (find.get(text) ?? insert.get(text)) as number;
  };
  return store.db.transaction(() => lists.map(codeOf)).immediate();
}

/** Codes of a text feature's values; from the 65,537th on all share the code of "(other)". */
export function createFeatureCodes(store: Store, logId: number, name: string): (values: readonly (readonly string[])[]) => number[] {
  const rows = store.db.prepare('SELECT value, code FROM log_feature_values WHERE log_id = ? AND name = ? ORDER BY code').raw();
  const insert = store.db.prepare('INSERT INTO log_feature_values (log_id, name, code, value) VALUES (?, ?, ?, ?)');
  const load = (): Map<string, number> => new Map(rows.all(logId, name) as [string, number][]);
  let known = load();
  const isNew = (value: string): boolean => !known.has(value) && (known.size < MAX_FEATURE_VALUES || !known.has(OTHER_VALUE));
  return (values) => {
    if (values.some(([value]) => isNew(value as string))) {
      store.db
        .transaction(() => {
          known = load(); // another process may have added some
          for (const [value] of values) {
            if (!isNew(value as string)) continue;
            const stored = known.size < MAX_FEATURE_VALUES ? (value as string) : OTHER_VALUE;
            insert.run(logId, name, known.size, stored);
            known.set(stored, known.size);
          }
        })
        .immediate();
    }
    return values.map(([value]) => (known.get(value as string) ?? known.get(OTHER_VALUE)) as number);
  };
}

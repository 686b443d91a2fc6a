import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Store } from './open.ts';

const PARTIAL = '.part';
/** A save takes seconds: what was begun a day ago, a killed process left. */
const PARTIAL_MS = 86_400_000;

/** A trained model: files in a folder of its own under `<store>.files/models/`. */
export interface StoredModel {
  readonly modelId: string;
  readonly kind: string;
  /** Folder under `<store>.files/`. */
  readonly path: string;
}

interface NewModel extends Omit<StoredModel, 'path'> {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly metrics: unknown;
}

/**
 * Keeps a model's files, then names it in the store; the id derives from the files, so the same model is kept once. The folder is
 * written beside and renamed: a killed process leaves none under a good name, and what it leaves is removed by a save a day later.
 */
export function saveModel(store: Store, { modelId, kind, files, metrics }: NewModel, now: Date, runId: number): StoredModel {
  const isPartial = (name: string): boolean => name.endsWith(PARTIAL);
  removeOlder(join(store.filesDirectory, 'models'), new Date(now.getTime() - PARTIAL_MS), isPartial);
  const path = `models/${modelId}`;
  const folder = join(store.filesDirectory, path);
  if (!isWhole(folder, files)) {
    const temporary = `${folder}.${randomUUID()}${PARTIAL}`;
    mkdirSync(temporary, { recursive: true });
    try {
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(temporary, name), bytes);
      // What stands there under the same id is damaged.
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  store.db
    .prepare(
      `INSERT INTO models (model_id, kind, path, metrics, created_at, run_id) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (model_id) DO UPDATE SET created_at = excluded.created_at, run_id = excluded.run_id`,
    )
    .run(modelId, kind, path, JSON.stringify(metrics), now.toISOString(), runId);
  return { modelId, kind, path };
}

function isWhole(folder: string, files: Readonly<Record<string, Uint8Array>>): boolean {
  return Object.entries(files).every(([name, bytes]) => {
    const path = join(folder, name);
    return existsSync(path) && readFileSync(path).equals(bytes);
  });
}

/** Whether there is a model of a kind. */
export function hasModel(store: Store, kind: string): boolean {
  return store.db.prepare('SELECT 1 FROM models WHERE kind = ? LIMIT 1').get(kind) !== undefined;
}

/**
 * A model of a kind by its id, or the one trained last.
 * @throws UserError when there is none
 */
export function findModel(store: Store, kind: string, modelId: string | undefined): StoredModel {
  const rows = store.db
    .prepare('SELECT model_id AS modelId, kind, path FROM models WHERE kind = ? ORDER BY run_id DESC, model_id')
    .all(kind) as StoredModel[];
  const found = modelId === undefined ? rows[0] : rows.find((row) => row.modelId === modelId);
  if (found) return found;
  const hint = `Train one: atelier train ${kind}.`;
  if (modelId === undefined || rows.length === 0) throw new UserError(`Expected a ${kind} model in ${store.path} but there is none.`, hint);
  throw new UserError(`Expected one of the models ${rows.map((row) => row.modelId).join(', ')} but received "${modelId}".`);
}

/** @throws UserError when the file is not there */
export function readModelFile(store: Store, { path, kind }: StoredModel, name: string): Uint8Array {
  const file = join(store.filesDirectory, path, name);
  if (!existsSync(file))
    throw new UserError(`Expected the model's file ${file} but it is not there.`, `Train it again: atelier train ${kind}.`);
  return readFileSync(file);
}

/** Removes the checkpoints that were last written before a moment: nobody goes on from them. */
export function removeOldCheckpoints(store: Store, before: Date): void {
  removeOlder(join(store.filesDirectory, 'training'), before, () => true);
}

/** Removes the files and folders in a folder that were last written before a moment; another process may do the same. */
function removeOlder(folder: string, before: Date, isMeant: (name: string) => boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter(isMeant)) {
    const path = join(folder, name);
    const written = statSync(path, { throwIfNoEntry: false })?.mtime;
    if (written && written < before) rmSync(path, { recursive: true, force: true });
  }
}

/** Where a training under way keeps its checkpoint; the folder is made. */
export function checkpointPath(store: Store, key: string): string {
  const folder = join(store.filesDirectory, 'training');
  mkdirSync(folder, { recursive: true });
  return join(folder, `${key}.checkpoint`);
}

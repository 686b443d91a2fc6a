import type { DualTowerMetadata } from '../core/models/dual_tower/metadata.ts';
import type { ServedModel } from '../core/models/dual_tower/served_model.ts';
import type { Entities } from '../core/models/features/field.ts';
import type { StoreSession } from './shared.ts';

/** A stored model opened on the ads and creatives of the store. */
export interface OpenedModel {
  readonly modelId: string;
  readonly metadata: DualTowerMetadata;
  readonly entities: Entities;
  readonly model: ServedModel;
}

/** Values of circumstances, by field: an impression to predict for. */
export type Context = ReadonlyMap<string, string>;

/**
 * Opens a dual tower, the newest when no id is given, for every ad and creative of the store and of its log.
 * @param contexts for each ad, as many runs of the left tower; context c of ad a is number `c·ads + a`
 * @throws UserError when there is no such model, or its files are not what was written
 */
export async function openDualTower(
  session: StoreSession<unknown>,
  modelId: string | undefined,
  options: { readonly ads?: readonly string[] | undefined; readonly contexts: readonly Context[] },
): Promise<OpenedModel> {
  const { findLog } = await import('../core/store/logs.ts');
  const { findModel, readModelFile } = await import('../core/store/models.ts');
  const { decodeMetadata, servedSide } = await import('../core/models/dual_tower/metadata.ts');
  const { ServedModel } = await import('../core/models/dual_tower/served_model.ts');
  const { contextTerms } = await import('../core/models/dual_tower/contexts.ts');
  const { readEntities } = await import('./training_data.ts');
  const { store } = session;
  const stored = findModel(store, 'dual-tower', modelId);
  const files = { left: readModelFile(store, stored, 'left.onnx'), right: readModelFile(store, stored, 'right.onnx') };
  const metadata = decodeMetadata(readModelFile(store, stored, 'model.json'), files, stored.modelId, stored.path);
  const logId = metadata.log === null ? undefined : findLog(store, metadata.log);
  const entities = await readEntities(store, metadata.spec, { logId, ads: options.ads ?? metadata.ads ?? undefined });
  const sides = { left: servedSide(metadata.left), right: servedSide(metadata.right) };
  const fields = contextTerms(metadata.spec, sides, entities, options.contexts);
  const model = await ServedModel.open(files, sides, fields, { threads: 1, source: stored.path, shift: metadata.shift });
  return { modelId: stored.modelId, metadata, entities, model };
}

import type { AdCandidates, RewardTables } from '../core/models/multi_instance/reward_model.ts';
import type { RewardModelOrigin } from '../core/models/multi_instance/reward_model_files.ts';
import type { Store } from '../core/store/open.ts';
import type { ContentTerms } from './bag_features.ts';

/** A stored reward model, ready to make tables of ads. */
export interface OpenedRewardModel {
  readonly modelId: string;
  readonly origin: RewardModelOrigin;
  readonly tables: RewardTables;
}

/** Elements that an ad may use, by kind and id. */
export interface AdGroups {
  readonly adId: string;
  readonly groups: readonly { readonly kind: string; readonly elementIds: readonly string[] }[];
}

/**
 * Opens a reward model, the newest when no id is given.
 * @throws UserError when there is no such model, or its files are not what was written
 */
export async function openRewardModel(store: Store, modelId: string | undefined): Promise<OpenedRewardModel> {
  const { filePath } = await import('../core/store/files.ts');
  const { findModel, readModelFile } = await import('../core/store/models.ts');
  const { RewardTables } = await import('../core/models/multi_instance/reward_model.ts');
  const { unpackRewardModel } = await import('../core/models/multi_instance/reward_model_files.ts');
  const stored = findModel(store, 'mil', modelId);
  const folder = filePath(store, stored.path);
  const { model, origin } = await unpackRewardModel(stored.modelId, folder, (name) => readModelFile(store, stored, name));
  return { modelId: stored.modelId, origin, tables: new RewardTables(model) };
}

/** Each ad's candidates with the terms of their content. */
export function withTerms(terms: ContentTerms, ads: readonly AdGroups[]): AdCandidates[] {
  return ads.map(({ adId, groups }) => ({
    adId,
    terms: terms.ofAd(adId),
    groups: groups.map(({ kind, elementIds }) => ({
      kind,
      elements: elementIds.map((elementId) => ({ elementId, terms: terms.ofElement(elementId) })),
    })),
  }));
}

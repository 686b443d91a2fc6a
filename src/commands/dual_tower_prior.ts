import { UserError } from '../core/errors.ts';
import { openDualTower } from './dual_tower_scoring.ts';
import type { StoreSession } from './shared.ts';

/**
 * A dual tower's predictions as prior means of ECOI: CTRs at exposure factor 1, times the scale that its held-out clicks gave.
 * @returns `meanOf` is undefined for a creative that the model does not know of, and for all where the held-out clicks are better
 *   explained by one mean than by the predictions (`isPreferred` false)
 * @throws UserError when there is no such model, or its held-out rows had no click to weigh a prediction by
 */
export async function readDualTowerPrior(session: StoreSession<unknown>, modelId: string | undefined) {
  const { isPreferred } = await import('../core/models/dual_tower/metadata.ts');
  const { scoreAll } = await import('../core/models/dual_tower/scoring.ts');
  const { modelId: used, metadata, entities, model } = await openDualTower(session, modelId, { contexts: [new Map()] });
  const { prior } = metadata;
  if (prior === null) {
    await model.close();
    throw new UserError(
      `Expected a model whose held-out rows have clicks but those of ${used} have none, so its predictions have no weight.`,
      'Train on a longer log, or select without --prior dual-tower.',
    );
  }
  const { ctr } = await scoreAll(model, entities);
  await model.close();
  const preferred = isPreferred(prior);
  const means = new Map(entities.creatives.map(({ adId, creativeId }, i) => [`${adId}\0${creativeId}`, prior.scale * (ctr[i] as number)]));
  return {
    modelId: used,
    strength: prior.strength,
    scale: prior.scale,
    isPreferred: preferred,
    meanOf: (adId: string, creativeId: string): number | undefined => (preferred ? means.get(`${adId}\0${creativeId}`) : undefined),
  };
}

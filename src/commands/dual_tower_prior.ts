import { UserError } from '../core/errors.ts';
import { openDualTower } from './dual_tower_scoring.ts';
import type { StoreSession } from './shared.ts';

/**
 * A dual tower's predictions as prior means of ECOI: CTRs at exposure factor 1, times the scale that its held-out clicks gave.
 * @returns `meanOf` is undefined for a creative that the model does not know of, and for all where the held-out clicks are better
 *   explained by one mean than by the predictions (`isPreferred` false)
 * @param day the day that is planned for: the model may know only of days before it; any when undefined
 * @throws UserError when there is no such model, when it knows what came of that day, or when its held-out rows had no click to weigh a
 *   prediction by
 */
export async function readDualTowerPrior(session: StoreSession<unknown>, modelId: string | undefined, day: string | undefined) {
  const { isPreferred } = await import('../core/models/dual_tower/metadata.ts');
  const { scoreAll } = await import('../core/models/dual_tower/scoring.ts');
  const { modelId: used, metadata, entities, model } = await openDualTower(session, modelId, { contexts: [new Map()] });
  const { prior, last_day: lastDay } = metadata;
  if (day !== undefined && lastDay && lastDay >= day) {
    await model.close();
    throw new UserError(
      `Expected a dual tower made from rows of days before ${day} but ${used} knows of days up to ${lastDay}.`,
      'Name one that ends before that day with --model, train one on such a log (--log NAME), or select with --prior ecoi.',
    );
  }
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
    notes:
      day !== undefined && !lastDay
        ? [`it cannot be checked that dual tower ${used} knows of days before ${day} only: it does not say which days its rows had`]
        : [],
    meanOf: (adId: string, creativeId: string): number | undefined => (preferred ? means.get(`${adId}\0${creativeId}`) : undefined),
  };
}

import { fitAdditive } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import type { Bags, Family } from '../../../../src/core/models/multi_instance/bags.ts';
import { completeModel, type Effects, fitEffects } from '../../../../src/core/models/multi_instance/fit_reward_model.ts';
import type { GatedFeatures } from '../../../../src/core/models/multi_instance/gated/gated_model.ts';
import { serveGated } from '../../../../src/core/models/multi_instance/gated/train_gated.ts';
import { GatedTrainer } from '../../../../src/core/models/multi_instance/gated/trainer.ts';
import type { AdCandidates, Estimator, RewardModel } from '../../../../src/core/models/multi_instance/reward_model.ts';
import type { RewardTable } from '../../../../src/core/models/multi_instance/reward_table.ts';
import { makeWorld } from './gated/made_world.ts';
import { allRows } from './made_bags.ts';

export const NO_FEATURES: GatedFeatures = { elementTerms: [], adTerms: [] };

/** A reward model with the bags it was trained on and what it reads in them. */
export interface MadeModel {
  readonly bags: Bags;
  readonly features: GatedFeatures;
  readonly effects: Effects;
  readonly model: RewardModel;
}

export function additiveModel(bags: Bags, family: Family = 'binomial', seed = 1): Promise<MadeModel> {
  return fittedModel(bags, 'additive', family, seed);
}

/** With an effect of each pair of elements that four rows have. */
export function pairwiseModel(bags: Bags, family: Family = 'binomial', seed = 1): Promise<MadeModel> {
  return fittedModel(bags, 'pairwise', family, seed);
}

async function fittedModel(bags: Bags, estimator: Estimator, family: Family, seed: number): Promise<MadeModel> {
  const settings = { family, seed, threads: 1 };
  const effects = await fitEffects(bags, estimator, NO_FEATURES, settings);
  return { bags, features: NO_FEATURES, effects, model: completeModel(bags, effects, settings) };
}

/** A gated model that keeps its pair terms, after some steps; each element's effect is fitted about what the network says. */
export async function gatedModel(): Promise<MadeModel> {
  const { bags, features, train, adOffsets } = makeWorld({ seed: 1, termSd: 0.3, idSd: 0.2, pairSd: 0.3, ads: 12, perKind: 8, unseen: 1 });
  const options = { train, family: 'binomial', adOffsets, phi: 1, batchRows: 50, seed: 1, threads: 1 } as const;
  const trainer = await GatedTrainer.open(bags, features, options);
  await trainer.setPairs(true);
  for (let step = 0; step < 60; step++) await trainer.step(train.subarray((step % 2) * 50, (step % 2) * 50 + 50), 1);
  const network = await serveGated(trainer, 1);
  const content = await trainer.effects(allRows(bags), 'unknown');
  await trainer.close();
  const priorSd = new Float64Array(bags.kinds.length).fill(0.2);
  const fit = fitAdditive(bags, allRows(bags), { family: 'binomial', priorSd, adSd: 2, offset: Float64Array.from(content) });
  const effects: Effects = {
    priorSd,
    posteriorSd: priorSd,
    fit,
    interactions: undefined,
    phi: 1,
    network,
    content: Float64Array.from(content),
  };
  return { bags, features, effects, model: completeModel(bags, effects, { family: 'binomial', seed: 1, threads: 1 }) };
}

/** The ad of a row, its candidates all elements of the kinds that the row has. */
export function candidatesOf({ bags, features }: Pick<MadeModel, 'bags' | 'features'>, row: number): AdCandidates {
  const kinds = bags.kinds.length;
  const ad = bags.ad[row] as number;
  const groups = bags.kinds.flatMap((kind, k) => {
    if ((bags.members[row * kinds + k] as number) < 0) return [];
    const elements = bags.elements.flatMap((element, e) =>
      element.kind === k ? [{ elementId: element.elementId, terms: features.elementTerms[e] ?? [] }] : [],
    );
    return [{ kind, elements }];
  });
  return { adId: bags.ads[ad] as string, terms: features.adTerms[ad] ?? [], groups };
}

/** The candidates that a row showed, by their place in {@link candidatesOf}. */
export function shownIn({ bags }: Pick<MadeModel, 'bags'>, row: number): number[] {
  const kinds = bags.kinds.length;
  const members = [...bags.members.subarray(row * kinds, (row + 1) * kinds)];
  const present = bags.kinds.flatMap((_, k) => ((members[k] as number) >= 0 ? [k] : []));
  const candidates = bags.elements.flatMap((element, e) => (present.includes(element.kind) ? [e] : []));
  return members.filter((element) => element >= 0).map((element) => candidates.indexOf(element));
}

/** The link that a table gives a combination. */
export function linkIn({ offset, main, pairs }: RewardTable, combination: readonly number[]): number {
  return combination.reduce(
    (sum, i, at) => combination.slice(at + 1).reduce((part, j) => part + (pairs?.[i * main.length + j] ?? 0), sum + (main[i] as number)),
    offset,
  );
}

export function logit(p: number): number {
  return Math.log(p / (1 - p));
}

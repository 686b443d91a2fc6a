import { sha256 } from '../core/ids.ts';
import type { ElementGroup } from '../core/models/combinations.ts';
import type { RewardTable } from '../core/models/multi_instance/reward_table.ts';
import { createRandom, type Random } from '../core/random.ts';
import type { ContentTerms } from './bag_features.ts';
import type { Label } from './labels.ts';
import { type OpenedRewardModel, withTerms } from './reward_scoring.ts';

/** What a creative is worth where no reward model is: pictures and titles have scores of their own. */
const ELEMENT_SCORER = 'mean element score';

/** What is maximised: the prediction less its uncertainty, the prediction, or one draw of what it may be. */
export const REWARDS = ['pessimistic', 'mean', 'thompson'] as const;
export type RewardKind = (typeof REWARDS)[number];

/** An ad and the elements it may use. */
export interface GroupedAd {
  readonly adId: string;
  readonly groups: readonly ElementGroup[];
}

/** What an ad's combinations are worth. */
interface AdRewards {
  /** What slates are chosen by. */
  readonly table: RewardTable;
  /** What is predicted of a chosen one; no sd where that is taken as certain. */
  readonly predict: (combination: ArrayLike<number>) => { readonly mean: number; readonly sd: number | undefined };
  /** Kinds that the reward model has never seen: their elements count alike. */
  readonly unknownKinds: readonly string[];
}

/** Where rewards come from. */
export interface RewardSource {
  /** Id of the reward model, or {@link ELEMENT_SCORER}. */
  readonly scorer: string;
  /** What the reward model predicts; null for element scores. */
  readonly label: Label | null;
  /** From a table's link to what people read: a CTR, or an amount an impression; element scores are what they are. */
  readonly meanOf: (link: number) => number;
  readonly rewardsOf: (ad: GroupedAd) => Promise<AdRewards>;
}

/** The random numbers of an ad: the same whichever other ads are composed. */
export function randomOfAd(seed: number, adId: string): Random {
  return createRandom(seed, Number.parseInt(sha256(adId).slice(0, 8), 16));
}

/** Rewards by a reward model. */
export async function modelRewards(
  { modelId, origin, tables }: OpenedRewardModel,
  terms: ContentTerms,
  options: { readonly kind: RewardKind; readonly seed: number },
): Promise<RewardSource> {
  const { meanOf } = await import('../core/models/multi_instance/reward_model.ts');
  const { family, posterior } = tables.model;
  return {
    scorer: modelId,
    label: origin.label as Label,
    meanOf: (link) => meanOf(family, link),
    rewardsOf: async (ad) => {
      const [candidates] = withTerms(terms, [ad]) as [ReturnType<typeof withTerms>[number]];
      const prediction = await tables.tableOf(candidates);
      const random = randomOfAd(options.seed, `${ad.adId}\0reward`);
      const draw = { draw: random.below(posterior.draws), random };
      const table = options.kind === 'thompson' ? await tables.tableOf(candidates, draw) : prediction;
      return { table, predict: tables.predictorOf(candidates, prediction), unknownKinds: tables.unknownKinds(candidates) };
    },
  };
}

/** Rewards by the scores of elements: the mean of a combination's. */
export function elementRewards(): RewardSource {
  return {
    scorer: ELEMENT_SCORER,
    label: null,
    meanOf: (score) => score,
    rewardsOf: async ({ groups }) => {
      const table: RewardTable = {
        sizes: Int32Array.from(groups, ({ elementIds }) => elementIds.length),
        offset: 0,
        main: Float64Array.from(groups.flatMap(({ scores }) => [...scores].map((score) => score / groups.length))),
        pairs: undefined,
        covariance: undefined,
      };
      const predict = (combination: ArrayLike<number>) => {
        return { mean: Array.from(combination).reduce((sum, i) => sum + (table.main[i] as number), 0), sd: undefined };
      };
      return { table, predict, unknownKinds: [] };
    },
  };
}

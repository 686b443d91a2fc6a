import { LABELS } from './labels.ts';
import { count, table } from './shared.ts';
import type { RewardSource } from './slate_rewards.ts';

export const METHODS = ['exact', 'policy', 'random'] as const;
export type Method = (typeof METHODS)[number];

const ADS_SHOWN = 40;

export interface ComposedCreative {
  readonly creative_id: string;
  readonly elements: Readonly<Record<string, string>>;
  /** Predicted reward, and its 95 % interval where a reward model predicted it. */
  readonly score: number;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  /** Whether chance alone chose it, and the probability of this combination at this place. */
  readonly random: boolean;
  readonly propensity: number;
}

export interface ComposedAd {
  readonly ad_id: string;
  /** Combinations that the constraints allow; estimated where `space_exact` is false. */
  readonly space: number;
  readonly space_exact: boolean;
  readonly method: Method;
  readonly reward_calls: number;
  readonly creatives: readonly ComposedCreative[];
  readonly distinct: number;
  readonly mean_hamming: number | null;
}

export function tellComposed(
  ads: readonly ComposedAd[],
  { scorer, label }: Pick<RewardSource, 'scorer' | 'label'>,
  notes: readonly string[],
): string[] {
  const rows = ads
    .slice(0, ADS_SHOWN)
    .map((ad) => [
      ad.ad_id,
      `${ad.space_exact ? '' : '≈'}${count(ad.space)}`,
      ad.method,
      count(ad.creatives.length),
      count(ad.creatives.filter(({ random }) => random).length),
      ad.creatives.length === 0 ? '–' : String(Number(Math.max(...ad.creatives.map(({ score }) => score)).toPrecision(3))),
      ad.mean_hamming === null ? '–' : ad.mean_hamming.toFixed(3),
    ]);
  const creatives = ads.reduce((sum, ad) => sum + ad.creatives.length, 0);
  return [
    ...(rows.length > 0
      ? table(['ad', 'space', 'method', 'creatives', 'by chance', 'best score', 'mean hamming'], rows, [1, 3, 4, 5, 6])
      : []),
    ...(ads.length > ADS_SHOWN ? [`… and ${count(ads.length - ADS_SHOWN)} more (--json lists them all)`] : []),
    `${count(creatives)} creatives of ${count(ads.length)} ads`,
    `scorer: ${scorer}${label === null ? '' : ` (the score is the ${LABELS[label].word} an impression that it predicts)`}`,
    ...notes.map((note) => `note: ${note}`),
  ];
}

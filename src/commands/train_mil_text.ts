import type { Estimate } from '../core/feedback/evaluation.ts';
import type { LossComparison } from '../core/models/multi_instance/bag_losses.ts';
import type { Estimator } from '../core/models/multi_instance/reward_model.ts';
import { LABELS, type Label } from './labels.ts';
import { count, table } from './shared.ts';

interface Trained {
  readonly modelId: string;
  readonly path: string;
  readonly size: {
    readonly rows: number;
    readonly ads: number;
    readonly elements: number;
    readonly kinds: readonly string[];
    readonly unknown: number;
  };
  readonly label: Label;
  readonly metrics: RewardMetrics;
  readonly notes: readonly string[];
  readonly seconds: number;
}

interface RewardMetrics {
  readonly estimator: Estimator;
  readonly held_out: ReturnType<typeof comparisonJson>;
  readonly segments: Readonly<Record<'seen_combination' | 'new_combination' | 'unseen_element', ReturnType<typeof comparisonJson>>>;
  readonly unseen_elements: number;
  readonly unseen_judged: boolean;
  readonly phi: number;
  readonly has_pairs: boolean;
}

/** Losses a thousand effective impressions: a difference of CTR models is some ten-thousandths of a nat an impression. */
const LOSS_UNIT = 1000;
const MINUS_AD_MEAN = '_minus_ad_mean';

export function comparisonJson({ rows, exposure, outcomes, clusters, resampled, losses, differences }: LossComparison) {
  return {
    rows,
    effective_impressions: exposure,
    outcomes,
    clusters,
    resampled,
    log_loss: estimates(losses),
    differences: estimates(differences),
  };
}

interface EstimateJson {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly reason?: string;
}

function estimates(named: Readonly<Record<string, Estimate>>): Readonly<Record<string, EstimateJson>> {
  return Object.fromEntries(
    Object.entries(named).map(([name, { value, ciLow, ciHigh, reason }]) => [
      name,
      { value, ci_low: ciLow, ci_high: ciHigh, ...(reason !== null && { reason }) },
    ]),
  );
}

/** What a training found, for people. */
export function tellRewardModel({ modelId, path, size, label, metrics, notes, seconds }: Trained): string[] {
  const { estimator, held_out, segments, unseen_elements, unseen_judged, phi } = metrics;
  const parts = Object.entries({ all: held_out, ...segments }).filter(([, { effective_impressions }]) => effective_impressions > 0);
  const rows = parts.flatMap(([segment, { effective_impressions, outcomes, differences }]) =>
    comparisonsOf(segment, differences).map(([name, difference]) => [
      `${segment.replaceAll('_', ' ')}${segment === 'unseen_element' ? ` (${unseen_elements})` : ''}`,
      count(effective_impressions),
      count(outcomes),
      name.replaceAll('_', ' '),
      ...cellsOf(difference),
    ]),
  );
  const { word } = LABELS[label];
  return [
    `${modelId}: ${count(size.rows)} combinations of ${count(size.elements)} elements (${size.kinds.join(', ')}) in ${count(size.ads)} ads, ${seconds.toFixed(1)} s`,
    ...(size.unknown > 0 ? [`left out: ${count(size.unknown)} creatives of the log whose elements are not known (import creatives)`] : []),
    '',
    `log-loss of held-out ${word}, in thousandths of a nat an effective impression (a difference below 0: the first is better)`,
    ...table(['held out', 'effective impressions', word, 'compared', 'difference', '95 % interval'], rows, [1, 2, 4]),
    ...tellContent(segments.unseen_element.differences.gated_minus_additive, unseen_elements),
    '',
    `used: ${ESTIMATOR_WORDS[estimator]}${estimator === 'gated' && metrics.has_pairs ? ', with interactions of elements' : ''}`,
    ...(unseen_elements > 0 && !unseen_judged
      ? ['chosen without the rows of elements never shown: so few of them say little of others']
      : []),
    ...(LABELS[label].family === 'binomial' ? [`over-dispersion: ${phi.toFixed(2)} (1: no more than by chance)`] : []),
    ...notes.map((note) => `note: ${note}`),
    `in ${path}; see the elements with: atelier attribute`,
  ];
}

/** Of all rows every comparison; of a part of them only those with the ads' means, in one line where it cannot be evaluated. */
function comparisonsOf(segment: string, differences: Readonly<Record<string, EstimateJson>>): [string, EstimateJson][] {
  const own = Object.entries(differences).filter(([name]) => segment === 'all' || name.endsWith(MINUS_AD_MEAN));
  const [first] = own;
  return first && own.every(([, { value }]) => value === null) ? [['', first[1]]] : own;
}

function cellsOf({ value, ci_low, ci_high, reason }: EstimateJson): string[] {
  if (value === null) return ['–', reason ?? ''];
  const scaled = (x: number | null): string => (LOSS_UNIT * (x ?? 0)).toFixed(3);
  return [scaled(value), `[${scaled(ci_low)}, ${scaled(ci_high)}]`];
}

/** Whether what the network reads in elements helps where they were never shown. */
function tellContent(difference: EstimateJson | undefined, elements: number): string[] {
  if (!difference || difference.value === null || difference.ci_low === null || difference.ci_high === null) return [];
  const verdict =
    difference.ci_high < 0
      ? 'helps to predict'
      : difference.ci_low > 0
        ? 'makes worse what is predicted of'
        : 'does not clearly help to predict';
  return [`content ${verdict} elements never shown (${count(elements)} of them were held out)`];
}

const ESTIMATOR_WORDS: Readonly<Record<Estimator, string>> = {
  additive: 'additive (each element by itself)',
  pairwise: 'pairwise (each element and each pair of elements shown together)',
  gated: "gated (the network's reading of the content, and each element by itself about it)",
};

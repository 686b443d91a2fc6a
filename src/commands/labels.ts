import type { Family } from '../core/models/multi_instance/bags.ts';

/** What a reward model can learn to predict: its distribution, the column of the roll-up that it sums, and the word for it. */
export const LABELS = {
  click: { family: 'binomial', sum: 'clicks', word: 'clicks' },
  conversion: { family: 'binomial', sum: 'conversions', word: 'conversions' },
  revenue: { family: 'poisson', sum: 'revenue', word: 'revenue' },
} as const satisfies Record<string, { readonly family: Family; readonly sum: string; readonly word: string }>;

export type Label = keyof typeof LABELS;

export const LABEL_NAMES = Object.keys(LABELS) as Label[];

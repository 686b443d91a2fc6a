import type { EcoiReport } from '../core/feedback/ecoi.ts';
import type { Prior } from '../core/feedback/reward.ts';
import type { StoreSession } from './shared.ts';

export const PRIOR_KINDS = ['ecoi', 'dual-tower'] as const;

type PriorKind = (typeof PRIOR_KINDS)[number];

/** What is expected of creatives before their clicks. */
export interface Priors {
  readonly kind: PriorKind;
  readonly modelId: string | null;
  /** k: what a prior mean counts for, in clicks. */
  readonly strength: number;
  /** Prior mean over prediction; null without a model. */
  readonly scale: number | null;
  /** Whether held-out clicks are better explained by the predictions than by one mean; if not, all have the common prior. */
  readonly isPreferred: boolean;
  /** What should be known of the model before the plan is believed. */
  readonly notes: readonly string[];
  readonly of: (adId: string, creativeId: string) => Prior;
}

/**
 * The common prior of the logs, or every creative's own where a dual tower predicts its CTR.
 * @throws UserError for a model that cannot be taken, or that knows of the day that is planned for
 */
export async function readPriors(
  session: StoreSession<unknown>,
  kind: PriorKind,
  { model, day }: { readonly model?: string; readonly day?: string },
  report: EcoiReport,
): Promise<Priors> {
  const { BLANK_PRIOR } = await import('../core/feedback/reward.ts');
  const common = report.shrinkage ?? BLANK_PRIOR;
  if (kind === 'ecoi') return { kind, modelId: null, strength: common.k, scale: null, isPreferred: false, notes: [], of: () => common };
  const { readDualTowerPrior } = await import('./dual_tower_prior.ts');
  const { meanOf, strength, scale, isPreferred, notes, modelId } = await readDualTowerPrior(session, model, day);
  return {
    kind,
    modelId,
    strength,
    scale,
    isPreferred,
    notes,
    of: (adId, creativeId) => {
      const m = meanOf(adId, creativeId);
      return m === undefined ? common : { k: strength, m, isPredicted: true };
    },
  };
}

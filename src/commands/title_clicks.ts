import { elementId, sha256 } from '../core/ids.ts';
import { type AdContent, contextTerms, namedTerms, type Reading } from '../core/models/features/content_fields.ts';
import type { Store } from '../core/store/open.ts';
import type { OpenedRewardModel } from './reward_scoring.ts';
import { readTextLifts, textContent } from './title_lifts.ts';

const LIFT_SCALE = 0.05; // log lift that takes the odds of the score to e: 5 % more clicks are a lot for one text

/** What is known of which texts of a kind are clicked: from logs, and from a reward model. */
export interface TextClicks {
  /**
   * How often texts for a note would be clicked, in [0, 1], 0.5 being as often as others: `1 / (1 + exp(−lift / 0.05))` of the mean of
   * the log lift that the logs show of their terms and what the reward model predicts of each above the mean of them all.
   */
  readonly scoresOf: (note: AdContent['note'], texts: readonly string[], reading: Reading) => Promise<number[]>;
  /** Hash of the logs and the model. */
  readonly key: string;
}

/**
 * Reads what logs and the newest reward model of clicks know of a kind of text; undefined where they know nothing.
 * @param others further texts whose languages will be asked about
 * @throws UserError where the model's files are not what was written
 */
export async function readTextClicks(store: Store, kind: string, others: readonly string[]): Promise<TextClicks | undefined> {
  const lifts = await readTextLifts(store, kind, others);
  const model = await openClickModel(store, kind);
  if (!lifts && !model) return undefined;
  return {
    scoresOf: async (note, texts, reading) => {
      const known: ArrayLike<number>[] = [];
      if (lifts) known.push(texts.map(lifts.scoreOf));
      if (model) known.push(await predictLifts(model, kind, note, texts, reading));
      return texts.map((_, at) => {
        return clickScore(known.map((values) => values[at] as number));
      });
    },
    key: sha256(JSON.stringify([lifts?.key ?? null, model?.modelId ?? null])),
  };
}

/** Log lifts of a text by several witnesses as one score. */
export function clickScore(lifts: readonly number[]): number {
  const lift = lifts.reduce((sum, value) => sum + value, 0) / lifts.length;
  return 1 / (1 + Math.exp(-lift / LIFT_SCALE));
}

/** The newest reward model, where it was trained on clicks and knows the kind. */
async function openClickModel(store: Store, kind: string): Promise<OpenedRewardModel | undefined> {
  const { hasModel } = await import('../core/store/models.ts');
  if (!hasModel(store, 'mil')) return undefined;
  const { openRewardModel } = await import('./reward_scoring.ts');
  const opened = await openRewardModel(store, undefined);
  return opened.origin.label === 'click' && opened.tables.model.kinds.includes(kind) ? opened : undefined;
}

/** What each text adds to the link of an ad above their mean: by its words, and by its clicks where it was shown already. */
export async function predictLifts(
  { tables }: OpenedRewardModel,
  kind: string,
  note: AdContent['note'],
  texts: readonly string[],
  reading: Reading,
): Promise<Float64Array> {
  const [terms = []] = contextTerms([{ adId: '', note }], reading);
  const elements = texts.map((text) => ({ elementId: elementId(kind, text), terms: namedTerms(textContent(kind, text), reading) }));
  const effects = await tables.effectsOf({ adId: '', terms, groups: [{ kind, elements }] });
  const mean = effects.reduce((sum, effect) => sum + effect, 0) / effects.length;
  return effects.map((effect) => effect - mean);
}

import { throwIfInterrupted } from '../../../errors.ts';
import { warmUpCosine } from '../../../learn/optimisers.ts';
import type { OnProgress } from '../../../progress.ts';
import { createRandom, shuffle } from '../../../random.ts';
import type { Bags, Family } from '../bags.ts';
import type { GatedTrainer, GatedWeights } from './trainer.ts';

const ORDER_STREAM = 35;
const WARM_UP_STEPS = 20;

interface FitOptions {
  readonly bags: Bags;
  readonly train: Int32Array;
  /** Rows whose loss decides when to stop; none: only `epochs` does. */
  readonly validation: Int32Array;
  readonly family: Family;
  readonly batchRows: number;
  readonly epochs: number;
  /** Training stops after so many epochs without a smaller validation loss. */
  readonly patience: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

export interface Fitted {
  readonly weights: GatedWeights;
  /** Loss of each validation row, [validation]. */
  readonly losses: Float64Array;
}

/**
 * Trains for so many epochs, or until the validation loss has not fallen for a while, and sets the weights of the best epoch;
 * the start counts as one. After each epoch the ads' offsets are profiled out.
 */
export async function fitGated(trainer: GatedTrainer, fit: FitOptions): Promise<Fitted> {
  const { train, validation, epochs, batchRows, seed, signal, onProgress } = fit;
  const random = createRandom(seed, ORDER_STREAM);
  const ofEpoch = Math.ceil(train.length / batchRows);
  const schedule = warmUpCosine(1, Math.min(WARM_UP_STEPS, ofEpoch * epochs), ofEpoch * epochs);
  let best = await lookAt(trainer, fit);
  let bestEpoch = 0;
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffle(train.slice(), random);
    for (let first = 0; first < order.length; first += batchRows) {
      throwIfInterrupted(signal);
      await trainer.step(order.subarray(first, first + batchRows), schedule(++step));
    }
    const now = await lookAt(trainer, fit);
    const isBest = validation.length === 0 || total(now.losses) < total(best.losses);
    if (isBest) [best, bestEpoch] = [now, epoch];
    onProgress?.({ task: 'train', done: epoch, total: epochs, unit: 'epochs' });
    if (epoch - bestEpoch >= fit.patience) break;
  }
  trainer.setWeights(best.weights);
  return best;
}

/** Profiles the ads' offsets out, and gives the weights and the validation losses as they are. */
export async function lookAt(
  trainer: GatedTrainer,
  { bags, validation, family }: Pick<FitOptions, 'bags' | 'validation' | 'family'>,
): Promise<Fitted> {
  await trainer.profile();
  return { weights: trainer.weights, losses: await rowLosses(trainer, bags, validation, family) };
}

/** Negative log-likelihood of each row at the trainer's offsets, up to what no model changes. */
async function rowLosses(trainer: GatedTrainer, bags: Bags, rows: Int32Array, family: Family): Promise<Float64Array> {
  if (rows.length === 0) return new Float64Array(0);
  const effects = await trainer.effects(rows);
  const { offsets } = trainer;
  return effects.map((effect, i) => {
    const row = rows[i] as number;
    const link = (offsets[bags.ad[row] as number] as number) + effect;
    const mass = family === 'binomial' ? Math.max(link, 0) + Math.log1p(Math.exp(-Math.abs(link))) : Math.exp(link);
    return (bags.exposure[row] as number) * mass - (bags.outcomes[row] as number) * link;
  });
}

export function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

import type { OnProgress } from '../../../progress.ts';
import type { Bags, Family } from '../bags.ts';
import { type Fitted, fitGated, lookAt, total } from './fit.ts';
import { encodeGated } from './gated_file.ts';
import { type GatedFeatures, GatedModel } from './gated_model.ts';
import { GatedTrainer } from './trainer.ts';

interface GatedOptions {
  /** Rows to train on, and those by which to stop and to judge pair terms; without any neither is done. */
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly family: Family;
  /** [ads]: where the ads' offsets start; they are learnt. */
  readonly adOffsets: Float64Array;
  /** How much more outcomes vary than their family's do; 1 unless given. */
  readonly phi?: number;
  readonly seed: number;
  readonly threads: number;
  /** Passes over the training rows at most, without pairs and again with them. */
  readonly epochs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const EPOCHS = 40;
const PATIENCE = 8;
const LEAST_BATCH = 64;
const LARGEST_BATCH = 1024;
/** Steps of an epoch as long as batches are not at their largest or smallest. */
const STEPS_OF_EPOCH = 16;
/** Standard errors by which validation rows must prefer what content says to nothing, and pair terms to none. */
const LEAST_CONTENT_PREFERENCE = 1;
const LEAST_PREFERENCE = 2;

/**
 * Trains a gated multi-instance network: `link = o + Σ_s g_s + Σ_{s<t} I_st` (MATH.md section 7), o the ad's offset, first
 * without pair terms, then on with them; they stay where they lower the log-loss of the validation rows by more than two
 * standard errors.
 * @throws Interrupted on the signal, UserError where no row has an outcome, or numbers leave the finite ones
 */
export async function trainGated(bags: Bags, features: GatedFeatures, options: GatedOptions): Promise<GatedModel> {
  const { validation, family, adOffsets, phi = 1, seed, threads, epochs = EPOCHS, signal, onProgress } = options;
  const train = options.train.filter((row) => (bags.exposure[row] as number) > 0);
  const wanted = Math.max(LEAST_BATCH, Math.min(LARGEST_BATCH, Math.ceil(train.length / STEPS_OF_EPOCH)));
  const batchRows = Math.min(wanted, train.length);
  const trainer = await GatedTrainer.open(bags, features, { train, family, adOffsets, phi, batchRows, seed, threads });
  try {
    const fit = { bags, train, validation, family, batchRows, epochs, patience: PATIENCE, seed, signal };
    const start = await lookAt(trainer, fit);
    const preferred = (own: Fitted): Fitted => (validation.length === 0 || isPreferred(start, own, LEAST_CONTENT_PREFERENCE) ? own : start);
    const plain = await fitGated(trainer, { ...fit, onProgress: named(onProgress, 'train network') });
    if (bags.kinds.length > 1 && validation.length > 0) {
      await trainer.setPairs(true);
      const paired = await fitGated(trainer, { ...fit, onProgress: named(onProgress, 'train network, interactions') });
      await trainer.setPairs(false);
      // Trained on, the contributions may have become better too: that is not to the pairs' credit.
      const bare = await lookAt(trainer, fit);
      const best = preferred(total(bare.losses) < total(plain.losses) ? bare : plain);
      await trainer.setPairs(isPreferred(best, paired, LEAST_PREFERENCE));
      trainer.setWeights(trainer.hasPairs ? paired.weights : best.weights);
    } else trainer.setWeights(preferred(plain).weights);
    return await serveGated(trainer, threads);
  } finally {
    await trainer.close();
  }
}

function named(onProgress: OnProgress | undefined, task: string): OnProgress | undefined {
  return onProgress && ((event) => onProgress({ ...event, task }));
}

/** The served form of a trainer as it stands. */
export function serveGated(trainer: GatedTrainer, threads: number): Promise<GatedModel> {
  const { shape, layout, vocabulary, hasPairs, weights } = trainer;
  const network = encodeGated(shape, layout, weights, hasPairs ? trainer.centre() : undefined);
  return GatedModel.open({ vocabulary, shape, hasPairs }, { 'network.onnx': network }, 'the gated network', threads);
}

/** Whether the losses of rows are lower by more than chance. */
function isPreferred(plain: Fitted, other: Fitted, standardErrors: number): boolean {
  const gains = plain.losses.map((loss, i) => loss - (other.losses[i] as number));
  return total(gains) > standardErrors * Math.sqrt(total(gains.map((gain) => gain * gain)));
}

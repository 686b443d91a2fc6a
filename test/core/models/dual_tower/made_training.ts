import { UserError } from '../../../../src/core/errors.ts';
import { DEFAULT_OPTIONS, type DualTowerOptions } from '../../../../src/core/models/dual_tower/options.ts';
import { type Split, splitExamples } from '../../../../src/core/models/dual_tower/split.ts';
import { serveTrained } from '../../../../src/core/models/dual_tower/trained_model.ts';
import { type Checkpoints, runTraining } from '../../../../src/core/models/dual_tower/training_run.ts';
import type { Examples } from '../../../../src/core/models/features/field.ts';

const NO_CHECKPOINTS: Checkpoints = { every: 1e9, resume: () => undefined, write: () => undefined };

/** A model of few numbers that is trained in a moment. */
const SMALL_OPTIONS: DualTowerOptions = {
  ...DEFAULT_OPTIONS,
  dimension: 4,
  hashBits: 11,
  batchRows: 128,
  epochs: 2,
  leastSteps: 1,
  looks: 6,
  patience: 3,
  warmUpSteps: 4,
  seed: 1,
};

interface TrainingOptions {
  readonly options?: Partial<DualTowerOptions>;
  readonly split?: Split;
  readonly checkpoints?: Checkpoints;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: () => void;
}

/** A whole training, on one thread unless told otherwise, and what is served of it; the caller closes the trainer. */
export async function train(examples: Examples, { options, split, checkpoints, threads = 1, signal, onStep }: TrainingOptions = {}) {
  const parts = split ?? splitExamples(examples, 'time', 0.2, 1);
  const run = await runTraining(examples, parts, {
    options: { ...SMALL_OPTIONS, ...options },
    threads,
    checkpoints: checkpoints ?? NO_CHECKPOINTS,
    signal,
    onProgress: onStep,
  });
  return { ...run, split: parts, model: serveTrained(run.trainer, examples, run.rows) };
}

/** The served files of a training. */
export async function trainedFiles(examples: Examples, options: TrainingOptions = {}) {
  const { trainer, model } = await train(examples, options);
  await trainer.close();
  return model.files;
}

/** What a training refuses to go on with. */
export async function refusal(examples: Examples, options: TrainingOptions = {}): Promise<UserError> {
  try {
    await trainedFiles(examples, options);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('Expected a refusal but the training ended well.');
}

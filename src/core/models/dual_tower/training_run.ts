import { Interrupted } from '../../errors.ts';
import type { OnProgress } from '../../progress.ts';
import type { Examples } from '../features/field.ts';
import { FIT_START, type FitProgress, fitDualTower, stepsOfEpoch } from './fit.ts';
import type { DualTowerOptions } from './options.ts';
import type { Split } from './split.ts';
import { DualTowerTrainer } from './trainer.ts';

/** The two parts of a training: how long to train, then the model. */
export const PHASES = ['search', 'final'] as const;
type Phase = (typeof PHASES)[number];

/** Where a phase keeps what a killed run needs to go on. */
export interface Checkpoints {
  /** Reads the phase's checkpoint into the trainer; undefined where there is none. */
  readonly resume: (phase: Phase, trainer: DualTowerTrainer) => FitProgress | undefined;
  readonly write: (phase: Phase, trainer: DualTowerTrainer, progress: FitProgress) => void;
  /** Steps between checkpoints. */
  readonly every: number;
}

interface RunOptions {
  readonly options: DualTowerOptions;
  readonly threads: number;
  readonly checkpoints: Checkpoints;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

export interface TrainingRun {
  /** Holds the final model; the caller closes it. */
  readonly trainer: DualTowerTrainer;
  /** Rows it was trained on. */
  readonly rows: Int32Array;
  readonly search: FitProgress;
  /** Passes over its rows. */
  readonly epochs: number;
}

/**
 * Trains a dual tower in two phases. The search trains on `train` until the loss of `validation` no longer falls. The final model
 * trains on both from the start, for as many passes as were best, and its learning rates reach zero at their end.
 *
 * A function of examples, split and options: interrupted or killed and run again, it gives the same model.
 * @throws UserError when the training rows have one class only, or the numbers are not finite
 */
export async function runTraining(examples: Examples, split: Split, run: RunOptions): Promise<TrainingRun> {
  const { options } = run;
  const ofEpoch = stepsOfEpoch(examples, split.train, options);
  const searcher = await DualTowerTrainer.open(examples, split.train, options, run.threads);
  const most = Math.max(ofEpoch * options.epochs, options.leastSteps);
  const search = await runPhase('search', searcher, examples, split.train, split.validation, most, run);
  await searcher.close();
  const epochs = search.bestSteps / ofEpoch;
  const both = new Int32Array(split.train.length + split.validation.length);
  both.set(split.train);
  both.set(split.validation, split.train.length);
  const trainer = await DualTowerTrainer.open(examples, both, options, run.threads);
  const steps = Math.max(1, Math.round(epochs * stepsOfEpoch(examples, both, options)));
  await runPhase('final', trainer, examples, both, undefined, steps, run);
  return { trainer, rows: both, search, epochs };
}

async function runPhase(
  phase: Phase,
  trainer: DualTowerTrainer,
  examples: Examples,
  rows: Int32Array,
  validation: Int32Array | undefined,
  steps: number,
  { options, checkpoints, signal, onProgress }: RunOptions,
): Promise<FitProgress> {
  let last = checkpoints.resume(phase, trainer) ?? FIT_START;
  try {
    const progress = await fitDualTower(trainer, {
      examples,
      rows,
      validation,
      steps,
      options,
      start: last,
      signal,
      onProgress: onProgress && ((event) => onProgress({ ...event, task: phase })),
      onStep: (reached) => {
        last = reached;
        if (reached.steps % checkpoints.every === 0) checkpoints.write(phase, trainer, reached);
      },
    });
    // The end of the search must not be searched again when the final phase is killed.
    checkpoints.write(phase, trainer, progress);
    return progress;
  } catch (error) {
    if (error instanceof Interrupted) checkpoints.write(phase, trainer, last);
    throw error;
  }
}

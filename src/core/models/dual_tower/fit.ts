import { throwIfInterrupted, UserError } from '../../errors.ts';
import { warmUpCosine } from '../../learn/optimisers.ts';
import type { OnProgress } from '../../progress.ts';
import type { Examples } from '../features/field.ts';
import { countLists, listOrder, PADDING } from './list_order.ts';
import { LIST_WIDTH } from './network.ts';
import type { DualTowerOptions } from './options.ts';
import type { DualTowerTrainer } from './trainer.ts';

/** Where a fit stands after its last step. */
export interface FitProgress {
  readonly steps: number;
  /** Validation losses so far, one a look. */
  readonly losses: readonly number[];
  /** Steps at the look of the smallest loss; 0 before the first look. */
  readonly bestSteps: number;
  readonly isDone: boolean;
}

export const FIT_START: FitProgress = { steps: 0, losses: [], bestSteps: 0, isDone: false };

interface FitOptions {
  readonly examples: Examples;
  readonly rows: Int32Array;
  /** Rows whose loss decides when to stop; undefined: only `steps` does. */
  readonly validation: Int32Array | undefined;
  /** Steps at most; learning rates fall to zero at their end, on half a cosine. */
  readonly steps: number;
  readonly options: DualTowerOptions;
  readonly start: FitProgress;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
  /** Called after every step; a checkpoint is written here. */
  readonly onStep: (progress: FitProgress) => void;
}

/** More validation rows than this would cost more than they say. */
const MOST_LOOKED_AT = 65_536;

/** Rows evenly spread over the validation rows. */
function thinned(rows: Int32Array): Int32Array {
  const step = Math.max(1, rows.length / MOST_LOOKED_AT);
  return Int32Array.from({ length: Math.floor(rows.length / step) }, (_, i) => rows[Math.floor(i * step)] as number);
}

/** Steps of one pass over the rows. */
export function stepsOfEpoch({ ad, ads }: Examples, rows: Int32Array, { batchRows }: DualTowerOptions): number {
  return Math.ceil((countLists(rows, ad, ads.length) * LIST_WIDTH) / batchRows);
}

/**
 * Trains for so many steps, or until the validation loss has not fallen for `patience` looks. Started from the progress of a
 * checkpoint, with the trainer's state restored, it goes on to the same end.
 */
export async function fitDualTower(trainer: DualTowerTrainer, fit: FitOptions): Promise<FitProgress> {
  const { examples, rows, validation, steps, options, signal, onProgress, onStep } = fit;
  const { batchRows, patience } = options;
  const ofEpoch = stepsOfEpoch(examples, rows, options);
  const every = Math.ceil(steps / options.looks);
  const looked = validation && thinned(validation);
  const schedule = warmUpCosine(1, Math.min(options.warmUpSteps, Math.ceil(steps / 4)), steps);
  let progress = fit.start;
  let epoch = -1;
  let order: Int32Array = new Int32Array(0);
  while (progress.steps < steps && !progress.isDone) {
    throwIfInterrupted(signal);
    const place = progress.steps % ofEpoch;
    if (epoch !== Math.floor(progress.steps / ofEpoch)) {
      epoch = Math.floor(progress.steps / ofEpoch);
      order = listOrder(rows, examples.ad, examples.ads.length, options.seed, epoch);
    }
    await trainer.step(batchAt(order, place, batchRows), schedule(progress.steps + 1));
    progress = { ...progress, steps: progress.steps + 1 };
    if (looked && (progress.steps % every === 0 || progress.steps === steps)) {
      const loss = await trainer.loss(looked);
      if (!Number.isFinite(loss))
        throw new UserError(`Expected a finite validation loss after ${progress.steps} steps but received ${loss}.`);
      const losses = [...progress.losses, loss];
      const best = losses.indexOf(Math.min(...losses));
      const isBest = best === losses.length - 1;
      progress = { ...progress, losses, ...(isBest && { bestSteps: progress.steps }), isDone: losses.length - 1 - best >= patience };
    }
    onStep(progress);
    onProgress?.({ task: 'train', done: progress.steps * batchRows, total: steps * batchRows, unit: 'rows' });
  }
  return progress;
}

function batchAt(order: Int32Array, step: number, batchRows: number): Int32Array {
  const batch = order.subarray(step * batchRows, (step + 1) * batchRows);
  if (batch.length === batchRows) return batch;
  const filled = new Int32Array(batchRows).fill(PADDING);
  filled.set(batch);
  return filled;
}

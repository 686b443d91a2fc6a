import { throwIfInterrupted } from '../../errors.ts';
import { warmUpCosine } from '../../learn/optimisers.ts';
import type { OnProgress } from '../../progress.ts';
import type { Examples } from '../features/field.ts';
import { listOrder } from './list_order.ts';
import type { DualTowerOptions } from './options.ts';
import type { DualTowerTrainer, Snapshot } from './trainer.ts';

/** Where a fit stands after its last step. */
export interface FitProgress {
  readonly epoch: number;
  /** Steps of the epoch that are done. */
  readonly stepOfEpoch: number;
  /** Validation losses so far, one a look. */
  readonly losses: readonly number[];
  /** Loss of the training batches since the last look, and how many they are. */
  readonly batchLoss: number;
  readonly batches: number;
  readonly isDone: boolean;
}

export const FIT_START: FitProgress = { epoch: 0, stepOfEpoch: 0, losses: [], batchLoss: 0, batches: 0, isDone: false };

interface FitOptions {
  readonly examples: Examples;
  readonly train: Int32Array;
  /** Rows whose loss decides when to stop and which moment's weights are the best. */
  readonly validation: Int32Array;
  readonly options: DualTowerOptions;
  readonly start: FitProgress;
  readonly best: Snapshot | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
  /** Called after every step; a checkpoint is written here. */
  readonly onStep?: (progress: FitProgress, best: Snapshot | undefined) => void;
}

/** What a fit came to. */
export interface Fit {
  readonly best: Snapshot;
  readonly progress: FitProgress;
}

/**
 * Trains until the validation loss has not fallen for `patience` looks, or for `epochs` passes, and returns the weights of the
 * best look. Started from the progress and the trainer's state of a checkpoint, it ends with the same weights.
 */
export async function fitDualTower(trainer: DualTowerTrainer, fit: FitOptions): Promise<Fit> {
  const { examples, train, validation, options, signal, onProgress, onStep } = fit;
  const { batchRows, epochs, looks, patience } = options;
  let { best } = fit;
  let progress = fit.start;
  for (let { epoch } = progress; epoch < epochs && !progress.isDone; epoch++) {
    const order = listOrder(train, examples.ad, examples.ads.length, options.seed, epoch);
    const steps = Math.ceil(order.length / batchRows);
    const every = Math.ceil(steps / looks);
    const schedule = warmUpCosine(1, options.warmUpSteps, steps * epochs);
    const startStep = progress.epoch === epoch ? progress.stepOfEpoch : 0;
    for (let step = startStep; step < steps && !progress.isDone; step++) {
      throwIfInterrupted(signal);
      const loss = await trainer.step(batchAt(order, step, batchRows), schedule(trainer.steps + 1));
      const isLook = (step + 1) % every === 0 || step + 1 === steps;
      progress = { ...progress, epoch, stepOfEpoch: step + 1, batchLoss: progress.batchLoss + loss, batches: progress.batches + 1 };
      if (isLook) {
        const found = await validationLoss(trainer, examples, validation);
        if (found < Math.min(...progress.losses, Number.POSITIVE_INFINITY)) best = trainer.snapshot();
        const losses = [...progress.losses, found];
        progress = { ...progress, losses, batchLoss: 0, batches: 0, isDone: looksSinceBest(losses) >= patience };
      }
      onStep?.(progress, best);
      onProgress?.({ task: 'train', done: (epoch * steps + step + 1) * batchRows, total: epochs * steps * batchRows, unit: 'rows' });
    }
  }
  return { best: best ?? trainer.snapshot(), progress };
}

function batchAt(order: Int32Array, step: number, batchRows: number): Int32Array {
  const batch = order.subarray(step * batchRows, (step + 1) * batchRows);
  if (batch.length === batchRows) return batch;
  const filled = new Int32Array(batchRows).fill(-1);
  filled.set(batch);
  return filled;
}

function looksSinceBest(losses: readonly number[]): number {
  return losses.length - 1 - losses.indexOf(Math.min(...losses));
}

/** Nats an impression. */
async function validationLoss(trainer: DualTowerTrainer, { clicks, impressions }: Examples, rows: Int32Array): Promise<number> {
  const { click } = await trainer.predict(rows);
  let [loss, shown] = [0, 0];
  rows.forEach((row, i) => {
    const p = Math.min(1 - 1e-7, Math.max(1e-7, click[i] as number));
    const n = impressions ? (impressions[row] as number) : 1;
    loss -= (clicks[row] as number) * Math.log(p) + (n - (clicks[row] as number)) * Math.log1p(-p);
    shown += n;
  });
  return loss / shown;
}

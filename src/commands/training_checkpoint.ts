import { existsSync, rmSync } from 'node:fs';
import { readCheckpoint, writeCheckpoint } from '../core/learn/checkpoint.ts';
import type { FitProgress } from '../core/models/dual_tower/fit.ts';
import type { DualTowerTrainer, Snapshot } from '../core/models/dual_tower/trainer.ts';
import { checkpointPath } from '../core/store/models.ts';
import type { Store } from '../core/store/open.ts';

interface State {
  readonly step: number;
  readonly progress: FitProgress;
  readonly hasBest: boolean;
}

/**
 * The checkpoint of a training that `key` names; a whole one that is there is read into the trainer.
 * @throws UserError when the file there is no whole checkpoint of this training
 */
export function openCheckpoint(store: Store, key: string, trainer: DualTowerTrainer, isFresh: boolean) {
  const path = checkpointPath(store, key);
  if (isFresh) rmSync(path, { force: true });
  let resumed: { readonly progress: FitProgress; readonly best: Snapshot | undefined } | undefined;
  if (existsSync(path)) {
    const { state, vectors } = readCheckpoint<State>(path);
    trainer.restore(state.step, vectors);
    const best = (name: keyof Snapshot): Float32Array => vectors[`best.${name}`] ?? new Float32Array(0);
    resumed = {
      progress: state.progress,
      best: state.hasBest ? { parameters: best('parameters'), left: best('left'), right: best('right') } : undefined,
    };
  }
  return {
    path,
    resumed,
    write: (progress: FitProgress, best: Snapshot | undefined): void => {
      const ofBest = best ? Object.entries(best).map(([name, vector]) => [`best.${name}`, vector]) : [];
      writeCheckpoint<State>(path, {
        state: { step: trainer.steps, progress, hasBest: best !== undefined },
        vectors: { ...trainer.vectors(), ...Object.fromEntries(ofBest) },
      });
    },
  };
}

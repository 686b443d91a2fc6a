import { existsSync, rmSync } from 'node:fs';
import { readCheckpoint, writeCheckpoint } from '../core/learn/checkpoint.ts';
import type { FitProgress } from '../core/models/dual_tower/fit.ts';
import { type Checkpoints, PHASES } from '../core/models/dual_tower/training_run.ts';
import { checkpointPath } from '../core/store/models.ts';
import type { Store } from '../core/store/open.ts';

/** The checkpoints of a training, as files that `key` names; `remove` when the model is kept. */
export function openCheckpoints(store: Store, key: string, every: number): Checkpoints & { readonly remove: () => void } {
  const pathOf = (phase: (typeof PHASES)[number]): string => checkpointPath(store, `${key}-${phase}`);
  return {
    every,
    resume: (phase, trainer) => {
      if (!existsSync(pathOf(phase))) return undefined;
      const { state, vectors } = readCheckpoint<FitProgress>(pathOf(phase));
      trainer.restore(state.steps, vectors);
      return state;
    },
    write: (phase, trainer, progress) => writeCheckpoint(pathOf(phase), { state: progress, vectors: trainer.vectors() }),
    remove: () => {
      for (const phase of PHASES) rmSync(pathOf(phase), { force: true });
    },
  };
}

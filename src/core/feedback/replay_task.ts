import type { SelectionConfig } from '../config.ts';
import type { DirectModel } from './direct_method.ts';
import { POLICIES, type RegisteredPolicy } from './policies/registry.ts';
import { type CurvePoint, type ReplayRun, runReplay } from './replay.ts';
import type { ReplayLog } from './replay_log.ts';
import { createSelection, type Selection } from './selection.ts';

/** What all runs over a log share; plain data, so it can be handed to a thread. */
export interface ReplayInputs {
  readonly log: ReplayLog;
  readonly direct: DirectModel;
  /** Share of each arm in a plan, for the policy of that name. */
  readonly shares: Float64Array | undefined;
}

/** One run: a policy with its settings and a seed. */
export interface ReplayTask {
  /** Name in POLICIES. */
  readonly policy: string;
  readonly config: SelectionConfig;
  readonly exit: boolean;
  readonly batch: number | 'day';
  readonly seed: number;
}

/** What a task leaves behind; plain data. */
export interface TaskRun extends ReplayRun {
  /** Parts of the reward that the log did not allow the policy to heed, and in how many ads. */
  readonly notes: ReadonlyMap<string, number>;
}

/** Runs a task; `onPoint` sees the selection as it stands about a hundred times over the log. */
export function runTask(inputs: ReplayInputs, task: ReplayTask, onPoint?: (point: CurvePoint, selection: Selection) => void): TaskRun {
  const { create } = POLICIES[task.policy] as RegisteredPolicy;
  let selection: Selection | undefined;
  const run = runReplay(inputs.log, {
    ...inputs.direct,
    seed: task.seed,
    batch: task.batch,
    followsLog: task.policy === 'logged',
    policy: ({ arms, random, logged }) => {
      const { config, exit } = task;
      selection = createSelection({ arms, random, create, config, exit, logged, ...(inputs.shares && { shares: inputs.shares }) });
      return selection;
    },
    ...(onPoint && { onPoint: (point: CurvePoint) => onPoint(point, selection as Selection) }),
  });
  return { ...run, notes: (selection as Selection | undefined)?.notes() ?? new Map() };
}

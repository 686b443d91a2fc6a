import { once, setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { throwIfInterrupted } from '../errors.ts';
import type { ReplayLog } from './replay_log.ts';
import { type ReplayInputs, type ReplayTask, runTask, type TaskRun } from './replay_task.ts';

/** Rows over all tasks below which starting threads takes longer than they save. */
const ROWS_WORTH_THREADS = 1_000_000;

export interface ThreadOptions {
  /** Threads beside this one; with fewer than two, or little to do, tasks run here, one after the other. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onDone?: (done: number) => void;
}

/**
 * Runs tasks over one log, on several threads that share its columns; a run depends on its task alone, not on where it ran.
 * @returns the runs, in the order of the tasks
 * @throws Interrupted when the signal says so, after the threads have stopped
 */
export async function runTasks(inputs: ReplayInputs, tasks: readonly ReplayTask[], options: ThreadOptions): Promise<TaskRun[]> {
  const isMuch = inputs.log.rows * tasks.length >= ROWS_WORTH_THREADS;
  const threads = isMuch ? Math.min(options.threads, tasks.length) : 1;
  if (threads < 2) {
    const runs: TaskRun[] = [];
    for (const task of tasks) {
      await nextTurn(); // or an interrupt could not be heard
      throwIfInterrupted(options.signal);
      runs.push(runTask(inputs, task));
      options.onDone?.(runs.length);
    }
    return runs;
  }
  const shared: ReplayInputs = { ...inputs, log: shareColumns(inputs.log) };
  const runs: TaskRun[] = new Array(tasks.length);
  const queue = tasks.entries();
  let done = 0;
  // Each thread's answer listens; Node warns from the eleventh on.
  const signal = AbortSignal.any([options.signal]);
  setMaxListeners(threads, signal);
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./replay_worker.js', import.meta.url), { workerData: shared }));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (const [index, task] of queue) {
          runs[index] = await answerOf(worker, task, signal);
          options.onDone?.(++done);
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return runs;
}

/** The answer to a task: a message, an error, or the signal, whichever comes first. */
async function answerOf(worker: Worker, task: ReplayTask, signal: AbortSignal): Promise<TaskRun> {
  throwIfInterrupted(signal);
  worker.postMessage(task);
  // `once` rejects when the worker emits an error.
  const [run] = (await once(worker, 'message', { signal }).catch((error: unknown) => {
    throwIfInterrupted(signal);
    throw error;
  })) as [TaskRun];
  return run;
}

/** The log with its columns in shared memory, so that threads read them where they are; those that are there already stay. */
function shareColumns(log: ReplayLog): ReplayLog {
  return Object.fromEntries(
    Object.entries(log).map(([name, value]) => [name, ArrayBuffer.isView(value) ? sharedCopy(value as Float64Array) : value]),
  ) as unknown as ReplayLog;
}

function sharedCopy(values: Float64Array): Float64Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = new (values.constructor as Float64ArrayConstructor)(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

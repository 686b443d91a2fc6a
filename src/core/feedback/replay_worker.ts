import { parentPort, workerData } from 'node:worker_threads';
import { type ReplayInputs, type ReplayTask, runTask } from './replay_task.ts';

// A thread of replay_threads.ts: takes one task after the other, and answers each with its run.
const inputs = workerData as ReplayInputs;
parentPort?.on('message', (task: ReplayTask) => {
  const run = runTask(inputs, task);
  parentPort?.postMessage(run, [run.sums.buffer as ArrayBuffer]);
});

import { describe, expect, it } from 'vitest';
import { beginRun, finishRun, listRuns } from '../../../src/core/store/runs.ts';
import { NOW, temporaryStore } from './temporary_store.ts';

describe('runs', () => {
  it('are listed oldest first; one that was killed has no end', () => {
    const { store, runId } = temporaryStore();
    const second = beginRun(store, {
      command: 'import notes',
      arguments: ['my notes', '--map=a=b'],
      seed: 7,
      version: '1.2.3',
      startedAt: NOW,
    });
    const finishedAt = new Date(NOW.getTime() + 1500);
    finishRun(store, second, { finishedAt, exitCode: 1, counts: { notes: 3, skipped: 1 } });
    const common = { started_at: NOW.toISOString() };
    expect(listRuns(store)).toEqual([
      { ...common, run_id: runId, command: 'test', arguments: [], seed: 1, version: '0', finished_at: null, counts: {}, exit_code: null },
      {
        ...common,
        run_id: second,
        command: 'import notes',
        arguments: ['my notes', '--map=a=b'],
        seed: 7,
        version: '1.2.3',
        finished_at: finishedAt.toISOString(),
        counts: { notes: 3, skipped: 1 },
        exit_code: 1,
      },
    ]);
  });
});

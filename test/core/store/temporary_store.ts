import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore, type Store } from '../../../src/core/store/open.ts';
import { beginRun } from '../../../src/core/store/runs.ts';
import { temporaryFolder } from './temporary_folder.ts';

export const NOW = new Date('2026-03-01T00:00:00Z');

/** A new store with one run, for the test only. */
export function temporaryStore(): { store: Store; runId: number } {
  const store = openStore(join(temporaryFolder(), 'a.db'), { create: true, now: NOW });
  onTestFinished(() => void store.db.close());
  return { store, runId: beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: NOW }) };
}

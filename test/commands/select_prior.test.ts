import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DualTowerMetadata, modelIdOf } from '../../src/core/models/dual_tower/metadata.ts';
import { saveModel } from '../../src/core/store/models.ts';
import { openStore } from '../../src/core/store/open.ts';
import { beginRun } from '../../src/core/store/runs.ts';
import { commandJson, commandLine } from '../core/publish/command_line.ts';
import { copyOf, makeStore, removeStore, TRAIN } from './trained_store.ts';

interface Plan {
  readonly code: number;
  readonly day: string;
  readonly prior: { readonly kind: string; readonly model_id: string | null };
  readonly notes: readonly string[];
}

const SELECT = ['select', '--prior', 'dual-tower'];

let trained: string;
let modelId: string;
/** The last day of the log, and the day after it. */
let last: string;
let next: string;

beforeAll(async () => {
  trained = await makeStore(TRAIN);
  const { rows } = await commandJson<{ rows: { model_id: string }[] }>(trained, ['list', 'models']);
  modelId = rows[0]?.model_id as string;
  const logs = await commandJson<{ rows: { last: string }[] }>(trained, ['list', 'logs']);
  last = logs.rows[0]?.last.slice(0, 10) as string;
  next = new Date(Date.parse(last) + 86_400_000).toISOString().slice(0, 10);
});
afterAll(() => removeStore(trained));

function metadataOf(folder: string, id: string): DualTowerMetadata {
  return JSON.parse(readFileSync(join(folder, 'atelier.db.files', 'models', id, 'model.json'), 'utf8')) as DualTowerMetadata;
}

/** Saves the model again with other metadata, and returns its id. */
function savedWith(folder: string, change: (metadata: DualTowerMetadata) => object): string {
  const file = (name: string) => readFileSync(join(folder, 'atelier.db.files', 'models', modelId, name));
  const metadata = Buffer.from(JSON.stringify(change(metadataOf(folder, modelId))));
  const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
  const runId = beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: new Date(0) });
  const files = { 'left.onnx': file('left.onnx'), 'right.onnx': file('right.onnx'), 'model.json': metadata };
  const id = modelIdOf(metadata);
  saveModel(store, { modelId: id, kind: 'dual-tower', files, metrics: {} }, new Date(0), runId);
  store.db.close();
  return id;
}

describe('a plan for a day', () => {
  it('takes a model that knows of days before it only', async () => {
    expect(metadataOf(trained, modelId).last_day).toBe(last);
    const plan = await commandJson<Plan>(copyOf(trained), [...SELECT, '--day', next]);
    expect(plan).toMatchObject({ code: 0, day: next, prior: { kind: 'dual-tower', model_id: modelId } });
    expect(plan.notes.join()).not.toContain('cannot be checked');
  });

  it('refuses a model that knows what came of that day, and says what to do', async () => {
    const folder = copyOf(trained);
    for (const flags of [[], ['--model', modelId]]) {
      const { code, stdout, stderr } = await commandLine(folder, [...SELECT, '--day', last, ...flags]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`Expected a dual tower made from rows of days before ${last} but ${modelId} knows of days up to ${last}.`);
      expect(stderr).toMatch(/--model.*--log NAME.*--prior ecoi/);
    }
    expect((await commandJson<{ rows: unknown[] }>(folder, ['list', 'plans'])).rows).toEqual([]);
    // Without the model's predictions the day can be planned for.
    expect((await commandLine(folder, ['select', '--day', last])).code).toBe(0);
  });

  it.each([
    ['of the first kind, without its last day', ({ last_day: _, ...rest }: DualTowerMetadata) => rest],
    ['of undated rows', (metadata: DualTowerMetadata) => ({ ...metadata, last_day: null })],
  ])('notes that a model %s cannot be checked', async (_, change) => {
    const folder = copyOf(trained);
    const id = savedWith(folder, change);
    const note = `it cannot be checked that dual tower ${id} knows of days before ${last} only`;
    const plan = await commandJson<Plan>(folder, [...SELECT, '--day', last, '--model', id]);
    expect([plan.code, plan.notes]).toEqual([0, expect.arrayContaining([expect.stringContaining(note)])]);
    expect((await commandLine(folder, [...SELECT, '--day', last, '--model', id])).stdout).toContain(`note: ${note}`);
    // A plan for tomorrow learns from all days, as the model may.
    expect((await commandJson<Plan>(folder, [...SELECT, '--model', id])).notes.join()).not.toContain('cannot be checked');
  });
});

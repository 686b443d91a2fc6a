import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { checkpointPath, findModel, readModelFile, removeOldCheckpoints, saveModel } from '../../../src/core/store/models.ts';
import { beginRun } from '../../../src/core/store/runs.ts';
import { NOW, temporaryStore } from './temporary_store.ts';

const MODEL = {
  modelId: 'dual-tower-1',
  kind: 'dual-tower',
  files: { 'a.onnx': Uint8Array.of(1, 2), 'model.json': Uint8Array.of(3) },
  metrics: { auc: 0.7 },
};

function laterRun(store: ReturnType<typeof temporaryStore>['store']): number {
  return beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: NOW });
}

describe('a saved model', () => {
  it('is a folder of its files and a row of the store', () => {
    const { store, runId } = temporaryStore();
    const saved = saveModel(store, MODEL, NOW, runId);
    expect(saved).toEqual({ modelId: 'dual-tower-1', kind: 'dual-tower', path: 'models/dual-tower-1' });
    const folder = join(store.filesDirectory, saved.path);
    expect(readdirSync(folder).sort()).toEqual(['a.onnx', 'model.json']);
    expect([...readFileSync(join(folder, 'a.onnx'))]).toEqual([1, 2]);
    expect([...readModelFile(store, saved, 'model.json')]).toEqual([3]);
    expect(store.db.prepare('SELECT * FROM models').all()).toEqual([
      {
        model_id: 'dual-tower-1',
        kind: 'dual-tower',
        path: saved.path,
        metrics: '{"auc":0.7}',
        created_at: NOW.toISOString(),
        run_id: runId,
      },
    ]);
  });

  it('is kept once, and is of the run that made it last', () => {
    const { store, runId } = temporaryStore();
    saveModel(store, MODEL, NOW, runId);
    const [later, second] = [new Date(NOW.getTime() + 1000), laterRun(store)];
    saveModel(store, MODEL, later, second);
    expect(store.db.prepare('SELECT created_at, run_id FROM models').all()).toEqual([{ created_at: later.toISOString(), run_id: second }]);
    expect(readdirSync(join(store.filesDirectory, 'models'))).toEqual(['dual-tower-1']);
  });

  it('that cannot be written leaves no folder and no row', () => {
    const { store, runId } = temporaryStore();
    const broken = { ...MODEL, files: { 'a.onnx': Uint8Array.of(1), 'no/such/folder': Uint8Array.of(2) } };
    expect(() => saveModel(store, broken, NOW, runId)).toThrow(/ENOENT/);
    expect(readdirSync(join(store.filesDirectory, 'models'))).toEqual([]);
    expect(store.db.prepare('SELECT * FROM models').all()).toEqual([]);
  });

  it('is whole again when its folder was deleted, and what a killed process left beside it does no harm', () => {
    const { store, runId } = temporaryStore();
    const { path } = saveModel(store, MODEL, NOW, runId);
    const folder = join(store.filesDirectory, path);
    rmSync(folder, { recursive: true });
    mkdirSync(`${folder}.killed.part`);
    writeFileSync(join(`${folder}.killed.part`, 'a.onnx'), 'half');
    saveModel(store, MODEL, NOW, runId);
    expect(readdirSync(folder).sort()).toEqual(['a.onnx', 'model.json']);
  });
});

describe('a damaged model', () => {
  it.each<[string, (file: string) => void]>([
    ['a byte too many', (file) => appendFileSync(file, Uint8Array.of(0))],
    ['another byte', (file) => writeFileSync(file, Uint8Array.of(1, 3))],
    ['a file too few', (file) => rmSync(file)],
  ])('with %s is whole again when it is saved again', (_, damage) => {
    const { store, runId } = temporaryStore();
    const saved = saveModel(store, MODEL, NOW, runId);
    damage(join(store.filesDirectory, saved.path, 'a.onnx'));
    expect(saveModel(store, MODEL, NOW, laterRun(store))).toEqual(saved);
    expect([...readModelFile(store, saved, 'a.onnx')]).toEqual([1, 2]);
    expect([...readModelFile(store, saved, 'model.json')]).toEqual([3]);
    expect(readdirSync(join(store.filesDirectory, 'models'))).toEqual(['dual-tower-1']);
  });
});

describe('finding a model', () => {
  it('gives the one that was trained last, of its kind', () => {
    const { store, runId } = temporaryStore();
    saveModel(store, { ...MODEL, modelId: 'z' }, NOW, runId);
    saveModel(store, { ...MODEL, modelId: 'a' }, NOW, laterRun(store));
    saveModel(store, { ...MODEL, modelId: 'other', kind: 'mil' }, NOW, laterRun(store));
    expect(findModel(store, 'dual-tower', undefined).modelId).toBe('a');
    expect(findModel(store, 'dual-tower', 'z').modelId).toBe('z');
    // Trained again, the first is the newest.
    saveModel(store, { ...MODEL, modelId: 'z' }, NOW, laterRun(store));
    expect(findModel(store, 'dual-tower', undefined).modelId).toBe('z');
  });

  it('says which there are when the id is another, and how to make one when there is none', () => {
    const { store, runId } = temporaryStore();
    expect(() => findModel(store, 'dual-tower', undefined)).toThrow(UserError);
    expect(() => findModel(store, 'dual-tower', 'x')).toThrow(expect.objectContaining({ hint: 'Train one: atelier train dual-tower.' }));
    saveModel(store, MODEL, NOW, runId);
    expect(() => findModel(store, 'dual-tower', 'x')).toThrow('Expected one of the models dual-tower-1 but received "x".');
    expect(() => findModel(store, 'mil', 'dual-tower-1')).toThrow(/Expected a mil model/);
  });

  it('refuses a file that is gone', () => {
    const { store, runId } = temporaryStore();
    const saved = saveModel(store, MODEL, NOW, runId);
    rmSync(join(store.filesDirectory, saved.path, 'a.onnx'));
    expect(() => readModelFile(store, saved, 'a.onnx')).toThrow(UserError);
    expect(() => readModelFile(store, saved, 'a.onnx')).toThrow(/a\.onnx but it is not there/);
  });
});

describe('what killed processes left of models', () => {
  it('is removed by a save a day later; models, and what may be being written, stay', () => {
    const { store, runId } = temporaryStore();
    const models = join(store.filesDirectory, 'models');
    const hoursAgo: Readonly<Record<string, number>> = { 'm.1.part': 25, 'm.2.part': 23, m: 1000 };
    for (const [name, hours] of Object.entries(hoursAgo)) {
      mkdirSync(join(models, name), { recursive: true });
      writeFileSync(join(models, name, 'left.onnx'), 'half');
      const time = new Date(NOW.getTime() - hours * 3_600_000);
      utimesSync(join(models, name), time, time);
    }
    saveModel(store, MODEL, NOW, runId);
    expect(readdirSync(models).sort()).toEqual(['dual-tower-1', 'm', 'm.2.part']);
  });
});

describe('old checkpoints', () => {
  it('are removed, those written since are kept', () => {
    const { store } = temporaryStore();
    const [old, edge, fresh] = ['old', 'edge', 'fresh'].map((key) => checkpointPath(store, key)) as [string, string, string];
    const times = [-1000, 0, 1000].map((offset) => new Date(NOW.getTime() + offset));
    [old, edge, fresh].forEach((path, i) => {
      writeFileSync(path, 'steps');
      utimesSync(path, times[i] as Date, times[i] as Date);
    });
    removeOldCheckpoints(store, NOW);
    expect([old, edge, fresh].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('are none where nothing was trained', () => {
    const { store } = temporaryStore();
    removeOldCheckpoints(store, NOW);
    expect(existsSync(join(store.filesDirectory, 'training'))).toBe(false);
  });
});

describe('the place of a checkpoint', () => {
  it('is a folder that is there', () => {
    const { store } = temporaryStore();
    const path = checkpointPath(store, 'key');
    expect(path).toBe(join(store.filesDirectory, 'training', 'key.checkpoint'));
    expect(existsSync(join(store.filesDirectory, 'training'))).toBe(true);
  });
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/ids.ts';
import { ModelProto } from '../../src/core/learn/onnx_schema.ts';
import { type DualTowerMetadata, modelIdOf } from '../../src/core/models/dual_tower/metadata.ts';
import { saveModel } from '../../src/core/store/models.ts';
import { openStore } from '../../src/core/store/open.ts';
import { beginRun } from '../../src/core/store/runs.ts';
import { commandJson, commandLine } from '../core/publish/command_line.ts';
import { csvTable } from './simulated_store.ts';
import { copyOf, makeStore, removeStore, stopped, TRAIN } from './trained_store.ts';

interface Scores {
  readonly model_id: string;
  readonly left_runs: number;
  readonly right_rows: number;
  readonly creatives_per_second: number;
  readonly creatives: readonly {
    readonly ad_id: string;
    readonly creative_id: string;
    readonly context?: string;
    readonly p_ad: number;
    readonly p: number;
  }[];
}

let trained: string;
let modelId: string;

beforeAll(async () => {
  trained = await makeStore(TRAIN);
  ({ model_id: modelId } = await commandJson<Scores>(trained, ['score']));
});
afterAll(() => removeStore(trained));

function score(folder: string, ...flags: readonly string[]): Promise<Scores & { readonly code: number }> {
  return commandJson<Scores>(folder, ['score', ...flags]);
}

/** A change of a file of the model. */
function changeFile(folder: string, name: string, change: (bytes: Buffer) => Uint8Array): void {
  const path = join(folder, 'atelier.db.files', 'models', modelId, name);
  writeFileSync(path, change(readFileSync(path)));
}

describe('score', () => {
  it('predicts for every creative, with one run of the left tower an ad', async () => {
    const scores = await score(trained);
    expect(scores).toMatchObject({ code: 0, left_runs: 3, right_rows: 12 });
    expect(scores.creatives).toHaveLength(12);
    expect(new Set(scores.creatives.map(({ ad_id: ad, creative_id: creative }) => `${ad} ${creative}`)).size).toBe(12);
    const adCtr = new Map(scores.creatives.map(({ ad_id: ad, p_ad: p }) => [ad, p]));
    for (const { ad_id: ad, p, p_ad: ofAd } of scores.creatives) {
      // The simulated CTRs are about 2 %.
      expect(p).toBeGreaterThan(0.002);
      expect(p).toBeLessThan(0.2);
      expect(ofAd).toBe(adCtr.get(ad));
    }
    expect(new Set(scores.creatives.map(({ p }) => p)).size).toBeGreaterThan(6);
    expect(await score(trained)).toEqual(scores);
  });

  it('runs the left tower once for each ad and context', async () => {
    const scores = await score(trained, '--context', 'hour=9,scene=feed', '--context', 'hour=20,scene=feed', '--context', 'scene=search');
    expect(scores).toMatchObject({ code: 0, left_runs: 9, right_rows: 36 });
    expect(scores.creatives.map(({ context }) => context)).toEqual([
      ...Array(12).fill('hour=9,scene=feed'),
      ...Array(12).fill('hour=20,scene=feed'),
      ...Array(12).fill('scene=search'),
    ]);
    expect(scores.creatives[0]?.p_ad).not.toBe(scores.creatives[12]?.p_ad);
    expect((await score(trained)).creatives[0]).not.toHaveProperty('context');
  });

  it('scores the named ads only, as it scores them among all', async () => {
    const all = await score(trained);
    const ad = all.creatives[0]?.ad_id as string;
    const one = await score(trained, '--ads', ad);
    expect(one).toMatchObject({ code: 0, left_runs: 1, right_rows: 4 });
    expect(one.creatives).toEqual(all.creatives.filter(({ ad_id: own }) => own === ad));
    const { code, stderr } = await commandLine(trained, ['score', '--ads', `${ad},nobody`]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('failed: nobody')]);
    expect((await commandLine(trained, ['score', '--ads', ad])).stdout).toContain(
      'left tower run 1 time for 1 ad, right tower on 4 creatives (',
    );
  });

  it('lists ads that are not there as failed, without an empty table', async () => {
    expect(await commandLine(trained, ['score', '--ads', 'nobody'])).toEqual({
      code: 1,
      stdout: `${modelId}: left tower run 0 times for 0 ads, right tower on 0 creatives\n`,
      stderr: expect.stringContaining('failed: nobody: Expected an ad of this store'),
    });
  });

  it('scores with a model of all logs when aggregated rows have joined single impressions', async () => {
    const folder = copyOf(trained);
    const all = TRAIN.filter((word) => word !== '--log' && word !== 'sim');
    const { code, model_id: id } = await commandJson<Scores>(folder, all);
    expect(code).toBe(0);
    const before = await score(folder, '--model', id);
    writeFileSync(join(folder, 'sums.csv'), 'ad_id,creative_id,impressions,clicks,topic\nad-0001,added,100,3,food\n');
    expect((await commandLine(folder, ['import', 'logs', 'sums.csv', '--log', 'sums'])).code).toBe(0);
    const after = await score(folder, '--model', id);
    expect(after.code).toBe(0);
    expect(after.creatives.filter(({ creative_id: creative }) => creative !== 'added')).toEqual(before.creatives);
    expect(after.creatives).toHaveLength(13);
    // Training on both together is still refused.
    expect(await commandLine(folder, all)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Choose one of the logs: --log NAME.'),
    });
  });

  it('scores a creative that was made after the training', async () => {
    const folder = copyOf(trained);
    const ad = (await score(folder)).creatives[0]?.ad_id as string;
    writeFileSync(
      join(folder, 'new.jsonl'),
      `${JSON.stringify({ ad_id: ad, creative_id: 'brand-new', elements: { title: 'Something new' } })}\n`,
    );
    expect((await commandLine(folder, ['import', 'creatives', 'new.jsonl'])).code).toBe(0);
    const scores = await score(folder);
    expect(scores).toMatchObject({ left_runs: 3, right_rows: 13 });
    const found = scores.creatives.find(({ creative_id: id }) => id === 'brand-new');
    expect(found?.p).toBeGreaterThan(0);
    expect(found?.p).toBeLessThan(1);
  });

  it('writes a CSV of all of them, and a table of the best', async () => {
    const folder = copyOf(trained);
    const { code, stdout } = await commandLine(folder, ['score', '--csv', 'scores.csv']);
    expect(code).toBe(0);
    const { creatives } = await score(folder);
    const rows = csvTable(join(folder, 'scores.csv'));
    expect(rows.map(({ ad_id: ad, creative_id: creative, p }) => [ad, creative, Number(p)])).toEqual(
      creatives.map(({ ad_id: ad, creative_id: creative, p }) => [ad, creative, p]),
    );
    expect(stdout).toContain('left tower run 3 times for 3 ads, right tower on 12 creatives');
    const best = creatives.reduce((most, each) => (each.p > most.p ? each : most));
    expect(stdout.split('\n')[3]).toMatch(new RegExp(`^${best.ad_id} +${best.creative_id} `));
  });

  it('uses the model that is asked for, else the one trained last', async () => {
    const folder = copyOf(trained);
    const { model_id: second } = await commandJson<Scores>(folder, [...TRAIN, '--seed', '2']);
    expect((await score(folder)).model_id).toBe(second);
    const first = await score(folder, '--model', modelId);
    expect(first).toEqual(await score(trained));
  });

  it('stops when it is interrupted', async () => {
    expect((await stopped(copyOf(trained), ['score'], 1, 'interrupted')).code).toBe(130);
  });
});

describe('what cannot be scored', () => {
  async function refused(folder: string, message: RegExp, ...flags: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await commandLine(folder, ['score', ...flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  }

  it('is a model that is not there', () =>
    refused(trained, /Expected one of the models dual-tower-[0-9a-f]+ but received "nope"/, '--model', 'nope'));

  it('is a store without a model', async () => {
    const folder = copyOf(trained);
    const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
    store.db.exec('DELETE FROM models');
    store.db.close();
    await refused(folder, /Expected a dual-tower model in .* but there is none\.\n {2}Train one: atelier train dual-tower\./);
  });

  it.each(['left.onnx', 'right.onnx', 'model.json'])('is a model without its %s', async (name) => {
    const folder = copyOf(trained);
    rmSync(join(folder, 'atelier.db.files', 'models', modelId, name));
    await refused(folder, new RegExp(`${name.replace('.', '\\.')} but it is not there`));
  });

  it.each(['left.onnx', 'right.onnx', 'model.json'])('is a model with one byte of its %s changed', async (name) => {
    const folder = copyOf(trained);
    changeFile(folder, name, (bytes) => {
      // A digit where it is JSON.
      const at = name === 'model.json' ? bytes.indexOf('"seed": 1') + 8 : bytes.length >> 1;
      bytes[at] = (bytes[at] as number) ^ 1;
      return bytes;
    });
    await refused(folder, new RegExp(`${name.replace('.', '\\.')} as it was written but its bytes have changed`));
  });

  it('is a model that is cut off', async () => {
    const folder = copyOf(trained);
    changeFile(folder, 'left.onnx', (bytes) => bytes.subarray(0, 100));
    await refused(folder, /its bytes have changed/);
  });

  it.each([
    ['opset', /opset 20 .*but received IR version 9, opset 17/],
    ['IR version', /but received IR version 7, opset 20/],
  ])('is a model of another %s', async (what, message) => {
    const folder = copyOf(trained);
    const model = join(folder, 'atelier.db.files', 'models', modelId);
    const decoded = ModelProto.decode(readFileSync(join(model, 'left.onnx'))) as unknown as {
      irVersion: number;
      opsetImport: { version: number }[];
    };
    if (what === 'opset') (decoded.opsetImport[0] as { version: number }).version = 17;
    else decoded.irVersion = 7;
    const left = ModelProto.encode(decoded as never).finish();
    const metadata = JSON.parse(readFileSync(join(model, 'model.json'), 'utf8')) as DualTowerMetadata;
    // As another version of the program would have written it: whole, but in other words.
    const changed = Buffer.from(JSON.stringify({ ...metadata, files: { ...metadata.files, left: sha256(left) } }));
    const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
    const runId = beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: new Date(0) });
    const files = { 'left.onnx': left, 'right.onnx': readFileSync(join(model, 'right.onnx')), 'model.json': changed };
    saveModel(store, { modelId: modelIdOf(changed), kind: 'dual-tower', files, metrics: {} }, new Date(0), runId);
    store.db.close();
    await refused(folder, message);
  });

  it.each([
    ['no name', 'hour', /Expected name=value/],
    ['a field that the model does not have', 'moon=full', /Expected a context of .*hour.* but received moon/],
    ['a field of creatives', 'log.topic=food', /but received log\.topic/],
  ])('is a context of %s', (_, context, message) => refused(trained, message, '--context', context));
});

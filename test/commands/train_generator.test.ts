import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { addCreatives, addLog, damage, makeCombinedStore, runAll } from './combined_store.ts';
import { copyOf, modelFiles, removeStore, stopped } from './trained_store.ts';

const MIL = ['train', 'mil', '--log', 'sim', '--threads', '1', '--estimator', 'additive'];
const TRAIN = ['train', 'generator', '--threads', '1', '--steps', '60'];

interface Statistics {
  readonly reward: number;
  readonly entropy: number;
  readonly distinct: number;
}

interface Trained {
  readonly model_id: string;
  readonly path: string;
  readonly reward_model: string;
  readonly rows: number;
  readonly ads: number;
  readonly kinds: readonly string[];
  readonly metrics: Statistics & {
    readonly before: Statistics;
    readonly steps: number;
    readonly warm_steps: number;
    readonly logged_combinations: number;
  };
  readonly notes: readonly string[];
  readonly samples_per_second: number;
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

let world: string;

beforeAll(async () => {
  world = await makeCombinedStore({ ads: 12, impressions: 40_000 }, MIL);
});
afterAll(() => removeStore(world));

const trainJson = (folder: string, ...flags: readonly string[]) => commandJson<Trained>(folder, [...TRAIN, ...flags]);

describe('atelier train generator', () => {
  it('learns to draw combinations of a higher reward than chance does, and starts from what was logged', async () => {
    const folder = copyOf(world);
    const { rows: models } = await commandJson<{ rows: { model_id: string }[] }>(folder, ['list', 'models']);
    const trained = await trainJson(folder);
    expect(trained).toMatchObject({ code: 0, ads: 12, kinds: ['highlight', 'image', 'title'], notes: [], failed: [] });
    expect(trained.reward_model).toBe(models[0]?.model_id);
    expect(trained.model_id).toMatch(/^generator-[0-9a-f]{12}$/);
    expect(existsSync(join(folder, trained.path, 'model.json'))).toBe(true);
    expect(trained.rows).toBeGreaterThan(0);
    expect(trained.samples_per_second).toBeGreaterThan(0);
    const { metrics } = trained;
    expect(metrics).toMatchObject({ steps: expect.any(Number), warm_steps: expect.any(Number), logged_combinations: 120 });
    // In standard deviations above a uniform draw, whose mean is 0.
    expect(metrics.reward).toBeGreaterThan(metrics.before.reward);
    expect(metrics.reward).toBeGreaterThan(0.8);
    expect(metrics.distinct).toBeGreaterThan(4);
    const { stdout } = await commandLine(folder, TRAIN);
    expect(stdout).toMatch(/^generator-\w+: 60 steps on 12 ads in /);
    expect(stdout).toContain('atelier compose');
    expect(stdout).not.toMatch(/NaN|undefined/);
  });

  it('gives the same model and the same bytes for the same seed, another for another seed', async () => {
    const [one, other] = [copyOf(world), copyOf(world)];
    const { model_id } = await trainJson(one);
    expect((await trainJson(other)).model_id).toBe(model_id);
    expect(modelFiles(other)).toEqual(modelFiles(one));
    expect((await trainJson(other, '--seed', '2')).model_id).not.toBe(model_id);
  });

  it('draws fewer different combinations without entropy', async () => {
    const folder = copyOf(world);
    const varied = await trainJson(folder, '--entropy', '1');
    const greedy = await trainJson(folder, '--entropy', '0');
    expect(greedy.metrics.entropy).toBeLessThan(varied.metrics.entropy / 2);
    expect(greedy.metrics.distinct).toBeLessThan(varied.metrics.distinct / 2);
  });

  it('says what to do without a reward model', async () => {
    const folder = temporaryFolder();
    await addCreatives(folder, [{ ad_id: 'a', creative_id: 'a1', title: 'One' }]);
    expect(await commandLine(folder, TRAIN)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('atelier train mil') });
    expect(await commandLine(world, [...TRAIN, '--model', 'mil-none'])).toMatchObject({ code: 2, stderr: expect.stringContaining('mil-') });
  });

  it('notes the ads that have nothing to choose from; where no ad has, it says so', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [
      { ad_id: 'narrow-1', creative_id: 'a', title: 'Only one', image: 'image-1' },
      { ad_id: 'narrow-2', creative_id: 'a', title: 'Only another', image: 'image-1' },
    ]);
    const { code, ads, notes } = await trainJson(folder);
    expect({ code, ads, notes }).toEqual({ code: 0, ads: 12, notes: ['2 ads have one element of each kind and nothing to choose from'] });
    const { code: none, stdout, stderr } = await commandLine(folder, [...TRAIN, '--ads', 'narrow-1,narrow-2']);
    expect({ none, stdout }).toEqual({ none: 2, stdout: '' });
    expect(stderr).toMatch(/different rewards[\s\S]*two or more elements of a kind/);
  });

  it('notes a kind that the reward model has never seen, and trains on the others', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [
      { ad_id: 'ad-0001', creative_id: 'late-1', title: 'A title of tomorrow', image: 'image-1', video: 'clip-1' },
      { ad_id: 'ad-0001', creative_id: 'late-2', title: 'A title of tomorrow', image: 'image-1', video: 'clip-2' },
    ]);
    const { code, kinds, notes } = await trainJson(folder);
    expect({ code, kinds }).toEqual({ code: 0, kinds: ['highlight', 'image', 'title', 'video'] });
    expect(notes).toEqual([expect.stringMatching(/^mil-\w+ has never seen a video: all elements of this kind count alike$/)]);
  });

  it('lists ads whose constraints contradict each other, notes ids it does not know, and trains on the rest', async () => {
    const folder = copyOf(world);
    const { rows } = await commandJson<{ rows: { element_id: string; kind: string }[] }>(folder, ['list', 'elements']);
    const titles = rows.filter(({ kind }) => kind === 'title').map(({ element_id }) => element_id);
    writeFileSync(
      join(folder, 'rules.yaml'),
      JSON.stringify({ require: ['title_unknown'], ads: { 'ad-0002': { require: titles }, 'ad-none': {} } }),
    );
    const { code, ads, failed, notes } = await trainJson(folder, '--constraints', 'rules.yaml', '--ads', 'ad-0001,ad-0002,nobody');
    expect({ code, ads }).toEqual({ code: 1, ads: 1 });
    expect(failed).toEqual([
      { item: 'nobody', reason: expect.stringContaining('Expected an ad') },
      { item: 'ad-0002', reason: expect.stringContaining('Expected at most one required title for ad ad-0002') },
    ]);
    expect(notes).toEqual([expect.stringContaining('title_unknown'), expect.stringContaining('ad-none')]);
    expect(await commandLine(folder, [...TRAIN, '--constraints', 'gone.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('gone.yaml'),
    });
  });

  it('starts from the log of the reward model, whatever other logs there are', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [
      { ad_id: 'ad-0001', creative_id: 'late', title: 'A title of tomorrow', image: 'image-1', highlight: 'New' },
    ]);
    await addLog(folder, 'other', [['ad-0001', 'late', 100, 9]]);
    expect(await trainJson(folder, '--ads', 'ad-0001')).toMatchObject({ code: 0, metrics: { logged_combinations: 10 } });
  });

  it('interrupted, keeps no generator; run again it ends as one clean run does', async () => {
    const clean = copyOf(world);
    await runAll(clean, [TRAIN]);
    const folder = copyOf(world);
    expect((await stopped(folder, TRAIN, 5, 'interrupted')).code).toBe(130);
    expect(Object.keys(modelFiles(folder))).toEqual([expect.stringMatching(/^mil-/)]);
    await runAll(folder, [TRAIN]);
    expect(modelFiles(folder)).toEqual(modelFiles(clean));
  });

  it('refuses a damaged reward model, naming the file and what to do', async () => {
    const folder = copyOf(world);
    const [mil = ''] = Object.keys(modelFiles(folder));
    const path = join(folder, 'atelier.db.files', 'models', mil, 'posterior.f32');
    damage(path);
    const { code, stderr } = await commandLine(folder, TRAIN);
    expect(code).toBe(2);
    expect(stderr).toContain(path);
    expect(stderr).toContain('atelier train mil');
  });
});

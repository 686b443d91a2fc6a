import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { addCreatives, addLog, makeCombinedStore, runAll } from './combined_store.ts';
import { copyOf, modelFiles, removeStore, stopped } from './trained_store.ts';

const TRAIN = ['train', 'mil', '--log', 'sim', '--threads', '1'];
const ADDITIVE = [...TRAIN, '--estimator', 'additive'];

interface Estimate {
  readonly value: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
}

interface Comparison {
  readonly rows: number;
  readonly effective_impressions: number;
  readonly outcomes: number;
  readonly log_loss: Readonly<Record<string, Estimate>>;
  readonly differences: Readonly<Record<string, Estimate>>;
}

interface Trained {
  readonly model_id: string;
  readonly path: string;
  readonly label: string;
  readonly rows: number;
  readonly ads: number;
  readonly elements: number;
  readonly kinds: readonly string[];
  readonly creatives_without_elements: number;
  readonly metrics: {
    readonly estimator: string;
    readonly held_out: Comparison;
    readonly segments: Readonly<Record<string, Comparison>>;
    readonly unseen_elements: number;
    readonly phi: number;
    readonly prior_sd: Readonly<Record<string, number>>;
  };
  readonly notes: readonly string[];
  readonly samples_per_second: number;
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

const IMPRESSIONS = 60_000;
let world: string;

beforeAll(async () => {
  world = await makeCombinedStore({ ads: 20, impressions: IMPRESSIONS });
});
afterAll(() => removeStore(world));

const trainJson = (folder: string, argv: readonly string[]) => commandJson<Trained>(folder, argv);

describe('atelier train mil', () => {
  it('on first use compares both estimators on held-out rows, keeps one, and names it', async () => {
    const folder = copyOf(world);
    const trained = await trainJson(folder, TRAIN);
    expect(trained).toMatchObject({
      code: 0,
      label: 'click',
      rows: 200,
      ads: 20,
      elements: 17,
      creatives_without_elements: 0,
      notes: [],
      failed: [],
    });
    expect(trained.kinds).toEqual(['highlight', 'image', 'title']);
    expect(Object.keys(trained.metrics.prior_sd)).toEqual(trained.kinds);
    expect(trained.model_id).toMatch(/^mil-[0-9a-f]{12}$/);
    expect(trained.samples_per_second).toBeGreaterThan(0);
    expect(existsSync(join(folder, trained.path, 'model.json'))).toBe(true);
    const { estimator, held_out, segments, phi, unseen_elements } = trained.metrics;
    expect(['additive', 'pairwise', 'gated']).toContain(estimator);
    expect(Object.keys(held_out.log_loss).sort()).toEqual(['ad_mean', 'additive', 'gated', 'pairwise']);
    expect(Object.keys(segments)).toEqual(['seen_combination', 'new_combination', 'unseen_element']);
    // Elements matter in this world: what knows them predicts better than what knows the ads alone.
    expect(held_out.differences.additive_minus_ad_mean?.ci_high as number).toBeLessThan(0);
    // A fifth, give or take an element.
    expect(held_out.effective_impressions / IMPRESSIONS).toBeGreaterThan(0.1);
    expect(held_out.effective_impressions / IMPRESSIONS).toBeLessThan(0.35);
    const sumOf = (of: (own: Comparison) => number): number => Object.values(segments).reduce((sum, own) => sum + of(own), 0);
    expect(sumOf(({ outcomes }) => outcomes)).toBeCloseTo(held_out.outcomes, 9);
    expect(sumOf(({ rows }) => rows)).toBe(held_out.rows);
    expect(unseen_elements).toBeGreaterThan(0);
    // Clicks are binomial here.
    expect(phi).toBeGreaterThan(0.7);
    expect(phi).toBeLessThan(1.4);
  });

  it.each(['additive', 'pairwise', 'gated'])(
    '%s: gives the same model and the same bytes for the same seed, another for another seed',
    async (name) => {
      const argv = [...TRAIN, '--estimator', name];
      const [one, other] = [copyOf(world), copyOf(world)];
      const trained = await trainJson(one, argv);
      expect(trained.metrics.estimator).toBe(name);
      expect(Object.keys(trained.metrics.held_out.log_loss).sort()).toEqual(['ad_mean', name]);
      expect((await trainJson(other, argv)).model_id).toBe(trained.model_id);
      expect(modelFiles(other)).toEqual(modelFiles(one));
      expect((await trainJson(other, [...argv, '--seed', '2'])).model_id).not.toBe(trained.model_id);
    },
  );

  it.each([
    ['conversion', 'conversions'],
    ['revenue', 'revenue'],
  ])('learns to predict %s', async (label, word) => {
    const folder = copyOf(world);
    const trained = await trainJson(folder, [...ADDITIVE, '--label', label]);
    expect(trained).toMatchObject({ code: 0, label });
    expect(trained.metrics.held_out.outcomes).toBeGreaterThan(0);
    const { stdout } = await commandLine(folder, [...ADDITIVE, '--label', label]);
    expect(stdout).toContain(`log-loss of held-out ${word}`);
    expect(stdout).not.toMatch(/NaN|undefined|clicks/);
  });

  it('says what to do where the log has nothing of the label', async () => {
    const folder = temporaryFolder();
    await addCreatives(folder, [{ ad_id: 'tea', creative_id: 'a', title: 'Warm' }]);
    await addLog(folder, 'sim', [['tea', 'a', 100, 3]]);
    for (const label of ['conversion', 'revenue']) {
      const { code, stdout, stderr } = await commandLine(folder, [...ADDITIVE, '--label', label]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`Expected ${label}s? in the log.*\n.*has a column ${label}`));
    }
    await addLog(folder, 'quiet', [['tea', 'a', 100, 0]]);
    expect(await commandLine(folder, ['train', 'mil', '--log', 'quiet'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Learn from a longer log'),
    });
  });

  it('says what to do without a store, without a log, and where the creatives of the log were never imported', async () => {
    const folder = temporaryFolder();
    expect(await commandLine(folder, ADDITIVE)).toMatchObject({ code: 2, stderr: expect.stringContaining('--store') });
    await addCreatives(folder, [{ ad_id: 'tea', creative_id: 'a', title: 'Warm' }]);
    const train = ['train', 'mil'];
    expect(await commandLine(folder, train)).toMatchObject({ code: 2, stderr: expect.stringContaining('atelier import logs FILE') });
    await addLog(folder, 'sim', [['sun', 'x', 100, 3]]);
    const { code, stdout, stderr } = await commandLine(folder, train);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('atelier import creatives FILE');
    expect(await commandLine(folder, [...train, '--log', 'nope'])).toMatchObject({ code: 2, stderr: expect.stringContaining('sim') });
  });

  it('counts the creatives of the log whose elements are not known, and learns from the others', async () => {
    const folder = copyOf(world);
    await addLog(folder, 'sim', [
      ['ad-0001', 'stranger', 100, 3],
      ['elsewhere', 'x', 100, 3],
    ]);
    expect(await trainJson(folder, ADDITIVE)).toMatchObject({ code: 0, rows: 200, ads: 20, creatives_without_elements: 2 });
    expect((await commandLine(folder, ADDITIVE)).stdout).toContain('left out: 2 creatives');
  });

  it('lists ads that it does not know and goes on with the others; without any other it says so', async () => {
    const folder = copyOf(world);
    const { code, ads, rows, failed } = await trainJson(folder, [...ADDITIVE, '--ads', 'ad-0001,nobody,ad-0002']);
    expect({ code, ads, rows }).toEqual({ code: 1, ads: 2, rows: 20 });
    expect(failed).toEqual([{ item: 'nobody', reason: expect.stringContaining('Expected an ad') }]);
    const none = await commandLine(folder, [...ADDITIVE, '--ads', 'nobody']);
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/nobody[\s\S]*atelier list ads/) });
  });

  it('learns from ads with one element of each kind, and from a log too short for any interval', async () => {
    const folder = temporaryFolder();
    const ads = ['a', 'b', 'c'];
    await addCreatives(
      folder,
      ads.map((ad) => ({ ad_id: ad, creative_id: 'only', title: `Title of ${ad}`, image: 'shared' })),
    );
    await addLog(
      folder,
      'sim',
      ads.map((ad, i) => [ad, 'only', 50, i]),
    );
    const { code, metrics, ...trained } = await trainJson(folder, TRAIN);
    expect({ code, ...trained }).toMatchObject({ code: 0, rows: 3, ads: 3, elements: 4 });
    expect(Object.values(metrics.held_out.differences).map(({ value }) => value)).toEqual([null, null, null]);
    const { stdout } = await commandLine(folder, TRAIN);
    expect(stdout).not.toMatch(/NaN|undefined|null/);
    // A part of which nothing was held out has nothing to tell.
    expect(stdout).not.toMatch(/^\S.*\s0 +0 +gated minus/m);
  });

  it('does without the network where too few rows were clicked to train it, and says so', async () => {
    const folder = temporaryFolder();
    await addCreatives(folder, [
      { ad_id: 'a', creative_id: '1', title: 'x' },
      { ad_id: 'a', creative_id: '2', title: 'y' },
      { ad_id: 'b', creative_id: '1', title: 'x' },
      { ad_id: 'b', creative_id: '2', title: 'z' },
    ]);
    await addLog(folder, 'sim', [
      ['a', '1', 100, 1],
      ['a', '2', 100, 0],
      ['b', '1', 100, 0],
      ['b', '2', 100, 0],
    ]);
    // The only row with a click is in what one of these seeds holds out.
    const notes: string[] = [];
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      const trained = await trainJson(folder, [...TRAIN, '--seed', seed]);
      expect(trained.code).toBe(0);
      notes.push(...trained.notes);
    }
    expect(notes).toContainEqual(expect.stringContaining('left out: gated. Expected'));
    expect((await commandLine(folder, ['attribute'])).stdout).toContain('not judged: 3 (too few clicks');
  });

  it('interrupted, keeps no model; run again it ends as one clean run does', async () => {
    const clean = copyOf(world);
    await runAll(clean, [TRAIN]);
    for (const [argv, looks] of [
      [TRAIN, 0],
      [TRAIN, 3],
      [ADDITIVE, 1],
    ] as const) {
      const folder = copyOf(world);
      expect((await stopped(folder, argv, looks, 'interrupted')).code).toBe(130);
      expect(existsSync(join(folder, 'atelier.db.files', 'models'))).toBe(false);
      const { rows } = await commandJson<{ rows: { command: string; exit_code: number }[] }>(folder, ['list', 'runs']);
      expect(rows.at(-1)).toMatchObject({ command: 'train mil', exit_code: 130 });
      await runAll(folder, [TRAIN]);
      expect(modelFiles(folder)).toEqual(modelFiles(clean));
    }
  });

  it('writes a damaged model anew', async () => {
    const folder = copyOf(world);
    const { path } = await trainJson(folder, ADDITIVE);
    const whole = modelFiles(folder);
    writeFileSync(join(folder, path, 'posterior.f32'), '');
    rmSync(join(folder, path, 'model.json'));
    await runAll(folder, [ADDITIVE]);
    expect(modelFiles(folder)).toEqual(whole);
  });
});

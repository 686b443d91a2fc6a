import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandJson, commandLine } from '../core/publish/command_line.ts';
import { copyOf, makeStore, modelFiles, removeStore, stopped, storeOf, TRAIN } from './trained_store.ts';

interface Interval {
  readonly value: number;
  readonly ci_low: number;
  readonly ci_high: number;
}

interface Metrics {
  readonly auc: Interval;
  readonly gauc: Interval;
  readonly log_loss: Interval;
  readonly calibration_ratio: Interval;
  readonly calibration: readonly { readonly mean_prediction: number; readonly ci_low: number; readonly ci_high: number }[];
  readonly nsctr: Interval | null;
  readonly segments: Readonly<Record<'head' | 'tail' | 'unseen', Omit<Metrics, 'segments'>>>;
}

interface Training {
  readonly model_id: string;
  readonly path: string;
  readonly rows: number;
  readonly split: { readonly train: number; readonly validation: number; readonly held_out: number };
  readonly fields: readonly { readonly name: string; readonly tower: string }[];
  readonly notes: readonly string[];
  readonly metrics: Metrics;
  readonly ablations: readonly { readonly name: string; readonly auc: Interval; readonly differences: { readonly auc: Interval } | null }[];
  readonly samples_per_second: number | null;
}

/** Before any training, and after one. */
let untrained: string;
let trained: string;
let training: Training & { readonly code: number };

beforeAll(async () => {
  untrained = await makeStore();
  trained = await makeStore();
  training = await commandJson<Training>(trained, TRAIN);
});
afterAll(() => {
  removeStore(untrained);
  removeStore(trained);
});

function leftovers(folder: string): string[] {
  const checkpoints = join(folder, 'atelier.db.files', 'training');
  return existsSync(checkpoints) ? readdirSync(checkpoints) : [];
}

async function listedModels(folder: string): Promise<readonly { readonly model_id: string }[]> {
  return (await commandJson<{ rows: { model_id: string }[] }>(folder, ['list', 'models'])).rows;
}

/** No model, no part of one and no checkpoint. */
async function expectNothing(folder: string): Promise<void> {
  expect(await listedModels(folder)).toEqual([]);
  expect(existsSync(join(folder, 'atelier.db.files', 'models')) ? modelFiles(folder) : {}).toEqual({});
  expect(leftovers(folder)).toEqual([]);
}

describe('train dual-tower', () => {
  it('writes two ONNX files and their metadata, and says how good they are', () => {
    expect(training.code).toBe(0);
    expect(training.model_id).toMatch(/^dual-tower-[0-9a-f]{12}$/);
    expect(training.rows).toBe(6000);
    expect(training.split).toMatchObject({ train: 4320, validation: 480, held_out: 1200 });
    expect(readdirSync(join(trained, training.path)).sort()).toEqual(['left.onnx', 'model.json', 'right.onnx']);
    expect(training.fields).toEqual(
      expect.arrayContaining([
        { name: 'ad', tower: 'left' },
        { name: 'creative', tower: 'right' },
        { name: 'log.topic', tower: 'right' },
        { name: 'cross.rate.topic', tower: 'right' },
      ]),
    );
    expect(leftovers(trained)).toEqual([]);
  });

  it('gives every figure an interval around it', () => {
    const { metrics } = training;
    for (const figure of [metrics.auc, metrics.gauc, metrics.log_loss, metrics.calibration_ratio, metrics.segments.tail.auc]) {
      expect(figure.ci_low).toBeLessThan(figure.value);
      expect(figure.ci_high).toBeGreaterThan(figure.value);
    }
    expect(metrics.nsctr?.ci_low).toBeLessThan(metrics.nsctr?.ci_high ?? 0);
    expect(metrics.calibration.length).toBeGreaterThan(1);
    for (const { ci_low: low, ci_high: high } of metrics.calibration) expect(low).toBeLessThan(high);
  });

  it('gives the same model for the same log and seed, listed once, and another for another seed', async () => {
    const folder = copyOf(trained);
    const before = modelFiles(folder);
    const again = await commandJson<Training>(folder, TRAIN);
    expect(again.model_id).toBe(training.model_id);
    expect(modelFiles(folder)).toEqual(before);
    expect((await listedModels(folder)).map(({ model_id: id }) => id)).toEqual([training.model_id]);
    const other = await commandJson<Training>(folder, [...TRAIN, '--seed', '2']);
    expect(other.model_id).not.toBe(training.model_id);
    expect(await listedModels(folder)).toHaveLength(2);
  });

  it.each([5, 150])('interrupted after %i steps and run again, gives the model of a run without a stop', async (steps) => {
    const folder = copyOf(untrained);
    const { code, stderr } = await stopped(folder, TRAIN, steps, 'interrupted');
    expect([code, stderr]).toEqual([130, expect.stringContaining('run the same command again')]);
    expect(await listedModels(folder)).toEqual([]);
    expect(leftovers(folder)).toHaveLength(1);
    expect((await commandLine(folder, TRAIN)).code).toBe(0);
    expect(modelFiles(folder)).toEqual(modelFiles(trained));
    expect(leftovers(folder)).toEqual([]);
  });

  it('killed twice without warning and run again, gives the model of a run without a stop', async () => {
    const folder = copyOf(untrained);
    const argv = [...TRAIN, '--checkpoint', '20'];
    for (const steps of [33, 47]) expect((await stopped(folder, argv, steps, 'killed')).code).toBe(3);
    expect(leftovers(folder)).toHaveLength(1);
    expect((await commandLine(folder, argv)).code).toBe(0);
    expect(modelFiles(folder)).toEqual(modelFiles(trained));
    expect(leftovers(folder)).toEqual([]);
  });

  it('refuses a corrupt checkpoint, and starts anew with --fresh', async () => {
    const folder = copyOf(untrained);
    await stopped(folder, TRAIN, 5, 'interrupted');
    const path = join(folder, 'atelier.db.files', 'training', leftovers(folder)[0] as string);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const { code, stdout, stderr } = await commandLine(folder, TRAIN);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Expected a whole checkpoint in .*\n.*--fresh/);
    expect(await listedModels(folder)).toEqual([]);
    expect((await commandLine(folder, [...TRAIN, '--fresh'])).code).toBe(0);
    expect(modelFiles(folder)).toEqual(modelFiles(trained));
  });

  it('does not go on from the checkpoint of another training', async () => {
    const folder = copyOf(untrained);
    await stopped(folder, [...TRAIN, '--holdout', '30%'], 5, 'interrupted');
    expect((await commandLine(folder, TRAIN)).code).toBe(0);
    expect(modelFiles(folder)).toEqual(modelFiles(trained));
  });

  it('prints what each part is worth with --ablate, and keeps the whole model alone', async () => {
    const folder = copyOf(untrained);
    const { code, stdout } = await commandLine(folder, [...TRAIN, '--ablate', '--quiet']);
    expect(code).toBe(0);
    const parts = [
      'all parts',
      'without SENet',
      'without adaptive dropout',
      'without hidden state',
      'without cross features',
      'without content',
    ];
    for (const part of parts) expect(stdout).toMatch(new RegExp(`^${part} +[+−]?\\d\\.\\d+ \\[`, 'm'));
    expect(Object.keys(modelFiles(folder))).toEqual([training.model_id]);
    expect(leftovers(folder)).toEqual([]);
  });
});

describe('the text of train dual-tower', () => {
  it('says so when an earlier run had done all steps', async () => {
    const folder = copyOf(untrained);
    // Killed when the whole model was trained and the first part is being left out.
    const steps = (training.metrics as unknown as { readonly steps: number }).steps + 20;
    expect((await stopped(folder, [...TRAIN, '--ablate'], steps, 'killed')).code).toBe(3);
    const { stdout } = await commandLine(copyOf(folder), TRAIN);
    expect(stdout).toMatch(/ steps, all of an earlier run$/m);
    expect(stdout).not.toContain('rows/s');
    expect((await commandJson<Training>(folder, TRAIN)).samples_per_second).toBeNull();
  });

  it('says why there is no NSCTR', async () => {
    const header = 'ts,ad_id,creative_id,click\n';
    const rows = Array.from(
      { length: 200 },
      (_, i) =>
        `2026-01-01T00:${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}Z,a,c${i % 4},${i % 5 ? 0 : 1}\n`,
    );
    const { stdout } = await commandLine(await storeOf(header + rows.join('')), TRAIN);
    expect(stdout).toMatch(/^NSCTR cannot be evaluated: an effective sample of 50 matched impressions is needed but it is \d+/m);
  });

  it('has the model, its metrics by creatives, the calibration and where it is', async () => {
    const { stdout } = await commandLine(copyOf(trained), [...TRAIN, '--quiet']);
    expect(stdout).toContain(`${training.model_id}: trained on`);
    for (const line of [
      /^creatives +impressions +AUC/m,
      /^all +1,200 +0\.\d/m,
      /^head /m,
      /^unseen /m,
      /Calibration by deciles/,
      /^NSCTR 0\./m,
      /^written: /m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).not.toMatch(/NaN|undefined/);
  });
});

describe('a log that', () => {
  const header = 'ts,ad_id,creative_id,click,device,campaign\n';
  const row = (i: number, click: number): string =>
    `2026-01-${String(1 + Math.floor(i / 40)).padStart(2, '0')}T00:${String(i % 40).padStart(2, '0')}:00Z,ad${i % 2},c${i % 6},${click},${i % 3 ? 'phone' : 'desk'},summer\n`;
  const log = (click: (i: number) => number): string => header + Array.from({ length: 400 }, (_, i) => row(i, click(i))).join('');

  it.each([
    ['was never clicked', () => 0, /no impression was clicked .*\n {2}Import a longer log/],
    ['was always clicked', () => 1, /every impression was clicked .*\n {2}Import the impressions without a click/],
  ])('%s is refused, and nothing is written', async (_, click, message) => {
    const folder = await storeOf(log(click));
    const { code, stdout, stderr } = await commandLine(folder, TRAIN);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    await expectNothing(folder);
  });

  it('has a column with one value is learnt from without it, which is said', async () => {
    const folder = await storeOf(log((i) => (i % 5 === 0 ? 1 : 0)));
    const { code, notes, fields } = await commandJson<Training>(folder, TRAIN);
    expect(code).toBe(0);
    expect(notes).toContain("left out, the log's column campaign has one value");
    expect(fields.map(({ name }) => name)).not.toContain('log.campaign');
    expect(fields.map(({ name }) => name)).toContain('log.device');
  });

  it('has no times is split by creatives only', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `ad${i % 4},c${i},1000,${10 + ((i * 7) % 30)},title ${i % 9}\n`);
    const folder = await storeOf(`ad_id,creative_id,impressions,clicks,headline\n${rows.join('')}`);
    const refused = await commandLine(folder, TRAIN);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--split creatives')]);
    await expectNothing(folder);
    const { code, split, metrics } = await commandJson<Training>(folder, [...TRAIN, '--split', 'creatives', '--holdout', '0.3']);
    expect(code).toBe(0);
    expect(split.train + split.validation + split.held_out).toBe(40);
    // All held-out creatives are new to the model, and none of them is a row of its training.
    expect(metrics.segments.unseen.log_loss.value).toBeCloseTo(metrics.log_loss.value, 12);
  });

  it('is too short is refused', async () => {
    const folder = await storeOf(header + row(0, 1) + row(1, 0));
    const { code, stderr } = await commandLine(folder, TRAIN);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/Expected rows for each of training, validation and holdout/)]);
    await expectNothing(folder);
  });
});

describe('what cannot be trained on', () => {
  it('is an ad that is not there: listed, the others are trained on', async () => {
    const folder = copyOf(untrained);
    const { code, stderr } = await commandLine(folder, [...TRAIN, '--ads', 'ad-0001,nobody']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('failed: nobody: Expected an ad of this store')]);
  });

  it.each([
    ['a log that is not there', ['--log', 'nope'], /one of the logs .*sim/],
    ['ads that are not there', ['--ads', 'nobody'], /Expected ads of this store but there are none with the ids nobody\./],
    ['a batch that no list fits into', ['--batch', '100'], /Expected a multiple of 8 but received 100/],
    ['a dimension that is no multiple of 4', ['--dimension', '6'], /Expected a multiple of 4 but received 6/],
    ['a share of nothing', ['--holdout', '0%'], /Expected a share such as 20%/],
    ['a share of all', ['--holdout', '100%'], /Expected a share such as 20%/],
    ['a share that is none', ['--holdout', 'some'], /Expected a share such as 20%/],
    ['another split', ['--split', 'users'], /time, creatives/],
  ])('is %s', async (_, flags, message) => {
    const { code, stdout, stderr } = await commandLine(copyOf(untrained), [...TRAIN, ...flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

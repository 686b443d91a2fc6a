import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { readExamples } from '../src/commands/training_data.ts';
import { hash64 } from '../src/core/hash.ts';
import { DEFAULT_OPTIONS } from '../src/core/models/dual_tower/options.ts';
import { runTraining } from '../src/core/models/dual_tower/training_run.ts';
import type { Examples } from '../src/core/models/features/field.ts';
import { metricDifferences } from '../src/core/models/metrics/metric_differences.ts';
import { openStore } from '../src/core/store/open.ts';

const HELD_OUT = 0.2;
const VALIDATION = 0.1;
const SEEDS = [1, 2, 3, 4, 5];
const FIELD_WITH_TITLE_WORDS = 'title.words';

/** What the Python peer predicts for each held-out arm, by arm id. */
type Predictions = ReadonlyMap<string, Readonly<Record<string, number>>>;

/**
 * Held-out arms of Upworthy's A/B tests: log-loss of the dual tower minus that of each test's mean CTR, and of logistic
 * regression on the same features (headline words, image, test), with 95 % intervals from resampled tests.
 */
export async function benchUpworthy(folder: string, data: string, python: string): Promise<object[]> {
  const examples = await importArms(folder, data);
  const fold = foldsOf(examples);
  const rowsOf = (wanted: string): Int32Array => Int32Array.from(fold.keys()).filter((row) => fold[row] === wanted);
  const split = { train: rowsOf('train'), validation: rowsOf('validation'), heldOut: rowsOf('held') };
  const peers = predictByPeers(folder, python, examples, fold);
  const towers: Float32Array[] = [];
  for (const seed of SEEDS) {
    const { trainer } = await runTraining(examples, split, {
      options: { ...DEFAULT_OPTIONS, seed },
      threads: 1,
      checkpoints: { every: Number.POSITIVE_INFINITY, resume: () => undefined, write: () => {} },
      signal: undefined,
      onProgress: undefined,
    });
    towers.push((await trainer.predict(split.heldOut)).click);
    await trainer.close();
  }
  const held = {
    clicks: Float32Array.from(split.heldOut, (row) => examples.clicks[row] as number),
    impressions: Float32Array.from(split.heldOut, (row) => examples.impressions?.[row] as number),
    ad: Int32Array.from(split.heldOut, (row) => examples.ad[row] as number),
    cluster: Int32Array.from(split.heldOut, (row) => examples.ad[row] as number),
  };
  const names = Object.keys([...peers.values()][0] ?? {}).filter((name) => name !== 'own_ctr');
  return names.flatMap((name) => {
    const beside = Float32Array.from(split.heldOut, (row) => peers.get(armId(examples, row))?.[name] as number);
    return towers.map((predictions, i) => {
      const { value, ciLow, ciHigh } = metricDifferences(held, predictions, beside, { seed: 1, replicates: 1000 }).logLoss;
      const inMillionths = (x: number | null): number => Number((1e5 * (x ?? Number.NaN)).toFixed(2));
      return {
        bench: 'log-loss of held-out Upworthy arms, dual tower minus peer, 1e-5 nats an impression (below 0 is better)',
        beside: name,
        seed: SEEDS[i],
        difference: inMillionths(value),
        ci_low: inMillionths(ciLow),
        ci_high: inMillionths(ciHigh),
        arms: split.heldOut.length,
      };
    });
  });
}

async function importArms(folder: string, data: string): Promise<Examples> {
  const store = join(folder, 'upworthy.db');
  const packages = join(data, 'upworthy', 'packages.csv.gz');
  const atelier = (...argv: string[]) => execFileSync(process.execPath, ['bin/atelier.js', ...argv, '--store', store, '--quiet']);
  atelier('import', 'creatives', packages, '--map', 'test_id=ad_id,arm=creative_id,headline=element.title,image_id=element.image');
  atelier('import', 'logs', packages, '--map', 'test_id=ad_id,arm=creative_id');
  const opened = openStore(store, { create: false, now: new Date() });
  const { examples } = await readExamples(opened, { logId: undefined, trainingShare: 1 });
  opened.db.close();
  // The log's own columns (headline, lede, week) are no features of the peers.
  return { ...examples, fields: examples.fields.filter(({ name }) => !name.startsWith('log.')) };
}

function armId({ creatives, creative }: Examples, row: number): string {
  const { adId, creativeId } = creatives[creative[row] as number] as { adId: string; creativeId: string };
  return `${adId}|${creativeId}`;
}

/** About a fifth of the arms held out, by the hash of their ids; each test keeps one to train on. */
function foldsOf(examples: Examples): string[] {
  const byTest = new Map<number, number[]>();
  for (const [row, ad] of examples.ad.entries()) byTest.set(ad, [...(byTest.get(ad) ?? []), row]);
  const fold: string[] = new Array(examples.rows).fill('train');
  const draw = (row: number): number => Number(hash64(armId(examples, row)) % 1_000_003n) / 1_000_003;
  for (const rows of byTest.values()) {
    const ranked = rows.toSorted((a, b) => draw(a) - draw(b)).slice(0, -1);
    for (const row of ranked) {
      if (draw(row) < HELD_OUT) fold[row] = 'held';
      else if (draw(row) < HELD_OUT + (1 - HELD_OUT) * VALIDATION) fold[row] = 'validation';
    }
  }
  return fold;
}

/** The test's mean and logistic regression, fitted in Python on the same arms: train and validation together. */
function predictByPeers(folder: string, python: string, examples: Examples, fold: readonly string[]): Predictions {
  const [arms, predictions] = [join(folder, 'arms.csv'), join(folder, 'predictions.csv')];
  const field = (name: string) => examples.fields.find((found) => found.name === name);
  const [words, image] = [field(FIELD_WITH_TITLE_WORDS), field('image')];
  const rows = fold.map((part, row) => ({
    test_id: examples.ads[examples.ad[row] as number],
    arm_id: armId(examples, row),
    image_id: image?.terms[image.codes[row] as number]?.[0] ?? '',
    words: words?.terms[words.codes[row] as number]?.join(' ') ?? '',
    impressions: examples.impressions?.[row],
    clicks: examples.clicks[row],
    fold: part === 'held' ? 'held' : 'train',
  }));
  writeFileSync(arms, stringify(rows, { header: true }));
  execFileSync(python, ['-B', 'bench/peers/upworthy_logistic.py', arms, '--out', predictions], { encoding: 'utf8' });
  const [header = '', ...lines] = readFileSync(predictions, 'utf8').trim().split('\n');
  const [, ...models] = header.trim().split(',');
  return new Map(
    lines.map((line) => {
      const [id = '', ...values] = line.trim().split(',');
      return [id, Object.fromEntries(models.map((model, i) => [model, Number(values[i])]))];
    }),
  );
}

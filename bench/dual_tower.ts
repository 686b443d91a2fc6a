import { EmbeddingTable } from '../src/core/learn/embedding_table.ts';
import { adam } from '../src/core/learn/optimisers.ts';
import { initialise, layout } from '../src/core/learn/parameters.ts';
import { Training } from '../src/core/learn/training.ts';
import { compileStep } from '../src/core/learn/training_step.ts';
import { buildLoss, networkParameters } from '../src/core/models/dual_tower/network.ts';
import { DEFAULT_OPTIONS, type DualTowerOptions } from '../src/core/models/dual_tower/options.ts';
import { ServedModel } from '../src/core/models/dual_tower/served_model.ts';
import { scoredFields, serveTrained } from '../src/core/models/dual_tower/trained_model.ts';
import { DualTowerTrainer } from '../src/core/models/dual_tower/trainer.ts';
import type { Examples, Field } from '../src/core/models/features/field.ts';
import { createRandom, type Random } from '../src/core/random.ts';
import { type BenchLine, compareSpeeds } from './bench_line.ts';

const ROWS = 1 << 18;
const FIELDS_OF_TOWER = 16;
const VALUES = 100_000;
const ZIPF_EXPONENT = 1.05;
const ADS = 1_000;
const CTR = 0.05;
const BATCHES = 64;
const ROUNDS = 5;
const THREADS = 2;
const CREATIVES = 1_000;
/** What scoring the creatives of one ad may take. */
const SCORING_LIMIT_MS = 3;

const OPTIONS: DualTowerOptions = { ...DEFAULT_OPTIONS, seed: 1, dimension: 16, batchRows: 1024, hashBits: 18 };

/** A number below n, small ones more often: P(i) ∝ about i^−1.05, as the ids of a log are. */
function zipf(n: number, random: Random): number {
  const exponent = 1 - ZIPF_EXPONENT;
  const most = n ** exponent - 1;
  return Math.min(n - 1, Math.floor((1 + random.uniform() * most) ** (1 / exponent)) - 1);
}

/** Rows of 32 fields of one id each, of 100,000 values a field: what peers train on, too. */
function benchExamples(): Examples {
  const random = createRandom(1);
  const ad = Int32Array.from({ length: ROWS }, () => random.below(ADS));
  const field = (side: 'left' | 'right', index: number): Field => ({
    name: `${side}.${index}`,
    side,
    isId: false,
    of: 'row',
    codes: Int32Array.from({ length: ROWS }, () => zipf(VALUES, random)),
    terms: Array.from({ length: VALUES }, (_, value) => [String(value)]),
  });
  const sides = ['left', 'right'] as const;
  return {
    rows: ROWS,
    ads: Array.from({ length: ADS }, (_, index) => `ad-${index}`),
    creatives: Array.from({ length: ADS }, (_, index) => ({ adId: `ad-${index}`, creativeId: `c-${index}`, isStored: true })),
    ad,
    creative: ad,
    position: new Uint8Array(ROWS),
    positions: [{ scene: '', position: 1 }],
    clicks: Uint8Array.from({ length: ROWS }, () => (random.uniform() < CTR ? 1 : 0)),
    impressions: undefined,
    ts: new Float64Array(ROWS),
    user: undefined,
    propensity: undefined,
    order: undefined,
    fields: sides.flatMap((side) => Array.from({ length: FIELDS_OF_TOWER }, (_, index) => field(side, index))),
    notes: [],
  };
}

/** The whole training loop beside the bare run of its graph on inputs that stay the same, and the scoring of an ad's creatives. */
export async function benchDualTower(): Promise<BenchLine[]> {
  const examples = benchExamples();
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  const trainer = await DualTowerTrainer.open(examples, rows, OPTIONS, THREADS);
  const bare = await openBareGraph();
  const batches = Array.from({ length: BATCHES }, (_, i) => rows.slice(i * OPTIONS.batchRows, (i + 1) * OPTIONS.batchRows));
  let [loop, graph] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    loop = Math.max(loop, await rowsPerSecond(batches, (batch) => trainer.step(batch, 1)));
    graph = Math.max(graph, await rowsPerSecond(batches, bare));
  }
  const name = `training of a dual tower, ${2 * FIELDS_OF_TOWER} fields of ${OPTIONS.dimension}, batches of ${OPTIONS.batchRows}, ${THREADS} threads`;
  const scoring = await benchScoring(trainer, examples, rows);
  return [compareSpeeds(name, 'rows/s', loop, graph, 'the bare run of its graph'), scoring];
}

async function rowsPerSecond(batches: readonly Int32Array[], step: (batch: Int32Array) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (const batch of batches) await step(batch);
  return (batches.length * OPTIONS.batchRows) / ((performance.now() - start) / 1000);
}

async function openBareGraph(): Promise<() => Promise<unknown>> {
  const { batchRows, dimension } = OPTIONS;
  const shape = { leftFields: FIELDS_OF_TOWER, rightFields: FIELDS_OF_TOWER, dimension, senet: true, hiddenState: true };
  const plan = layout(networkParameters(shape, CTR));
  const step = compileStep({
    layout: plan,
    optimiser: adam(),
    build: (g, p) => buildLoss(g, p, shape, batchRows),
    wrtInputs: ['left', 'right'],
  });
  const random = createRandom(2);
  const training = await Training.open(step, initialise(plan, random), { threads: THREADS });
  const cells = batchRows * FIELDS_OF_TOWER;
  const dims = [batchRows, FIELDS_OF_TOWER, dimension];
  const tables = ['left', 'right'].map(() => new EmbeddingTable({ rows: 1, dimension, cells, ids: cells }));
  for (const { pooled } of tables) for (let i = 0; i < pooled.length; i++) pooled[i] = 0.05 * random.normal();
  const [left, right] = tables as [EmbeddingTable, EmbeddingTable];
  const vector = (valueAt: () => number) => ({ data: Float32Array.from({ length: batchRows }, valueAt), dims: [batchRows] });
  const feeds = {
    left: { data: left.pooled, dims },
    right: { data: right.pooled, dims },
    offset: vector(() => 0),
    clicks: vector(() => (random.uniform() < CTR ? 1 : 0)),
    impressions: vector(() => 1),
  };
  const into = { 'gradient:left': { data: left.gradient, dims }, 'gradient:right': { data: right.gradient, dims } };
  return () => training.step(feeds, OPTIONS.denseRate, into);
}

async function benchScoring(trainer: DualTowerTrainer, examples: Examples, rows: Int32Array): Promise<BenchLine> {
  const creatives = Array.from({ length: CREATIVES }, (_, index) => ({ adId: 'ad-0', creativeId: `c-${index}`, isStored: true }));
  const random = createRandom(3);
  const terms = (count: number) => Array.from({ length: count }, () => [String(zipf(VALUES, random))]);
  const fields = examples.fields.map((field) => ({ ...field, of: 'creative' as const, terms: terms(CREATIVES) }));
  const { files, sides } = serveTrained(trainer, examples, rows);
  const model = await ServedModel.open(files, sides, scoredFields({ fields, ads: ['ad-0'], creatives }), { threads: 1, source: 'bench' });
  const members = creatives.map((_, index) => index);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20 * ROUNDS; round++) {
    const runs = model.leftRuns;
    const start = performance.now();
    await model.score(0, members);
    best = Math.min(best, performance.now() - start);
    if (model.leftRuns !== runs + 1) throw new Error(`expected one run of the left tower but there were ${model.leftRuns - runs}`);
  }
  await model.close();
  const speed = (ms: number): number => CREATIVES / (ms / 1000);
  return compareSpeeds(
    `scoring ${CREATIVES} creatives of one ad, one run of the left tower`,
    'creatives/s',
    speed(best),
    speed(SCORING_LIMIT_MS),
    `the limit of ${SCORING_LIMIT_MS} ms`,
  );
}

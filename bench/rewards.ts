import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { adam } from '../src/core/learn/optimisers.ts';
import { Training } from '../src/core/learn/training.ts';
import { compileStep } from '../src/core/learn/training_step.ts';
import { fitAdditive } from '../src/core/models/multi_instance/additive_fit.ts';
import { alignModel, creditsOf } from '../src/core/models/multi_instance/attribution.ts';
import type { Bags } from '../src/core/models/multi_instance/bags.ts';
import { naiveRates } from '../src/core/models/multi_instance/combination_world.ts';
import type { ElementCredit } from '../src/core/models/multi_instance/credits.ts';
import { completeModel, fitEffects } from '../src/core/models/multi_instance/fit_reward_model.ts';
import type { GatedFeatures } from '../src/core/models/multi_instance/gated/gated_model.ts';
import { gatedLoss } from '../src/core/models/multi_instance/gated/network.ts';
import { trainGated } from '../src/core/models/multi_instance/gated/train_gated.ts';
import { GatedTrainer } from '../src/core/models/multi_instance/gated/trainer.ts';
import { splitToStop } from '../src/core/models/multi_instance/hold_out.ts';
import { createRandom } from '../src/core/random.ts';
import { drawConfoundedWorld, rankCorrelation, trueCredits } from '../test/core/models/multi_instance/attributed_world.ts';
import { allRows } from '../test/core/models/multi_instance/made_bags.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const OPTIONS = { family: 'binomial', seed: 1, threads: 2 } as const;
const [EFFECT_SD, AD_SD] = [0.2, 2];
const COMBINATIONS = 16;
const WORLDS = Array.from({ length: 12 }, (_, i) => i + 1);
const NETWORK_WORLDS = 3;
const VALIDATION = 0.15;
const LEAST_CORRELATION = 0.93;
const COVERAGE = 0.95;
/** Share of elements without effect that are called higher or lower. */
const MOST_CALLED = 0.05;
const STEPS = 120;
const BATCH_ROWS = 1024;
const ROUNDS = 3;
/** What a night leaves for a fit with a known prior, for a whole model with its search, and of memory. */
const FIT_LIMIT_S = 10;
const MODEL_LIMIT_S = 60;
const MEMORY_LIMIT_MB = 2_000;

/** Elements described by their ids alone. */
function idFeatures({ elements, ads }: Bags): GatedFeatures {
  return { elementTerms: elements.map(({ elementId }) => [`id=${elementId}`]), adTerms: ads.map(() => []) };
}

/** Everything from counts to credits, as `train mil` and `attribute` do it. */
async function attribute(bags: Bags, seed: number): Promise<ElementCredit[]> {
  const options = { ...OPTIONS, seed };
  const features = idFeatures(bags);
  const effects = await fitEffects(bags, 'additive', features, options);
  return creditsOf(await alignModel(completeModel(bags, effects, options), bags, features, effects.phi), bags, allRows(bags));
}

/** What the gated network says of each element: its attention, and its contribution. */
async function readNetwork(bags: Bags, seed: number): Promise<{ attention: Float64Array; contribution: Float64Array }> {
  const features = idFeatures(bags);
  const { fit, phi } = await fitEffects(bags, 'additive', features, { ...OPTIONS, seed });
  const split = splitToStop(bags, VALIDATION, seed);
  const network = await trainGated(bags, features, { ...OPTIONS, seed, ...split, adOffsets: fit.adEffect, phi });
  const items = bags.elements.map(({ kind, elementId }, i) => ({ kind, elementId, terms: features.elementTerms[i] ?? [], context: [] }));
  const described = await network.describe(items, 'known');
  await network.close();
  return described;
}

const mean = (values: readonly number[]): number => values.reduce((sum, own) => sum + own, 0) / values.length;

/** How well credits rank elements and how often their intervals hold, beside what else elements are ranked by. */
async function benchCredits(): Promise<object[]> {
  const [ours, naive, withoutAds, attention, contribution, covered]: number[][] = [[], [], [], [], [], []] as const;
  const ranksOf = (credits: readonly ElementCredit[], truth: Float64Array): number =>
    rankCorrelation(
      credits.map(({ credit }) => credit),
      truth,
    );
  for (const [place, seed] of WORLDS.entries()) {
    const world = drawConfoundedWorld(seed, { combinationsPerAd: COMBINATIONS });
    const { bags } = world;
    const truth = trueCredits(world);
    const credits = await attribute(bags, seed);
    ours.push(ranksOf(credits, truth));
    naive.push(rankCorrelation(naiveRates(bags), truth));
    withoutAds.push(ranksOf(await attribute({ ...bags, ads: ['all'], ad: new Int32Array(bags.rows) }, seed), truth));
    for (const { element, low, high } of credits) {
      covered.push(low <= (truth[element] as number) && (truth[element] as number) <= high ? 1 : 0);
    }
    if (place >= NETWORK_WORLDS) continue;
    const network = await readNetwork(bags, seed);
    attention.push(rankCorrelation(network.attention, truth));
    contribution.push(rankCorrelation(network.contribution, truth));
  }
  const called: number[] = [];
  for (const seed of WORLDS) {
    const { bags } = drawConfoundedWorld(seed, { combinationsPerAd: COMBINATIONS, effectSd: 0 });
    const judged = (await attribute(bags, seed)).filter(({ evidence }) => evidence !== 'insufficient');
    called.push(...judged.map(({ evidence }) => (evidence === 'unclear' ? 0 : 1)));
  }
  const bench = `credits of 24 elements, ${WORLDS.length} worlds of 200 ads where good ads favour certain elements`;
  const line = (unit: string, value: number, reference: number, beside: string): object => {
    const [left, right, difference] = [value, reference, value - reference].map((x) => Number(x.toFixed(3)));
    return { bench, ours: left, reference: right, difference, unit, beside };
  };
  const rank = 'rank correlation with the truth';
  return [
    line(`${rank} in the worst of the worlds`, Math.min(...ours), LEAST_CORRELATION, 'the least to be accepted'),
    line(rank, mean(ours), mean(naive), "the elements' own CTRs"),
    line(rank, mean(ours), mean(withoutAds), 'the same fit without effects of ads'),
    line(rank, mean(ours.slice(0, NETWORK_WORLDS)), mean(attention), `the gated network's attention weights, ${NETWORK_WORLDS} worlds`),
    line(rank, mean(ours.slice(0, NETWORK_WORLDS)), mean(contribution), `the gated network's contributions, ${NETWORK_WORLDS} worlds`),
    line('share of 95 % intervals that cover the truth', mean(covered), COVERAGE, 'what they promise'),
    line('share of elements called higher or lower where none has an effect', mean(called), MOST_CALLED, 'the most to be accepted'),
  ];
}

/** Rows a second of an additive fit and of the whole model, beside what they may take. */
function fitLines({ rows, kinds, elements, ads }: Bags | LargeFigures, fitSeconds: number, modelSeconds: number): BenchLine[] {
  const count = (of: number | readonly unknown[]): number => (typeof of === 'number' ? of : of.length);
  const size = `${rows} rows of ${count(kinds)} kinds, ${count(elements)} elements, ${count(ads)} ads`;
  const line = (name: string, seconds: number, limit: number): BenchLine =>
    compareSpeeds(`${name}, ${size}`, 'rows/s', rows / seconds, rows / limit, `the limit of ${limit} s`);
  return [line('additive fit', fitSeconds, FIT_LIMIT_S), line('additive fit with the search of its prior', modelSeconds, MODEL_LIMIT_S)];
}

function priorOf({ kinds }: Bags) {
  return { family: 'binomial', priorSd: new Float64Array(kinds.length).fill(EFFECT_SD), adSd: AD_SD } as const;
}

async function benchAdditiveFit(): Promise<BenchLine[]> {
  const { bags } = drawConfoundedWorld(1, { combinationsPerAd: COMBINATIONS });
  const [fit, model] = await fastest(
    [() => fitAdditive(bags, allRows(bags), priorOf(bags)), () => fitEffects(bags, 'additive', idFeatures(bags), OPTIONS)],
    ROUNDS,
  );
  return fitLines(bags, fit as number, model as number);
}

interface LargeFigures {
  readonly rows: number;
  readonly kinds: number;
  readonly elements: number;
  readonly ads: number;
  readonly fitSeconds: number;
  readonly modelSeconds: number;
  readonly megabytes: number;
}

/**
 * 100,000 combinations of 10,000 ads and 20,000 elements.
 * @public called by its name, in a process of its own
 */
export async function measureLargeFit(): Promise<LargeFigures> {
  const { bags } = drawConfoundedWorld(1, { ads: 10_000, elementsPerKind: [5_000, 5_000, 5_000, 5_000], combinationsPerAd: 10 });
  const start = performance.now();
  fitAdditive(bags, allRows(bags), priorOf(bags));
  const between = performance.now();
  await fitEffects(bags, 'additive', idFeatures(bags), OPTIONS);
  const end = performance.now();
  // Not resourceUsage().maxRSS: it begins with what the process that started this one had.
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return {
    rows: bags.rows,
    kinds: bags.kinds.length,
    elements: bags.elements.length,
    ads: bags.ads.length,
    fitSeconds: (between - start) / 1000,
    modelSeconds: (end - between) / 1000,
    megabytes: Number(kilobytes) / 1024,
  };
}

/** The same in a process of its own, for its memory. */
function benchLargeFit(): BenchLine[] {
  const code = `import { measureLargeFit } from ${JSON.stringify(import.meta.url)}; console.log(JSON.stringify(await measureLargeFit()));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  const figures = JSON.parse(output) as LargeFigures;
  const lines = fitLines(figures, figures.fitSeconds, figures.modelSeconds);
  const { rows, megabytes } = figures;
  const beside = `the limit of ${MEMORY_LIMIT_MB} MB, with the log itself`;
  return [...lines, compareSpeeds(lines[1]?.bench as string, 'rows/MB', rows / megabytes, rows / MEMORY_LIMIT_MB, beside)];
}

/** Steps of the gated network beside the bare run of their graph on inputs that stay the same. */
async function benchNetwork(): Promise<BenchLine> {
  const { bags } = drawConfoundedWorld(1, { ads: 2_000 });
  const { threads } = OPTIONS;
  const adOffsets = new Float64Array(bags.ads.length).fill(-3);
  const train = allRows(bags);
  const trainer = await GatedTrainer.open(bags, idFeatures(bags), {
    ...OPTIONS,
    train,
    adOffsets,
    phi: 1,
    batchRows: BATCH_ROWS,
  });
  const bare = await openBareGraph(trainer, bags);
  const whole = Math.floor(bags.rows / BATCH_ROWS);
  const batches = Array.from({ length: STEPS }, (_, i) => train.subarray((i % whole) * BATCH_ROWS, ((i % whole) + 1) * BATCH_ROWS));
  const overBatches = (step: (batch: Int32Array) => Promise<unknown>) => async () => {
    for (const batch of batches) await step(batch);
  };
  const seconds = await fastest([overBatches((batch) => trainer.step(batch, 1)), overBatches(bare.step)], ROUNDS);
  await trainer.close();
  await bare.close();
  const [loop = 0, graph = 0] = seconds.map((own) => (STEPS * BATCH_ROWS) / own);
  const name = `training of the gated network, ${bags.kinds.length} kinds, ids and one field, batches of ${BATCH_ROWS}, ${threads} threads`;
  return compareSpeeds(name, 'rows/s', loop, graph, 'the bare run of its graph');
}

async function openBareGraph({ layout, shape, weights }: GatedTrainer, { elements, members, ad, outcomes, exposure }: Bags) {
  const step = compileStep({
    layout,
    optimiser: adam(),
    build: (g, p) => gatedLoss(g, p, shape, { family: 'binomial', hasPairs: false, scale: BATCH_ROWS }),
    wrtInputs: ['elements'],
  });
  const training = await Training.open(step, weights.dense, { threads: OPTIONS.threads, source: 'the bare graph' });
  const random = createRandom(2);
  const [cells, ofRows] = [
    [elements.length, 1 + shape.elementFields, shape.dimension],
    [BATCH_ROWS, shape.kinds],
  ];
  const tensor = (values: ArrayLike<number>, dims: number[]) => {
    return { data: Float32Array.from({ length: dims.reduce((product, own) => product * own) }, (_, i) => values[i] as number), dims };
  };
  const indices = (values: Int32Array, dims: number[]) => {
    return { data: BigInt64Array.from(values.subarray(0, BATCH_ROWS * (dims[1] ?? 1)), BigInt), dims };
  };
  const embeddings = Float32Array.from({ length: 4 * elements.length * shape.dimension }, () => 0.05 * random.normal());
  const ones = new Float32Array(BATCH_ROWS * shape.kinds).fill(1);
  const feeds = {
    elements: tensor(embeddings, cells),
    members: indices(members, ofRows),
    present: tensor(ones, ofRows),
    keep: tensor(ones, ofRows),
    pair_keep: tensor(ones, ofRows),
    exposure: tensor(exposure, [BATCH_ROWS]),
    outcomes: tensor(outcomes, [BATCH_ROWS]),
    ad: indices(ad, [BATCH_ROWS]),
  };
  const into = { 'gradient:elements': tensor(embeddings, cells) };
  return { step: () => training.step(feeds, 0.001, into), close: () => training.close() };
}

/** The reward model: how right its credits are, how fast it is fitted, and in how much memory. */
export async function benchRewards(): Promise<object[]> {
  return [...(await benchCredits()), ...(await benchAdditiveFit()), ...benchLargeFit(), await benchNetwork()];
}

/** One additive fit beside scikit-learn's of the same penalised likelihood: how fast, and by how much effects differ at most. */
export async function benchRewardPeer(folder: string, python: string): Promise<object[]> {
  const { bags } = drawConfoundedWorld(1, { combinationsPerAd: COMBINATIONS });
  const path = join(folder, 'combinations.csv');
  writeRows(path, bags, new Int32Array(bags.rows).fill(-1));
  const script = ['-B', 'bench/peers/reward_logit.py', 'fit', path, '--sd', String(EFFECT_SD), '--ad-sd', String(AD_SD)];
  const output = execFileSync(python, script, { encoding: 'utf8' });
  const peer = JSON.parse(output) as { version: string; seconds: number; effects: Record<string, number> };
  const fit = () => fitAdditive(bags, allRows(bags), priorOf(bags));
  const [seconds] = await fastest([fit], ROUNDS);
  const { effect } = fit();
  const differences = bags.elements.map(({ kind, elementId }, i) => {
    return Math.abs((effect[i] as number) - (peer.effects[`element.${bags.kinds[kind]}=${elementId}`] as number));
  });
  const bench = `additive fit, ${bags.rows} rows, ${bags.elements.length} elements, ${bags.ads.length} ads, prior known`;
  const beside = `scikit-learn ${peer.version}, newton-cg`;
  const speed = compareSpeeds(bench, 'rows/s', bags.rows / (seconds as number), bags.rows / peer.seconds, beside);
  return [{ ...speed, largest_difference_of_effects: Number(Math.max(...differences).toPrecision(2)) }];
}

/** Writes bags as the rows that reward_logit.py reads. */
export function writeRows(path: string, { rows, ads, ad, kinds, elements, members, outcomes, exposure }: Bags, foldOf: Int32Array): void {
  const idOf = (member: number | undefined): string => elements[member as number]?.elementId ?? '';
  const records = Array.from({ length: rows }, (_, row) => ({
    ad: ads[ad[row] as number],
    fold: foldOf[row],
    outcomes: outcomes[row],
    exposure: exposure[row],
    ...Object.fromEntries(kinds.map((kind, k) => [`element.${kind}`, idOf(members[row * kinds.length + k])])),
  }));
  writeFileSync(path, stringify(records, { header: true }));
}

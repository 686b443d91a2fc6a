import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBags } from '../src/commands/bag_data.ts';
import { readBagFeatures } from '../src/commands/bag_features.ts';
import type { Estimate } from '../src/core/feedback/evaluation.ts';
import { compareLosses, type LossComparison, type Predictions } from '../src/core/models/multi_instance/bag_losses.ts';
import type { Bags } from '../src/core/models/multi_instance/bags.ts';
import { fitEffects, predictAdMeans, predictRows } from '../src/core/models/multi_instance/fit_reward_model.ts';
import type { GatedFeatures } from '../src/core/models/multi_instance/gated/gated_model.ts';
import { ESTIMATORS, type Estimator } from '../src/core/models/multi_instance/reward_model.ts';
import { openStore } from '../src/core/store/open.ts';
import { writeRows } from './rewards.ts';

const WANTED = ['varied', 'varied, all trained on', 'all'] as const;
/** Enough arms of all tests, in a third of the time. */
const FOLDS_OF_ALL = 3;
/** A test keeps so many arms at least. */
const LEAST_KEPT = 2;
const OPTIONS = { family: 'binomial', seed: 1, threads: 1 } as const;
const BENCH = { bench: 'log-loss of left-out Upworthy arms, reward model minus another, 1e-5 nats an impression (below 0 is better)' };
const SEGMENTS = ['all', 'both seen', 'headline unseen', 'image unseen'] as const;

/** Arms of A/B tests as bags, and the fold that each is held out in. */
export interface ArmFolds {
  readonly bags: Bags;
  readonly features: GatedFeatures;
  /** [rows]: the arm's place in its test; −1 where it is never held out. */
  readonly foldOf: Int32Array;
}

/**
 * Arms by what the store at a path knows of them: the j-th arm of each wanted test is left out in fold j. Tests that would keep
 * fewer than two arms keep them all.
 * @param wanted the tests that vary both headline and image, with or without all others to train on, or the first three arms
 * of all tests
 */
export async function readArms(path: string, wanted: (typeof WANTED)[number] = 'varied'): Promise<ArmFolds> {
  const store = openStore(path, { create: false, now: new Date() });
  try {
    const read = (ads: readonly string[] | undefined) => readBags(store, { logId: undefined, ads, label: 'click' });
    const all = (await read(undefined)).bags;
    const isVaried = variedAds(all);
    const bags = wanted === 'varied' ? (await read(all.ads.filter((_, ad) => isVaried[ad]))).bags : all;
    const dealt = dealArms(bags);
    const isOut = (fold: number, row: number): boolean =>
      wanted === 'all' ? fold < FOLDS_OF_ALL : wanted === 'varied' || (isVaried[bags.ad[row] as number] as boolean);
    return { bags, features: await readBagFeatures(store, bags), foldOf: dealt.map((fold, row) => (isOut(fold, row) ? fold : -1)) };
  } finally {
    store.db.close();
  }
}

/** [ads]: whether an ad has more than one element of each kind. */
function variedAds({ ads, ad, kinds, members, rows }: Bags): boolean[] {
  const seen = ads.map(() => kinds.map(() => new Set<number>()));
  for (let row = 0; row < rows; row++) {
    kinds.forEach((_, kind) => {
      seen[ad[row] as number]?.[kind]?.add(members[row * kinds.length + kind] as number);
    });
  }
  return seen.map((own) => own.every((elements) => elements.size > 1));
}

/** [rows]: the arm's place in its test; −1 in a test that has too few. */
function dealArms({ ads, ad }: Bags): Int32Array {
  const arms = new Int32Array(ads.length);
  const places = ad.map((own) => {
    arms[own] = (arms[own] as number) + 1;
    return (arms[own] as number) - 1;
  });
  return places.map((place, row) => ((arms[ad[row] as number] as number) > LEAST_KEPT ? place : -1));
}

/** [rows]: what an estimator of ours says of each held-out arm when it is fitted to all others; NaN where none is held out. */
export async function predictArms({ bags, features, foldOf }: ArmFolds, estimator: Estimator | 'ad_mean'): Promise<Float64Array> {
  const predicted = new Float64Array(bags.rows).fill(Number.NaN);
  for (const fold of new Set(foldOf.filter((own) => own >= 0))) {
    const kept = (values: Float64Array): Float64Array => values.map((own, row) => (foldOf[row] === fold ? 0 : own));
    const train = { ...bags, outcomes: kept(bags.outcomes), exposure: kept(bags.exposure) };
    const found = await predictAll(train, estimator, features);
    for (let row = 0; row < bags.rows; row++) if (foldOf[row] === fold) predicted[row] = found[row] as number;
  }
  return predicted;
}

async function predictAll(train: Bags, estimator: Estimator | 'ad_mean', features: GatedFeatures): Promise<Float64Array> {
  if (estimator === 'ad_mean') return predictAdMeans(train, OPTIONS);
  const effects = await fitEffects(train, estimator, features, OPTIONS);
  await effects.network?.close();
  return predictRows(train, effects, OPTIONS.family);
}

/** Losses on the held-out arms, all or those of which training knew both elements, or did not know one. */
export function compareArms({ bags, foldOf }: ArmFolds, predictions: Predictions, segment: (typeof SEGMENTS)[number]): LossComparison {
  const { kinds, members } = bags;
  const foldsOf = bags.elements.map(() => new Set<number>());
  for (let at = 0; at < members.length; at++) foldsOf[members[at] as number]?.add(foldOf[Math.floor(at / kinds.length)] as number);
  const isUnseen = (row: number, kind: string): boolean => {
    const element = members[row * kinds.length + kinds.indexOf(kind)] as number;
    return element >= 0 && (foldsOf[element] as Set<number>).size === 1;
  };
  const isWanted = (row: number): boolean => {
    if (segment === 'all') return true;
    if (segment === 'both seen') return !kinds.some((kind) => isUnseen(row, kind));
    return isUnseen(row, segment === 'headline unseen' ? 'title' : 'image');
  };
  const rows = Int32Array.from(foldOf.keys()).filter((row) => (foldOf[row] as number) >= 0 && isWanted(row));
  return compareLosses(bags, rows, predictions, OPTIONS);
}

/**
 * Left-out arms of Upworthy's A/B tests on headline and image: log-loss of the reward model minus that of the test's mean CTR
 * and of ridge logits, with 95 % intervals from resampled tests; again with the arms of all other tests to train on; and on arms
 * of all tests.
 */
export async function benchUpworthyRewards(folder: string, data: string, python: string): Promise<object[]> {
  const path = join(folder, 'upworthy_rewards.db');
  const packages = join(data, 'upworthy', 'packages.csv.gz');
  const map = 'test_id=ad_id,arm=creative_id,headline=element.title,image_id=element.image';
  const atelier = (...argv: string[]) => execFileSync(process.execPath, ['bin/atelier.js', ...argv, '--store', path, '--quiet']);
  atelier('import', 'creatives', packages, '--map', map);
  atelier('import', 'logs', packages, '--map', 'test_id=ad_id,arm=creative_id');
  const lines: object[] = [];
  for (const wanted of WANTED) {
    const arms = await readArms(path, wanted);
    // A ridge logit of all tests takes a second a fit, and needs hundreds.
    const others = wanted === 'varied' ? predictByPeers(folder, python, arms) : { ad_mean: await predictArms(arms, 'ad_mean') };
    const ours: Record<string, Float64Array> = {};
    for (const estimator of ESTIMATORS) ours[estimator] = await predictArms(arms, estimator);
    for (const segment of SEGMENTS) {
      const { rows, differences } = compareArms(arms, { ...others, ...ours }, segment);
      for (const [name, difference] of Object.entries(differences)) {
        const [model = '', beside = ''] = name.split('_minus_');
        if (model in ours) lines.push({ ...BENCH, tests: wanted, segment, model, beside, ...inMillionths(difference), arms: rows });
      }
    }
  }
  return lines;
}

function inMillionths({ value, ciLow, ciHigh, reason }: Estimate): object {
  const scaled = (x: number | null): number | null => (x === null ? null : Number((1e5 * x).toFixed(2)));
  return { difference: scaled(value), ci_low: scaled(ciLow), ci_high: scaled(ciHigh), ...(reason !== null && { reason }) };
}

function predictByPeers(folder: string, python: string, { bags, foldOf }: ArmFolds): Predictions {
  const [rows, out] = [join(folder, 'arms.csv'), join(folder, 'arm_predictions.csv')];
  writeRows(rows, bags, foldOf);
  execFileSync(python, ['-B', 'bench/peers/reward_logit.py', 'leave-out', rows, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [header = '', ...lines] = readFileSync(out, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(
    header.split(',').map((name, at) => [name, Float64Array.from(lines, (line) => Number(line.split(',')[at] || Number.NaN))]),
  );
}

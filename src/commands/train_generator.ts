import { join } from 'node:path';
import type { Command } from 'commander';
import { type ItemFailure, UserError } from '../core/errors.ts';
import type { GeneratorAd } from '../core/models/generator/policy.ts';
import type { GeneratorMetrics, LoggedCombination } from '../core/models/generator/training.ts';
import { chooseAds, createElementReader } from './ad_elements.ts';
import type { Label } from './labels.ts';
import type { OpenedRewardModel } from './reward_scoring.ts';
import {
  type CliContext,
  count,
  createCommand,
  parseList,
  parseNonNegative,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
} from './shared.ts';
import type { GroupedAd } from './slate_rewards.ts';

const KAPPA = 1;
const STEPS = 400;
const ENTROPY = 0.15;
/** A policy shared over ads learns no more from thousands of them. */
const MOST_ADS = 200;
const SAMPLE_STREAM = 41;
/** Cells of the matrices [candidates × candidates] of all ads: each costs about 30 bytes. */
const MOST_CELLS = 25_000_000;

interface Options {
  readonly model?: string;
  readonly ads?: string[];
  readonly notes?: string[];
  readonly kappa: number;
  readonly entropy: number;
  readonly steps: number;
  readonly mostAds: number;
  readonly constraints?: string;
  readonly threads?: number;
}

/** `atelier train generator`: a policy that draws good and different combinations. */
export function trainGeneratorCommand(context: CliContext): Command {
  return createCommand(
    'generator',
    'learn to draw good combinations of elements, by reinforcement on the rewards of a reward model',
    'atelier train generator --most-ads 100',
  )
    .option('--model <id>', 'the reward model (the one trained last when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--notes <a,b>', 'only the ads of these notes', parseList)
    .option('--kappa <x>', 'rewards are predictions less so many of their standard deviations', parseNonNegative, KAPPA)
    .option(
      '--entropy <x>',
      'weight of variety against the reward in units of its standard deviation: 0 collapses',
      parseNonNegative,
      ENTROPY,
    )
    .option('--steps <n>', 'most steps of reinforcement', parsePositiveInteger, STEPS)
    .option('--most-ads <n>', 'ads to train on, a random sample of those there are', parsePositiveInteger, MOST_ADS)
    .option('--constraints <file>', 'YAML with forbid, require and at_most')
    .option('--threads <n>', 'threads of a step (all cores when not given)', parsePositiveInteger)
    .action(storeAction<Options>(context, 'existing', trainGeneratorAction));
}

async function trainGeneratorAction(session: StoreSession<Options>) {
  const { trainGenerator } = await import('../core/models/generator/training.ts');
  const { saveModel } = await import('../core/store/models.ts');
  const { packGenerator } = await import('./generator_file.ts');
  const { openRewardModel } = await import('./reward_scoring.ts');
  const { store, options, seed, io } = session;
  const opened = await openRewardModel(store, options.model);
  const { ads, failed, notes } = await readGeneratorAds(session, opened);
  const logged = await readLogged(session, opened, ads);
  const startedAt = io.now().getTime();
  const { policy, metrics } = await trainGenerator(ads, logged, {
    seed,
    threads: options.threads ?? io.threads ?? 1,
    entropyWeight: options.entropy,
    steps: options.steps,
    signal: session.signal,
    onProgress: session.onProgress,
  });
  const seconds = Math.max(0.001, (io.now().getTime() - startedAt) / 1000);
  const stored = { ...metricsJson(metrics), logged_combinations: logged.length };
  const origin = { reward_model: opened.modelId, reward: 'pessimistic', kappa: options.kappa, seed, metrics: stored };
  const { modelId, files } = await packGenerator(policy, origin);
  const { path } = saveModel(store, { modelId, kind: 'generator', files, metrics: stored }, io.now(), session.runId);
  const where = join(`${options.store}.files`, path);
  return {
    json: {
      model_id: modelId,
      path: where,
      reward_model: opened.modelId,
      rows: metrics.rewardCalls,
      ads: ads.length,
      kinds: policy.kinds,
      seed,
      metrics: stored,
      notes,
      samples_per_second: Math.round(metrics.rewardCalls / seconds),
      failed,
    },
    failures: failed,
    text: [
      ...tellGenerator(modelId, metrics, ads.length, seconds),
      ...notes.map((note) => `note: ${note}`),
      `in ${where}; use it with: atelier compose`,
    ],
    counts: { ads: ads.length, steps: metrics.steps },
  };
}

/** Ads with more than one combination, at most so many, with their rewards. */
async function readGeneratorAds(session: StoreSession<Options>, opened: OpenedRewardModel) {
  const { groupElements } = await import('../core/models/combinations.ts');
  const { constrainedSpace } = await import('../core/models/generator/constraints.ts');
  const { CombinationReward } = await import('../core/models/generator/reward.ts');
  const { createRandom, shuffle } = await import('../core/random.ts');
  const { readContentTerms } = await import('./bag_features.ts');
  const { readConstraints } = await import('./constraints_file.ts');
  const { modelRewards } = await import('./slate_rewards.ts');
  const { store, options, seed, path } = session;
  const { ads: all, failed: unknownAds } = await chooseAds(store, options);
  const failed: ItemFailure[] = [...unknownAds];
  const readElements = await createElementReader(store);
  const grouped = all.map((ad) => ({ adId: ad.adId, groups: groupElements(readElements(ad).elements) }));
  const wide = grouped.filter(({ groups }) => groups.some(({ elementIds }) => elementIds.length > 1));
  const order = shuffle(Int32Array.from(wide.keys()), createRandom(seed, SAMPLE_STREAM));
  const sample = takeSample(wide, order, options.mostAds);
  const elementIds = new Set(sample.flatMap(({ groups }) => groups.flatMap((group) => group.elementIds)));
  const file = options.constraints === undefined ? undefined : path(options.constraints);
  const { constraints, unknown } = await readConstraints(store, file);
  const adIds = sample.map(({ adId }) => adId);
  const terms = await readContentTerms(store, adIds, [...elementIds]);
  const rewards = await modelRewards(opened, terms, { kind: 'pessimistic', seed });
  const unknownKinds = new Set<string>();
  const ads: GeneratorAd[] = [];
  for (const ad of sample) {
    try {
      const space = constrainedSpace(constraints, ad.adId, ad.groups);
      const { table, unknownKinds: strange } = await rewards.rewardsOf(ad);
      for (const kind of strange) unknownKinds.add(kind);
      ads.push({
        adId: ad.adId,
        kinds: ad.groups.map(({ kind }) => kind),
        elementIds: ad.groups.flatMap((group) => group.elementIds),
        space,
        reward: new CombinationReward(table, options.kappa),
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push({ item: ad.adId, reason: `${error.message}${error.hint ? ` ${error.hint}` : ''}` });
    }
  }
  const single = grouped.length - wide.length;
  const notes = [
    ...unknown,
    ...(single > 0 ? [`${count(single)} ads have one element of each kind and nothing to choose from`] : []),
    ...(wide.length > sample.length ? [`trained on ${count(sample.length)} of ${count(wide.length)} ads: the policy serves all`] : []),
    ...[...unknownKinds].map((kind) => `${opened.modelId} has never seen a ${kind}: all elements of this kind count alike`),
  ];
  return { ads, failed, notes };
}

/** So many ads at most, in their own order; one whose matrices would take what is left of the memory is passed over. */
function takeSample<Ad extends GroupedAd>(ads: readonly Ad[], order: Int32Array, mostAds: number): Ad[] {
  const taken = new Set<number>();
  let cells = 0;
  for (const index of order) {
    const candidates = (ads[index] as Ad).groups.reduce((sum, { elementIds }) => sum + elementIds.length, 0);
    if (taken.size === mostAds || cells + candidates ** 2 > MOST_CELLS) continue;
    cells += candidates ** 2;
    taken.add(index);
  }
  return ads.filter((_, index) => taken.has(index));
}

/**
 * What these ads showed in the reward model's log, as far as it can be made of their elements. Each counts its clicks, and those
 * of a mean combination, so that a single click does not make one combination all there is.
 */
async function readLogged(
  { store }: StoreSession<Options>,
  { origin }: OpenedRewardModel,
  ads: readonly GeneratorAd[],
): Promise<LoggedCombination[]> {
  const { findLog } = await import('../core/store/logs.ts');
  const { readBags } = await import('./bag_data.ts');
  const logId = origin.log === null ? undefined : findLog(store, origin.log);
  const { bags } = await readBags(store, { logId, label: origin.label as Label });
  const adAt = new Map(ads.map(({ adId }, index) => [adId, index]));
  const candidateOf = ads.map(({ elementIds }) => new Map(elementIds.map((id, candidate) => [id, candidate])));
  const mean = bags.outcomes.reduce((sum, own) => sum + own, 0) / Math.max(1, bags.rows);
  const logged: LoggedCombination[] = [];
  for (let row = 0; row < bags.rows; row++) {
    const ad = adAt.get(bags.ads[bags.ad[row] as number] as string);
    if (ad === undefined) continue;
    const members = bags.members.subarray(row * bags.kinds.length, (row + 1) * bags.kinds.length);
    const candidates = Array.from(members)
      .filter((element) => element >= 0)
      .map((element) => candidateOf[ad]?.get(bags.elements[element]?.elementId ?? '') ?? -1);
    const isWhole = candidates.length === ads[ad]?.kinds.length && candidates.every((candidate) => candidate >= 0);
    // Kinds stand in the same order in bags and ads: that of their names.
    if (isWhole) logged.push({ ad, combination: Int32Array.from(candidates), weight: (bags.outcomes[row] as number) + mean });
  }
  return logged;
}

function metricsJson({ before, after, warmSteps, steps, isConverged, rewardCalls }: GeneratorMetrics) {
  return { ...after, before, warm_steps: warmSteps, steps, converged: isConverged, reward_calls: rewardCalls };
}

function tellGenerator(modelId: string, { before, after, steps, isConverged }: GeneratorMetrics, ads: number, seconds: number): string[] {
  return [
    `${modelId}: ${count(steps)} steps on ${count(ads)} ads in ${seconds.toFixed(1)} s${isConverged ? ', until the reward rose no more' : ''}`,
    `reward, in standard deviations above a combination drawn by chance: ${before.reward.toFixed(2)} at first, ${after.reward.toFixed(2)} now`,
    `entropy ${after.entropy.toFixed(1)}; ${after.distinct.toFixed(0)} of 64 draws differ`,
  ];
}

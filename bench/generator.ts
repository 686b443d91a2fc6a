import { type ComposedSlate, exactSlate, policySlate, randomSlate } from '../src/core/models/generator/compose_slate.ts';
import { AdDecisions, prepareAd } from '../src/core/models/generator/decisions.ts';
import { drawCombinations } from '../src/core/models/generator/draws.ts';
import { type GeneratorAd, PointerPolicy } from '../src/core/models/generator/policy.ts';
import { CombinationReward } from '../src/core/models/generator/reward.ts';
import { meanHamming } from '../src/core/models/generator/slate.ts';
import { CombinationSpace } from '../src/core/models/generator/space.ts';
import { DEFAULT_OPTIONS, trainGenerator } from '../src/core/models/generator/training.ts';
import { createRandom } from '../src/core/random.ts';
import { type BenchLine, compareSpeeds } from './bench_line.ts';
import { bestOfRandom, bestPerKind, hillClimbing } from './generator_baselines.ts';

const SIZE = 8;
const GAMMA = 0.5;
/** What the best and the mean of a slate shall reach of the way from a random combination to the optimum. */
const BEST_LIMIT = 95;
const MEAN_LIMIT = 65;
const TRAINED_ADS = 64;
const SCORED_ADS = 40;
/** Of each pair term; main terms have 1. */
const PAIR_SD = 1;
/** By which the reward model is wrong about each main term. */
const ERROR_SD = 0.5;
/** Hill climbing is also given so many times the reward calls. */
const MORE_CALLS = 40;
const LOOKED_AT_DRAWS = 256;
const GROWTH_ADS = 50;
/** A thousand ads in a minute. */
const ADS_PER_SECOND_LIMIT = 1_000 / 60;

interface SimulatedAd {
  readonly ad: GeneratorAd;
  /** The rewards that the model's are an estimate of. */
  readonly truth: CombinationReward;
}

/** An ad of normal main and pair terms, and a reward model that knows the main terms up to an error. */
function simulateAd(seed: number, sizes: readonly number[], kappa: number): SimulatedAd {
  const random = createRandom(seed, 71);
  const kindOf = sizes.flatMap((size, kind) => Array.from({ length: size }, () => kind));
  const n = kindOf.length;
  const pairs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) if (kindOf[i] !== kindOf[j]) pairs[i * n + j] = pairs[j * n + i] = PAIR_SD * random.normal();
  }
  const trueMain = Float64Array.from({ length: n }, () => random.normal());
  // Elements shown less are known less.
  const errorSd = trueMain.map(() => ERROR_SD * Math.sqrt(random.exponential()));
  const main = trueMain.map((x, i) => x + (errorSd[i] as number) * random.normal());
  const covariance = new Float64Array((n + 1) ** 2);
  errorSd.forEach((sd, i) => {
    covariance[i * (n + 2)] = sd * sd;
  });
  const table = { sizes: Int32Array.from(sizes), offset: -3, main, pairs, covariance };
  const ad = {
    adId: `ad-${seed}`,
    kinds: sizes.map((_, kind) => `kind-${kind}`),
    elementIds: kindOf.map((kind, i) => `${seed}-${kind}-${i}`),
    space: new CombinationSpace({ sizes: table.sizes }),
    reward: new CombinationReward(table, kappa),
  };
  return { ad, truth: new CombinationReward({ ...table, main: trueMain, covariance: undefined }) };
}

const ads = (first: number, count: number, sizes: readonly number[], kappa: number): SimulatedAd[] =>
  Array.from({ length: count }, (_, i) => simulateAd(first + i, sizes, kappa));

async function train(sizes: readonly number[], kappa: number): Promise<PointerPolicy> {
  const trained = ads(10_000, TRAINED_ADS, sizes, kappa).map(({ ad }) => ad);
  return (await trainGenerator(trained, [], { ...DEFAULT_OPTIONS, threads: 2 })).policy;
}

/** Share of the way, in per cent, from the mean over all combinations to the greatest of them. */
function wayTo(rewards: Float64Array): (reward: number) => number {
  const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
  const most = rewards.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return (reward) => (100 * (reward - mean)) / (most - mean);
}

/** KL(π ‖ exp(r/τ)/Z) in nats: (max objective − objective) / τ, the objective being `E r + τ·H(π)` in sd. */
function divergence(policy: PointerPolicy, ad: GeneratorAd, rewards: Float64Array): number {
  const prepared = prepareAd(ad);
  const { mean: level, sd } = prepared.pairwise;
  const energy = (reward: number): number => (reward - level) / (sd * DEFAULT_OPTIONS.entropyWeight);
  const logZ = Math.log(rewards.reduce((sum, reward) => sum + Math.exp(energy(reward)), 0));
  const draws = drawCombinations(new AdDecisions(policy, prepared), LOOKED_AT_DRAWS, createRandom(1));
  return mean(draws.map(({ combination, logProbability }) => logZ - energy(ad.reward.score(combination)) + logProbability));
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** How good slates of a trained policy are on ads it has not seen, beside what else there is. */
async function benchQuality(name: string, sizes: readonly number[], kappa: number): Promise<BenchLine[]> {
  const policy = await train(sizes, kappa);
  const untrained = PointerPolicy.untrained();
  const figures: Record<string, number[]> = {};
  const note = (figure: string, value: number): void => {
    figures[figure] = [...(figures[figure] ?? []), value];
  };
  const noteSlate = (
    of: string,
    slate: ComposedSlate,
    ways: { model: (r: number) => number; truth: (r: number) => number },
    truth: CombinationReward,
  ): void => {
    note(`${of} best`, Math.max(...slate.rewards.map(ways.model)));
    note(`${of} mean`, mean(slate.rewards.map(ways.model)));
    const real = slate.combinations.map((combination) => ways.truth(truth.score(combination)));
    note(`${of} true best`, Math.max(...real));
    note(`${of} true mean`, mean(real));
  };
  ads(0, SCORED_ADS, sizes, kappa).forEach(({ ad, truth }, seed) => {
    const { space, reward } = ad;
    const all = reward.poolOfAll(space).rewards;
    const ways = { model: wayTo(all), truth: wayTo(truth.poolOfAll(space).rewards) };
    const options = { size: SIZE, gamma: GAMMA, random: createRandom(seed) };
    const slate = policySlate(policy, ad, options);
    noteSlate('policy', slate, ways, truth);
    note('distinct', new Set(slate.combinations.map((combination) => combination.join())).size);
    note('hamming', meanHamming(slate.combinations) as number);
    noteSlate('untrained', policySlate(untrained, ad, options), ways, truth);
    noteSlate('random', randomSlate(space, reward, options), ways, truth);
    if (space.count <= 100_000) noteSlate('exact', exactSlate(space, reward, options), ways, truth);
    const single = bestPerKind(space, reward);
    note('best per kind', ways.model(reward.score(single)));
    note('best per kind true', ways.truth(truth.score(single)));
    note('hill climbing', ways.model(hillClimbing(space, reward, slate.rewardCalls, createRandom(seed))));
    note('long hill climbing', ways.model(hillClimbing(space, reward, MORE_CALLS * slate.rewardCalls, createRandom(seed))));
    note('divergence', divergence(policy, ad, all));
    note('untrained divergence', divergence(untrained, ad, all));
    note('random draws', ways.model(bestOfRandom(space, reward, slate.rewardCalls, createRandom(seed))));
  });
  const of = (figure: string): number => mean(figures[figure] ?? [Number.NaN]);
  const unit = '% of the way from random to the optimum';
  const line = (what: string, ours: number, reference: number, beside: string): BenchLine =>
    compareSpeeds(`generator, ${name}: ${what}`, unit, ours, reference, beside);
  const [best, average] = [of('policy best'), of('policy mean')];
  return [
    line('best of a slate of 8', best, BEST_LIMIT, 'the target'),
    line('mean of a slate of 8', average, MEAN_LIMIT, 'the target'),
    compareSpeeds(`generator, ${name}: distinct of 8`, 'creatives', of('distinct'), SIZE, 'all of them'),
    compareSpeeds(`generator, ${name}: mean Hamming distance`, 'share of elements', of('hamming'), 1, 'no element in common'),
    line('best of a slate of 8', best, of('untrained best'), 'the policy that training starts from'),
    line('mean of a slate of 8', average, of('untrained mean'), 'the policy that training starts from'),
    ...(figures['exact best']
      ? [
          line('best of a slate of 8', best, of('exact best'), 'all combinations scored'),
          line('mean of a slate of 8', average, of('exact mean'), 'all combinations scored'),
        ]
      : []),
    line('best of a slate of 8', best, of('best per kind'), 'the best element of each kind on its own'),
    line('best of a slate of 8', best, of('hill climbing'), 'hill climbing with as many reward calls'),
    line('best of a slate of 8', best, of('long hill climbing'), `hill climbing with ${MORE_CALLS} times as many`),
    compareCosts(
      `generator, ${name}: divergence of draws from exp(r/τ)`,
      'nats',
      of('divergence'),
      of('untrained divergence'),
      'the policy that training starts from',
    ),
    line('best of a slate of 8', best, of('random draws'), 'the best of as many uniform draws'),
    line(
      'best of a slate of 8 by the truth',
      of('policy true best'),
      of('best per kind true'),
      'the best element of each kind on its own, by the truth',
    ),
    line('mean of a slate of 8 by the truth', of('policy true mean'), 65, 'the target'),
  ];
}

/** A line about a cost, of which less is better: its ratio is reference / ours. */
function compareCosts(bench: string, unit: string, ours: number, reference: number, beside: string): BenchLine {
  return { ...compareSpeeds(bench, unit, ours, reference, beside), ratio: compareSpeeds(bench, unit, reference, ours, beside).ratio };
}

/** Reward calls, seconds and memory of a slate as spaces grow, and the large case of 6 kinds of 50 elements. */
function benchGrowth(): BenchLine[] {
  const policy = PointerPolicy.untrained();
  const measure = (sizes: readonly number[]): { calls: number; perSecond: number; megabytes: number } => {
    let [calls, seconds, most] = [0, 0, 0];
    for (let seed = 0; seed < GROWTH_ADS; seed++) {
      const { ad } = simulateAd(seed, sizes, 1);
      const start = performance.now();
      calls += policySlate(policy, ad, { size: SIZE, gamma: GAMMA, random: createRandom(seed) }).rewardCalls / GROWTH_ADS;
      seconds += (performance.now() - start) / 1000;
      most = Math.max(most, process.memoryUsage().rss);
    }
    return { calls, perSecond: GROWTH_ADS / seconds, megabytes: most / 2 ** 20 };
  };
  measure(tens(3));
  const smallest = measure(tens(3));
  const growth = [4, 5, 6, 7, 8, 9].flatMap((kinds) => {
    const { calls, perSecond, megabytes } = measure(tens(kinds));
    const name = `generator, a slate of 8 of 10^${kinds} combinations`;
    return [
      compareCosts(`${name}: reward calls`, 'calls', calls, smallest.calls, 'of 10^3 combinations'),
      compareSpeeds(`${name}: ads/s`, 'ads/s', perSecond, smallest.perSecond, 'of 10^3 combinations'),
      compareCosts(`${name}: resident memory`, 'MB', megabytes, smallest.megabytes, 'of 10^3 combinations'),
    ];
  });
  const { perSecond, megabytes } = measure([50, 50, 50, 50, 50, 50]);
  const large = 'generator, a slate of 8 of 6 kinds of 50 elements';
  return [
    ...growth,
    compareSpeeds(`${large}: ads/s`, 'ads/s', perSecond, ADS_PER_SECOND_LIMIT, 'a thousand ads a minute'),
    compareCosts(`${large}: resident memory`, 'MB', megabytes, smallest.megabytes, 'of 10^3 combinations'),
  ];
}

function tens(kinds: number): number[] {
  return Array.from({ length: kinds }, () => 10);
}

/** The generator of combinations: what slates cost, how near they come to the optimum, and what simpler ways would give. */
export async function benchGenerator(): Promise<BenchLine[]> {
  return [
    ...benchGrowth(),
    ...(await benchQuality('10^4 combinations', tens(4), 0)),
    ...(await benchQuality('10^6 combinations', tens(6), 0)),
    ...(await benchQuality('10^6 combinations, κ = 1', tens(6), 1)),
  ];
}

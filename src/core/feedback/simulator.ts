import { createRandom, type Random } from '../random.ts';
import { drawDriftPath, driftAt, type Wave } from './ctr_drift.ts';
import { MS_PER_DAY } from './days.ts';
import {
  type Combination,
  combinationScore,
  createElementWorld,
  drawCombinations,
  type ElementOptions,
  type ElementWorld,
} from './element_world.ts';
import { type Interests, interestFactor, TOPICS } from './interests.ts';

const SIMULATED_BATCH_ROWS = 65_536;

/** How a simulated log's impressions are dealt out. */
export const LOGGING_POLICIES = ['uniform', 'skewed'] as const;
export type LoggingPolicy = (typeof LOGGING_POLICIES)[number];

export interface SimulatedCreative {
  readonly creativeId: string;
  /** α: click probability per effective impression; under drift its median over time, with interests its mean over users. */
  readonly ctr: number;
  /** Median seconds of viewing after a click. */
  readonly viewTime: number;
  readonly revenuePerClick: number;
  /** Probability that the logging policy shows it, at each position. */
  readonly propensities: readonly number[];
  /** Path of ln CTR; none: it stays as it is. */
  readonly drift?: readonly Wave[];
  /** Index into TOPICS; where users have interests. */
  readonly topic?: number;
  /** What it is combined from; where elements decide the CTR. */
  readonly combination?: Combination;
}

export interface SimulatedAd {
  readonly adId: string;
  /** CTR of a creative of elements without effect; where elements decide the CTR. */
  readonly ctr?: number;
  readonly creatives: readonly SimulatedCreative[];
}

export interface SimulatedPosition {
  readonly scene: string;
  readonly position: number;
  /** b_p; the impression-weighted mean over positions is 1. */
  readonly factor: number;
}

/** A world whose every number is known: what an estimator must find. */
export interface World {
  readonly ads: readonly SimulatedAd[];
  readonly positions: readonly SimulatedPosition[];
  /** Share of impressions at each position. */
  readonly positionShares: Float64Array;
  /** Mean milliseconds, exponential, from an impression until it is known what came of it; at once when not given. */
  readonly delay?: number;
  /** Users like topics more or less; none: all users are alike. */
  readonly interests?: Interests;
  /** What the creatives are combined from; none: their CTRs are drawn one by one. */
  readonly elements?: ElementWorld;
}

export interface WorldOptions {
  /** Ids of the ads and their creatives. */
  readonly ads: readonly { readonly adId: string; readonly creativeIds: readonly string[] }[];
  readonly logging: LoggingPolicy;
  /** How much better creatives are shown at better positions: 0 not at all, 1 strongly. */
  readonly placement: number;
  /** Standard deviation of ln CTR between the creatives of an ad; 0.25 when not given. */
  readonly spread?: number;
  /** Standard deviation, over time, of a creative's ln CTR; 0 when not given. */
  readonly drift?: number;
  /** Mean delay of outcomes in milliseconds; 0 when not given. */
  readonly delay?: number;
  /** Correlation of ln CTR and ln view time inside an ad, −1 to 1: −1 makes the most clicked the least viewed; 0 when not given. */
  readonly tension?: number;
  /** Correlation of ln CTR and ln revenue per click inside an ad, −1 to 1; 0 when not given. */
  readonly revenueTension?: number;
  /** ln CTR between an indifferent user and one who likes the creative's topic most; 0 when not given. */
  readonly interests?: number;
  /** Elements that decide the CTR; none when not given: each creative's is drawn on its own. */
  readonly elements?: ElementOptions | undefined;
  readonly random: Random;
}

const SCENES = [
  // Rank 3 of the feed is seen before rank 2 by those who scroll: factors need not fall with rank.
  { scene: 'feed', factors: [1.5, 0.95, 1.05, 0.7, 0.5], share: 0.7 },
  { scene: 'search', factors: [1.8, 1.1, 0.6], share: 0.3 },
] as const;
const BASE_CTR = 0.02;
const AD_SPREAD = 0.3;
const CREATIVE_SPREAD = 0.25;
const SKEW = 1.2;
/** Share of impressions any logging policy deals out evenly, so every creative is seen. */
const EVEN_SHARE = 0.2;
const PLACEMENT_TILT = 2;
/** Standard deviation of ln view time between the clicks on a creative. */
const VIEW_TIME_SD = 0.8;

/**
 * Draws a world: CTRs, view times and revenues are log-normal around their ad's. Drift, interests and delay change nothing
 * else of the world of the same seed. Where creatives are combined from elements, ln CTR is the ad's plus the elements' and
 * pairs' effects.
 */
export function createWorld(options: WorldOptions): World {
  const { random, spread = CREATIVE_SPREAD, drift = 0, delay = 0, tension = 0, revenueTension = 0, interests = 0 } = options;
  const places = SCENES.flatMap(({ scene, factors, share }) =>
    factors.map((factor, rank) => ({ scene, position: rank + 1, factor, share: share / factors.length })),
  );
  const mean = places.reduce((sum, { factor, share }) => sum + factor * share, 0);
  const elements = options.elements && createElementWorld(options.elements, spread, random);
  const ads = options.ads.map(({ adId, creativeIds }) => {
    const quality = random.normal();
    const adCtr = BASE_CTR * Math.exp(AD_SPREAD * quality);
    const adViewTime = 20 * Math.exp(0.3 * random.normal());
    const adRevenue = 0.5 * Math.exp(0.4 * random.normal());
    const combinations = elements && drawCombinations(elements, quality, creativeIds.length, random);
    const drawn = creativeIds.map((creativeId, i) => {
      const combination = combinations?.[i];
      const clicks = elements && combination ? combinationScore(elements, combination) : random.normal();
      const [views, revenue] = [correlate(clicks, random.normal(), tension), correlate(clicks, random.normal(), revenueTension)];
      return {
        creativeId,
        ctr: adCtr * Math.exp(spread * clicks),
        viewTime: adViewTime * Math.exp(0.2 * views),
        revenuePerClick: adRevenue * Math.exp(0.2 * revenue),
        ...(combination && { combination }),
      };
    });
    const weights = drawn.map(() => (options.logging === 'uniform' ? 1 : Math.exp(SKEW * random.normal())));
    const tilts = drawn.map(({ ctr }) => (spread > 0 ? (PLACEMENT_TILT * options.placement * Math.log(ctr / adCtr)) / spread : 0));
    const byPosition = places.map(({ factor }) => loggingPropensities(weights.map((weight, i) => weight * factor ** (tilts[i] as number))));
    return {
      adId,
      ...(elements && { ctr: adCtr }),
      creatives: drawn.map((creative, i) => ({ ...creative, propensities: byPosition.map((propensities) => propensities[i] as number) })),
    };
  });
  const seed = random.uint32();
  const [paths, topics] = [createRandom(seed, 1), createRandom(seed, 2)];
  return {
    ads: ads.map(({ creatives, ...ad }) => ({
      ...ad,
      creatives: creatives.map((creative) => ({
        ...creative,
        ...(drift > 0 && { drift: drawDriftPath(drift, paths) }),
        ...(interests > 0 && { topic: topics.below(TOPICS.length) }),
      })),
    })),
    positions: places.map(({ scene, position, factor }) => ({ scene, position, factor: factor / mean })),
    positionShares: Float64Array.from(places, ({ share }) => share),
    ...(delay > 0 && { delay }),
    ...(interests > 0 && { interests: { seed, strength: interests } }),
    ...(elements && { elements }),
  };
}

/** A standard normal whose correlation with `given` is ρ, from an independent one. */
function correlate(given: number, independent: number, rho: number): number {
  return rho * given + Math.sqrt(1 - rho * rho) * independent;
}

function loggingPropensities(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => EVEN_SHARE / weights.length + ((1 - EVEN_SHARE) * weight) / total);
}

/** What decides whether an impression is clicked: indices into the world, a user's number, milliseconds since 1970 UTC. */
export interface Showing {
  ad: number;
  creative: number;
  position: number;
  user: number;
  time: number;
}

/** The truth: `α · exp(drift(time)) · interest(user, topic) · b_p`, at most 1. */
export function clickProbability(world: World, { ad, creative, position, user, time }: Readonly<Showing>): number {
  const { ctr, drift, topic } = (world.ads[ad] as SimulatedAd).creatives[creative] as SimulatedCreative;
  let probability = ctr * (world.positions[position] as SimulatedPosition).factor;
  if (drift) probability *= Math.exp(driftAt(drift, time));
  if (world.interests && topic !== undefined) probability *= interestFactor(world.interests, user, topic);
  return Math.min(1, probability);
}

/** Mean seconds of viewing after a click on a creative: that of a log-normal with its median. */
export function meanViewTime({ viewTime }: SimulatedCreative): number {
  return viewTime * Math.exp(VIEW_TIME_SD ** 2 / 2);
}

/** Impressions as columns; NaN where nothing was measured (view time and revenue without a click). */
export interface SimulatedBatch {
  readonly rows: number;
  readonly ts: Float64Array;
  readonly ad: Int32Array;
  readonly creative: Int32Array;
  readonly position: Int32Array;
  readonly propensity: Float64Array;
  readonly click: Uint8Array;
  readonly viewTime: Float64Array;
  readonly revenue: Float64Array;
  readonly conversion: Uint8Array;
  readonly user: Int32Array;
}

export interface ImpressionOptions {
  readonly impressions: number;
  readonly start: Date;
  readonly days: number;
  readonly users: number;
  readonly seed: number;
}

/** Deals out impressions in time order, in batches: ad, position, the creative by its propensity there, then what the user does. */
export function* simulateImpressions(world: World, options: ImpressionOptions): Generator<SimulatedBatch> {
  const random = createRandom(options.seed, 1);
  const pickPosition = createSampler(world.positionShares);
  const pickCreative = world.ads.map((ad) =>
    world.positions.map((_, position) => createSampler(ad.creatives.map((creative) => creative.propensities[position] as number))),
  );
  // Logs of users who are all alike have the user drawn last: the bytes of the logs simulated before there were interests.
  const isUserFirst = world.interests !== undefined;
  for (const batch of emptyBatches(options.impressions)) {
    for (let row = 0; row < batch.rows; row++) {
      const time = timeOf(options, batch.first + row);
      const ad = random.below(world.ads.length);
      const position = pickPosition(random.uniform());
      const creative = ((pickCreative[ad] as Sampler[])[position] as Sampler)(random.uniform());
      const user = isUserFirst ? random.below(options.users) : 0;
      const shown = (world.ads[ad] as SimulatedAd).creatives[creative] as SimulatedCreative;
      const isClicked = random.uniform() < clickProbability(world, { ad, creative, position, user, time });
      batch.ts[row] = time;
      batch.ad[row] = ad;
      batch.creative[row] = creative;
      batch.position[row] = position;
      batch.propensity[row] = shown.propensities[position] as number;
      drawOutcome(batch, row, shown, isClicked, random);
      batch.user[row] = isUserFirst ? user : random.below(options.users);
    }
    yield batch;
  }
}

/** Batches for so many impressions, to be filled; `first` is the number of its first impression. */
export function* emptyBatches(impressions: number): Generator<SimulatedBatch & { readonly first: number }> {
  for (let first = 0; first < impressions; first += SIMULATED_BATCH_ROWS) {
    yield { ...emptyBatch(Math.min(SIMULATED_BATCH_ROWS, impressions - first)), first };
  }
}

/** Impressions are spread evenly over the days. */
export function timeOf({ start, days, impressions }: ImpressionOptions, impression: number): number {
  return start.getTime() + Math.floor((days * MS_PER_DAY * impression) / impressions);
}

/** What came of an impression of a creative, written into a row. */
export function drawOutcome(batch: SimulatedBatch, row: number, shown: SimulatedCreative, isClicked: boolean, random: Random): void {
  batch.click[row] = isClicked ? 1 : 0;
  batch.viewTime[row] = isClicked ? Math.round(10 * shown.viewTime * Math.exp(VIEW_TIME_SD * random.normal())) / 10 : Number.NaN;
  batch.revenue[row] = isClicked ? Math.round(100 * shown.revenuePerClick * random.gamma(4) * 0.25) / 100 : Number.NaN;
  batch.conversion[row] = isClicked && random.uniform() < 0.05 ? 1 : 0;
}

export function emptyBatch(rows: number): SimulatedBatch {
  return {
    rows,
    ts: new Float64Array(rows),
    ad: new Int32Array(rows),
    creative: new Int32Array(rows),
    position: new Int32Array(rows),
    propensity: new Float64Array(rows),
    click: new Uint8Array(rows),
    viewTime: new Float64Array(rows),
    revenue: new Float64Array(rows),
    conversion: new Uint8Array(rows),
    user: new Int32Array(rows),
  };
}

/** Index of the outcome that a uniform number falls on. */
export type Sampler = (uniform: number) => number;

export function createSampler(weights: ArrayLike<number>): Sampler {
  const ends = Float64Array.from(weights);
  for (let i = 1; i < ends.length; i++) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
  const total = ends.at(-1) as number;
  for (let i = 0; i < ends.length; i++) ends[i] = (ends[i] as number) / total;
  return (uniform) => {
    let at = 0;
    while (at < ends.length - 1 && uniform >= (ends[at] as number)) at++;
    return at;
  };
}

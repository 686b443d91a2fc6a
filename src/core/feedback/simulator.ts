import { createRandom, type Random } from '../random.ts';

const MS_PER_DAY = 86_400_000;
const SIMULATED_BATCH_ROWS = 65_536;

/** How a simulated log's impressions are dealt out. */
export const LOGGING_POLICIES = ['uniform', 'skewed'] as const;
export type LoggingPolicy = (typeof LOGGING_POLICIES)[number];

export interface SimulatedCreative {
  readonly creativeId: string;
  /** α: click probability per effective impression. */
  readonly ctr: number;
  /** Median seconds of viewing after a click. */
  readonly viewTime: number;
  readonly revenuePerClick: number;
  /** Probability that the logging policy shows it, at each position. */
  readonly propensities: readonly number[];
}

export interface SimulatedAd {
  readonly adId: string;
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
}

export interface WorldOptions {
  /** Ids of the ads and their creatives. */
  readonly ads: readonly { readonly adId: string; readonly creativeIds: readonly string[] }[];
  readonly logging: LoggingPolicy;
  /** How much better creatives are shown at better positions: 0 not at all, 1 strongly. */
  readonly placement: number;
  /** Standard deviation of ln CTR between the creatives of an ad; 0.25 when not given. */
  readonly spread?: number;
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

/** Draws a world: CTRs, view times and revenues are log-normal around their ad's. */
export function createWorld(options: WorldOptions): World {
  const { random, spread = CREATIVE_SPREAD } = options;
  const places = SCENES.flatMap(({ scene, factors, share }) =>
    factors.map((factor, rank) => ({ scene, position: rank + 1, factor, share: share / factors.length })),
  );
  const mean = places.reduce((sum, { factor, share }) => sum + factor * share, 0);
  const ads = options.ads.map(({ adId, creativeIds }) => {
    const adCtr = BASE_CTR * Math.exp(AD_SPREAD * random.normal());
    const adViewTime = 20 * Math.exp(0.3 * random.normal());
    const adRevenue = 0.5 * Math.exp(0.4 * random.normal());
    const drawn = creativeIds.map((creativeId) => ({
      creativeId,
      ctr: adCtr * Math.exp(spread * random.normal()),
      viewTime: adViewTime * Math.exp(0.2 * random.normal()),
      revenuePerClick: adRevenue * Math.exp(0.2 * random.normal()),
    }));
    const weights = drawn.map(() => (options.logging === 'uniform' ? 1 : Math.exp(SKEW * random.normal())));
    const tilts = drawn.map(({ ctr }) => (PLACEMENT_TILT * options.placement * Math.log(ctr / adCtr)) / spread);
    const byPosition = places.map(({ factor }) => loggingPropensities(weights.map((weight, i) => weight * factor ** (tilts[i] as number))));
    return {
      adId,
      creatives: drawn.map((creative, i) => ({ ...creative, propensities: byPosition.map((propensities) => propensities[i] as number) })),
    };
  });
  return {
    ads,
    positions: places.map(({ scene, position, factor }) => ({ scene, position, factor: factor / mean })),
    positionShares: Float64Array.from(places, ({ share }) => share),
  };
}

function loggingPropensities(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => EVEN_SHARE / weights.length + ((1 - EVEN_SHARE) * weight) / total);
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
  const span = options.days * MS_PER_DAY;
  const pickPosition = createSampler(world.positionShares);
  const pickCreative = world.ads.map((ad) =>
    world.positions.map((_, position) => createSampler(ad.creatives.map((creative) => creative.propensities[position] as number))),
  );
  for (let done = 0; done < options.impressions; done += SIMULATED_BATCH_ROWS) {
    const rows = Math.min(SIMULATED_BATCH_ROWS, options.impressions - done);
    const batch = emptyBatch(rows);
    for (let row = 0; row < rows; row++) {
      const ad = random.below(world.ads.length);
      const position = pickPosition(random.uniform());
      const creative = ((pickCreative[ad] as Sampler[])[position] as Sampler)(random.uniform());
      const shown = (world.ads[ad] as SimulatedAd).creatives[creative] as SimulatedCreative;
      const click = random.uniform() < shown.ctr * (world.positions[position] as SimulatedPosition).factor ? 1 : 0;
      batch.ts[row] = options.start.getTime() + Math.floor((span * (done + row)) / options.impressions);
      batch.ad[row] = ad;
      batch.creative[row] = creative;
      batch.position[row] = position;
      batch.propensity[row] = shown.propensities[position] as number;
      batch.click[row] = click;
      batch.viewTime[row] = click ? Math.round(10 * shown.viewTime * Math.exp(0.8 * random.normal())) / 10 : Number.NaN;
      batch.revenue[row] = click ? Math.round(100 * shown.revenuePerClick * random.gamma(4) * 0.25) / 100 : Number.NaN;
      batch.conversion[row] = click && random.uniform() < 0.05 ? 1 : 0;
      batch.user[row] = random.below(options.users);
    }
    yield batch;
  }
}

function emptyBatch(rows: number): SimulatedBatch {
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
type Sampler = (uniform: number) => number;

function createSampler(weights: ArrayLike<number>): Sampler {
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

import { createRandom, type Random } from '../random.ts';
import { Arrivals } from './arrivals.ts';
import { createMixture } from './policies/mixture.ts';
import type { Arms, Feedback, Policy } from './policies/policy.ts';
import { createUniformPolicy } from './policies/uniform.ts';
import {
  clickProbability,
  createSampler,
  drawOutcome,
  emptyBatch,
  emptyBatches,
  type ImpressionOptions,
  meanViewTime,
  type Sampler,
  type Showing,
  type SimulatedAd,
  type SimulatedBatch,
  type SimulatedCreative,
  type SimulatedPosition,
  timeOf,
  type World,
} from './simulator.ts';

export interface OnPolicyOptions extends ImpressionOptions {
  /** Makes the policy that chooses; the creatives of the world are its arms, numbered through. */
  readonly policy: (given: { readonly arms: Arms; readonly random: Random }) => Policy;
  /** Share of impressions whose creative is drawn evenly instead; the policy learns from them too. 0 when not given. */
  readonly randomShare?: number;
}

/** What a policy earned, beside the most that could be earned. */
export interface OnPolicySummary {
  readonly impressions: number;
  readonly clicks: number;
  /** Σ of the click probabilities of what was shown. */
  readonly expectedClicks: number;
  /** Σ of the largest click probability of the ad's creatives, impression by impression. */
  readonly oracleClicks: number;
  /** 1 − expected / oracle. */
  readonly loss: number;
  /** Mean seconds after a click; NaN without clicks. */
  readonly meanViewTime: number;
  /** Σ p·E[view time] / Σ p over what was shown. */
  readonly expectedViewTime: number;
  readonly revenue: number;
  /** Impressions of each arm. */
  readonly plays: Float64Array;
}

/** Arms of a world: its creatives numbered through, all of them live. */
export function armsOf(world: World): Arms {
  const firstArm = new Int32Array(world.ads.length + 1);
  world.ads.forEach(({ creatives }, ad) => {
    firstArm[ad + 1] = (firstArm[ad] as number) + creatives.length;
  });
  return { ads: world.ads.length, firstArm, live: new Uint8Array(firstArm[world.ads.length] as number).fill(1) };
}

/** Lets a policy choose in a world and learn from what comes of it, and sums up; no row is kept. */
export function runOnPolicy(world: World, options: OnPolicyOptions): OnPolicySummary {
  const run = new OnPolicyRun(world, options);
  const row = emptyBatch(1);
  for (let impression = 0; impression < options.impressions; impression++) run.show(impression, row, 0);
  return run.summary();
}

/**
 * The same as a log, in batches: the propensity of a row is the probability of what was shown, random share included, with
 * what the policy knew then.
 */
export function* simulateOnPolicy(world: World, options: OnPolicyOptions): Generator<SimulatedBatch, OnPolicySummary> {
  const run = new OnPolicyRun(world, options);
  for (const batch of emptyBatches(options.impressions)) {
    for (let row = 0; row < batch.rows; row++) run.show(batch.first + row, batch, row);
    yield batch;
  }
  return run.summary();
}

interface Outcome {
  readonly ad: number;
  readonly arm: number;
  readonly feedback: Feedback;
}

class OnPolicyRun {
  private readonly world: World;
  private readonly options: OnPolicyOptions;
  private readonly policy: Policy;
  private readonly arms: Arms;
  /** What happens whatever is shown, and what comes of what is shown: two sequences, so that policies meet the same impressions. */
  private readonly random: Random;
  private readonly outcomes: Random;
  private readonly pickPosition: Sampler;
  private readonly meanViewTimes: Float64Array;
  private readonly arrivals = new Arrivals<Outcome>();
  // Of the row at hand, used again for each: this loop is run hundreds of millions of times.
  private readonly showing: Showing = { ad: 0, creative: 0, position: 0, user: 0, time: 0 };
  private readonly feedback: Feedback = { ts: 0, click: 0, exposure: 0, viewTime: 0, revenue: 0 };

  private readonly plays: Float64Array;
  private impressions = 0;
  private clicks = 0;
  private expectedClicks = 0;
  private oracleClicks = 0;
  private viewTime = 0;
  private expectedViewTime = 0;
  private revenue = 0;

  constructor(world: World, options: OnPolicyOptions) {
    this.world = world;
    this.options = options;
    this.arms = armsOf(world);
    this.random = createRandom(options.seed, 11);
    this.outcomes = createRandom(options.seed, 12);
    this.pickPosition = createSampler(world.positionShares);
    const { arms } = this;
    const random = createRandom(options.seed, 13);
    const policy = options.policy({ arms, random });
    const share = options.randomShare ?? 0;
    this.policy = share > 0 ? createMixture(policy, createUniformPolicy({ arms, random }), share, random) : policy;
    for (let ad = 0; ad < arms.ads; ad++) this.policy.refresh(ad);
    this.meanViewTimes = Float64Array.from(
      world.ads.flatMap(({ creatives }) => creatives),
      meanViewTime,
    );
    this.plays = new Float64Array(arms.live.length);
  }

  /** One impression: what has arrived is learnt, a creative is chosen and shown, and what comes of it is written into a row. */
  show(impression: number, batch: SimulatedBatch, row: number): void {
    const { world, options, policy, random, showing } = this;
    showing.time = timeOf(options, impression);
    if (world.delay !== undefined) this.learn(showing.time);
    showing.ad = random.below(world.ads.length);
    showing.position = this.pickPosition(random.uniform());
    showing.user = random.below(options.users);
    const { ad } = showing;
    const arm = policy.select(ad, impression);
    if (arm < 0) throw new Error(`the policy chose no creative for ad ${ad}`);
    const propensity = policy.probability(ad, arm, impression);
    const creative = arm - (this.arms.firstArm[ad] as number);
    const probability = this.addUp(arm, creative);
    batch.ts[row] = showing.time;
    batch.ad[row] = ad;
    batch.creative[row] = creative;
    batch.position[row] = showing.position;
    batch.propensity[row] = propensity;
    batch.user[row] = showing.user;
    const shown = (world.ads[ad] as SimulatedAd).creatives[creative] as SimulatedCreative;
    drawOutcome(batch, row, shown, random.uniform() < probability, this.outcomes);
    this.report(ad, arm, batch, row);
  }

  /** Adds an impression of an arm to what was expected and could be expected; its click probability. */
  private addUp(arm: number, shown: number): number {
    const { world, showing } = this;
    let probability = 0;
    let best = 0;
    const { creatives } = world.ads[showing.ad] as SimulatedAd;
    for (showing.creative = 0; showing.creative < creatives.length; showing.creative++) {
      const p = clickProbability(world, showing);
      if (p > best) best = p;
      if (showing.creative === shown) probability = p;
    }
    this.impressions++;
    this.plays[arm] = (this.plays[arm] as number) + 1;
    this.expectedClicks += probability;
    this.oracleClicks += best;
    this.expectedViewTime += probability * (this.meanViewTimes[arm] as number);
    return probability;
  }

  /** Tells the policy what came of an arm, now or after the world's delay; `ts` is the time it is told. */
  private report(ad: number, arm: number, batch: SimulatedBatch, row: number): void {
    const { world, feedback, showing } = this;
    feedback.ts = showing.time;
    feedback.click = batch.click[row] as number;
    feedback.exposure = (world.positions[showing.position] as SimulatedPosition).factor;
    feedback.viewTime = batch.viewTime[row] as number;
    feedback.revenue = batch.revenue[row] as number;
    if (feedback.click === 1) {
      this.clicks++;
      this.viewTime += feedback.viewTime;
      this.revenue += feedback.revenue;
    }
    if (world.delay === undefined) {
      this.policy.update(ad, arm, feedback);
      return;
    }
    this.policy.shown?.(ad, arm, feedback.exposure);
    const ts = showing.time + world.delay * this.outcomes.exponential();
    this.arrivals.send(ts, { ad, arm, feedback: { ...feedback, ts } });
  }

  private learn(now: number): void {
    for (let next = this.arrivals.receive(now); next; next = this.arrivals.receive(now)) {
      this.policy.update(next.ad, next.arm, next.feedback);
    }
  }

  summary(): OnPolicySummary {
    const { impressions, clicks, expectedClicks, oracleClicks, revenue, plays } = this;
    return {
      impressions,
      clicks,
      expectedClicks,
      oracleClicks,
      loss: oracleClicks > 0 ? 1 - expectedClicks / oracleClicks : 0,
      meanViewTime: clicks > 0 ? this.viewTime / clicks : Number.NaN,
      expectedViewTime: this.expectedViewTime / expectedClicks,
      revenue,
      plays,
    };
  }
}

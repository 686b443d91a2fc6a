import { EMBEDDING, FEATURES, HIDDEN } from './network.ts';
import { type PairwiseReward, pairwiseReward } from './pairwise.ts';
import type { GeneratorAd, PointerPolicy } from './policy.ts';
import type { Combination, CombinationSpace } from './space.ts';

/** A choice of candidates for the first kinds. */
export interface Prefix {
  readonly chosen: Combination;
  /** [hidden]: Σ over the chosen of what their h give the context. */
  readonly context: Float64Array;
  /** [n]: main + pairs with the chosen. */
  readonly gains: Float32Array;
}

/** The distribution of the next kind's candidate after a prefix; all but `open` are [open]. */
export interface Decision {
  /** Candidates that leave a completion. */
  readonly open: Int32Array;
  readonly gain: Float32Array;
  readonly lookahead: Float32Array;
  readonly logProbability: Float64Array;
}

/** A policy at one ad: the forward pass of {@link decisionLogProbabilities} in plain arrays. */
export class AdDecisions {
  readonly space: CombinationSpace;
  readonly pairwise: PairwiseReward;
  /** [n × features] */
  readonly features: Float32Array;
  /** [n]: embedding rows. */
  readonly kindRows: Int32Array;
  readonly elementRows: Int32Array;
  /** [kinds]: embedding rows. */
  readonly stepRows: Int32Array;
  private readonly policy: PointerPolicy;
  /** [n × embedding] */
  private readonly h: Float64Array;
  /** [n]: gains before any choice; −∞ for a candidate that may not be used, so that no lookahead counts on it. */
  private readonly rootGains: Float32Array;
  /** [kinds]: what the open candidates give the context where all allowed ones are. */
  private readonly wholeKinds: readonly Float64Array[];
  /** Context of the ad, and of each kind with none chosen and no candidates. */
  private readonly base: readonly Float64Array[];

  /** @param elementRows rows of the elements' embeddings where they are not the policy's own, as in dropout */
  constructor(policy: PointerPolicy, ad: PreparedAd, elementRows = policy.elementRows(ad.elementIds)) {
    this.policy = policy;
    this.space = ad.space;
    this.pairwise = ad.pairwise;
    this.features = ad.features;
    this.stepRows = policy.kindRows(ad.kinds);
    this.kindRows = ad.space.kindOf.map((kind) => this.stepRows[kind] as number);
    this.elementRows = elementRows;
    this.h = this.embed();
    this.wholeKinds = ad.space.allowed.map((candidates) => this.openContext(candidates));
    this.rootGains = new Float32Array(ad.space.candidates).fill(Number.NEGATIVE_INFINITY);
    for (const candidates of ad.space.allowed) {
      for (const candidate of candidates) this.rootGains[candidate] = ad.pairwise.main[candidate] as number;
    }
    this.base = this.baseContexts();
  }

  get root(): Prefix {
    return { chosen: new Int32Array(0), context: new Float64Array(HIDDEN), gains: this.rootGains };
  }

  /** A prefix with one candidate more. */
  extend({ chosen, context, gains }: Prefix, candidate: number): Prefix {
    const { pairs } = this.pairwise;
    const next = new Int32Array(chosen.length + 1);
    next.set(chosen);
    next[chosen.length] = candidate;
    let newGains = gains;
    if (pairs) {
      const n = gains.length;
      newGains = gains.slice();
      for (let i = this.space.starts[chosen.length + 1] ?? n; i < n; i++)
        newGains[i] = (gains[i] as number) + (pairs[candidate * n + i] as number);
    }
    const newContext = context.slice();
    addProduct(newContext, this.h.subarray(candidate * EMBEDDING, (candidate + 1) * EMBEDDING), this.policy.parameter('context.chosen'), 1);
    return { chosen: next, context: newContext, gains: newGains };
  }

  decide(prefix: Prefix): Decision {
    const { policy, space } = this;
    const step = prefix.chosen.length;
    const open = space.open(prefix.chosen);
    const gain = new Float32Array(open.length);
    for (let at = 0; at < open.length; at++) gain[at] = prefix.gains[open[at] as number] as number;
    centre(gain);
    const lookahead = this.lookahead(prefix, open);
    const context = new Float64Array(this.base[step] as Float64Array);
    const ofOpen = open.length === space.allowed[step]?.length ? (this.wholeKinds[step] as Float64Array) : this.openContext(open);
    for (let i = 0; i < HIDDEN; i++) {
      context[i] = Math.tanh((context[i] as number) + (ofOpen[i] as number) + (prefix.context[i] as number) / Math.max(1, step));
    }
    const pointer = new Float64Array(policy.parameter('pointer.bias'));
    addProduct(pointer, context, policy.parameter('pointer'), 1);
    const sharpness = new Float64Array(policy.parameter('sharpness.bias'));
    addProduct(sharpness, context, policy.parameter('sharpness'), 1);
    const [onGain = 0, onLookahead = 0] = sharpness;
    const logits = new Float64Array(open.length);
    for (let at = 0; at < open.length; at++) {
      let logit = onGain * (gain[at] as number) + onLookahead * (lookahead[at] as number);
      const row = (open[at] as number) * EMBEDDING;
      for (let i = 0; i < EMBEDDING; i++) logit += (pointer[i] as number) * (this.h[row + i] as number);
      logits[at] = logit;
    }
    return { open, gain, lookahead, logProbability: logSoftmax(logits) };
  }

  /** Σ over later kinds of the best gain there, given the prefix and each open candidate; centred. */
  private lookahead({ gains, chosen }: Prefix, open: Int32Array): Float32Array {
    const { starts, kinds } = this.space;
    const { pairs } = this.pairwise;
    const result = new Float32Array(open.length);
    if (!pairs) return result;
    const n = gains.length;
    for (let kind = chosen.length + 1; kind < kinds; kind++) {
      const first = starts[kind] as number;
      const end = starts[kind + 1] ?? n;
      for (let at = 0; at < open.length; at++) {
        const row = (open[at] as number) * n;
        let best = Number.NEGATIVE_INFINITY;
        for (let i = first; i < end; i++) {
          const value = (gains[i] as number) + (pairs[row + i] as number);
          if (value > best) best = value;
        }
        result[at] = (result[at] as number) + best;
      }
    }
    return centre(result);
  }

  private embed(): Float64Array {
    const { policy, features, kindRows, elementRows } = this;
    const [weights, kinds, elements] = [
      policy.parameter('embed.features'),
      policy.parameter('embed.kind'),
      policy.parameter('embed.element'),
    ];
    const h = new Float64Array(kindRows.length * EMBEDDING);
    for (let candidate = 0; candidate < kindRows.length; candidate++) {
      for (let i = 0; i < EMBEDDING; i++) {
        const kind = kinds[(kindRows[candidate] as number) * EMBEDDING + i] as number;
        let value = kind + (elements[(elementRows[candidate] as number) * EMBEDDING + i] as number);
        for (let f = 0; f < FEATURES.length; f++) {
          value += (features[candidate * FEATURES.length + f] as number) * (weights[f * EMBEDDING + i] as number);
        }
        h[candidate * EMBEDDING + i] = Math.tanh(value);
      }
    }
    return h;
  }

  private baseContexts(): Float64Array[] {
    const { policy, space } = this;
    const allowed = Int32Array.from(space.allowed.flatMap((candidates) => [...candidates]));
    const all = this.sumOf(allowed);
    const kinds = policy.parameter('embed.kind');
    return Array.from(this.stepRows, (row, step) => {
      const context = new Float64Array(policy.parameter('context.bias'));
      addProduct(context, all, policy.parameter('context.ad'), 1 / allowed.length);
      addProduct(context, new Float64Array(kinds.subarray(row * EMBEDDING, (row + 1) * EMBEDDING)), policy.parameter('context.kind'), 1);
      addProduct(context, Float64Array.of(shareLeft(space.kinds, step)), policy.parameter('context.left'), 1);
      return context;
    });
  }

  private openContext(open: Int32Array): Float64Array {
    const context = new Float64Array(HIDDEN);
    addProduct(context, this.sumOf(open), this.policy.parameter('context.open'), 1 / open.length);
    return context;
  }

  private sumOf(candidates: Int32Array): Float64Array {
    const sum = new Float64Array(EMBEDDING);
    for (const candidate of candidates) {
      for (let i = 0; i < EMBEDDING; i++) sum[i] = (sum[i] as number) + (this.h[candidate * EMBEDDING + i] as number);
    }
    return sum;
  }
}

/** Share of an ad's kinds that come after a step. */
export function shareLeft(kinds: number, step: number): number {
  return (kinds - 1 - step) / kinds;
}

/** An ad with what no weight changes. */
export interface PreparedAd extends GeneratorAd {
  readonly pairwise: PairwiseReward;
  /** [n × features] */
  readonly features: Float32Array;
}

/** Works out the pairwise form of an ad's reward and the features of its candidates, 0 for those that are not allowed. */
export function prepareAd(ad: GeneratorAd): PreparedAd {
  const { allowed, candidates: n, kindOf } = ad.space;
  if (kindOf.length !== ad.elementIds.length) throw new Error(`Expected ${kindOf.length} element ids but received ${ad.elementIds.length}`);
  const pairwise = pairwiseReward(ad.reward, allowed);
  const { covariance } = ad.reward.table;
  const scale = pairwise.sd === 0 ? 0 : 1 / pairwise.sd;
  const sd = Float32Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(0, covariance?.[i * (n + 1) + i] ?? 0)) * scale);
  const [meanLater, bestLater] = laterPairs(pairwise.pairs, allowed, n);
  const features = new Float32Array(n * FEATURES.length);
  for (const [f, column] of [pairwise.main, pairwise.expected, sd, meanLater, bestLater].entries()) {
    for (const own of allowed) {
      const centred = centre(Float32Array.from(own, (i) => column[i] as number));
      for (const [at, i] of own.entries()) features[i * FEATURES.length + f] = centred[at] as number;
    }
  }
  return { ...ad, pairwise, features };
}

/** [n] each: Σ over later kinds of the mean and of the best pair term with an allowed candidate. */
function laterPairs(pairs: Float32Array | undefined, allowed: readonly Int32Array[], n: number): [Float32Array, Float32Array] {
  const [means, bests] = [new Float32Array(n), new Float32Array(n)];
  if (!pairs) return [means, bests];
  for (const [kind, own] of allowed.entries()) {
    for (const later of allowed.slice(kind + 1)) {
      for (const i of own) {
        let [sum, best] = [0, Number.NEGATIVE_INFINITY];
        for (const j of later) {
          const term = pairs[i * n + j] as number;
          sum += term;
          best = Math.max(best, term);
        }
        means[i] = (means[i] as number) + sum / later.length;
        bests[i] = (bests[i] as number) + best;
      }
    }
  }
  return [means, bests];
}

/** Takes the mean away, in place. */
function centre(values: Float32Array): Float32Array {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += (values[i] as number) / values.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - mean;
  return values;
}

/** target += factor·(x · weights), weights [x.length, target.length] row by row. */
function addProduct(target: Float64Array, x: Float64Array, weights: Float32Array, factor: number): void {
  for (let i = 0; i < x.length; i++) {
    const scaled = factor * (x[i] as number);
    const row = i * target.length;
    for (let j = 0; j < target.length; j++) target[j] = (target[j] as number) + scaled * (weights[row + j] as number);
  }
}

function logSoftmax(logits: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) most = Math.max(most, logits[i] as number);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp((logits[i] as number) - most);
  const level = most + Math.log(total);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) - level;
  return logits;
}

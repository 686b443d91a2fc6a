import type { Graph, Value } from './graph.ts';
import { logSoftmax, softplus } from './ops/activation.ts';
import { div, mul, neg, sub } from './ops/arithmetic.ts';
import { greater, where } from './ops/logic.ts';
import { reduceMean, reduceSum } from './ops/reduce.ts';

/** A logit that no softmax gives any weight, and that stays finite when multiplied by zero. */
const MASKED_LOGIT = -1e9;

/** x, or one where x is zero: a divisor for sums that may be empty. */
function orOne(g: Graph, x: Value): Value {
  return where(g, greater(g, x, g.scalar(0)), x, g.scalar(1));
}

/** Σ w·x / Σ w, 0 when no weight is positive. */
function weightedMean(g: Graph, x: Value, weights: Value): Value {
  return div(g, reduceSum(g, mul(g, weights, x)), orOne(g, reduceSum(g, weights)));
}

/**
 * Binary cross-entropy Σ w·ℓ / Σ w, ℓ = log(1 + eᶻ) − z·y = max(z, 0) − z·y + log(1 + e^−|z|), which no logit overflows.
 * Logits z, targets y in [0, 1] and weights w ≥ 0 (one unless given) are of one shape.
 */
export function bceWithLogits(g: Graph, logits: Value, targets: Value, weights?: Value): Value {
  const losses = sub(g, softplus(g, logits), mul(g, logits, targets));
  return weights === undefined ? reduceMean(g, losses) : weightedMean(g, losses, weights);
}

/** Negative log-likelihood of c clicks in n impressions, per impression: Σ (n·log(1 + eᶻ) − c·z) / Σ n; 0 without impressions. */
export function binomialNll(g: Graph, logits: Value, clicks: Value, impressions: Value): Value {
  const losses = sub(g, mul(g, impressions, softplus(g, logits)), mul(g, clicks, logits));
  return div(g, reduceSum(g, losses), orOne(g, reduceSum(g, impressions)));
}

/** Mean of −Σ y·log softmax(z) over the last axis; targets y are one-hot or probabilities of the logits' shape. */
export function crossEntropy(g: Graph, logits: Value, targets: Value): Value {
  return neg(g, reduceMean(g, reduceSum(g, mul(g, targets, logSoftmax(g, logits)), { axes: [-1] })));
}

/**
 * ListNet's top-one loss (Cao et al. 2007): the cross-entropy between gains/Σ gains and the softmax of the scores,
 * meant over the lists that have gain; 0 when none has. Scores, gains ≥ 0 and the mask (1 entry, 0 filling) are
 * [lists, width]; no gradient flows into the gains.
 */
export function listNet(g: Graph, scores: Value, gains: Value, mask: Value): Value {
  const real = greater(g, mask, g.scalar(0));
  const logProbability = logSoftmax(g, where(g, real, scores, g.scalar(MASKED_LOGIT)));
  const gain = where(g, real, gains, g.scalar(0));
  const total = reduceSum(g, gain, { axes: [-1], keepDims: true });
  const losses = neg(g, reduceSum(g, mul(g, div(g, gain, orOne(g, total)), logProbability), { axes: [-1], keepDims: true }));
  const counts = where(g, greater(g, total, g.scalar(0)), g.scalar(1), g.scalar(0));
  return weightedMean(g, losses, counts);
}

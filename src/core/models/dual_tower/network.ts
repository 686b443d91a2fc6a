import type { Graph, Value } from '../../learn/graph.ts';
import { binomialNll, listNet } from '../../learn/losses.ts';
import { relu, sigmoid } from '../../learn/ops/activation.ts';
import { add, div, log, mul } from '../../learn/ops/arithmetic.ts';
import { linear, matmul } from '../../learn/ops/linear.ts';
import { cast, clip, floor, greater, stopGradient, where } from '../../learn/ops/logic.ts';
import { reduceMean } from '../../learn/ops/reduce.ts';
import { gather, reshape } from '../../learn/ops/shape.ts';
import type { ParameterSpec, Parameters } from '../../learn/parameters.ts';

/** What a dual tower is made of; the parts that an ablation leaves out are switches. */
export interface NetworkShape {
  /** Fields of each tower, and floats of an embedding. */
  readonly leftFields: number;
  readonly rightFields: number;
  readonly dimension: number;
  /** Squeeze-and-excitation over fields. */
  readonly senet: boolean;
  /** The right tower is fed with the left tower's hidden state and bucketed p_ad. */
  readonly hiddenState: boolean;
}

/** What the left tower hands to the right one. */
export interface LeftOutputs {
  /** h, [n, 64]. */
  readonly hidden: Value;
  /** ℓ, [n]. */
  readonly logit: Value;
}

const LEFT_HIDDEN = [128, 64] as const;
const RIGHT_HIDDEN = [64, 32] as const;
export const HIDDEN_STATE = LEFT_HIDDEN[1];
/** Fields that SENet's bottleneck sums up in one unit. */
const REDUCTION = 3;
const BUCKETS = 64;
/** r of the buckets of p_ad: with 1,000 half of them are below p = 0.03. */
const BUCKET_SCALE = 1000;
const BUCKET_DIMENSION = 16;
const AD_LOSS_WEIGHT = 0.5;
const LIST_LOSS_WEIGHT = 0.02;
/** Examples of one ad that stand next to each other in a batch and are ranked against each other. */
export const LIST_WIDTH = 8;

/** The dense weights of both towers. */
export function networkParameters(shape: NetworkShape, meanCtr: number): ParameterSpec[] {
  const { leftFields, rightFields, dimension, hiddenState } = shape;
  const dense = (name: string, inputs: number, outputs: number): ParameterSpec[] => [
    { name: `${name}.weight`, shape: [inputs, outputs], init: 'glorot' },
    { name: `${name}.bias`, shape: [outputs], init: 'zeros' },
  ];
  return [
    ...senetParameters('left', leftFields, shape),
    ...dense('left.1', leftFields * dimension, LEFT_HIDDEN[0]),
    ...dense('left.2', LEFT_HIDDEN[0], LEFT_HIDDEN[1]),
    // The towers begin with the mean and first-order weights alone.
    { name: 'left.3.weight', shape: [LEFT_HIDDEN[1], 1], init: 'zeros' },
    { name: 'left.3.bias', shape: [1], init: { constant: Math.log(meanCtr / (1 - meanCtr)) } },
    ...senetParameters('right', rightFields, shape),
    ...dense('right.1', rightFields * dimension, RIGHT_HIDDEN[0]),
    ...(hiddenState
      ? ([
          { name: 'right.hidden', shape: [HIDDEN_STATE, RIGHT_HIDDEN[0]], init: 'glorot' },
          { name: 'right.buckets', shape: [BUCKETS + 1, BUCKET_DIMENSION], init: { normal: 0.01 } },
          { name: 'right.bucket', shape: [BUCKET_DIMENSION, RIGHT_HIDDEN[0]], init: 'glorot' },
        ] as const)
      : []),
    ...dense('right.2', RIGHT_HIDDEN[0], RIGHT_HIDDEN[1]),
    { name: 'right.3.weight', shape: [RIGHT_HIDDEN[1], 1], init: 'glorot' },
    { name: 'right.3.bias', shape: [1], init: 'zeros' },
  ];
}

function senetParameters(side: string, fields: number, { senet }: NetworkShape): ParameterSpec[] {
  const units = Math.max(1, Math.floor(fields / REDUCTION));
  return senet
    ? [
        { name: `${side}.senet.1`, shape: [fields, units], init: 'glorot' },
        // Zeros: every field's weight begins at 2σ(0) = 1.
        { name: `${side}.senet.2`, shape: [units, fields], init: 'zeros' },
      ]
    : [];
}

/**
 * SENet over fields (Hu et al. 2018; FiBiNET, Huang et al. 2019): `z = mean_d E`, `a = 2σ(ReLU(z W₁) W₂)`, output a·E,
 * flattened. Starts at a = 1, so no field dies.
 * @param embeddings E, [n, fields, d]; returns [n, fields·d]
 */
function exciteFields(g: Graph, p: Parameters, side: 'left' | 'right', embeddings: Value, { senet }: NetworkShape): Value {
  const [n = 1, fields, dimension] = embeddings.shape as [Value['shape'][number], number, number];
  if (!senet) return reshape(g, embeddings, [n, fields * dimension]);
  const squeezed = reduceMean(g, embeddings, { axes: [2] });
  const inner = relu(g, matmul(g, squeezed, p.get(`${side}.senet.1`)));
  const weights = mul(g, sigmoid(g, matmul(g, inner, p.get(`${side}.senet.2`))), g.scalar(2));
  return reshape(g, mul(g, embeddings, reshape(g, weights, [n, fields, 1])), [n, fields * dimension]);
}

function dense(g: Graph, p: Parameters, name: string, x: Value): Value {
  return linear(g, x, p.get(`${name}.weight`), p.get(`${name}.bias`));
}

/**
 * First-order weights (the wide part of Wide & Deep, Cheng et al. 2016): the first float of each embedding is also what its
 * field adds to the logit. Main effects are then as easy to learn as in a logistic regression. Returns [n].
 */
function firstOrder(g: Graph, embeddings: Value): Value {
  const [n = 1, fields, dimension] = embeddings.shape as [Value['shape'][number], number, number];
  const first = Float32Array.from({ length: fields * dimension }, (_, i) => (i % dimension === 0 ? 1 : 0));
  const flat = reshape(g, embeddings, [n, fields * dimension]);
  return reshape(g, matmul(g, flat, g.constant(first, [fields * dimension, 1])), [n]);
}

/**
 * Left tower, once per ad and user context: E → SENet → MLP 128-64 → h → ℓ, plus first-order weights.
 * @param embeddings [n, leftFields, d]
 */
export function leftTower(g: Graph, p: Parameters, shape: NetworkShape, embeddings: Value): LeftOutputs {
  const excited = exciteFields(g, p, 'left', embeddings, shape);
  const hidden = relu(g, dense(g, p, 'left.2', relu(g, dense(g, p, 'left.1', excited))));
  const deep = reshape(g, dense(g, p, 'left.3', hidden), [embeddings.shape[0] ?? 1]);
  return { hidden, logit: add(g, deep, firstOrder(g, embeddings)) };
}

/** `⌊K·log_{r+1}(1 + r·p)⌋`, from 0 to K; no gradient. */
function bucketOf(g: Graph, p: Value): Value {
  const grown = log(g, add(g, mul(g, p, g.scalar(BUCKET_SCALE)), g.scalar(1)));
  const scaled = mul(g, grown, g.scalar(BUCKETS / Math.log(1 + BUCKET_SCALE)));
  // What is no number is not above 0: bucket 0, and the loss says so.
  const bucket = where(g, greater(g, scaled, g.scalar(0)), scaled, g.scalar(0));
  return cast(g, clip(g, floor(g, stopGradient(g, bucket)), 0, BUCKETS), 'int64');
}

/**
 * Right tower, once per creative: E → SENet → concat[·; h; emb(bucket(p_ad))] → MLP 64-32 → Δ, plus first-order weights, [n].
 *
 * The first layer of a concatenation is a sum of products, and written as such: `h` of one ad then serves all its creatives.
 * @param embeddings [n, rightFields, d]; `left`: [n, …], or [1, …] for creatives of one ad
 */
export function rightTower(g: Graph, p: Parameters, shape: NetworkShape, embeddings: Value, left: LeftOutputs): Value {
  const excited = exciteFields(g, p, 'right', embeddings, shape);
  const creative = dense(g, p, 'right.1', excited);
  const first = shape.hiddenState ? add(g, creative, adState(g, p, left)) : creative;
  const inner = relu(g, dense(g, p, 'right.2', relu(g, first)));
  return add(g, reshape(g, dense(g, p, 'right.3', inner), [embeddings.shape[0] ?? 1]), firstOrder(g, embeddings));
}

function adState(g: Graph, p: Parameters, { hidden, logit }: LeftOutputs): Value {
  const bucket = gather(g, p.get('right.buckets'), bucketOf(g, sigmoid(g, logit)));
  return add(g, matmul(g, hidden, p.get('right.hidden')), matmul(g, bucket, p.get('right.bucket')));
}

/** The tensors of a batch of `rows` examples, lists of {@link LIST_WIDTH} of one ad after each other. */
interface BatchValues {
  readonly left: Value;
  readonly right: Value;
  /** ln of the exposure factor of each example's position, [n]. */
  readonly offset: Value;
}

/** Both towers on a batch: p_ad's logit ℓ + o and p's logit ℓ + Δ + o, with o the log of the exposure factor. */
export function towerLogits(
  g: Graph,
  p: Parameters,
  shape: NetworkShape,
  batch: BatchValues,
): { readonly ad: Value; readonly click: Value } {
  const left = leftTower(g, p, shape, batch.left);
  const ad = add(g, left.logit, batch.offset);
  return { ad, click: add(g, ad, rightTower(g, p, shape, batch.right, left)) };
}

/** The inputs of a batch's graph. */
export function batchInputs(g: Graph, shape: NetworkShape, rows: number | string): BatchValues {
  return {
    left: g.input('left', 'float', [rows, shape.leftFields, shape.dimension]),
    right: g.input('right', 'float', [rows, shape.rightFields, shape.dimension]),
    offset: g.input('offset', 'float', [rows]),
  };
}

/** BCE(y, p) + .5·BCE(y, p_ad) + .02·ListNet inside the ad, on inputs `clicks` and `impressions`, [rows]; padding has none. */
export function buildLoss(g: Graph, p: Parameters, shape: NetworkShape, rows: number): { readonly loss: Value } {
  const { ad, click } = towerLogits(g, p, shape, batchInputs(g, shape, rows));
  const clicks = g.input('clicks', 'float', [rows]);
  const impressions = g.input('impressions', 'float', [rows]);
  const lists = [rows / LIST_WIDTH, LIST_WIDTH];
  const isReal = greater(g, impressions, g.scalar(0));
  const rates = where(g, isReal, div(g, clicks, clip(g, impressions, 1, Number.MAX_VALUE)), g.scalar(0));
  const mask = where(g, isReal, g.scalar(1), g.scalar(0));
  const ranking = listNet(g, reshape(g, click, lists), reshape(g, rates, lists), reshape(g, mask, lists));
  const loss = add(
    g,
    add(g, binomialNll(g, click, clicks, impressions), mul(g, binomialNll(g, ad, clicks, impressions), g.scalar(AD_LOSS_WEIGHT))),
    mul(g, ranking, g.scalar(LIST_LOSS_WEIGHT)),
  );
  return { loss };
}

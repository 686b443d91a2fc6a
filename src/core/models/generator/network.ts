import type { Dim, Graph, Value } from '../../learn/graph.ts';
import { logSoftmax, tanh } from '../../learn/ops/activation.ts';
import { add, div, mul, neg } from '../../learn/ops/arithmetic.ts';
import { matmul } from '../../learn/ops/linear.ts';
import { greater, where } from '../../learn/ops/logic.ts';
import { reduceSum } from '../../learn/ops/reduce.ts';
import { gather, pick, reshape, slice, transpose } from '../../learn/ops/shape.ts';
import type { ParameterSpec, Parameters } from '../../learn/parameters.ts';

/** Length of h. */
export const EMBEDDING = 16;
/** Length of the context's hidden state. */
export const HIDDEN = 32;
/** Temperature, in standard deviations of the reward, of the exact path, and of a policy before training. */
export const TEMPERATURE = 0.25;
/** What is known of a candidate, each in units of the reward's sd and centred over the allowed ones of its kind. */
export const FEATURES = ['main', 'expected', 'sd', 'mean later pair', 'best later pair'] as const;
const MASKED_LOGIT = -1e9;

/** How many kinds and elements have an embedding of their own; row 0 of each table is shared by all others. */
export interface PolicyShape {
  readonly kinds: number;
  readonly elements: number;
}

/** The weights; a policy begins as the Boltzmann policy of gain and lookahead. */
export function policyParameters({ kinds, elements }: PolicyShape): ParameterSpec[] {
  const context = (name: string, inputs: number): ParameterSpec => ({ name, shape: [inputs, HIDDEN], init: 'glorot' });
  return [
    { name: 'embed.features', shape: [FEATURES.length, EMBEDDING], init: 'glorot' },
    { name: 'embed.kind', shape: [kinds + 1, EMBEDDING], init: { normal: 0.1 } },
    { name: 'embed.element', shape: [elements + 1, EMBEDDING], init: { normal: 0.01 } },
    context('context.chosen', EMBEDDING),
    context('context.open', EMBEDDING),
    context('context.ad', EMBEDDING),
    context('context.kind', EMBEDDING),
    context('context.left', 1),
    { name: 'context.bias', shape: [HIDDEN], init: 'zeros' },
    { name: 'pointer', shape: [HIDDEN, EMBEDDING], init: 'zeros' },
    { name: 'pointer.bias', shape: [EMBEDDING], init: 'zeros' },
    { name: 'sharpness', shape: [HIDDEN, 2], init: 'zeros' },
    { name: 'sharpness.bias', shape: [2], init: { constant: 1 / TEMPERATURE } },
  ];
}

/** Lengths of the axes: ads, candidates of an ad, decisions for an ad. */
export interface DecisionDims {
  readonly ads: Dim;
  readonly candidates: Dim;
  readonly decisions: Dim;
}

/** Adds the inputs of decisions to the graph. */
export function decisionInputs(g: Graph, { ads, candidates, decisions }: DecisionDims): Record<DecisionInput, Value> {
  const cells = [ads, decisions, candidates];
  return {
    features: g.input('features', 'float', [ads, candidates, FEATURES.length]),
    kind: g.input('kind', 'int32', [ads, candidates]),
    element: g.input('element', 'int32', [ads, candidates]),
    all: g.input('all', 'float', [ads, 1, candidates]),
    step_kind: g.input('step_kind', 'int32', [ads, decisions]),
    left: g.input('left', 'float', [ads, decisions, 1]),
    chosen: g.input('chosen', 'float', cells),
    open: g.input('open', 'float', cells),
    gain: g.input('gain', 'float', cells),
    lookahead: g.input('lookahead', 'float', cells),
  };
}

/**
 * What a decision is made from. Of each candidate: `features`, `kind` and `element` (0: unknown), `all` (1 / number of allowed ones, at those).
 * Of each decision: the kind it is about, the share of kinds still `left`, `chosen` (1 / number of choices so far, at those),
 * `open` (1 at each feasible candidate), `gain` and `lookahead` of these.
 */
export type DecisionInput = 'features' | 'kind' | 'element' | 'all' | 'step_kind' | 'left' | 'chosen' | 'open' | 'gain' | 'lookahead';

/**
 * ln π of each open candidate, [ads, decisions, candidates]: softmax of `mᵀh_e + w_g·gain_e + w_l·lookahead_e`,
 * `h = tanh(F·features + kind + element)`, and m, w_g, w_l linear in `tanh(context)`; the context sums up the choices so far
 * (mean of their h), the open candidates, all allowed ones of the ad, the kind and how many kinds are left.
 */
export function decisionLogProbabilities(g: Graph, p: Parameters, inputs: Record<DecisionInput, Value>): Value {
  const kinds = p.get('embed.kind');
  const embedding = add(g, gather(g, kinds, inputs.kind), gather(g, p.get('embed.element'), inputs.element));
  const h = tanh(g, add(g, matmul(g, inputs.features, p.get('embed.features')), embedding));
  const { open } = inputs;
  const meanOpen = div(g, open, reduceSum(g, open, { axes: [-1], keepDims: true }));
  const parts: Value[] = [
    matmul(g, matmul(g, inputs.chosen, h), p.get('context.chosen')),
    matmul(g, matmul(g, meanOpen, h), p.get('context.open')),
    matmul(g, matmul(g, inputs.all, h), p.get('context.ad')),
    matmul(g, gather(g, kinds, inputs.step_kind), p.get('context.kind')),
    matmul(g, inputs.left, p.get('context.left')),
  ];
  const context = tanh(
    g,
    parts.reduce((sum, part) => add(g, sum, part), p.get('context.bias')),
  );
  const pointer = add(g, matmul(g, context, p.get('pointer')), p.get('pointer.bias'));
  const sharpness = add(g, matmul(g, context, p.get('sharpness')), p.get('sharpness.bias'));
  const seen = add(g, mul(g, inputs.gain, slice(g, sharpness, -1, 0, 1)), mul(g, inputs.lookahead, slice(g, sharpness, -1, 1, 2)));
  const logits = add(g, matmul(g, pointer, transpose(g, h, [0, 2, 1])), seen);
  return logSoftmax(g, where(g, greater(g, open, g.scalar(0)), logits, g.scalar(MASKED_LOGIT)));
}

/** −Σ weight·ln π(choice): its gradient is REINFORCE's where weights are advantages, maximum likelihood's where they are counts. */
export function policyLoss(
  g: Graph,
  p: Parameters,
  dims: { readonly ads: number; readonly candidates: number; readonly decisions: number },
): Value {
  const { ads, candidates, decisions } = dims;
  const choice = g.input('choice', 'int32', [ads * decisions]);
  const weight = g.input('weight', 'float', [ads * decisions]);
  const logProbability = decisionLogProbabilities(g, p, decisionInputs(g, dims));
  const chosen = pick(g, reshape(g, logProbability, [ads * decisions, candidates]), choice);
  return neg(g, reduceSum(g, mul(g, weight, chosen)));
}

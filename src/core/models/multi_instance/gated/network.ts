import type { Dim, Graph, Value } from '../../../learn/graph.ts';
import { sigmoid, softplus, tanh } from '../../../learn/ops/activation.ts';
import { add, div, exp, mul, sub } from '../../../learn/ops/arithmetic.ts';
import { matmul } from '../../../learn/ops/linear.ts';
import { clip } from '../../../learn/ops/logic.ts';
import { reduceSum } from '../../../learn/ops/reduce.ts';
import { gather, reshape, slice } from '../../../learn/ops/shape.ts';
import type { ParameterSpec, Parameters } from '../../../learn/parameters.ts';
import type { Family } from '../bags.ts';

/** What a gated network is made of. */
export interface GatedShape {
  readonly kinds: number;
  /** Fields of elements' terms, and of ads' terms. */
  readonly elementFields: number;
  readonly adFields: number;
  /** d, floats of an embedding. */
  readonly dimension: number;
  /** Units of the gate. */
  readonly gateUnits: number;
  /** Rank of the pair terms. */
  readonly rank: number;
}

/** Links beyond these say nothing more, and their exponentials stay finite in single precision. */
const LARGEST_LINK = 40;

/** The dense weights; the ads' offsets start at the given values. */
export function gatedParameters({ kinds, dimension, gateUnits, rank, adFields }: GatedShape, ads: number): ParameterSpec[] {
  const gate = (name: string): ParameterSpec => ({ name, shape: [dimension, gateUnits], init: 'glorot' });
  return [
    { name: 'kinds', shape: [kinds, dimension], init: { normal: 0.05 } },
    { name: 'u', shape: [dimension, 1], init: 'glorot' },
    gate('V'),
    gate('U'),
    ...(adFields > 0 ? [gate('V.context'), gate('U.context')] : []),
    // Zeros: every attention begins at 2σ(0) = 1.
    { name: 'w', shape: [gateUnits, 1], init: 'zeros' },
    { name: 'P', shape: [dimension, rank], init: 'glorot' },
    { name: 'Q', shape: [dimension, rank], init: 'glorot' },
    { name: 'offsets', shape: [ads], init: 'zeros' },
  ];
}

/** Embeddings of elements by what is known of them, [… , d]. */
export interface ElementEmbeddings {
  /** Sum over the fields of the mean embedding of their terms; undefined where there are no terms. */
  readonly content: Value | undefined;
  readonly id: Value;
}

/** Takes the cells [elements, 1 + fields, d] of elements apart: the first is the id's. */
function elementEmbeddings(g: Graph, cells: Value): ElementEmbeddings {
  const [elements = 1, width, dimension] = cells.shape as [Dim, number, number];
  return {
    id: reshape(g, slice(g, cells, 1, 0, 1), [elements, dimension]),
    content: width > 1 ? reduceSum(g, slice(g, cells, 1, 1, width), { axes: [1] }) : undefined,
  };
}

/**
 * Contributions of elements: `g = a·(uᵀh)`, `a = 2σ(wᵀ(tanh(V[h;z]) ⊙ σ(U[h;z])))`, h = content + keep·id + kind (Ilse et al.
 * 2018 for the gate, Javed et al. 2022 for the sum).
 * @param embeddings [… , d]; `keep` [… , 1]: 1 where the id is taken for known; `kind` [… , d] or broadcast to it
 * @param context z of each, [… , d] or broadcast to it; undefined: there are no contexts
 * @returns both [… , 1]
 */
export function contributions(
  g: Graph,
  p: Parameters,
  embeddings: ElementEmbeddings,
  keep: Value,
  kind: Value,
  context: { readonly V: Value; readonly U: Value } | undefined,
): { readonly attention: Value; readonly contribution: Value } {
  const known = add(g, mul(g, embeddings.id, keep), kind);
  const h = embeddings.content === undefined ? known : add(g, embeddings.content, known);
  const branch = (name: 'V' | 'U'): Value => {
    const own = matmul(g, h, p.get(name));
    return context === undefined ? own : add(g, own, context[name]);
  };
  const gate = mul(g, tanh(g, branch('V')), sigmoid(g, branch('U')));
  const attention = mul(g, sigmoid(g, matmul(g, gate, p.get('w'))), g.scalar(2));
  return { attention, contribution: mul(g, attention, matmul(g, h, p.get('u'))) };
}

/** What contexts add inside the gate, [contexts, units] each, from the cells [contexts, fields, d] of their ads. */
export function gateContexts(g: Graph, p: Parameters, cells: Value): { readonly V: Value; readonly U: Value } {
  const z = reduceSum(g, cells, { axes: [1] });
  return { V: matmul(g, z, p.get('V.context')), U: matmul(g, z, p.get('U.context')) };
}

/** Means by kind that pair vectors are centred at, [… , d] or broadcast to it. */
export type PairCentre = ElementEmbeddings;

/**
 * Pair vectors P x and Q x of elements, `x = content − mean content + keep·(id − mean id)`: centred inside their kind, pair
 * terms cannot take over what elements do on their own, and an element of which nothing is known has none.
 * @param keep [… , 1]; returns [… , rank] each
 */
export function pairVectors(
  g: Graph,
  p: Parameters,
  embeddings: ElementEmbeddings,
  keep: Value,
  centre: PairCentre,
): { readonly left: Value; readonly right: Value } {
  const ofId = mul(g, sub(g, embeddings.id, centre.id), keep);
  const { content } = embeddings;
  const x = content === undefined || centre.content === undefined ? ofId : add(g, sub(g, content, centre.content), ofId);
  return { left: matmul(g, x, p.get('P')), right: matmul(g, x, p.get('Q')) };
}

/** The tensors of rows; `elements` and `ads` are distinct ones, which `members`, `context` and `ad` point to. */
export interface RowInputs {
  /** Cells [elements, 1 + fields, d]. */
  readonly elements: Value;
  /** Cells [contexts, fields, d]; undefined where ads have no terms. */
  readonly contexts: Value | undefined;
  /** [rows, kinds]: row of `elements`, any where the kind is absent. */
  readonly members: Value;
  /** [rows, kinds]: 1 where the row has an element of the kind. */
  readonly present: Value;
  /** [rows, kinds]: 1 where the id is taken for known, in its contribution and in its pairs. */
  readonly keep: Value;
  readonly pairKeep: Value;
  /** [rows]: row of `contexts`. */
  readonly context: Value | undefined;
  /** Effective impressions, [rows]. */
  readonly exposure: Value;
}

export function rowInputs(g: Graph, shape: GatedShape): RowInputs {
  const { kinds, elementFields, adFields, dimension } = shape;
  const ofKinds = (name: string): Value => g.input(name, 'float', ['rows', kinds]);
  return {
    elements: g.input('elements', 'float', ['elements', 1 + elementFields, dimension]),
    contexts: adFields > 0 ? g.input('contexts', 'float', ['contexts', adFields, dimension]) : undefined,
    members: g.input('members', 'int64', ['rows', kinds]),
    present: ofKinds('present'),
    keep: ofKinds('keep'),
    pairKeep: ofKinds('pair_keep'),
    context: adFields > 0 ? g.input('context', 'int64', ['rows']) : undefined,
    exposure: g.input('exposure', 'float', ['rows']),
  };
}

/**
 * `Σ_s g_s + Σ_{s<t} ⟨P x_s, Q x_t⟩` of rows, [rows].
 * @param pairs where their vectors are centred: 'batch' at the means of these rows; none: there are no pair terms
 */
export function rowEffects(g: Graph, p: Parameters, shape: GatedShape, inputs: RowInputs, pairs: 'none' | 'batch' | PairCentre): Value {
  const { kinds, dimension, gateUnits } = shape;
  const { members, context, contexts } = inputs;
  const own = elementEmbeddings(g, inputs.elements);
  const ofRows: ElementEmbeddings = {
    id: gather(g, own.id, members),
    content: own.content === undefined ? undefined : gather(g, own.content, members),
  };
  const column = (x: Value): Value => reshape(g, x, ['rows', kinds, 1]);
  const present = column(inputs.present);
  const gates = contexts === undefined ? undefined : gateContexts(g, p, contexts);
  const ofRow = (x: Value): Value => reshape(g, gather(g, x, context as Value), ['rows', 1, gateUnits]);
  const z = gates === undefined ? undefined : { V: ofRow(gates.V), U: ofRow(gates.U) };
  const kind = reshape(g, p.get('kinds'), [1, kinds, dimension]);
  const { contribution } = contributions(g, p, ofRows, column(inputs.keep), kind, z);
  const main = reduceSum(g, mul(g, contribution, present), { axes: [1, 2] });
  if (pairs === 'none') return main;

  const centre = pairs === 'batch' ? batchCentre(g, ofRows, mul(g, present, reshape(g, inputs.exposure, ['rows', 1, 1]))) : pairs;
  const { left, right } = pairVectors(g, p, ofRows, column(inputs.pairKeep), centre);
  // Row t of the matrix sums up the kinds before t.
  const earlier = Float32Array.from({ length: kinds * kinds }, (_, i) => (i % kinds < Math.floor(i / kinds) ? 1 : 0));
  const before = matmul(g, g.constant(earlier, [kinds, kinds]), mul(g, left, present));
  return add(g, main, reduceSum(g, mul(g, before, mul(g, right, present)), { axes: [1, 2] }));
}

/** Weighted means over the rows, [1, kinds, d]. */
function batchCentre(g: Graph, { content, id }: ElementEmbeddings, weights: Value): PairCentre {
  const total = clip(g, reduceSum(g, weights, { axes: [0], keepDims: true }), 1e-12, Number.MAX_VALUE);
  const mean = (x: Value): Value => div(g, reduceSum(g, mul(g, x, weights), { axes: [0], keepDims: true }), total);
  return { id: mean(id), content: content === undefined ? undefined : mean(content) };
}

/**
 * Negative log-likelihood of rows over `scale`: binomial `n·log(1 + eᶯ) − y·η`, Poisson `n·eᶯ − y·η`, η = offset + effects.
 * Inputs beside {@link rowInputs}: `outcomes` [rows], `ad` [rows] (index into the offsets).
 */
export function gatedLoss(
  g: Graph,
  p: Parameters,
  shape: GatedShape,
  options: { readonly family: Family; readonly hasPairs: boolean; readonly scale: number },
): { readonly loss: Value } {
  const inputs = rowInputs(g, shape);
  const outcomes = g.input('outcomes', 'float', ['rows']);
  const offsets = gather(g, p.get('offsets'), g.input('ad', 'int64', ['rows']));
  const effects = rowEffects(g, p, shape, inputs, options.hasPairs ? 'batch' : 'none');
  const link = clip(g, add(g, offsets, effects), -LARGEST_LINK, LARGEST_LINK);
  const total = options.family === 'binomial' ? softplus(g, link) : exp(g, link);
  const losses = sub(g, mul(g, inputs.exposure, total), mul(g, outcomes, link));
  return { loss: mul(g, reduceSum(g, losses), g.scalar(1 / options.scale)) };
}

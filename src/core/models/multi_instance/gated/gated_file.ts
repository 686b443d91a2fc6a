import type { Graph, Value } from '../../../learn/graph.ts';
import { mul } from '../../../learn/ops/arithmetic.ts';
import { matmul } from '../../../learn/ops/linear.ts';
import { gather, reshape } from '../../../learn/ops/shape.ts';
import { type Layout, type Parameters, requireFinite } from '../../../learn/parameters.ts';
import { compileForward } from '../../../learn/training_step.ts';
import { contributions, type ElementEmbeddings, type GatedShape, gateContexts, pairVectors } from './network.ts';
import type { Centre, GatedWeights } from './trainer.ts';

/**
 * Mean embeddings of the terms of each field, summed over fields, [n, d]: inputs `terms` [n, slots] are table rows, `shares`
 * [n, slots] one over the number of terms of their field, 0 for none.
 */
function pooled(
  g: Graph,
  table: Value,
  names: { readonly terms: string; readonly shares: string; readonly n: string; readonly slots: string },
): Value {
  const terms = g.input(names.terms, 'int64', [names.n, names.slots]);
  const shares = reshape(g, g.input(names.shares, 'float', [names.n, names.slots]), [names.n, 1, names.slots]);
  return reshape(g, matmul(g, shares, gather(g, table, terms)), [names.n, table.shape[1] as number]);
}

/**
 * The network as one ONNX file with embeddings and weights inside.
 *
 * Inputs: of `elements` distinct elements `kind`, `id` (table row) and `known` (1, or 0 where the id is unknown) [elements],
 * `terms` and `shares` [elements, slots]; of `contexts` distinct ads `context_terms` and `context_shares` [contexts,
 * context_slots], where ads have terms; of what is asked for `element` and `context` [rows]; `use_ids` [] 1 or 0.
 * Outputs: `contribution` and `attention` [rows], of ids that are known where `use_ids` is 1; with pairs also `left` and
 * `right` [rows, rank], always of ids that are known: the pair term of kinds s < t is ⟨left_s, right_t⟩.
 * @throws UserError where a weight is not finite
 */
export function encodeGated(shape: GatedShape, plan: Layout, weights: GatedWeights, centre: Centre | undefined): Uint8Array {
  requireFinite(weights.elements, 'the embeddings of elements');
  requireFinite(weights.ads, 'the embeddings of ads');
  const { dimension, kinds } = shape;
  const build = (g: Graph, p: Parameters): Record<string, Value> => {
    const table = g.constant(weights.elements, [weights.elements.length / dimension, dimension], 'element_table');
    const kind = g.input('kind', 'int64', ['elements']);
    const known = reshape(g, g.input('known', 'float', ['elements']), ['elements', 1]);
    const own: ElementEmbeddings = {
      id: mul(g, gather(g, table, g.input('id', 'int64', ['elements'])), known),
      content: shape.elementFields > 0 ? pooled(g, table, { terms: 'terms', shares: 'shares', n: 'elements', slots: 'slots' }) : undefined,
    };
    const element = g.input('element', 'int64', ['rows']);
    const context = g.input('context', 'int64', ['rows']);
    const ofRows = (x: Value): Value => gather(g, x, element);
    const rows = { id: ofRows(own.id), content: own.content && ofRows(own.content) };
    const gates = shape.adFields > 0 ? gateContexts(g, p, contextCells(g, weights.ads, dimension)) : undefined;
    const z = gates && { V: gather(g, gates.V, context), U: gather(g, gates.U, context) };
    const useIds = g.input('use_ids', 'float', []);
    const { contribution, attention } = contributions(g, p, rows, useIds, ofRows(gather(g, p.get('kinds'), kind)), z);
    const main = { contribution: reshape(g, contribution, ['rows']), attention: reshape(g, attention, ['rows']) };
    if (centre === undefined) return main;
    const means = (data: Float32Array, name: string): Value => gather(g, g.constant(data, [kinds, dimension], name), kind);
    const { left, right } = pairVectors(g, p, own, known, {
      id: means(centre.id, 'mean_id'),
      content: own.content && means(centre.content, 'mean_content'),
    });
    return { ...main, left: ofRows(left), right: ofRows(right) };
  };
  return compileForward(build, plan, weights.dense, { network: 'gated' });
}

/** Embeddings of contexts as cells of one field, [contexts, 1, d]. */
function contextCells(g: Graph, table: Float32Array, dimension: number): Value {
  const ads = g.constant(table, [table.length / dimension, dimension], 'ad_table');
  const z = pooled(g, ads, { terms: 'context_terms', shares: 'context_shares', n: 'contexts', slots: 'context_slots' });
  return reshape(g, z, ['contexts', 1, dimension]);
}

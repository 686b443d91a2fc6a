import type { Graph, GraphNode, Value } from './graph.ts';
import { add } from './ops/arithmetic.ts';
import { repeatTo, zerosLike } from './ops/broadcast.ts';

/** Names of the values that depend on `wrt` through inputs that gradients flow through. */
function dependents(nodes: readonly GraphNode[], wrt: readonly Value[]): Set<string> {
  const names = new Set(wrt.map((value) => value.name));
  for (const { inputs, outputs, rules } of nodes) {
    if (inputs.some((input, i) => rules[i] !== undefined && names.has(input.name))) for (const output of outputs) names.add(output.name);
  }
  return names;
}

/**
 * The gradients of a scalar loss, one per value of `wrt` and of its shape: reverse mode over the nodes between them.
 * A value that the loss does not depend on has the gradient zero.
 */
export function gradients(graph: Graph, loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length > 0) throw new Error(`Expected a scalar loss but received shape [${loss.shape}]`);
  const forward = [...graph.nodes];
  const depends = dependents(forward, wrt);
  const gradientOf = new Map([[loss.name, graph.scalar(1)]]);
  const gradientAt = (value: Value): Value => {
    const known = gradientOf.get(value.name);
    if (known === undefined) return zerosLike(graph, value);
    return known.shape.every((dim, axis) => dim === value.shape[axis]) ? known : repeatTo(graph, known, value);
  };
  for (const { inputs, outputs, rules } of forward.toReversed()) {
    if (!outputs.some((output) => gradientOf.has(output.name) && depends.has(output.name))) continue;
    const outputGradients = outputs.map(gradientAt);
    inputs.forEach((input, i) => {
      const rule = rules[i];
      if (rule === undefined || !depends.has(input.name)) return;
      const contribution = rule(...outputGradients);
      const known = gradientOf.get(input.name);
      gradientOf.set(input.name, known === undefined ? contribution : add(graph, known, contribution));
    });
  }
  return wrt.map(gradientAt);
}

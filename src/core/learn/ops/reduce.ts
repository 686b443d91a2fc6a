import type { Dim, Graph, Value } from '../graph.ts';
import { div } from './arithmetic.ts';
import { cast } from './logic.ts';
import { axisIndex, reshape } from './shape.ts';

interface ReduceOptions {
  /** Axes to reduce; all of them unless stated. */
  readonly axes?: readonly number[];
  /** Keep the reduced axes with length 1. */
  readonly keepDims?: boolean;
}

/** The sum over axes. */
export function reduceSum(g: Graph, x: Value, { axes, keepDims = false }: ReduceOptions = {}): Value {
  const reduced = axes?.map((axis) => axisIndex('reduceSum', x, axis)) ?? x.shape.map((_, i) => i);
  const kept: Dim[] = x.shape.map((dim, i) => (reduced.includes(i) ? 1 : dim));
  const shape = keepDims ? kept : x.shape.filter((_, i) => !reduced.includes(i));
  return g.node('ReduceSum', [x, g.integers(reduced)], shape, {
    attributes: { keepdims: keepDims ? 1 : 0, noop_with_empty_axes: 1 },
    // As it is, of length 1 along the reduced axes: added to other gradients of x it need not be repeated.
    rules: [(dy) => (keepDims ? dy : reshape(g, dy, kept))],
  });
}

/** The mean over axes. */
export function reduceMean(g: Graph, x: Value, options: ReduceOptions = {}): Value {
  const sum = reduceSum(g, x, options);
  const reduced = options.axes?.map((axis) => x.shape[axisIndex('reduceMean', x, axis)] ?? 1) ?? x.shape;
  return div(g, sum, elementCount(g, x, sum, reduced));
}

/** How many elements of x each element of `sum` was made of, as a float scalar. */
function elementCount(g: Graph, x: Value, sum: Value, reduced: readonly Dim[]): Value {
  const known = reduced.filter((dim) => typeof dim === 'number');
  if (known.length === reduced.length) return g.scalar(known.reduce((product, dim) => product * dim, 1));
  const size = (value: Value): Value => cast(g, g.node('Size', [value], [], { type: 'int64' }), 'float');
  return div(g, size(x), size(sum));
}

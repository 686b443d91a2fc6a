import type { Graph, Value } from '../../learn/graph.ts';

/** A filter bank as tfjs stores it, [height, width, in, out], and what is added to each channel that it gives. */
export interface Filters {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a negative number keeps of itself. */
const LEAK = 0.1;

/** Convolution of x [1, in, height, width] by stride 1 without a border. */
export function convolution(graph: Graph, x: Value, { weights, bias }: Filters): Value {
  const [filterHeight, filterWidth, , channels] = weights.shape as [number, number, number, number];
  const [, , height, width] = x.shape as [number, number, number, number];
  const shape = [1, channels, height - filterHeight + 1, width - filterWidth + 1];
  const stored = graph.constant(weights.data, weights.shape);
  return graph.node('Conv', [x, transpose(graph, stored, [3, 2, 0, 1]), graph.constant(bias.data, bias.shape)], shape);
}

/** A 3 × 3 filter of its own for each channel, over a border of zeros, `filters` [3, 3, in, 1]; the size stays. */
export function depthwiseConvolution(graph: Graph, x: Value, filters: Tensor): Value {
  const stored = graph.constant(filters.data, filters.shape);
  const attributes = { group: x.shape[1] as number, pads: [1, 1, 1, 1] };
  return graph.node('Conv', [x, transpose(graph, stored, [2, 3, 0, 1])], x.shape, { attributes });
}

/** The greatest of each 2 × 2 pixels; a last odd row or column stands alone. */
export function maxPooling(graph: Graph, x: Value, stride: 1 | 2): Value {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const attributes = { kernel_shape: [2, 2], strides: [stride, stride], auto_pad: 'SAME_UPPER' };
  return graph.node('MaxPool', [x], [1, channels, Math.ceil(height / stride), Math.ceil(width / stride)], { attributes });
}

/** max(x, 0.1 x). */
export function leakyRelu(graph: Graph, x: Value): Value {
  return graph.node('LeakyRelu', [x], x.shape, { attributes: { alpha: { float: LEAK } } });
}

export function transpose(graph: Graph, x: Value, perm: readonly number[]): Value {
  const shape = perm.map((axis) => x.shape[axis] as number);
  return graph.node('Transpose', [x], shape, { attributes: { perm } });
}

import { Graph, type Value } from '../../learn/graph.ts';
import { encodeModel } from '../../learn/onnx_file.ts';
import { convolution, depthwiseConvolution, type Filters, leakyRelu, maxPooling, type Tensor, transpose } from './layers.ts';

/** Side in pixels of the square that the network looks at. */
export const INPUT_SIZE = 416;

/** Mean colour of the pictures the network was trained on. */
const MEAN_RGB = [117.001, 114.697, 97.404];
const SEPARABLE_LAYERS = 5;

/**
 * The tiny face detector (Tiny YOLO v2 with separable convolutions, as face-api trained it) as the bytes of an ONNX file.
 * Input `pixels` [1, 416, 416, 3] of 0 to 255; output `cells` [1, 13, 13, 25]: row, column, 5 anchors × 5 numbers.
 */
export function encodeFaceNetwork(weights: ReadonlyMap<string, Tensor>): Uint8Array {
  const graph = new Graph();
  const pixels = graph.input('pixels', 'float', [1, INPUT_SIZE, INPUT_SIZE, 3]);
  const tensor = (name: string): Tensor => weightNamed(weights, name);
  const filters = (name: string, bias: string): Filters => ({ weights: tensor(name), bias: tensor(bias) });
  let x = leakyRelu(graph, convolution(graph, normalised(graph, pixels), filters('conv0/filters', 'conv0/bias')));
  for (let layer = 1; layer <= SEPARABLE_LAYERS; layer++) {
    x = depthwiseConvolution(graph, maxPooling(graph, x, 2), tensor(`conv${layer}/depthwise_filter`));
    x = leakyRelu(graph, convolution(graph, x, filters(`conv${layer}/pointwise_filter`, `conv${layer}/bias`)));
  }
  const cells = convolution(graph, maxPooling(graph, x, 1), filters('conv8/filters', 'conv8/bias'));
  graph.output('cells', transpose(graph, cells, [0, 2, 3, 1]));
  return encodeModel(graph);
}

function normalised(graph: Graph, pixels: Value): Value {
  const centred = graph.node('Sub', [pixels, graph.constant(Float32Array.from(MEAN_RGB), [3])], pixels.shape);
  return transpose(graph, graph.node('Div', [centred, graph.scalar(255)], pixels.shape), [0, 3, 1, 2]);
}

function weightNamed(weights: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`Expected a tensor ${name} among the face weights but received none`);
  return tensor;
}

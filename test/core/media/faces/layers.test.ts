import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../../src/core/learn/onnx_file.ts';
import { createSession } from '../../../../src/core/learn/session.ts';
import { convolution, depthwiseConvolution, leakyRelu, maxPooling, type Tensor } from '../../../../src/core/media/faces/layers.ts';

/** Runs one layer on x [1, channels, height, width]; what comes out, row by row, channel by channel. */
async function run(shape: readonly number[], x: readonly number[], layer: (graph: Graph, x: Value) => Value): Promise<number[]> {
  const graph = new Graph();
  const y = layer(graph, graph.input('x', 'float', shape));
  graph.output('y', y);
  const session = await createSession(encodeModel(graph), { threads: 1 });
  const out = (await session.run({ x: { data: Float32Array.from(x), dims: shape } })).y as { data: Float32Array; dims: readonly number[] };
  await session.close();
  expect(out.dims).toEqual(y.shape);
  return [...out.data];
}

function tensor(shape: readonly number[], data: readonly number[]): Tensor {
  return { shape, data: Float32Array.from(data) };
}

describe('convolution', () => {
  it('reads filters as height, width, in, out', async () => {
    // One row of two pixels with two channels: (1, 3) and (2, 4). Filter 1 × 2 × 2 × 1 takes 10, 20 of the first pixel's
    // channels and 30, 40 of the second's: 10 · 1 + 20 · 3 + 30 · 2 + 40 · 4 + 5.
    const filters = { weights: tensor([1, 2, 2, 1], [10, 20, 30, 40]), bias: tensor([1], [5]) };
    expect(await run([1, 2, 1, 2], [1, 2, 3, 4], (graph, x) => convolution(graph, x, filters))).toEqual([295]);
  });

  it('mixes the channels of each pixel with a filter of one pixel', async () => {
    // Two channels of two pixels; outputs a + 2b and 10a + 20b - 1.
    const filters = { weights: tensor([1, 1, 2, 2], [1, 10, 2, 20]), bias: tensor([2], [0, -1]) };
    expect(await run([1, 2, 1, 2], [1, 2, 3, 4], (graph, x) => convolution(graph, x, filters))).toEqual([7, 10, 69, 99]);
  });
});

describe('depthwiseConvolution', () => {
  it('keeps the size and each channel to itself, over a border of zeros', async () => {
    // Channel 1 takes its left neighbour, channel 2 the one above it.
    const filters = new Array<number>(18).fill(0);
    filters[(1 * 3 + 0) * 2 + 0] = 1;
    filters[(0 * 3 + 1) * 2 + 1] = 1;
    const x = [1, 2, 3, 4, 5, 6, 7, 8];
    const y = await run([1, 2, 2, 2], x, (graph, value) => depthwiseConvolution(graph, value, tensor([3, 3, 2, 1], filters)));
    expect(y).toEqual([0, 1, 0, 3, 0, 0, 5, 6]);
  });
});

describe('maxPooling', () => {
  const x = [-1, -2, -3, -4, -5, -6, -7, -8, -9];

  it('halves the sides, rounding up, and does not take the border for zeros', async () => {
    expect(await run([1, 1, 3, 3], x, (graph, value) => maxPooling(graph, value, 2))).toEqual([-1, -3, -7, -9]);
  });

  it('keeps the sides with stride 1', async () => {
    expect(await run([1, 1, 3, 3], x, (graph, value) => maxPooling(graph, value, 1))).toEqual(x);
  });
});

describe('leakyRelu', () => {
  it('keeps a tenth of what is negative', async () => {
    expect(await run([1, 1, 1, 2], [-2, 3], leakyRelu)).toEqual([expect.closeTo(-0.2, 6), 3]);
  });
});

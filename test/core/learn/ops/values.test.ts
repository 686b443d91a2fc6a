import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../../src/core/learn/graph.ts';
import { gelu, relu, sigmoid, softmax, softplus } from '../../../../src/core/learn/ops/activation.ts';
import { add, div, exp } from '../../../../src/core/learn/ops/arithmetic.ts';
import { linear, matmul } from '../../../../src/core/learn/ops/linear.ts';
import { cast, clip, equal, floor, less, where } from '../../../../src/core/learn/ops/logic.ts';
import { layerNormalization } from '../../../../src/core/learn/ops/normalise.ts';
import { reduceMean, reduceSum } from '../../../../src/core/learn/ops/reduce.ts';
import { concat, expandLike, gather, pick, reshape, slice, split, transpose } from '../../../../src/core/learn/ops/shape.ts';
import { evaluate, floats } from '../central_differences.ts';

async function resultOf(build: (g: Graph) => Value): Promise<number[]> {
  const g = new Graph();
  g.output('y', build(g));
  return (await evaluate(g)).y ?? [];
}

const constant = (g: Graph, rows: readonly (readonly number[])[]): Value =>
  g.constant(Float32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  // Float32 with the runtime's polynomial approximations of exp and erf.
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
  });
}

const TABLE = [
  [1, 2, 3],
  [4, 5, 6],
];

describe('operations', () => {
  it('compute activations', async () => {
    // Python: [x*0.5*(1+math.erf(x/math.sqrt(2))) for x in (-3, -1, 0, .5, 2)]
    const reference = [-0.00404969409489031, -0.15865525393145707, 0, 0.34573123063700656, 1.9544997361036416];
    expectClose(await resultOf((g) => gelu(g, constant(g, [[-3, -1, 0, 0.5, 2]]))), reference);
    // numpy: np.exp([1,2,3])/np.exp([1,2,3]).sum()
    expectClose(await resultOf((g) => softmax(g, constant(g, [[1, 2, 3]]))), [0.09003057, 0.24472847, 0.66524096]);
    expectClose(await resultOf((g) => relu(g, constant(g, [[-1, 0, 2]]))), [0, 0, 2]);
    expectClose(await resultOf((g) => softplus(g, constant(g, [[-200, 0, 200]]))), [0, Math.LN2, 200]);
    expectClose(await resultOf((g) => sigmoid(g, constant(g, [[-80, 0, 80]]))), [0, 0.5, 1]);
  });

  it('normalise a row and then scale and shift it', async () => {
    const vector = (g: Graph, xs: readonly number[]): Value => g.constant(Float32Array.from(xs), [xs.length]);
    // numpy: ((x-x.mean())/np.sqrt(x.var()+1e-5))*[1,2,3,4]+[0,1,0,-1]
    const y = await resultOf((g) => layerNormalization(g, constant(g, [[1, 2, 4, -1]]), vector(g, [1, 2, 3, 4]), vector(g, [0, 1, 0, -1])));
    expectClose(y, [-0.27734967, 1.55469934, 4.16024507, -6.54699343]);
  });

  it('multiply matrices', async () => {
    expect(await resultOf((g) => matmul(g, constant(g, TABLE), transpose(g, constant(g, TABLE), [1, 0])))).toEqual([14, 32, 32, 77]);
    const affine = await resultOf((g) => linear(g, constant(g, TABLE), constant(g, [[1], [0], [2]]), g.constant(Float32Array.of(10), [1])));
    expect(affine).toEqual([17, 26]);
  });

  it('choose, compare and round', async () => {
    expect(await resultOf((g) => clip(g, constant(g, TABLE), 2, 5))).toEqual([2, 2, 3, 4, 5, 5]);
    expect(await resultOf((g) => floor(g, constant(g, [[-0.5, 1.75]])))).toEqual([-1, 1]);
    expect(await resultOf((g) => where(g, less(g, constant(g, TABLE), g.scalar(3)), g.scalar(0), constant(g, TABLE)))).toEqual([
      0, 0, 3, 4, 5, 6,
    ]);
    expect(await resultOf((g) => cast(g, equal(g, constant(g, TABLE), g.scalar(4)), 'int32'))).toEqual([0, 0, 0, 1, 0, 0]);
  });

  it('cut, join and look up', async () => {
    expect(await resultOf((g) => slice(g, constant(g, TABLE), 1, 1, 3))).toEqual([2, 3, 5, 6]);
    expect(await resultOf((g) => concat(g, split(g, constant(g, TABLE), [1, 2], 1).toReversed(), 1))).toEqual([2, 3, 1, 5, 6, 4]);
    expect(await resultOf((g) => transpose(g, constant(g, TABLE), [1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(await resultOf((g) => gather(g, constant(g, TABLE), g.integers([1, 1, 0])))).toEqual([4, 5, 6, 4, 5, 6, 1, 2, 3]);
    expect(await resultOf((g) => pick(g, constant(g, TABLE), g.integers([2, 0])))).toEqual([3, 4]);
    expect(await resultOf((g) => expandLike(g, constant(g, [[7], [8]]), constant(g, TABLE)))).toEqual([7, 7, 7, 8, 8, 8]);
  });

  it('sum and mean over axes whose length is known only when they run', async () => {
    const g = new Graph();
    const x = g.input('x', 'float', ['batch', 3]);
    g.output('total', reduceSum(g, x));
    g.output('mean', reduceMean(g, x));
    g.output('columns', reduceMean(g, x, { axes: [0] }));
    g.output('rows', reduceMean(g, x, { axes: [-1] }));
    expect(await evaluate(g, { x: floats(TABLE.flat(), [2, 3]) })).toEqual({
      total: [21],
      mean: [3.5],
      columns: [2.5, 3.5, 4.5],
      rows: [2, 5],
    });
  });

  it('refuse shapes that do not fit, naming the operation and the shapes', () => {
    const g = new Graph();
    const x = g.input('x', 'float', ['batch', 3]);
    const y = g.input('y', 'float', [4, 2]);
    expect(() => add(g, x, y)).toThrow('add: expected shapes that broadcast but received [batch,3] and [4,2]');
    expect(() => div(g, x, g.input('z', 'float', ['rows', 3]))).toThrow('div: expected shapes that broadcast');
    expect(() => matmul(g, x, y)).toThrow('matmul: expected [… , n, k] and [… , k, m] but received [batch,3] and [4,2]');
    expect(() => linear(g, x, y, y)).toThrow('linear: expected');
    expect(() => layerNormalization(g, x, y, y)).toThrow('layerNormalization: expected');
    expect(() => reshape(g, y, [3, 3])).toThrow('reshape: expected a shape of as many elements but received [4,2] to [3,3]');
    expect(() => reshape(g, y, ['a', 'b'])).toThrow('reshape: expected');
    expect(() => transpose(g, y, [0, 0])).toThrow('transpose: expected a permutation of the axes of [4,2] but received [0,0]');
    expect(() => concat(g, [x, y], 1)).toThrow('concat: expected shapes that agree outside axis 1');
    expect(() => split(g, y, [1, 2], 0)).toThrow('split: expected lengths that sum to axis 0 of [4,2] but received [1,2]');
    expect(() => slice(g, y, 0, 2, 5)).toThrow('slice: expected 0 ≤ start < end ≤ 4 on [4,2] but received 2, 5');
    expect(() => slice(g, x, 0, 0, 1)).toThrow('slice: expected a known length of axis 0 but received shape [batch,3]');
    expect(() => softmax(g, x, 2)).toThrow('softmax: expected an axis of shape [batch,3] but received 2');
    expect(exp(g, x).shape).toEqual(['batch', 3]);
  });
});

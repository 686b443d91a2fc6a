import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dim, Graph, Value } from '../../../../src/core/learn/graph.ts';
import * as losses from '../../../../src/core/learn/losses.ts';
import * as activation from '../../../../src/core/learn/ops/activation.ts';
import * as arithmetic from '../../../../src/core/learn/ops/arithmetic.ts';
import { linear, matmul } from '../../../../src/core/learn/ops/linear.ts';
import { cast, clip, floor, greater, stopGradient, where } from '../../../../src/core/learn/ops/logic.ts';
import { layerNormalization } from '../../../../src/core/learn/ops/normalise.ts';
import { reduceMean, reduceSum } from '../../../../src/core/learn/ops/reduce.ts';
import { concat, expandLike, gather, pick, reshape, slice, split, transpose } from '../../../../src/core/learn/ops/shape.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { compareGradients } from '../central_differences.ts';

/** Lengths by letter; n may be symbolic in the graph, the others are known. */
type Axis = 'n' | 'a' | 'b' | number;
type Operation = (g: Graph, xs: Value[]) => Value;

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly Axis[])[];
  readonly f: Operation;
  readonly positive?: boolean;
}

// Differences and rounding stay below 1e-3 for third derivatives up to 25 (central_differences.ts).
const TOLERANCE = 1e-3;

const BROADCASTS: readonly (readonly (readonly Axis[])[])[] = [
  [
    ['n', 'a'],
    ['n', 'a'],
  ],
  [['n', 'a'], []],
  [[], ['n', 'a']],
  [['n', 'a'], ['a']],
  [
    ['n', 1],
    [1, 'a'],
  ],
  [
    ['n', 'a', 'b'],
    ['a', 1],
  ],
  [['b'], ['n', 'a', 'b']],
];

function binary(name: string, f: (g: Graph, x: Value, y: Value) => Value, positive = false): Case[] {
  const operation: Operation = (g, xs) => f(g, xs[0] as Value, xs[1] as Value);
  return BROADCASTS.map((shapes) => ({
    name: `${name} of ${shapes.map((shape) => `[${shape}]`).join(' and ')}`,
    shapes,
    f: operation,
    positive,
  }));
}

function unary(name: string, f: (g: Graph, x: Value) => Value, positive = false, shape: readonly Axis[] = ['n', 'a']): Case {
  return { name, shapes: [shape], f: (g, xs) => f(g, xs[0] as Value), positive };
}

function of(name: string, shapes: readonly (readonly Axis[])[], f: (g: Graph, ...xs: [Value, Value, Value]) => Value): Case {
  return { name, shapes, f: (g, xs) => f(g, ...(xs as [Value, Value, Value])) };
}

const indices = (g: Graph, values: readonly number[], shape: readonly number[]): Value => g.constant(Int32Array.from(values), shape);
const cube: readonly Axis[] = ['n', 'a', 'b'];

const CASES: Case[] = [
  ...binary('add', arithmetic.add),
  ...binary('sub', arithmetic.sub),
  ...binary('mul', arithmetic.mul),
  ...binary('div', arithmetic.div, true),
  unary('neg', arithmetic.neg),
  unary('square', arithmetic.square),
  unary('sqrt', arithmetic.sqrt, true),
  unary('exp', arithmetic.exp),
  unary('log', arithmetic.log, true),
  unary('relu', activation.relu),
  unary('sigmoid', activation.sigmoid),
  unary('tanh', activation.tanh),
  unary('softplus', activation.softplus),
  unary('gelu', activation.gelu),
  unary('softmax over the last axis', activation.softmax, false, cube),
  unary('softmax over a middle axis', (g, x) => activation.softmax(g, x, 1), false, cube),
  unary('logSoftmax over the last axis', activation.logSoftmax, false, cube),
  unary('logSoftmax over a middle axis', (g, x) => activation.logSoftmax(g, x, 1), false, cube),
  unary('clip', (g, x) => clip(g, x, -1, 0.75)),
  unary('reduceSum over everything', reduceSum, false, cube),
  unary('reduceSum over the first axis', (g, x) => reduceSum(g, x, { axes: [0] }), false, cube),
  unary('reduceSum over two axes, kept', (g, x) => reduceSum(g, x, { axes: [0, -1], keepDims: true }), false, cube),
  unary('reduceMean over everything', reduceMean, false, cube),
  unary('reduceMean over a scalar', reduceMean, false, []),
  unary('reduceMean over the first axis', (g, x) => reduceMean(g, x, { axes: [0] }), false, cube),
  unary('reduceMean over the last axis, kept', (g, x) => reduceMean(g, x, { axes: [-1], keepDims: true }), false, cube),
  of('linear', [['n', 'a'], ['a', 'b'], ['b']], linear),
  of(
    'matmul of matrices',
    [
      ['n', 'a'],
      ['a', 'b'],
    ],
    matmul,
  ),
  of('matmul of a stack and a matrix', [cube, ['b', 2]], matmul),
  of(
    'matmul of a deep stack and a matrix',
    [
      ['n', 2, 'a', 'b'],
      ['b', 2],
    ],
    matmul,
  ),
  of('matmul of two stacks', [cube, ['n', 'b', 2]], matmul),
  of(
    'matmul of a matrix and a stack',
    [
      ['a', 'b'],
      ['n', 'b', 2],
    ],
    matmul,
  ),
  of(
    'matmul with a broadcast stack',
    [
      [1, 'a', 'b'],
      ['n', 'b', 2],
    ],
    matmul,
  ),
  of('layerNormalization', [['n', 'a', 4], [4], [4]], (g, x, scale, shift) => layerNormalization(g, x, scale, shift)),
  unary('gather of rows, some twice', (g, x) => gather(g, x, indices(g, [1, 0, 1, 1, 2, 1], [2, 3])), false, [3, 'a']),
  of('pick of one element a row', [[3, 4]], (g, x) => pick(g, x, indices(g, [3, 0, 2], [3]))),
  of(
    'concat along the last axis',
    [
      ['n', 'a'],
      ['n', 'b'],
      ['n', 2],
    ],
    (g, ...xs) => concat(g, xs, -1),
  ),
  of(
    'concat along the first axis',
    [
      ['a', 'b'],
      [2, 'b'],
    ],
    (g, x, y) => concat(g, [x, y], 0),
  ),
  of('one part of a split', [['n', 5]], (g, x) => split(g, x, [1, 3, 1], 1)[1] as Value),
  of('all parts of a split', [['n', 6]], (g, x) => split(g, x, [2, 2, 2], -1).reduce((product, part) => arithmetic.mul(g, product, part))),
  of('slice', [['n', 5, 'b']], (g, x) => slice(g, x, 1, 1, 3)),
  of('reshape', [['n', 2, 3]], (g, x) => reshape(g, x, [x.shape[0] as Dim, 6])),
  of('reshape across a symbolic axis', [['n', 'a', 'b']], (g, x) =>
    reshape(g, x, [
      x.shape.slice(0, 2).every((dim) => typeof dim === 'number')
        ? x.shape.slice(0, 2).reduce<number>((n, dim) => n * Number(dim), 1)
        : 'rows',
      x.shape[2] as Dim,
    ]),
  ),
  of('transpose', [cube], (g, x) => transpose(g, x, [2, 0, 1])),
  of('expandLike', [['n', 1, 'b'], cube], (g, x, like) => expandLike(g, x, like)),
  ...binary('where', (g, x, y) => where(g, greater(g, x, g.scalar(0)), x, y)),
  unary('stopGradient beside x', (g, x) => arithmetic.add(g, x, arithmetic.mul(g, stopGradient(g, floor(g, x)), g.scalar(3)))),
  unary('a cast of a comparison beside x', (g, x) => arithmetic.mul(g, x, cast(g, greater(g, x, g.scalar(0)), 'float'))),
  of(
    'bceWithLogits',
    [
      ['n', 'a'],
      ['n', 'a'],
    ],
    (g, z, y) => losses.bceWithLogits(g, z, y),
  ),
  of('bceWithLogits with weights', [['n'], ['n'], ['n']], (g, z, y, w) => losses.bceWithLogits(g, z, y, arithmetic.exp(g, w))),
  of('binomialNll', [['n'], ['n'], ['n']], (g, z, c, n) => losses.binomialNll(g, z, c, arithmetic.exp(g, n))),
  of(
    'crossEntropy',
    [
      ['n', 'a'],
      ['n', 'a'],
    ],
    losses.crossEntropy,
  ),
  of('listNet', [['n', 3]], (g, s) =>
    losses.listNet(g, s, g.constant(Float32Array.of(2, 1, 4), [3]), g.constant(Float32Array.of(1, 1, 0), [3])),
  ),
];

async function expectGradients(
  { shapes, f, positive = false }: Case,
  length: Record<'n' | 'a' | 'b', number>,
  symbolic: boolean,
  seed: number,
) {
  const known = (axis: Axis): number => (typeof axis === 'number' ? axis : length[axis]);
  const operands = shapes.map((shape) => ({
    dims: shape.map(known),
    shape: shape.map((axis) => (symbolic && axis === 'n' ? axis : known(axis))),
  }));
  const { reverse, differences } = await compareGradients(f, operands, createRandom(seed), positive);
  expect(reverse).toHaveLength(differences.length);
  reverse.forEach((value, i) => {
    const expected = differences[i] ?? Number.NaN;
    expect(Math.abs(value - expected)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(expected)));
  });
}

describe('reverse mode', () => {
  it.each(CASES)('gives the central differences of $name', async (operation) => {
    const axis = fc.integer({ min: 1, max: 3 });
    const lengths = fc.record({ n: axis, a: axis, b: axis });
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat(), async (length, seed) => {
        await expectGradients(operation, length, false, seed);
        await expectGradients(operation, length, true, seed);
      }),
      { numRuns: 4, seed: 1 },
    );
  });
});

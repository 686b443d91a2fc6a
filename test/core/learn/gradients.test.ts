import { describe, expect, it } from 'vitest';
import { gradients } from '../../../src/core/learn/gradients.ts';
import { Graph } from '../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../src/core/learn/onnx_file.ts';
import { add, mul, square } from '../../../src/core/learn/ops/arithmetic.ts';
import { stopGradient } from '../../../src/core/learn/ops/logic.ts';
import { reduceSum } from '../../../src/core/learn/ops/reduce.ts';
import { gather } from '../../../src/core/learn/ops/shape.ts';
import { createSession } from '../../../src/core/learn/session.ts';
import { evaluate, floats } from './central_differences.ts';

describe('gradients', () => {
  it('add up over all the ways from a value to the loss', async () => {
    const g = new Graph();
    const x = g.input('x', 'float', ['n']);
    const [gradient = x] = gradients(g, reduceSum(g, add(g, mul(g, x, square(g, x)), add(g, x, x))), [x]);
    g.output('gradient', gradient);
    expect(await evaluate(g, { x: floats([1, 2, -3]) })).toEqual({ gradient: [5, 14, 29] });
  });

  it('are zero where the loss does not depend on the value, in its shape', async () => {
    const g = new Graph();
    const x = g.input('x', 'float', [2]);
    const y = g.input('y', 'float', ['n', 2]);
    const [toX = x, toY = x] = gradients(g, reduceSum(g, mul(g, stopGradient(g, x), g.scalar(2))), [x, y]);
    g.output('x_gradient', toX);
    g.output('y_gradient', toY);
    expect(await evaluate(g, { x: floats([1, 2]), y: floats([1, 2, 3, 4], [2, 2]) })).toEqual({
      x_gradient: [0, 0],
      y_gradient: [0, 0, 0, 0],
    });
  });

  it('can be taken with respect to a value in the middle of the graph', async () => {
    const g = new Graph();
    const x = g.input('x', 'float', [2]);
    const middle = square(g, x);
    const [gradient = x] = gradients(g, reduceSum(g, square(g, middle)), [middle]);
    g.output('gradient', gradient);
    expect(await evaluate(g, { x: floats([1, 3]) })).toEqual({ gradient: [2, 18] });
  });

  it('add no node for values that no gradient is asked of', () => {
    const g = new Graph();
    const w = g.input('w', 'float', [2]);
    const x = g.input('x', 'float', [2]);
    const loss = reduceSum(g, mul(g, w, square(g, x)));
    const before = g.nodes.length;
    gradients(g, loss, [w]);
    const ops = g.nodes.slice(before).map(({ op }) => op);
    expect(ops.filter((op) => op === 'Mul')).toHaveLength(1);
  });

  it('lose no row of a table that a batch reads many times, with two threads', async () => {
    const g = new Graph();
    const table = g.input('table', 'float', [3, 8]);
    const rows = g.input('rows', 'int32', ['batch']);
    const [gradient = table] = gradients(g, reduceSum(g, gather(g, table, rows)), [table]);
    g.output('gradient', gradient);
    const session = await createSession(encodeModel(g), { threads: 2 });
    const count = 30_000;
    const indices = Int32Array.from({ length: count }, (_, i) => (i % 10 === 0 ? 2 : 0));
    const results = await session.run({ table: floats(Array(24).fill(1), [3, 8]), rows: { data: indices, dims: [count] } });
    const expected = [27_000, 0, 3000].flatMap((times) => Array(8).fill(times));
    expect(Array.from(results.gradient?.data ?? [], Number)).toEqual(expected);
    await session.close();
  });

  it('refuse a loss that is no scalar', () => {
    const g = new Graph();
    const x = g.input('x', 'float', [2]);
    expect(() => gradients(g, x, [x])).toThrow('Expected a scalar loss but received shape [2]');
  });
});

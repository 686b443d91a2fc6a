import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/core/learn/graph.ts';
import { mul } from '../../../src/core/learn/ops/arithmetic.ts';
import { reduceSum } from '../../../src/core/learn/ops/reduce.ts';
import { constantParameters, initialise, layout, matrixMask, parameterValues } from '../../../src/core/learn/parameters.ts';
import { createRandom } from '../../../src/core/random.ts';
import { evaluate, floats } from './central_differences.ts';

const PLAN = layout([
  { name: 'hidden', shape: [200, 50], init: 'glorot' },
  { name: 'bias', shape: [50], init: 'zeros' },
  { name: 'scale', shape: [50], init: 'ones' },
  { name: 'output', shape: [50, 200], init: 'he' },
  { name: 'prior', shape: [], init: { constant: -3 } },
  { name: 'table', shape: [40, 10], init: { normal: 0.01 } },
]);

function part(weights: Float32Array, name: string): Float32Array {
  const { offset = 0, length = 0 } = PLAN.parameters.find((parameter) => parameter.name === name) ?? {};
  return weights.subarray(offset, offset + length);
}

function deviation(xs: Float32Array): number {
  return Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0) / xs.length);
}

describe('parameters', () => {
  it('lie one after the other', () => {
    expect(PLAN.total).toBe(20_501);
    expect(PLAN.parameters.map(({ offset }) => offset)).toEqual([0, 10_000, 10_050, 10_100, 20_100, 20_101]);
  });

  it('start as their specification says', () => {
    const weights = initialise(PLAN, createRandom(1));
    const bound = Math.sqrt(6 / 250);
    // The standard error of a deviation over n draws is about 1/√(2n): 0.7 % of 10,000, 3.5 % of 400; four of them.
    expect(deviation(part(weights, 'hidden')) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(part(weights, 'hidden').every((x) => Math.abs(x) <= bound)).toBe(true);
    expect(Math.abs(deviation(part(weights, 'output')) / Math.sqrt(2 / 50) - 1)).toBeLessThan(0.03);
    expect(Math.abs(deviation(part(weights, 'table')) / 0.01 - 1)).toBeLessThan(0.15);
    expect(new Set(part(weights, 'bias'))).toEqual(new Set([0]));
    expect(new Set(part(weights, 'scale'))).toEqual(new Set([1]));
    expect(Array.from(part(weights, 'prior'))).toEqual([-3]);
  });

  it('start the same with the same seed', () => {
    expect(initialise(PLAN, createRandom(5))).toEqual(initialise(PLAN, createRandom(5)));
    expect(initialise(PLAN, createRandom(5))).not.toEqual(initialise(PLAN, createRandom(6)));
  });

  it('are decayed where they are matrices', () => {
    const mask = matrixMask(PLAN);
    const decayed = PLAN.parameters.filter(({ name }) => part(mask, name).every((x) => x === 1)).map(({ name }) => name);
    expect(decayed).toEqual(['hidden', 'output', 'table']);
    expect(mask.reduce((sum, x) => sum + x, 0)).toBe(20_400);
  });

  it('are the same values as parts of the vector and as constants', async () => {
    const plan = layout([
      { name: 'a', shape: [2, 2], init: 'he' },
      { name: 'b', shape: [], init: { constant: 2 } },
    ]);
    const weights = initialise(plan, createRandom(1));
    const trained = new Graph();
    const views = parameterValues(trained, plan, trained.input('parameters', 'float', [plan.total]));
    trained.output('y', reduceSum(trained, mul(trained, views.get('a'), views.get('b'))));
    const served = new Graph();
    const constants = constantParameters(served, plan, weights);
    served.output('y', reduceSum(served, mul(served, constants.get('a'), constants.get('b'))));
    expect(await evaluate(served)).toEqual(await evaluate(trained, { parameters: floats(Array.from(weights)) }));
    expect(() => views.get('c')).toThrow('Expected one of the parameters a, b but received c');
    expect(() => constantParameters(new Graph(), plan, weights.subarray(1))).toThrow('Expected 5 weights but received 4');
  });
});

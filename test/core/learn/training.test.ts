import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import type { Graph, Value } from '../../../src/core/learn/graph.ts';
import { bceWithLogits } from '../../../src/core/learn/losses.ts';
import { readModelHeader } from '../../../src/core/learn/onnx_file.ts';
import { tanh } from '../../../src/core/learn/ops/activation.ts';
import { linear } from '../../../src/core/learn/ops/linear.ts';
import { stopGradient } from '../../../src/core/learn/ops/logic.ts';
import { reshape } from '../../../src/core/learn/ops/shape.ts';
import { adagrad, adam, adamW, type Optimiser, sgd } from '../../../src/core/learn/optimisers.ts';
import { initialise, layout, type Parameters } from '../../../src/core/learn/parameters.ts';
import { Training, type TrainingState } from '../../../src/core/learn/training.ts';
import { compileForward, compileStep, gradientOutput } from '../../../src/core/learn/training_step.ts';
import { createRandom } from '../../../src/core/random.ts';
import { floats } from './central_differences.ts';

const PLAN = layout([
  { name: 'w1', shape: [2, 8], init: 'glorot' },
  { name: 'b1', shape: [8], init: 'zeros' },
  { name: 'w2', shape: [8, 1], init: 'glorot' },
  { name: 'b2', shape: [1], init: 'zeros' },
]);

function logits(g: Graph, p: Parameters, x: Value): Value {
  const hidden = tanh(g, linear(g, x, p.get('w1'), p.get('b1')));
  return reshape(g, linear(g, hidden, p.get('w2'), p.get('b2')), ['batch']);
}

function compile(optimiser: Optimiser, clipNorm?: number) {
  return compileStep({
    layout: PLAN,
    optimiser,
    wrtInputs: ['x'],
    ...(clipNorm === undefined ? {} : { clipNorm }),
    build(g, p) {
      const z = logits(g, p, g.input('x', 'float', ['batch', 2]));
      return { loss: bceWithLogits(g, z, g.input('y', 'float', ['batch'])), outputs: { logits: z } };
    },
  });
}

const XOR = { x: floats([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), y: floats([0, 1, 1, 0]) };

async function trained(optimiser: Optimiser, steps: number, rate: number, from?: TrainingState, threads = 1) {
  const training = await Training.open(compile(optimiser), initialise(PLAN, createRandom(1)), { threads });
  if (from !== undefined) training.restore(from);
  let loss = Number.NaN;
  while (training.steps < steps) ({ loss } = await training.step(XOR, rate));
  const state = training.state();
  await training.close();
  return { loss, state };
}

describe('training', () => {
  it.each([
    ['sgd', sgd(), 1],
    ['sgd with momentum', sgd({ momentum: 0.9 }), 0.3],
    ['adagrad', adagrad(), 0.3],
    ['adam', adam(), 0.05],
    ['adamw', adamW({ decay: 0.001 }), 0.05],
  ] as const)('learns exclusive or with %s', async (_, optimiser, rate) => {
    const { loss } = await trained(optimiser, 600, rate);
    expect(loss).toBeLessThan(0.1);
  });

  it('has the same bytes and gives the same weights every time', async () => {
    expect(compile(adam()).bytes).toEqual(compile(adam()).bytes);
    expect(await trained(adam(), 50, 0.05)).toEqual(await trained(adam(), 50, 0.05));
  });

  it('goes on from its state as if it had never stopped', async () => {
    const whole = await trained(adam(), 40, 0.05);
    const first = await trained(adam(), 15, 0.05);
    expect(first.state.step).toBe(15);
    expect(await trained(adam(), 40, 0.05, first.state)).toEqual(whole);
  });

  it('writes the gradient of an input where it is told to', async () => {
    const training = await Training.open(compile(adam()), initialise(PLAN, createRandom(1)), { threads: 1 });
    const fresh = await training.step(XOR, 0);
    const gradient = new Float32Array(8);
    await training.step(XOR, 0, { [gradientOutput('x')]: { data: gradient, dims: [4, 2] } });
    expect(gradient.some((x) => x !== 0)).toBe(true);
    expect(gradient).toEqual(fresh.outputs['gradient:x']?.data);
    await training.close();
  });

  it('moves no further than the clipped gradient allows', async () => {
    const start = initialise(PLAN, createRandom(1));
    const training = await Training.open(compile(sgd(), 0.01), start, { threads: 1 });
    await training.step(XOR, 1);
    const moved = Math.hypot(...training.weights.map((w, i) => w - (start[i] ?? 0)));
    expect(moved).toBeCloseTo(0.01, 6);
    await training.close();
  });

  it('stops at a loss that is no number, with the weights of the step before', async () => {
    const training = await Training.open(compile(adam()), initialise(PLAN, createRandom(1)), { threads: 1 });
    await training.step(XOR, 0.05);
    const before = training.state();
    const broken = training.step({ ...XOR, x: floats([Number.NaN, 0, 0, 1, 1, 0, 1, 1], [4, 2]) }, 0.05);
    await expect(broken).rejects.toThrow(UserError);
    await expect(broken).rejects.toThrow('Expected a finite loss in step 2 but received NaN');
    expect(training.state()).toEqual(before);
    await training.close();
  });

  it('gives no checkpoint and no model of weights that are not finite', async () => {
    const training = await Training.open(compile(sgd()), initialise(PLAN, createRandom(1)), { threads: 1 });
    await training.step(XOR, Number.POSITIVE_INFINITY);
    expect(() => training.state()).toThrow('Expected finite numbers in the state after step 1 but received');
    const serve = () => compileForward((g, p) => ({ bias: stopGradient(g, p.get('b2')) }), PLAN, training.weights);
    expect(serve).toThrow(UserError);
    await training.close();
  });

  it('refuses a state of another model, of another optimiser, or with numbers that are not finite', async () => {
    const { state } = await trained(adam(), 1, 0.05);
    const training = await Training.open(compile(adam()), initialise(PLAN, createRandom(1)), { threads: 1 });
    const restore = (change: Partial<TrainingState>) => () => training.restore({ ...state, ...change });
    expect(restore({ parameters: state.parameters.slice(1) })).toThrow(
      'Expected a checkpoint with vectors of 33, 33, 33 numbers but received 32, 33, 33',
    );
    expect(restore({ optimiser: [] })).toThrow(UserError);
    expect(restore({ parameters: state.parameters.with(3, Number.NaN) })).toThrow('Expected finite numbers in the checkpoint');
    expect(restore({ step: -1 })).toThrow(UserError);
    await training.close();
  });

  it('refuses to start with another number of weights, or to differentiate what is no input', async () => {
    await expect(Training.open(compile(adam()), new Float32Array(3), { threads: 1 })).rejects.toThrow('Expected 33 weights but received 3');
    const build = (g: Graph, p: Parameters) => ({ loss: reshape(g, p.get('b2'), []) });
    expect(() => compileStep({ layout: PLAN, optimiser: sgd(), build, wrtInputs: ['x'] })).toThrow(
      'Expected an input of the graph in wrtInputs but received x',
    );
  });
});

describe('a served model', () => {
  it('gives the training graph’s outputs in a plain session, for any batch size', async () => {
    const training = await Training.open(compile(adam()), initialise(PLAN, createRandom(1)), { threads: 1 });
    for (let i = 0; i < 20; i++) await training.step(XOR, 0.05);
    const metadata = { kind: 'test' };
    const build = (g: Graph, p: Parameters) => ({ logits: logits(g, p, g.input('x', 'float', ['batch', 2])) });
    const bytes = compileForward(build, PLAN, training.weights, metadata);
    expect(readModelHeader(bytes).metadata).toEqual(metadata);
    const session = await InferenceSession.create(bytes);
    const random = createRandom(2);
    for (const batch of [1, 7]) {
      const x = Float32Array.from({ length: 2 * batch }, () => random.normal());
      const served = await session.run({ x: new Tensor('float32', x, [batch, 2]) });
      const expected = await training.step({ x: { data: x, dims: [batch, 2] }, y: floats(Array(batch).fill(0)) }, 0);
      const reference = Array.from(expected.outputs.logits?.data ?? [], Number);
      expect(reference).toHaveLength(batch);
      reference.forEach((z, i) => {
        expect(Math.abs(Number(served.logits?.data[i]) - z)).toBeLessThan(1e-5);
      });
    }
    await session.release();
    await training.close();
  });
});

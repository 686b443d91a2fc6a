import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/core/learn/graph.ts';
import { adagrad, adam, adamW, clipByGlobalNorm, type Optimiser, sgd, warmUp, warmUpCosine } from '../../../src/core/learn/optimisers.ts';
import { evaluate, floats } from './central_differences.ts';

const START = [0.5, -1.25, 2, 0];
const GRADIENTS = [
  [0.1, -2, 0, 1],
  [-0.3, 0.5, 0, 1],
  [0.2, 0.25, 1e-3, -4],
  [1, 1, 1, 1],
];
const RATE = 0.05;

/** The weights after a step on each of GRADIENTS, by the graph. */
async function run(optimiser: Optimiser): Promise<number[]> {
  const n = START.length;
  let weights = START;
  let state = optimiser.init(n).map((vector) => Array.from(vector));
  for (const [t, gradient] of GRADIENTS.entries()) {
    const g = new Graph();
    const inputs = {
      parameters: g.input('w', 'float', [n]),
      gradient: g.input('g', 'float', [n]),
      state: state.map((_, i) => g.input(`s${i}`, 'float', [n])),
      step: g.input('t', 'float', []),
      learningRate: g.input('rate', 'float', []),
    };
    const updated = optimiser.update(g, inputs);
    g.output('weights', updated.parameters);
    updated.state.forEach((value, i) => {
      g.output(`state${i}`, value);
    });
    const feeds = { w: floats(weights), g: floats(gradient), t: floats([t + 1], []), rate: floats([RATE], []) };
    const results = await evaluate(g, { ...feeds, ...Object.fromEntries(state.map((vector, i) => [`s${i}`, floats(vector)])) });
    weights = results.weights ?? [];
    state = state.map((_, i) => results[`state${i}`] ?? []);
  }
  return weights;
}

/** The same weight by weight in double precision: `rule` gives a weight's update function. */
function reference(rule: () => (w: number, g: number, t: number) => number): number[] {
  return START.map((start, i) => {
    const update = rule();
    return GRADIENTS.reduce((w, gradient, t) => update(w, gradient[i] ?? 0, t + 1), start);
  });
}

function adamReference(decay: (i: number) => number = () => 0): number[] {
  let i = -1;
  return reference(() => {
    i += 1;
    const lambda = decay(i);
    let m = 0;
    let v = 0;
    return (w, g, t) => {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const shrunk = w - RATE * lambda * w;
      return shrunk - (RATE * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    };
  });
}

/** Float32 keeps 1e-7 of the weights, which are about 1. */
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThan(1e-6);
  });
}

describe('optimisers', () => {
  it('descend the gradient', async () => {
    expectClose(
      await run(sgd()),
      reference(() => (w, g) => w - RATE * g),
    );
  });

  it('descend with momentum', async () => {
    const expected = reference(() => {
      let v = 0;
      return (w, g) => {
        v = 0.9 * v + g;
        return w - RATE * v;
      };
    });
    expectClose(await run(sgd({ momentum: 0.9 })), expected);
  });

  it('follow Adagrad', async () => {
    const expected = reference(() => {
      let s = 0.1;
      return (w, g) => {
        s += g * g;
        return w - (RATE * g) / (Math.sqrt(s) + 1e-8);
      };
    });
    expectClose(await run(adagrad()), expected);
  });

  it('follow Adam', async () => {
    expectClose(await run(adam()), adamReference());
  });

  it('follow AdamW, decaying only where the mask says so', async () => {
    const everywhere = await run(adamW({ decay: 0.1 }));
    expectClose(
      everywhere,
      adamReference(() => 0.1),
    );
    const masked = await run(adamW({ decay: 0.1, mask: Float32Array.of(1, 0, 1, 0) }));
    expectClose(
      masked,
      adamReference((i) => (i % 2 === 0 ? 0.1 : 0)),
    );
  });
});

describe('clipping by the global norm', () => {
  it('shortens a long gradient to the norm and leaves a short one and zero alone', async () => {
    const clipped = async (xs: readonly number[]): Promise<number[]> => {
      const g = new Graph();
      g.output('y', clipByGlobalNorm(g, g.input('x', 'float', [xs.length]), 2));
      return (await evaluate(g, { x: floats(xs) })).y ?? [];
    };
    expectClose(await clipped([3, -4, 0]), [1.2, -1.6, 0]);
    expect(await clipped([0.5, 0.25])).toEqual([0.5, 0.25]);
    expect(await clipped([0, 0])).toEqual([0, 0]);
  });
});

describe('learning-rate schedules', () => {
  it('warm up in equal steps and then stay', () => {
    expect([1, 2, 4, 5, 100].map(warmUp(0.2, 4))).toEqual([0.05, 0.1, 0.2, 0.2, 0.2]);
    expect(warmUp(0.2, 0)(1)).toBe(0.2);
  });

  it('fall along half a cosine to zero', () => {
    const rate = warmUpCosine(1, 10, 110);
    expect(rate(5)).toBe(0.5);
    expect(rate(10)).toBe(1);
    expect(rate(60)).toBeCloseTo(0.5, 12);
    expect(rate(110)).toBeCloseTo(0, 12);
    expect(rate(200)).toBeCloseTo(0, 12);
  });
});

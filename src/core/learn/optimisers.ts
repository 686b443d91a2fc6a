import type { Graph, Value } from './graph.ts';
import { tanh } from './ops/activation.ts';
import { add, div, mul, sqrt, square, sub } from './ops/arithmetic.ts';
import { clip } from './ops/logic.ts';
import { reduceSum } from './ops/reduce.ts';

interface UpdateInputs {
  /** The weights w and the loss's gradient with respect to them, both [n]. */
  readonly parameters: Value;
  readonly gradient: Value;
  /** What `init` gave, after the updates so far; each [n]. */
  readonly state: readonly Value[];
  /** Number of this update, counted from 1, as a float scalar. */
  readonly step: Value;
  readonly learningRate: Value;
}

interface Updated {
  readonly parameters: Value;
  readonly state: readonly Value[];
}

/** An optimiser as a pair of pure functions over one flat vector of n weights. */
export interface Optimiser {
  readonly name: string;
  /** The state before the first update. */
  init(n: number): Float32Array[];
  /** Adds one update to the graph. */
  update(g: Graph, inputs: UpdateInputs): Updated;
}

function stateAt(state: readonly Value[], i: number): Value {
  const value = state[i];
  if (value === undefined) throw new Error(`Expected at least ${i + 1} state vectors but received ${state.length}`);
  return value;
}

/** decay·old + (1 − decay)·fresh. */
function movingAverage(g: Graph, old: Value, fresh: Value, decay: number): Value {
  return add(g, mul(g, old, g.scalar(decay)), mul(g, fresh, g.scalar(1 - decay)));
}

/** Stochastic gradient descent: w ← w − η·g, or with momentum μ: v ← μ·v + g, w ← w − η·v. */
export function sgd({ momentum = 0 }: { readonly momentum?: number } = {}): Optimiser {
  return {
    name: 'sgd',
    init: (n) => (momentum === 0 ? [] : [new Float32Array(n)]),
    update(g, { parameters, gradient, state, learningRate }) {
      const velocity = momentum === 0 ? gradient : add(g, mul(g, stateAt(state, 0), g.scalar(momentum)), gradient);
      return { parameters: sub(g, parameters, mul(g, velocity, learningRate)), state: momentum === 0 ? [] : [velocity] };
    },
  };
}

/** Adagrad (Duchi et al. 2011): s ← s + g², w ← w − η·g / (√s + ε); s starts at `initial`. */
export function adagrad({ initial = 0.1, epsilon = 1e-8 }: { readonly initial?: number; readonly epsilon?: number } = {}): Optimiser {
  return {
    name: 'adagrad',
    init: (n) => [new Float32Array(n).fill(initial)],
    update(g, { parameters, gradient, state, learningRate }) {
      const sum = add(g, stateAt(state, 0), square(g, gradient));
      const direction = div(g, gradient, add(g, sqrt(g, sum), g.scalar(epsilon)));
      return { parameters: sub(g, parameters, mul(g, direction, learningRate)), state: [sum] };
    },
  };
}

/** 1 − βᵗ = 2·h / (1 + h), h = tanh(−t·ln β / 2): the plain difference keeps four digits in float32 where β is 0.999. */
function oneMinusPower(g: Graph, beta: number, step: Value): Value {
  const h = tanh(g, mul(g, step, g.scalar(-Math.log(beta) / 2)));
  return div(g, mul(g, h, g.scalar(2)), add(g, h, g.scalar(1)));
}

interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** m and v of Adam and the step w ← w − η·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε) before any decay. */
function adamUpdate(g: Graph, inputs: UpdateInputs, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Updated {
  const { parameters, gradient, state, step, learningRate } = inputs;
  const m = movingAverage(g, stateAt(state, 0), gradient, beta1);
  const v = movingAverage(g, stateAt(state, 1), square(g, gradient), beta2);
  // The corrections are scalars: folding them into the rate and ε spares two passes over the weights.
  const root2 = sqrt(g, oneMinusPower(g, beta2, step));
  const rate = div(g, mul(g, learningRate, root2), oneMinusPower(g, beta1, step));
  const denominator = add(g, sqrt(g, v), mul(g, root2, g.scalar(epsilon)));
  return { parameters: sub(g, parameters, div(g, mul(g, m, rate), denominator)), state: [m, v] };
}

/** Adam (Kingma & Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − η·m̂ / (√v̂ + ε), bias corrected. */
export function adam(options: AdamOptions = {}): Optimiser {
  return {
    name: 'adam',
    init: (n) => [new Float32Array(n), new Float32Array(n)],
    update: (g, inputs) => adamUpdate(g, inputs, options),
  };
}

interface AdamWOptions extends AdamOptions {
  readonly decay: number;
  /** One where the decay applies, zero elsewhere, [n]; everywhere unless given. */
  readonly mask?: Float32Array;
}

/** AdamW (Loshchilov & Hutter 2019): Adam with w ← w − η·λ·w beside its step, whatever the gradient's size. */
export function adamW({ decay, mask, ...options }: AdamWOptions): Optimiser {
  return {
    name: 'adamw',
    init: (n) => [new Float32Array(n), new Float32Array(n)],
    update(g, inputs) {
      const decayed = mask === undefined ? inputs.parameters : mul(g, inputs.parameters, g.constant(mask, [mask.length]));
      const shrink = mul(g, decayed, mul(g, inputs.learningRate, g.scalar(decay)));
      return adamUpdate(g, { ...inputs, parameters: sub(g, inputs.parameters, shrink) }, options);
    },
  };
}

/** gradient · min(1, max / ‖gradient‖₂), the norm over the whole flat vector (Pascanu et al. 2013). */
export function clipByGlobalNorm(g: Graph, gradient: Value, max: number): Value {
  const norm = sqrt(g, reduceSum(g, square(g, gradient)));
  return mul(g, gradient, div(g, g.scalar(max), clip(g, norm, max, Number.MAX_VALUE)));
}

/** A learning rate as a function of the step, counted from 1. */
export type Schedule = (step: number) => number;

/** Rises in equal steps to `rate` in `warmUp` steps, then stays. */
export function warmUp(rate: number, steps: number): Schedule {
  return (step) => rate * Math.min(1, step / Math.max(1, steps));
}

/** Warm-up to `rate`, then half a cosine down to zero at step `total` (Loshchilov & Hutter 2017). */
export function warmUpCosine(rate: number, steps: number, total: number): Schedule {
  const rising = warmUp(rate, steps);
  return (step) => {
    const done = Math.min(1, Math.max(0, step - steps) / Math.max(1, total - steps));
    return rising(step) * 0.5 * (1 + Math.cos(Math.PI * done));
  };
}

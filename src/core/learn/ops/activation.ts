import type { Graph, Value } from '../graph.ts';
import { add, exp, mul, square, sub } from './arithmetic.ts';
import { greater, indicator } from './logic.ts';
import { reduceSum } from './reduce.ts';
import { axisIndex } from './shape.ts';

/** max(x, 0). */
export function relu(g: Graph, x: Value): Value {
  const y: Value = g.node('Relu', [x], x.shape, { rules: [(dy) => mul(g, dy, indicator(g, greater(g, y, g.scalar(0))))] });
  return y;
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(g: Graph, x: Value): Value {
  const y: Value = g.node('Sigmoid', [x], x.shape, { rules: [(dy) => mul(g, dy, mul(g, y, sub(g, g.scalar(1), y)))] });
  return y;
}

/** Hyperbolic tangent. */
export function tanh(g: Graph, x: Value): Value {
  const y: Value = g.node('Tanh', [x], x.shape, { rules: [(dy) => mul(g, dy, sub(g, g.scalar(1), square(g, y)))] });
  return y;
}

/** log(1 + eˣ), without overflow for large x. */
export function softplus(g: Graph, x: Value): Value {
  return g.node('Softplus', [x], x.shape, { rules: [(dy) => mul(g, dy, sigmoid(g, x))] });
}

/** x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016); its derivative is Φ(x) + x·φ(x). */
export function gelu(g: Graph, x: Value): Value {
  return g.node('Gelu', [x], x.shape, {
    rules: [
      (dy) => {
        const erf = g.node('Erf', [mul(g, x, g.scalar(Math.SQRT1_2))], x.shape);
        const distribution = mul(g, add(g, erf, g.scalar(1)), g.scalar(0.5));
        const density = mul(g, exp(g, mul(g, square(g, x), g.scalar(-0.5))), g.scalar(1 / Math.sqrt(2 * Math.PI)));
        return mul(g, dy, add(g, distribution, mul(g, x, density)));
      },
    ],
  });
}

/** eˣ / Σ eˣ along an axis. */
export function softmax(g: Graph, x: Value, axis = -1): Value {
  const at = axisIndex('softmax', x, axis);
  const y: Value = g.node('Softmax', [x], x.shape, {
    attributes: { axis: at },
    rules: [(dy) => mul(g, y, sub(g, dy, reduceSum(g, mul(g, dy, y), { axes: [at], keepDims: true })))],
  });
  return y;
}

/** x − log Σ eˣ along an axis. */
export function logSoftmax(g: Graph, x: Value, axis = -1): Value {
  const at = axisIndex('logSoftmax', x, axis);
  const y: Value = g.node('LogSoftmax', [x], x.shape, {
    attributes: { axis: at },
    rules: [(dy) => sub(g, dy, mul(g, exp(g, y), reduceSum(g, dy, { axes: [at], keepDims: true })))],
  });
  return y;
}

import type { Graph, Value } from '../graph.ts';
import { broadcastShapes, sumTo } from './broadcast.ts';

/** x + y with broadcasting. */
export function add(g: Graph, x: Value, y: Value): Value {
  const rules = [(dy: Value) => sumTo(g, dy, x.shape), (dy: Value) => sumTo(g, dy, y.shape)];
  return g.node('Add', [x, y], broadcastShapes('add', x.shape, y.shape), { rules });
}

/** x − y with broadcasting. */
export function sub(g: Graph, x: Value, y: Value): Value {
  const rules = [(dy: Value) => sumTo(g, dy, x.shape), (dy: Value) => neg(g, sumTo(g, dy, y.shape))];
  return g.node('Sub', [x, y], broadcastShapes('sub', x.shape, y.shape), { rules });
}

/** x · y, element by element, with broadcasting. */
export function mul(g: Graph, x: Value, y: Value): Value {
  const rules = [(dy: Value) => sumTo(g, mul(g, dy, y), x.shape), (dy: Value) => sumTo(g, mul(g, dy, x), y.shape)];
  return g.node('Mul', [x, y], broadcastShapes('mul', x.shape, y.shape), { rules });
}

/** x / y, element by element, with broadcasting. */
export function div(g: Graph, x: Value, y: Value): Value {
  const quotient: Value = g.node('Div', [x, y], broadcastShapes('div', x.shape, y.shape), {
    rules: [(dy) => sumTo(g, div(g, dy, y), x.shape), (dy) => neg(g, sumTo(g, mul(g, dy, div(g, quotient, y)), y.shape))],
  });
  return quotient;
}

/** −x. */
export function neg(g: Graph, x: Value): Value {
  return g.node('Neg', [x], x.shape, { rules: [(dy) => neg(g, dy)] });
}

/** x². */
export function square(g: Graph, x: Value): Value {
  return g.node('Mul', [x, x], x.shape, { rules: [(dy) => mul(g, dy, mul(g, x, g.scalar(2)))] });
}

/** √x, x > 0. */
export function sqrt(g: Graph, x: Value): Value {
  const root: Value = g.node('Sqrt', [x], x.shape, { rules: [(dy) => div(g, dy, mul(g, root, g.scalar(2)))] });
  return root;
}

/** eˣ. */
export function exp(g: Graph, x: Value): Value {
  const power: Value = g.node('Exp', [x], x.shape, { rules: [(dy) => mul(g, dy, power)] });
  return power;
}

/** Natural logarithm of x, x > 0. */
export function log(g: Graph, x: Value): Value {
  return g.node('Log', [x], x.shape, { rules: [(dy) => div(g, dy, x)] });
}

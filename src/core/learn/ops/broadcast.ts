import type { Dim, Graph, Value } from '../graph.ts';

/** The shape that two shapes broadcast to by NumPy's rule; a symbolic length equals itself only. */
export function broadcastShapes(op: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`${op}: expected shapes that broadcast but received [${a}] and [${b}]`);
    return x === 1 ? y : x;
  });
}

/** The lengths of a value's axes as an int64 tensor [rank]: a constant where all are known, else a Shape node. */
export function shapeOf(g: Graph, x: Value): Value {
  const known = x.shape.filter((dim) => typeof dim === 'number');
  return known.length === x.shape.length ? g.integers(known) : g.node('Shape', [x], [x.shape.length], { type: 'int64' });
}

/** Zeros of a value's shape. */
export function zerosLike(g: Graph, x: Value): Value {
  return g.node('ConstantOfShape', [shapeOf(g, x)], x.shape, { type: 'float' });
}

/** `x` repeated to the shape of `like`; it carries no gradient rule, so only rules use it. */
export function repeatTo(g: Graph, x: Value, like: Value): Value {
  return g.node('Expand', [x, shapeOf(g, like)], like.shape);
}

/** `x` summed over the axes along which a value of `shape` was broadcast to it: the gradient of broadcasting. */
export function sumTo(g: Graph, x: Value, shape: readonly Dim[]): Value {
  const lead = x.shape.length - shape.length;
  const leading = Array.from({ length: lead }, (_, i) => i);
  const repeated = shape.flatMap((dim, i) => (dim === 1 && x.shape[lead + i] !== 1 ? [lead + i] : []));
  const kept = repeated.length === 0 ? x : reduce(g, x, repeated, 1);
  return lead === 0 ? kept : reduce(g, kept, leading, 0);
}

function reduce(g: Graph, x: Value, axes: readonly number[], keepdims: 0 | 1): Value {
  const shape = x.shape.flatMap((dim, i) => (axes.includes(i) ? (keepdims === 1 ? [1] : []) : [dim]));
  return g.node('ReduceSum', [x, g.integers(axes)], shape, { attributes: { keepdims } });
}

import type { Dim, Graph, Value } from '../graph.ts';
import { shapeOf, sumTo, zerosLike } from './broadcast.ts';
import { cast } from './logic.ts';

/** The index of an axis counted from the front; −1 is the last one. */
export function axisIndex(op: string, x: Value, axis: number): number {
  const index = axis < 0 ? x.shape.length + axis : axis;
  if (index < 0 || index >= x.shape.length) throw new Error(`${op}: expected an axis of shape [${x.shape}] but received ${axis}`);
  return index;
}

function fixedLength(op: string, x: Value, axis: number): number {
  const length = x.shape[axis];
  if (typeof length !== 'number') throw new Error(`${op}: expected a known length of axis ${axis} but received shape [${x.shape}]`);
  return length;
}

/** The same elements in another shape; at most one symbolic length may stand at another place than in x. */
export function reshape(g: Graph, x: Value, shape: readonly Dim[]): Value {
  // In ONNX 0 keeps the length of the same axis, −1 takes what is left.
  const target = shape.map((dim, i) => (typeof dim === 'number' ? dim : dim === x.shape[i] ? 0 : -1));
  const known = (dims: readonly Dim[]): number =>
    dims.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const isStatic = [...x.shape, ...shape].every((dim) => typeof dim === 'number');
  if (target.filter((dim) => dim === -1).length > 1 || (isStatic && known(shape) !== known(x.shape))) {
    throw new Error(`reshape: expected a shape of as many elements but received [${x.shape}] to [${shape}]`);
  }
  return g.node('Reshape', [x, g.integers(target)], shape, { rules: [(dy) => g.node('Reshape', [dy, shapeOf(g, x)], x.shape)] });
}

/** The axes in another order: axis i of the result is axis permutation[i] of x. */
export function transpose(g: Graph, x: Value, permutation: readonly number[]): Value {
  const isPermutation = permutation.length === x.shape.length && permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i);
  if (!isPermutation) throw new Error(`transpose: expected a permutation of the axes of [${x.shape}] but received [${permutation}]`);
  const shape = permutation.map((axis) => x.shape[axis] ?? 1);
  const inverse = permutation.map((_, i) => permutation.indexOf(i));
  return g.node('Transpose', [x], shape, { attributes: { perm: permutation }, rules: [(dy) => transpose(g, dy, inverse)] });
}

/** The values one after the other along an axis. */
export function concat(g: Graph, values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (first === undefined) throw new Error('concat: expected at least one value');
  const at = axisIndex('concat', first, axis);
  const lengths = values.map((value) => value.shape[at] ?? 1);
  for (const { shape } of values) {
    if (shape.length !== first.shape.length || shape.some((dim, i) => i !== at && dim !== first.shape[i])) {
      throw new Error(`concat: expected shapes that agree outside axis ${at} but received [${first.shape}] and [${shape}]`);
    }
  }
  const isStatic = lengths.every((length) => typeof length === 'number');
  const total = isStatic ? lengths.reduce((sum, length) => sum + length, 0) : lengths.join('+');
  const rules = values.map((value, i) => (dy: Value) => {
    const start = values.slice(0, i).reduce((sum, before) => sum + fixedLength('concat', before, at), 0);
    return slice(g, dy, at, start, start + fixedLength('concat', value, at));
  });
  return g.node('Concat', values, first.shape.with(at, total), { attributes: { axis: at }, rules });
}

/** Consecutive parts of the given lengths along an axis. */
export function split(g: Graph, x: Value, lengths: readonly number[], axis: number): Value[] {
  const at = axisIndex('split', x, axis);
  if (lengths.reduce((sum, length) => sum + length, 0) !== fixedLength('split', x, at)) {
    throw new Error(`split: expected lengths that sum to axis ${at} of [${x.shape}] but received [${lengths}]`);
  }
  const shapes = lengths.map((length) => x.shape.with(at, length));
  const rules = [(...dys: Value[]) => concat(g, dys, at)];
  return g.nodeWithOutputs('Split', [x, g.integers(lengths)], shapes, { attributes: { axis: at }, rules });
}

/** The elements start ≤ i < end along an axis of known length. */
export function slice(g: Graph, x: Value, axis: number, start: number, end: number): Value {
  const at = axisIndex('slice', x, axis);
  const length = fixedLength('slice', x, at);
  if (start < 0 || end <= start || end > length) {
    throw new Error(`slice: expected 0 ≤ start < end ≤ ${length} on [${x.shape}] but received ${start}, ${end}`);
  }
  const pads = [...x.shape.map((_, i) => (i === at ? start : 0)), ...x.shape.map((_, i) => (i === at ? length - end : 0))];
  return g.node('Slice', [x, g.integers([start]), g.integers([end]), g.integers([at])], x.shape.with(at, end - start), {
    rules: [(dy) => g.node('Pad', [dy, g.integers(pads)], x.shape)],
  });
}

/** `x` broadcast to the shape of `like`. */
export function expandLike(g: Graph, x: Value, like: Value): Value {
  return g.node('Expand', [x, shapeOf(g, like)], like.shape, { type: x.type, rules: [(dy) => sumTo(g, dy, x.shape)] });
}

/** Rows of a table: x [n, …] and integer indices [i…] give [i…, …]; the gradient adds up what one row received. */
export function gather(g: Graph, x: Value, indices: Value): Value {
  const row = x.shape.slice(1).map((_, i) => fixedLength('gather', x, i + 1));
  const count = indices.shape.reduce(
    (product, dim) => (typeof product === 'number' && typeof dim === 'number' ? product * dim : 'gathered'),
    1,
  );
  return g.node('Gather', [x, indices], [...indices.shape, ...row], {
    attributes: { axis: 0 },
    rules: [
      // Not ScatterND: onnxruntime 1.30 splits its additions among threads, and loses some of those to one row.
      (dy) => {
        const flat = g.node('Reshape', [dy, g.integers([-1, ...row])], [count, ...row]);
        const rows = g.node('Reshape', [cast(g, indices, 'int64'), g.integers([-1, ...row.map(() => 1)])], [count, ...row.map(() => 1)]);
        const places = g.node('Expand', [rows, shapeOf(g, flat)], flat.shape);
        return g.node('ScatterElements', [zerosLike(g, x), places, flat], x.shape, { attributes: { axis: 0, reduction: 'add' } });
      },
    ],
  });
}

/** One element per row along the last axis: x [batch, n] and integer indices [batch] give [batch]. */
export function pick(g: Graph, x: Value, indices: Value): Value {
  const last = x.shape.length - 1;
  const paths = g.node('Unsqueeze', [cast(g, indices, 'int64'), g.integers([-1])], [...indices.shape, 1]);
  const picked = g.node('GatherElements', [x, paths], x.shape.with(last, 1), {
    attributes: { axis: last },
    rules: [(dy) => g.node('ScatterElements', [zerosLike(g, x), paths, dy], x.shape, { attributes: { axis: last } })],
  });
  return reshape(g, picked, x.shape.slice(0, last));
}

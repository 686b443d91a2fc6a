import type { Dim, GradientRule, Graph, Value } from '../graph.ts';
import { broadcastShapes, sumTo } from './broadcast.ts';
import { reshape, transpose } from './shape.ts';

/** op(a) · op(b), op transposing where asked; a and b have two axes. */
function gemm(g: Graph, a: Value, b: Value, transA: 0 | 1, transB: 0 | 1): Value {
  const shape: Dim[] = [a.shape[transA] ?? 1, b.shape[1 - transB] ?? 1];
  return g.node('Gemm', [a, b], shape, { attributes: { transA, transB } });
}

/** x [batch, in] · w [in, out] + b [out]. */
export function linear(g: Graph, x: Value, w: Value, b: Value): Value {
  const [batch, width] = x.shape;
  const [rows, columns] = w.shape;
  if (x.shape.length !== 2 || w.shape.length !== 2 || width !== rows || b.shape.length !== 1 || b.shape[0] !== columns) {
    throw new Error(`linear: expected [batch, in], [in, out], [out] but received [${x.shape}], [${w.shape}], [${b.shape}]`);
  }
  return g.node('Gemm', [x, w, b], [batch ?? 1, columns ?? 1], {
    rules: [(dy) => gemm(g, dy, w, 0, 1), (dy) => gemm(g, x, dy, 1, 0), (dy) => sumTo(g, dy, b.shape)],
  });
}

/** a [… , n, k] · b [… , k, m], the leading axes broadcasting; a matrix b serves a whole stack a without being repeated. */
export function matmul(g: Graph, a: Value, b: Value): Value {
  const [n, k] = a.shape.slice(-2);
  const [k2, m] = b.shape.slice(-2);
  if (n === undefined || k === undefined || k !== k2 || m === undefined) {
    throw new Error(`matmul: expected [… , n, k] and [… , k, m] but received [${a.shape}] and [${b.shape}]`);
  }
  const shape = [...broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2)), n, m];
  return g.node('MatMul', [a, b], shape, {
    rules: shape.length === 2 ? matrixRules(g, a, b) : b.shape.length === 2 ? stackRules(g, a, b) : batchedRules(g, a, b),
  });
}

function matrixRules(g: Graph, a: Value, b: Value): GradientRule[] {
  return [(dy) => gemm(g, dy, b, 0, 1), (dy) => gemm(g, a, dy, 1, 0)];
}

/** A stack of matrices times one matrix is one tall matrix times it. */
function stackRules(g: Graph, a: Value, b: Value): GradientRule[] {
  const tall = (x: Value): Value => reshape(g, x, [x.shape.slice(0, -1).join('·'), x.shape.at(-1) ?? 1]);
  return [(dy) => matmul(g, dy, transpose(g, b, [1, 0])), (dy) => gemm(g, tall(a), tall(dy), 1, 0)];
}

function batchedRules(g: Graph, a: Value, b: Value): GradientRule[] {
  const turned = (x: Value): Value => {
    const axes = x.shape.map((_, i) => i);
    return transpose(g, x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  };
  return [(dy) => sumTo(g, matmul(g, dy, turned(b)), a.shape), (dy) => sumTo(g, matmul(g, turned(a), dy), b.shape)];
}

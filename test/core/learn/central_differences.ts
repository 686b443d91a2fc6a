import { gradients } from '../../../src/core/learn/gradients.ts';
import { type Dim, Graph, type TensorData, type Value } from '../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../src/core/learn/onnx_file.ts';
import { mul } from '../../../src/core/learn/ops/arithmetic.ts';
import { reduceSum } from '../../../src/core/learn/ops/reduce.ts';
import { createSession, type Tensor } from '../../../src/core/learn/session.ts';
import type { Random } from '../../../src/core/random.ts';

/** Runs a graph once on one thread and gives its outputs' elements. */
export async function evaluate(g: Graph, feeds: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, number[]>> {
  const session = await createSession(encodeModel(g), { threads: 1 });
  const outputs = Object.entries(await session.run(feeds)).map(([name, { data }]) => [name, Array.from(data, Number)] as const);
  await session.close();
  return Object.fromEntries(outputs);
}

export function floats(data: readonly number[], dims: readonly number[] = [data.length]): Tensor {
  return { data: Float32Array.from(data), dims };
}

/** One float input of an operation: its lengths when it runs, and its shape in the graph. */
export interface Operand {
  readonly dims: readonly number[];
  readonly shape: readonly Dim[];
}

const H = 2 ** -6;

/** Multiples of 1/4 plus 1/8 in ±2, so that no step of H crosses 0, ±1 or another kink at a multiple of 1/4. */
function lattice(random: Random, positive: boolean): number {
  return positive ? (random.below(8) + 2.5) / 4 : (random.below(16) - 7.5) / 4;
}

/**
 * The gradients of Σ r·f(x), r random in ±2, by reverse mode and by central differences of step 1/64, element by element.
 * f runs in float32 and is off by some 1e-6, which the division by 2h makes 3e-5 an output; the differences themselves
 * are off by h²/6·f‴, some 4e-5·f‴.
 */
export async function compareGradients(
  f: (g: Graph, xs: Value[]) => Value,
  operands: readonly Operand[],
  random: Random,
  positive = false,
): Promise<{ reverse: number[]; differences: number[] }> {
  const g = new Graph();
  const xs = operands.map(({ shape }, i) => g.input(`x${i}`, 'float', shape));
  const y = f(g, xs);
  const r = g.input('r', 'float', y.shape);
  gradients(g, reduceSum(g, mul(g, y, r)), xs).forEach((gradient, i) => {
    g.output(`gradient${i}`, gradient);
  });
  g.output('y', y);

  const data = operands.map(({ dims }) =>
    Float32Array.from({ length: dims.reduce((n, dim) => n * dim, 1) }, () => lattice(random, positive)),
  );
  const inputs = Object.fromEntries(operands.map(({ dims }, i) => [`x${i}`, { data: data[i] as TensorData, dims }]));
  const forward = new Graph();
  const lengths = f(
    forward,
    operands.map(({ dims }, i) => forward.input(`x${i}`, 'float', dims)),
  ).shape as number[];
  const projection = Float32Array.from({ length: lengths.reduce((n, dim) => n * dim, 1) }, () => lattice(random, false));

  const session = await createSession(encodeModel(g), { threads: 1 });
  const run = () => session.run({ ...inputs, r: { data: projection, dims: lengths } });
  const projected = async (): Promise<number> => {
    const y = Array.from((await run()).y?.data ?? [], Number);
    return y.reduce((sum, value, i) => sum + value * (projection[i] ?? Number.NaN), 0);
  };
  const results = await run();
  const reverse = operands.flatMap((_, i) => Array.from(results[`gradient${i}`]?.data ?? [], Number));
  const differences: number[] = [];
  for (const x of data) {
    for (const [i, value] of x.entries()) {
      x[i] = value + H;
      const above = await projected();
      x[i] = value - H;
      const below = await projected();
      x[i] = value;
      differences.push((above - below) / (2 * H));
    }
  }
  await session.close();
  return { reverse, differences };
}

import { expect, it } from 'vitest';
import { gradients } from '../../../../../src/core/learn/gradients.ts';
import { Graph, type Value } from '../../../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../../../src/core/learn/onnx_file.ts';
import { initialise, type Layout, layout, parameterValues } from '../../../../../src/core/learn/parameters.ts';
import { createSession } from '../../../../../src/core/learn/session.ts';
import type { Family } from '../../../../../src/core/models/multi_instance/bags.ts';
import { type GatedShape, gatedLoss, gatedParameters } from '../../../../../src/core/models/multi_instance/gated/network.ts';
import { createRandom } from '../../../../../src/core/random.ts';
import { evaluate, floats } from '../../../learn/central_differences.ts';

const SHAPE: GatedShape = { kinds: 3, elementFields: 2, adFields: 1, dimension: 4, gateUnits: 3, rank: 2 };
const ROWS = 5;
const ELEMENTS = 6;
const CONTEXTS = 2;
const ADS = 3;
const SCALE = 20;

/** Weights away from where they start, so that no part is silent. */
function weightsOf(plan: Layout): Float32Array {
  const random = createRandom(1);
  return initialise(plan, random).map((weight) => weight + 0.5 * random.normal());
}

function batchOf(shape: GatedShape) {
  const random = createRandom(2);
  const normals = (count: number) => Array.from({ length: count }, () => 0.7 * random.normal());
  const bits = () =>
    floats(
      Array.from({ length: ROWS * shape.kinds }, () => random.below(2)),
      [ROWS, shape.kinds],
    );
  const indices = (count: number, below: number, dims: number[]) => ({
    data: BigInt64Array.from({ length: count }, () => BigInt(random.below(below))),
    dims,
  });
  const exposure = Array.from({ length: ROWS }, () => 2 + random.below(5));
  const elements = [ELEMENTS, 1 + shape.elementFields, shape.dimension];
  return {
    elements: floats(normals(ELEMENTS * (1 + shape.elementFields) * shape.dimension), elements),
    members: indices(ROWS * shape.kinds, ELEMENTS, [ROWS, shape.kinds]),
    present: floats(
      Array.from({ length: ROWS * shape.kinds }, (_, i) => (i === 4 ? 0 : 1)),
      [ROWS, shape.kinds],
    ),
    keep: bits(),
    pair_keep: bits(),
    exposure: floats(exposure),
    outcomes: floats(exposure.map((n) => random.below(n + 1))),
    ad: indices(ROWS, ADS, [ROWS]),
    ...(shape.adFields > 0 && {
      contexts: floats(normals(CONTEXTS * shape.adFields * shape.dimension), [CONTEXTS, shape.adFields, shape.dimension]),
      context: indices(ROWS, CONTEXTS, [ROWS]),
    }),
  };
}

it.each<[string, Family, Partial<GatedShape>, boolean]>([
  ['of clicks, with all parts,', 'binomial', {}, true],
  ['of amounts, with all parts,', 'poisson', {}, true],
  ['without pairs', 'binomial', {}, false],
  ['of ids without terms', 'binomial', { elementFields: 0, adFields: 0 }, true],
])('the loss %s has the gradient of its central differences', async (_, family, change, hasPairs) => {
  const shape = { ...SHAPE, ...change };
  const plan = layout(gatedParameters(shape, ADS));
  const g = new Graph();
  const flat = g.input('parameters', 'float', [plan.total]);
  const { loss } = gatedLoss(g, parameterValues(g, plan, flat), shape, { family, hasPairs, scale: SCALE });
  const names = ['elements', ...(shape.adFields > 0 ? ['contexts'] : [])];
  const inputs = names.map((name) => g.inputs.find((input) => input.name === name) as Value);
  const values = gradients(g, loss, [flat, ...inputs]);
  g.output('loss', loss);
  ['parameters', ...names].forEach((name, i) => {
    g.output(`gradient:${name}`, values[i] as Value);
  });
  const session = await createSession(encodeModel(g), { threads: 1 });
  const feeds: Record<string, { data: Float32Array | BigInt64Array; dims: number[] }> = {
    ...batchOf(shape),
    parameters: { data: weightsOf(plan), dims: [plan.total] },
  } as never;
  const results = await session.run(feeds);
  const h = 2 ** -6;
  let largest = 0;
  for (const name of ['parameters', ...names]) {
    const data = feeds[name]?.data as Float32Array;
    for (const [i, value] of data.entries()) {
      const lossAt = async (x: number): Promise<number> => {
        data[i] = x;
        const { loss: found } = await session.run(feeds);
        data[i] = value;
        return Number(found?.data[0]);
      };
      const difference = ((await lossAt(value + h)) - (await lossAt(value - h))) / (2 * h);
      const reverse = Number(results[`gradient:${name}`]?.data[i]);
      largest = Math.max(largest, Math.abs(reverse));
      // A loss near 1 is exact to 1e-6, which the division makes 6e-5; the differences themselves are off by h²/6·f‴.
      expect(Math.abs(reverse - difference), `${name} ${i}: ${reverse}, ${difference}`).toBeLessThan(3e-4 + 0.01 * Math.abs(reverse));
    }
  }
  expect(largest).toBeGreaterThan(0.05);
  await session.close();
});

it('the loss is what its definition says', async () => {
  const plan = layout(gatedParameters(SHAPE, ADS));
  const g = new Graph();
  g.output(
    'loss',
    gatedLoss(g, parameterValues(g, plan, g.input('parameters', 'float', [plan.total])), SHAPE, {
      family: 'binomial',
      hasPairs: true,
      scale: SCALE,
    }).loss,
  );
  const batch = batchOf(SHAPE);
  const weights = weightsOf(plan);
  const { loss = [] } = await evaluate(g, { ...batch, parameters: { data: weights, dims: [plan.total] } });
  expect(loss[0]).toBeCloseTo(lossByHand(plan, weights, batch), 5);
});

/** MATH.md section 7, number by number. */
function lossByHand(plan: Layout, weights: Float32Array, batch: ReturnType<typeof batchOf>): number {
  const { kinds, dimension: d, gateUnits, rank, elementFields } = SHAPE;
  const parameter = (name: string): ArrayLike<number> => {
    const found = plan.parameters.find((each) => each.name === name) as Layout['parameters'][number];
    return weights.subarray(found.offset, found.offset + found.length);
  };
  const num = (values: ArrayLike<number | bigint> | undefined, i: number): number => Number(values?.[i]);
  const range = (n: number): number[] => [...Array(n).keys()];
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const times = (x: readonly number[], name: string, columns: number): number[] =>
    range(columns).map((c) => sum(x.map((value, i) => value * num(parameter(name), i * columns + c))));
  const cell = (element: number, c: number): number[] =>
    range(d).map((i) => num(batch.elements.data, (element * (1 + elementFields) + c) * d + i));
  const member = (row: number, kind: number): number => num(batch.members.data, row * kinds + kind);
  const idOf = (row: number, kind: number): number[] => cell(member(row, kind), 0);
  const contentOf = (row: number, kind: number): number[] =>
    range(d).map((i) => sum(range(elementFields).map((f) => cell(member(row, kind), 1 + f)[i] as number)));
  const flag = (name: 'present' | 'keep' | 'pair_keep', row: number, kind: number): number => num(batch[name].data, row * kinds + kind);
  const centre = (kind: number, of: (row: number, kind: number) => number[]): number[] => {
    const weight = (row: number): number => flag('present', row, kind) * num(batch.exposure.data, row);
    return range(d).map((i) => sum(range(ROWS).map((row) => weight(row) * (of(row, kind)[i] as number))) / sum(range(ROWS).map(weight)));
  };

  const losses = range(ROWS).map((row) => {
    const z = range(d).map((i) => num(batch.contexts?.data, num(batch.context?.data, row) * d + i));
    const main = range(kinds).map((kind) => {
      const h = range(d).map(
        (i) =>
          (contentOf(row, kind)[i] as number) +
          flag('keep', row, kind) * (idOf(row, kind)[i] as number) +
          num(parameter('kinds'), kind * d + i),
      );
      const branch = (name: string): number[] => {
        const context = times(z, `${name}.context`, gateUnits);
        return times(h, name, gateUnits).map((value, i) => value + (context[i] as number));
      };
      const [v, u] = [branch('V'), branch('U')];
      const a = 2 * sigmoid(sum(v.map((value, i) => num(parameter('w'), i) * Math.tanh(value) * sigmoid(u[i] as number))));
      return flag('present', row, kind) * a * (times(h, 'u', 1)[0] as number);
    });
    const x = range(kinds).map((kind) => {
      const [content, id] = [centre(kind, contentOf), centre(kind, idOf)];
      return range(d).map(
        (i) =>
          (contentOf(row, kind)[i] as number) -
          (content[i] as number) +
          flag('pair_keep', row, kind) * ((idOf(row, kind)[i] as number) - (id[i] as number)),
      );
    });
    const pairs = range(kinds).flatMap((t) =>
      range(t).map((s) => {
        const [left, right] = [times(x[s] as number[], 'P', rank), times(x[t] as number[], 'Q', rank)];
        return flag('present', row, s) * flag('present', row, t) * sum(left.map((value, r) => value * (right[r] as number)));
      }),
    );
    const link = num(parameter('offsets'), num(batch.ad.data, row)) + sum(main) + sum(pairs);
    return num(batch.exposure.data, row) * Math.log1p(Math.exp(link)) - num(batch.outcomes.data, row) * link;
  });
  return sum(losses) / SCALE;
}

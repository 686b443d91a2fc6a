import { describe, expect, it } from 'vitest';
import { gradients } from '../../../../src/core/learn/gradients.ts';
import { Graph, type Value } from '../../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../../src/core/learn/onnx_file.ts';
import { initialise, type Layout, layout, parameterValues } from '../../../../src/core/learn/parameters.ts';
import { createSession } from '../../../../src/core/learn/session.ts';
import {
  batchInputs,
  buildLoss,
  HIDDEN_STATE,
  LIST_WIDTH,
  type NetworkShape,
  networkParameters,
  rightTower,
  towerLogits,
} from '../../../../src/core/models/dual_tower/network.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { evaluate, floats } from '../../learn/central_differences.ts';

const SHAPE: NetworkShape = { leftFields: 3, rightFields: 2, dimension: 4, senet: true, hiddenState: true };
const ROWS = 2 * LIST_WIDTH;
const MEAN_CTR = 0.1;

/**
 * Weights away from where they start, so that no part is silent. The loss has no kink or jump near them: every unit of ReLU is far
 * from its border, and all buckets of p_ad are alike.
 */
function weightsOf(plan: Layout, seed = 1): Float32Array {
  const random = createRandom(seed);
  const weights = initialise(plan, random);
  for (const { name, offset, length, shape } of plan.parameters) {
    const isHiddenBias = /[12]\.bias$/.test(name);
    for (let i = 0; i < length; i++) {
      const drawn = name.includes('.3.') ? random.normal() : 0.3 * ((weights[offset + i] as number) + 0.1 * random.normal());
      weights[offset + i] = isHiddenBias ? (i % 2 === 0 ? 1 : -1) : drawn;
      if (name === 'right.buckets') weights[offset + i] = 0.1 * ((i % (shape[1] as number)) - 8);
    }
  }
  return weights;
}

/** A batch with counts of impressions; the last rows are padding. */
function batchOf(shape: NetworkShape, seed = 2) {
  const random = createRandom(seed);
  const normals = (count: number) => Array.from({ length: count }, () => 0.5 * random.normal());
  const impressions = Array.from({ length: ROWS }, (_, row) => (row >= ROWS - 3 ? 0 : 1 + random.below(4)));
  return {
    left: floats(normals(ROWS * shape.leftFields * shape.dimension), [ROWS, shape.leftFields, shape.dimension]),
    right: floats(normals(ROWS * shape.rightFields * shape.dimension), [ROWS, shape.rightFields, shape.dimension]),
    offset: floats(impressions.map((n) => (n > 0 ? 0.3 * random.normal() : 0))),
    clicks: floats(impressions.map((n) => random.below(n + 1))),
    impressions: floats(impressions),
  };
}

async function logitsOf(
  shape: NetworkShape,
  plan: Layout,
  weights: Float32Array,
  feeds: Pick<ReturnType<typeof batchOf>, 'left' | 'right' | 'offset'>,
) {
  const g = new Graph();
  const parameters = parameterValues(g, plan, g.input('parameters', 'float', [plan.total]));
  const { ad, click } = towerLogits(g, parameters, shape, batchInputs(g, shape, ROWS));
  g.output('ad', ad);
  g.output('click', click);
  const { left, right, offset } = feeds;
  const { ad: ads = [], click: clicks = [] } = await evaluate(g, {
    left,
    right,
    offset,
    parameters: { data: weights, dims: [plan.total] },
  });
  return { ad: ads, click: clicks };
}

/** Logits of about 1 are exact to 1e-6 in single precision. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, logit] of expected.entries()) expect(found[i]).toBeCloseTo(logit, 5);
}

describe('the loss of a batch', () => {
  it.each<[string, Partial<NetworkShape>]>([
    ['with all parts', {}],
    ['without SENet', { senet: false }],
    ['without the hidden state', { hiddenState: false }],
  ])('%s has the gradient of its central differences', async (_, change) => {
    const shape = { ...SHAPE, ...change };
    const plan = layout(networkParameters(shape, MEAN_CTR));
    const g = new Graph();
    const flat = g.input('parameters', 'float', [plan.total]);
    const { loss } = buildLoss(g, parameterValues(g, plan, flat), shape, ROWS);
    const inputs = ['left', 'right'].map((name) => g.inputs.find((input) => input.name === name) as Value);
    const [ofParameters = loss, ofLeft = loss, ofRight = loss] = gradients(g, loss, [flat, ...inputs]);
    for (const [name, value] of Object.entries({ loss, parameters_gradient: ofParameters, left_gradient: ofLeft, right_gradient: ofRight }))
      g.output(name, value);
    const session = await createSession(encodeModel(g), { threads: 1 });
    const feeds = { ...batchOf(shape), parameters: { data: weightsOf(plan), dims: [plan.total] } };
    const results = await session.run(feeds);
    const random = createRandom(3);
    // Five numbers of each parameter, and every third of the embeddings.
    const places = {
      parameters: plan.parameters.flatMap(({ offset, length }) => Array.from({ length: 5 }, () => offset + random.below(length))),
      left: [...feeds.left.data.keys()].filter((i) => i % 3 === 0),
      right: [...feeds.right.data.keys()].filter((i) => i % 3 === 0),
    };
    const h = 2 ** -6;
    let largest = 0;
    for (const name of ['parameters', 'left', 'right'] as const) {
      const data = feeds[name].data as Float32Array;
      for (const i of places[name]) {
        const value = data[i] as number;
        const lossAt = async (x: number): Promise<number> => {
          data[i] = x;
          const { loss: found } = await session.run(feeds);
          data[i] = value;
          return Number(found?.data[0]);
        };
        const difference = ((await lossAt(value + h)) - (await lossAt(value - h))) / (2 * h);
        const reverse = Number(results[`${name}_gradient`]?.data[i]);
        largest = Math.max(largest, Math.abs(reverse));
        // The loss is exact to 1e-6, which the division makes 6e-5.
        expect(Math.abs(reverse - difference), `${name} ${i}: ${reverse}, ${difference}`).toBeLessThan(1e-4 + 0.01 * Math.abs(reverse));
      }
    }
    expect(largest).toBeGreaterThan(0.05);
    await session.close();
  });

  it('has no gradient with respect to padding', async () => {
    const plan = layout(networkParameters(SHAPE, MEAN_CTR));
    const g = new Graph();
    const { loss } = buildLoss(g, parameterValues(g, plan, g.input('parameters', 'float', [plan.total])), SHAPE, ROWS);
    const [ofLeft = loss, ofRight = loss] = gradients(
      g,
      loss,
      ['left', 'right'].map((name) => g.inputs.find((input) => input.name === name) as Value),
    );
    g.output('left_gradient', ofLeft);
    g.output('right_gradient', ofRight);
    const results = await evaluate(g, { ...batchOf(SHAPE), parameters: { data: weightsOf(plan), dims: [plan.total] } });
    for (const [name, fields] of [
      ['left_gradient', 3],
      ['right_gradient', 2],
    ] as const) {
      const ofRow = (results[name]?.length as number) / ROWS;
      expect(ofRow).toBe(fields * 4);
      expect(results[name]?.slice(0, ofRow).some((x) => x !== 0)).toBe(true);
      expect(results[name]?.slice(-3 * ofRow).every((x) => x === 0)).toBe(true);
    }
  });
});

describe('the parts of the loss', () => {
  it('are the log-losses of p and, by half, of p_ad, and a fiftieth of ListNet', async () => {
    const plan = layout(networkParameters(SHAPE, MEAN_CTR));
    const batch = batchOf(SHAPE);
    const { ad, click } = await logitsOf(SHAPE, plan, weightsOf(plan), batch);
    const [clicks, impressions] = [batch.clicks.data, batch.impressions.data] as [Float32Array, Float32Array];
    const shown = impressions.reduce((sum, n) => sum + n, 0);
    const nll = (logits: readonly number[]): number =>
      logits.reduce((sum, z, i) => sum + (impressions[i] as number) * Math.log1p(Math.exp(z)) - (clicks[i] as number) * z, 0) / shown;
    const lists = [0, LIST_WIDTH].map((first) => {
      const rows = Array.from({ length: LIST_WIDTH }, (_, i) => first + i).filter((row) => (impressions[row] as number) > 0);
      const rates = rows.map((row) => (clicks[row] as number) / (impressions[row] as number));
      const [gain, total] = [rates.reduce((a, b) => a + b, 0), rows.reduce((sum, row) => sum + Math.exp(click[row] as number), 0)];
      return rows.reduce((sum, row, i) => sum - ((rates[i] as number) / gain) * ((click[row] as number) - Math.log(total)), 0);
    });
    const expected = nll(click) + 0.5 * nll(ad) + 0.02 * (((lists[0] as number) + (lists[1] as number)) / 2);
    const g = new Graph();
    g.output('loss', buildLoss(g, parameterValues(g, plan, g.input('parameters', 'float', [plan.total])), SHAPE, ROWS).loss);
    const { loss = [] } = await evaluate(g, { ...batch, parameters: { data: weightsOf(plan), dims: [plan.total] } });
    expect(loss[0]).toBeCloseTo(expected, 5);
  });
});

describe('the towers', () => {
  const plan = layout(networkParameters(SHAPE, MEAN_CTR));
  const batch = batchOf(SHAPE);
  const other = batchOf(SHAPE, 9);

  it('give an ad the same p_ad whatever the creative', async () => {
    const one = await logitsOf(SHAPE, plan, weightsOf(plan), batch);
    const two = await logitsOf(SHAPE, plan, weightsOf(plan), { ...batch, right: other.right });
    expect(two.ad).toEqual(one.ad);
    expect(two.click).not.toEqual(one.click);
  });

  it('add the logarithm of the exposure factor to both logits', async () => {
    const one = await logitsOf(SHAPE, plan, weightsOf(plan), batch);
    const shifted = { ...batch, offset: floats(Array.from(batch.offset.data as Float32Array, (o) => o + 1)) };
    const two = await logitsOf(SHAPE, plan, weightsOf(plan), shifted);
    expectClose(
      two.ad,
      one.ad.map((logit) => logit + 1),
    );
    expectClose(
      two.click,
      one.click.map((logit) => logit + 1),
    );
  });

  it('hand the left tower over only where the hidden state is a part', async () => {
    const correction = async (shape: NetworkShape, left: typeof batch.left): Promise<number[]> => {
      const own = layout(networkParameters(shape, MEAN_CTR));
      const { ad, click } = await logitsOf(shape, own, weightsOf(own), { ...batch, left });
      return click.map((logit, i) => logit - (ad[i] as number));
    };
    const without = { ...SHAPE, hiddenState: false };
    const [one, two] = [await correction(without, batch.left), await correction(without, other.left)];
    expectClose(two, one);
    const [three, four] = [await correction(SHAPE, batch.left), await correction(SHAPE, other.left)];
    expect(Math.max(...three.map((delta, i) => Math.abs(delta - (four[i] as number))))).toBeGreaterThan(0.01);
  });

  it('begin near the mean CTR where no field says a thing', async () => {
    const silent = {
      left: { ...batch.left, data: new Float32Array(batch.left.data.length) },
      right: { ...batch.right, data: new Float32Array(batch.right.data.length) },
    };
    const { ad, click } = await logitsOf(SHAPE, plan, initialise(plan, createRandom(1)), {
      ...batch,
      ...silent,
      offset: floats(Array(ROWS).fill(0)),
    });
    for (const logit of [...ad, ...click]) expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(MEAN_CTR, 2);
  });
});

describe('SENet', () => {
  it('begins by changing nothing', async () => {
    const without = { ...SHAPE, senet: false };
    const [plan, bare] = [layout(networkParameters(SHAPE, MEAN_CTR)), layout(networkParameters(without, MEAN_CTR))];
    const start = initialise(plan, createRandom(1));
    const random = createRandom(4);
    // The other weights anywhere, those of SENet as they start.
    for (const { name, offset, length } of plan.parameters) {
      if (!name.includes('senet')) for (let i = offset; i < offset + length; i++) start[i] = 0.2 * random.normal();
    }
    const same = new Float32Array(bare.total);
    for (const { name, offset, length } of bare.parameters) {
      const from = plan.parameters.find((parameter) => parameter.name === name)?.offset as number;
      same.set(start.subarray(from, from + length), offset);
    }
    const batch = batchOf(SHAPE);
    const [one, two] = [await logitsOf(SHAPE, plan, start, batch), await logitsOf(without, bare, same, batch)];
    expectClose(two.click, one.click);
    expectClose(two.ad, one.ad);
  });
});

describe('the bucket of p_ad', () => {
  /** Weights by which the right tower's Δ is the number of the bucket. */
  async function bucketOf(logits: readonly number[]): Promise<number[]> {
    const shape: NetworkShape = { leftFields: 1, rightFields: 1, dimension: 4, senet: false, hiddenState: true };
    const plan = layout(networkParameters(shape, MEAN_CTR));
    const weights = new Float32Array(plan.total);
    const parameter = (name: string) => plan.parameters.find((each) => each.name === name) as Layout['parameters'][number];
    const {
      offset,
      length,
      shape: [, width = 1],
    } = parameter('right.buckets');
    for (let bucket = 0; bucket < length / width; bucket++) weights[offset + bucket * width] = bucket;
    for (const name of ['right.bucket', 'right.2.weight', 'right.3.weight']) weights[parameter(name).offset] = 1;
    const n = logits.length;
    const g = new Graph();
    const p = parameterValues(g, plan, g.input('parameters', 'float', [plan.total]));
    const left = { hidden: g.input('hidden', 'float', [n, HIDDEN_STATE]), logit: g.input('logit', 'float', [n]) };
    g.output('delta', rightTower(g, p, shape, g.input('right', 'float', [n, 1, 4]), left));
    const zeros = (...dims: number[]) => floats(Array(dims.reduce((a, b) => a * b)).fill(0), dims);
    const feeds = {
      parameters: { data: weights, dims: [plan.total] },
      hidden: zeros(n, HIDDEN_STATE),
      logit: floats(logits),
      right: zeros(n, 1, 4),
    };
    return (await evaluate(g, feeds)).delta ?? [];
  }

  it('is 0 at p = 0, 57 at p = ½ and 64 at p = 1', async () => {
    // floor(64 * log(1 + 1000 p) / log(1001))
    expect(await bucketOf([-200, 0, 200])).toEqual([0, 57, 64]);
  });

  it('rises with p, and half of the buckets are below 3 %', async () => {
    const ps = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
    const expected = ps.map((p) => Math.floor((64 * Math.log1p(1000 * p)) / Math.log(1001)));
    expect(await bucketOf(ps.map((p) => Math.log(p / (1 - p))))).toEqual(expected);
    expect(expected).toEqual([6, 12, 22, 31, 42, 52]);
  });

  it('changes at p = (1001^(k/64) − 1)/1000', async () => {
    const borders = Array.from({ length: 63 }, (_, i) => (1001 ** ((i + 1) / 64) - 1) / 1000);
    const logit = (p: number): number => Math.log(p / (1 - p));
    const near = await bucketOf(borders.flatMap((p) => [logit(p * 0.995), logit(p * 1.005)]));
    expect(near).toEqual(borders.flatMap((_, i) => [i, i + 1]));
  });
});

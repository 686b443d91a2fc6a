import { describe, expect, it } from 'vitest';
import { gradients } from '../../../src/core/learn/gradients.ts';
import { Graph, type Value } from '../../../src/core/learn/graph.ts';
import { bceWithLogits, binomialNll, crossEntropy, listNet } from '../../../src/core/learn/losses.ts';
import { evaluate, floats } from './central_differences.ts';

/** The loss of rows of numbers, the first being the logits, and its gradient with respect to them. */
async function lossOf(f: (g: Graph, ...xs: [Value, Value, Value]) => Value, ...inputs: readonly (readonly (readonly number[])[])[]) {
  const g = new Graph();
  const dims = inputs.map((rows) => [rows.length, rows[0]?.length ?? 0]);
  const xs = inputs.map((_, i) => g.input(`x${i}`, 'float', ['lists', dims[i]?.[1] ?? 0])) as [Value, Value, Value];
  const loss = f(g, ...xs);
  const [gradient = loss] = gradients(g, loss, [xs[0]]);
  g.output('loss', loss);
  g.output('gradient', gradient);
  const feeds = Object.fromEntries(inputs.map((rows, i) => [`x${i}`, floats(rows.flat(), dims[i])]));
  const results = await evaluate(g, feeds);
  return { loss: results.loss?.[0] ?? Number.NaN, gradient: results.gradient ?? [] };
}

// z, y, w, c and n of the numpy calls below.
const Z = [[-2, -0.5, 0, 1.5]];
const Y = [[0, 1, 0.25, 1]];
const W = [[1, 2, 0, 0.5]];
const CLICKS = [[0, 3, 1, 5]];
const IMPRESSIONS = [[10, 4, 1, 100]];

describe('binary cross-entropy', () => {
  it('is the mean over all rows', async () => {
    // l = np.log1p(np.exp(-abs(z)))+np.maximum(z,0)-z*y; l.mean()
    expect((await lossOf((g, z, y) => bceWithLogits(g, z, y), Z, Y)).loss).toBeCloseTo(0.49889136344144425, 6);
  });

  it('weights rows, and is 0 where no row has a weight', async () => {
    // (w*l).sum()/w.sum()
    expect((await lossOf((g, z, y, w) => bceWithLogits(g, z, y, w), Z, Y, W)).loss).toBeCloseTo(0.6216538909698749, 6);
    expect(await lossOf((g, z, y, w) => bceWithLogits(g, z, y, w), Z, Y, [[0, 0, 0, 0]])).toEqual({ loss: 0, gradient: [0, 0, 0, 0] });
  });

  it('stays exact at logits of ±80', async () => {
    const { loss, gradient } = await lossOf((g, z, y) => bceWithLogits(g, z, y), [[80, 80, -80, -80]], [[1, 0, 1, 0]]);
    expect(loss).toBeCloseTo(40, 5);
    [0, 0.25, -0.25, 0].forEach((expected, i) => {
      expect(gradient[i]).toBeCloseTo(expected, 6);
    });
  });
});

describe('binomial likelihood', () => {
  it('is counted per impression', async () => {
    // (n*np.log1p(np.exp(z))-c*z).sum()/n.sum()
    expect((await lossOf(binomialNll, Z, CLICKS, IMPRESSIONS)).loss).toBeCloseTo(1.460870113269438, 5);
  });

  it('is that of the single impressions', async () => {
    const counts = await lossOf(binomialNll, [[0.75]], [[2]], [[5]]);
    const singles = await lossOf((g, z, y) => bceWithLogits(g, z, y), [[0.75, 0.75, 0.75, 0.75, 0.75]], [[1, 0, 0, 1, 0]]);
    expect(counts.loss).toBeCloseTo(singles.loss, 6);
  });

  it('is 0 without impressions and finite at logits of ±80', async () => {
    expect((await lossOf(binomialNll, Z, [[0, 0, 0, 0]], [[0, 0, 0, 0]])).loss).toBe(0);
    expect((await lossOf(binomialNll, [[80, -80]], [[0, 10]], [[10, 10]])).loss).toBeCloseTo(80, 4);
  });
});

describe('cross-entropy', () => {
  it('takes one-hot rows and probabilities', async () => {
    const scores = [
      [1, 2, 3],
      [0, 0, -1],
    ];
    const targets = [
      [0, 0, 1],
      [0.5, 0.5, 0],
    ];
    // lp = Z-np.log(np.exp(Z).sum(1,keepdims=True)); -(Y*lp).sum(1).mean()
    expect((await lossOf(crossEntropy, scores, targets)).loss).toBeCloseTo(0.6348003842513157, 6);
  });

  it('is finite at logits of ±80', async () => {
    expect((await lossOf(crossEntropy, [[80, -80]], [[0, 1]])).loss).toBeCloseTo(160, 4);
  });
});

describe('ListNet', () => {
  const scores = [
    [1, 2, 0.5],
    [0, 3, 9],
  ];
  const gains = [
    [1, 3, 0],
    [2, 0, 7],
  ];
  const mask = [
    [1, 1, 1],
    [1, 1, 0],
  ];

  it('looks at the entries of a list that are no filling', async () => {
    // per list: q = g/g.sum(); -(q*(s-np.log(np.exp(s).sum()))).sum() over the entries of mask 1: 0.7143687841, 3.0485873516
    const { loss, gradient } = await lossOf(listNet, scores, gains, mask);
    expect(loss).toBeCloseTo(1.8814780678408434, 5);
    expect(gradient[5]).toBe(0);
  });

  it('counts no list without gain, and is 0 when there is none', async () => {
    const one = await lossOf(
      listNet,
      scores,
      [
        [1, 3, 0],
        [0, 0, 7],
      ],
      mask,
    );
    expect(one.loss).toBeCloseTo(0.7143687841079447, 5);
    expect(one.gradient.slice(3)).toEqual([0, 0, 0]);
    const none = await lossOf(
      listNet,
      scores,
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      mask,
    );
    expect(none).toEqual({ loss: 0, gradient: [0, 0, 0, 0, 0, 0] });
  });

  it('is finite for a list of filling only and at scores of ±80', async () => {
    expect((await lossOf(listNet, [[1, 2, 3]], [[1, 1, 1]], [[0, 0, 0]])).loss).toBe(0);
    expect((await lossOf(listNet, [[80, -80, 0]], [[0, 1, 0]], [[1, 1, 1]])).loss).toBeCloseTo(160, 4);
  });
});

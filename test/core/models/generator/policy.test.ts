import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../../src/core/learn/onnx_file.ts';
import { initialise, layout, parameterValues } from '../../../../src/core/learn/parameters.ts';
import { createSession } from '../../../../src/core/learn/session.ts';
import { DecisionBatch } from '../../../../src/core/models/generator/batch.ts';
import { AdDecisions, prepareAd } from '../../../../src/core/models/generator/decisions.ts';
import { drawCombinations, drawDistinct, drawOf } from '../../../../src/core/models/generator/draws.ts';
import { decisionInputs, decisionLogProbabilities, policyParameters } from '../../../../src/core/models/generator/network.ts';
import { PointerPolicy } from '../../../../src/core/models/generator/policy.ts';
import { CombinationReward } from '../../../../src/core/models/generator/reward.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { allCombinations, type MadeAd, madeAd } from './made_ads.ts';

/** A policy none of whose weights is zero. */
function madePolicy(kinds: readonly string[], elements: readonly string[]): PointerPolicy {
  const plan = layout(policyParameters({ kinds: kinds.length, elements: elements.length }));
  const random = createRandom(8);
  const weights = initialise(plan, random).map((weight) => weight + 0.2 * random.normal());
  return new PointerPolicy(kinds, elements, weights);
}

const decisionsOf = (policy: PointerPolicy, seed: number, options: MadeAd): AdDecisions =>
  new AdDecisions(policy, prepareAd(madeAd(seed, options)));

describe('the forward pass in arrays', () => {
  const cases: readonly MadeAd[] = [
    { sizes: [4, 7, 3] },
    { sizes: [5, 2, 6], uncertainty: 0.5, kappa: 1 },
    { sizes: [4, 4, 4], pairSd: 0 },
    {
      sizes: [5, 5, 5],
      space: {
        forbidden: [
          [0, 5],
          [1, 5],
          [6, 11],
        ],
        allowed: Array.from({ length: 15 }, (_, i) => i !== 2 && i !== 12),
      },
    },
    { sizes: [2, 6] },
  ];

  it('gives the probabilities of the graph that is trained, and of the file that is served', async () => {
    const kinds = ['kind-0', 'kind-2'];
    const policy = madePolicy(kinds, ['0-0-1', '0-1-3', '2-0-0']);
    const dims = { ads: cases.length, candidates: 16, decisions: 24 };
    const batch = new DecisionBatch(dims);
    batch.clear();
    const draws = cases.map((options, seed) => {
      const decisions = decisionsOf(policy, seed, options);
      const drawn = drawCombinations(decisions, 8, createRandom(seed));
      batch.add(
        decisions,
        drawn,
        drawn.map(() => 1),
      );
      return drawn;
    });
    const g = new Graph();
    const flat = g.input('parameters', 'float', [policy.layout.total]);
    g.output('log_probability', decisionLogProbabilities(g, parameterValues(g, policy.layout, flat), decisionInputs(g, dims)));
    const parameters = { data: policy.weights, dims: [policy.layout.total] };
    const { choice, weight, ...inputs } = batch.feeds;
    expect([choice?.dims, weight?.dims]).toEqual([[120], [120]]);
    const trained = await createSession(encodeModel(g), { threads: 1 });
    const served = await createSession(policy.encode().files['generator.onnx'] as Uint8Array, { threads: 1 });
    for (const results of [await trained.run({ ...inputs, parameters }), await served.run(inputs)]) {
      const logProbability = results.log_probability?.data as Float32Array;
      draws.forEach((drawn, ad) => {
        drawn.forEach((draw, i) => {
          draw.decisions.forEach((decision, step) => {
            const row = (ad * dims.decisions + i * draw.decisions.length + step) * dims.candidates;
            decision.open.forEach((candidate, at) => {
              expect(Math.abs((logProbability[row + candidate] as number) - (decision.logProbability[at] as number))).toBeLessThan(1e-5);
            });
            const probability = [...logProbability.subarray(row, row + dims.candidates)].map(Math.exp);
            for (const [candidate, p] of probability.entries()) if (!decision.open.includes(candidate)) expect(p).toBe(0);
          });
        });
      });
    }
    await trained.close();
    await served.close();
  });

  it('begins as the Boltzmann policy at τ = ¼ sd where rewards add up', () => {
    const sizes = [3, 4, 2];
    const ad = madeAd(3, { sizes, pairSd: 0 });
    const decisions = new AdDecisions(PointerPolicy.untrained(), prepareAd(ad));
    const { rewards } = ad.reward.poolOfAll(ad.space);
    const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
    const sd = Math.sqrt(rewards.reduce((sum, r) => sum + (r - mean) ** 2, 0) / rewards.length);
    const weights = rewards.map((r) => Math.exp((r - mean) / (0.25 * sd)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    allCombinations(sizes).forEach((combination, i) => {
      // Gains and features are float32.
      expect(drawOf(decisions, combination).logProbability).toBeCloseTo(Math.log((weights[i] as number) / total), 5);
    });
  });

  it('does not change when a constant is added to all rewards, or their unit changes', () => {
    const ad = madeAd(6, { sizes: [4, 4, 4] });
    const { table } = ad.reward;
    const scale = (values: Float64Array | undefined) => values?.map((x) => 4 * x);
    const other = { ...table, offset: 7, main: table.main.map((x) => 4 * x), pairs: scale(table.pairs) };
    const policy = madePolicy([], []);
    const one = drawDistinct(new AdDecisions(policy, prepareAd(ad)), 5, createRandom(1));
    expect(drawDistinct(new AdDecisions(policy, prepareAd({ ...ad, reward: new CombinationReward(other) })), 5, createRandom(1))).toEqual(
      one,
    );
  });
});

describe('a candidate that is ruled out', () => {
  it('changes no probability, whatever it is worth', () => {
    const allowed = [true, false, true, true, true, false, true, true, false, true];
    for (const [uncertainty, kappa] of [
      [0, 0],
      [0.5, 1],
    ] as const) {
      const ad = madeAd(6, { sizes: [4, 3, 3], uncertainty, kappa, space: { allowed } });
      const { table } = ad.reward;
      const n = allowed.length;
      const other = {
        ...table,
        main: table.main.map((x, i) => (allowed[i] ? x : 50)),
        pairs: (table.pairs as Float64Array).map((x, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          return allowed[i] && allowed[j] ? x : 20 * x;
        }),
        covariance: table.covariance?.map((x, at) => {
          const [i, j] = [Math.floor(at / (n + 1)), at % (n + 1)];
          // Both indexes of an allowed candidate or of the offset.
          return (i === n || allowed[i]) && (j === n || allowed[j]) ? x : 9 * x;
        }),
      };
      const policy = madePolicy(['kind-0'], ['6-0-1', '6-0-2']);
      const [one, two] = [ad.reward, new CombinationReward(other, kappa)].map(
        (reward) => new AdDecisions(policy, prepareAd({ ...ad, reward })),
      ) as [AdDecisions, AdDecisions];
      for (const combination of allCombinations([4, 3, 3]).filter((x) => ad.space.holds(x))) {
        expect(drawOf(two, combination).logProbability).toBeCloseTo(drawOf(one, combination).logProbability, 12);
      }
    }
  });
});

describe('draws', () => {
  const options: MadeAd = { sizes: [2, 3, 2], space: { forbidden: [[0, 2]] } };

  it('come as often as their probability says, which sums to one over the space', () => {
    const decisions = decisionsOf(madePolicy(['kind-0'], []), 1, options);
    const feasible = allCombinations(options.sizes).filter((combination) => decisions.space.holds(combination));
    const probability = new Map(
      feasible.map((combination) => [combination.join(), Math.exp(drawOf(decisions, combination).logProbability)]),
    );
    expect([...probability.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    const rounds = 20_000;
    const counts = new Map<string, number>();
    for (const { combination, logProbability } of drawCombinations(decisions, rounds, createRandom(2))) {
      const key = combination.join();
      expect(logProbability).toBeCloseTo(Math.log(probability.get(key) as number), 10);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, p] of probability) {
      // Binomial, five sd.
      expect(Math.abs((counts.get(key) ?? 0) - rounds * p)).toBeLessThan(5 * Math.sqrt(rounds * p * (1 - p)) + 1);
    }
  });

  it('without replacement are different, and all there are where no more were asked for', () => {
    const decisions = decisionsOf(madePolicy([], []), 1, options);
    for (const count of [1, 3, 9, 10, 50]) {
      const drawn = drawDistinct(decisions, count, createRandom(count));
      // 12 combinations, two of them with the forbidden pair.
      expect(drawn.length).toBe(Math.min(count, 10));
      expect(new Set(drawn.map((combination) => combination.join())).size).toBe(drawn.length);
      for (const combination of drawn) expect(decisions.space.holds(combination)).toBe(true);
    }
  });

  it('without replacement hold a combination as often as sequential draws without replacement would', () => {
    const policy = PointerPolicy.untrained();
    const decisions = new AdDecisions(policy, prepareAd(madeAd(1, { sizes: [2, 2], pairSd: 0.5 })));
    const all = allCombinations([2, 2]);
    const p = all.map((combination) => Math.exp(drawOf(decisions, combination).logProbability));
    const rounds = 8_000;
    const counts = new Map<string, number>();
    const random = createRandom(4);
    for (let round = 0; round < rounds; round++) {
      for (const combination of drawDistinct(decisions, 2, random))
        counts.set(combination.join(), (counts.get(combination.join()) ?? 0) + 1);
    }
    all.forEach((combination, i) => {
      const own = p[i] as number;
      // Drawn first, or second after another one.
      const expected = p.reduce((sum, other, j) => sum + (j === i ? own : (other * own) / (1 - other)), 0);
      const sd = Math.sqrt(rounds * expected * (1 - expected));
      expect(Math.abs((counts.get(combination.join()) ?? 0) - rounds * expected)).toBeLessThan(5 * sd + 1);
    });
  });
});

describe('a policy as files', () => {
  it('is the same after it was read back', () => {
    const policy = madePolicy(['image', 'title'], ['a', 'b']);
    const { metadata, files } = policy.encode();
    const opened = PointerPolicy.open(JSON.parse(JSON.stringify(metadata)), files);
    expect(opened.weights).toEqual(policy.weights);
    expect([opened.kinds, opened.elements]).toEqual([policy.kinds, policy.elements]);
    expect(opened.encode()).toEqual(policy.encode());
  });

  it('is refused where its weights are too few or its features are others', () => {
    const { metadata, files } = madePolicy(['image'], []).encode();
    expect(() => PointerPolicy.open({ ...metadata, kinds: [] }, files)).toThrow(/Expected \d+ weights of a generator but received \d+/);
    expect(() => PointerPolicy.open(metadata, {})).toThrow('weights of a generator but received 0');
    expect(() => PointerPolicy.open({ ...metadata, features: ['x'] }, files)).toThrow('but received one with x');
  });
});

import { describe, expect, it } from 'vitest';
import { createPolicyExposure } from '../../../src/core/feedback/direct_method.ts';
import { evaluate } from '../../../src/core/feedback/evaluation.ts';
import { createLoggedPolicy } from '../../../src/core/feedback/policies/logged.ts';
import { createPlanPolicy } from '../../../src/core/feedback/policies/plan.ts';
import type { Policy } from '../../../src/core/feedback/policies/policy.ts';
import { createUniformPolicy } from '../../../src/core/feedback/policies/uniform.ts';
import { runReplay } from '../../../src/core/feedback/replay.ts';
import { CLUSTERS, type ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { createRandom } from '../../../src/core/random.ts';
import { fitDirectModel, makeLog, replayed, replayOptions, simulateLog } from './made_logs.ts';
import { makeWorld } from './made_worlds.ts';

describe('the exposure a policy would give each arm', () => {
  const log = makeLog(
    [0, 1, 2, 3].map((arm) => ({ ts: arm, arm, click: 0, propensity: 0.25 })),
    ['a', 'a', 'b', 'b'],
  );
  const given = { arms: { ...log, live: new Uint8Array(4).fill(1) }, random: createRandom(1), logged: log };

  it('is the sum over rows of its probabilities then, each times the exposure of the row', () => {
    const probabilities = [0.75, 0.25, 1, 0];
    const uniform = replayed(createUniformPolicy)(given);
    const policy: Policy = { ...uniform, probability: (_, arm) => probabilities[arm] as number };
    const exposure = createPolicyExposure(log, policy, false);
    exposure.add(0, 0, 2);
    exposure.add(1, 1, 1);
    exposure.add(0, 2, 6);
    exposure.settle(0, 3);
    probabilities.splice(0, 2, 0, 1);
    exposure.add(0, 3, 3);
    exposure.settle(0, 4);
    exposure.settle(1, 4);
    exposure.settle(1, 4);
    expect([...exposure.byArm]).toEqual([0.75 * 8, 0.25 * 8 + 3, 1, 0]);
  });

  it('is that of the shown arms for a policy that follows the log', () => {
    const policy = replayed(createLoggedPolicy)(given);
    const exposure = createPolicyExposure(log, policy, true);
    for (let row = 0; row < 4; row++) exposure.add(row < 2 ? 0 : 1, row, 1 + row);
    expect([...exposure.byArm]).toEqual([1, 2, 3, 4]);
  });
});

const SHARES = [0.6, 0.3, 0.1];

/** Sums per cluster and arm: rows of the arm's ad times exposure, exposure of the arm, its clicks. */
function sumByCluster(log: ReplayLog, factors: Float64Array) {
  const empty = () => Array.from({ length: CLUSTERS }, () => new Float64Array(log.arms));
  const [given, shown, clicks] = [empty(), empty(), empty()];
  const rows = new Float64Array(CLUSTERS);
  const add = (sums: Float64Array[], cluster: number, arm: number, value: number): void => {
    const own = sums[cluster] as Float64Array;
    own[arm] = (own[arm] as number) + value;
  };
  for (let row = 0; row < log.rows; row++) {
    const cluster = log.cluster[row] as number;
    const arm = log.arm[row] as number;
    const factor = factors[log.position[row] as number] as number;
    const ad = log.adOf[arm] as number;
    rows[cluster] = (rows[cluster] as number) + 1;
    add(shown, cluster, arm, factor);
    add(clicks, cluster, arm, log.click[row] as number);
    for (let i = 0; i < SHARES.length; i++) add(given, cluster, (log.firstArm[ad] as number) + i, factor * (SHARES[i] as number));
  }
  return { given, shown, clicks, rows };
}

describe('the interval of the direct method', () => {
  it.each([
    { prior: 'a weak prior', k: 0.5 },
    { prior: 'a prior that weighs as much as the clicks', k: 20 },
  ])('is that of a bootstrap that fits the model anew, with $prior', ({ k }) => {
    const users = 300;
    const log = simulateLog(makeWorld({ ads: 3, creatives: 3, logging: 'skewed', seed: 4 }), 9_000, 4, { users });
    const { exposureFactor } = fitDirectModel(log, 8);
    const { given, shown, clicks, rows } = sumByCluster(log, exposureFactor);
    const everyCluster = new Float64Array(users).fill(1);
    /** dm with q̂ fitted to clusters that count so many times each; α_a deviates from q̂'s shrinkage by its prior. */
    const refit = (times: Float64Array, deviate: () => number) => {
      const total = (sums: readonly Float64Array[], arm: number): number =>
        times.reduce((sum, count, cluster) => sum + count * ((sums[cluster] as Float64Array)[arm] as number), 0);
      const arms = Array.from({ length: log.arms }, (_, arm) => [total(given, arm), total(shown, arm), total(clicks, arm)] as const);
      const shownInAll = arms.reduce((sum, [, e]) => sum + e, 0);
      const m = arms.reduce((sum, [, , c]) => sum + c, 0) / shownInAll;
      const n = times.reduce((sum, count, cluster) => sum + count * (rows[cluster] as number), 0);
      const model = arms.map(([, e, c]) => (c + k) / (e + k / m));
      const priorPart = arms.map(([, e]) => k / m / (e + k / m));
      const shrunk = arms.reduce((sum, [w], arm) => sum + w * (priorPart[arm] as number), 0);
      const value = arms.reduce((sum, [w, e], arm) => {
        const bias = (w * (priorPart[arm] as number) - (e / shownInAll) * shrunk) * (m / Math.sqrt(k)) * deviate();
        return sum + w * (model[arm] as number) + bias;
      }, 0);
      return { value: value / n, model, weight: arms.map(([, e]) => 1 / (e + k / m)) };
    };
    const random = createRandom(9);
    const refitted = Array.from({ length: 2_000 }, () => {
      const times = new Float64Array(users);
      for (let draw = 0; draw < users; draw++) {
        const cluster = random.below(users);
        times[cluster] = (times[cluster] as number) + 1;
      }
      return refit(times, () => random.normal()).value;
    });
    const mean = refitted.reduce((sum, value) => sum + value, 0) / refitted.length;
    const deviation = Math.sqrt(refitted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / refitted.length);

    const fitted = refit(everyCluster, () => 0);
    const policy = replayed(
      createPlanPolicy,
      Array.from({ length: log.arms }, (_, arm) => SHARES[arm % 3] as number),
    );
    const model = { exposureFactor, directModel: Float64Array.from(fitted.model), directWeight: Float64Array.from(fitted.weight) };
    const { dm } = evaluate(log, [runReplay(log, replayOptions(log, { policy, ...model }))], 1).estimators;
    expect(dm.value).toBeCloseTo(fitted.value, 12);
    // Deviations from 2,000 and 1,000 draws: 1.6 % and about 3 % by the ends; the rest is the linearisation.
    expect(Math.abs(((dm.ciHigh ?? 0) - (dm.ciLow ?? 0)) / (2 * 1.96 * deviation) - 1)).toBeLessThan(0.08);
  });

  it('has only the mix of rows to be unsure of when the model is given', () => {
    const log = simulateLog(makeWorld({ ads: 1, creatives: 3, seed: 4 }), 1_000, 4);
    const run = runReplay(log, replayOptions(log, { policy: replayed(createPlanPolicy, SHARES) }));
    const { dm } = evaluate(log, [run], 1).estimators;
    // Every row has the same q̂ and an exposure of 1.
    for (const end of [dm.value, dm.ciLow, dm.ciHigh]) expect(end).toBeCloseTo(0.02, 12);
  });
});

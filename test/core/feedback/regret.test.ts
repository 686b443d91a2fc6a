import { expect, it } from 'vitest';
import { runOnPolicy } from '../../../src/core/feedback/on_policy.ts';
import { POLICIES } from '../../../src/core/feedback/policies/registry.ts';
import { createRandom } from '../../../src/core/random.ts';
import { tell } from '../../real/real_data.ts';
import { makeFlatWorld, START } from './made_worlds.ts';
import { policyOf } from './watched_policies.ts';

const IMPRESSIONS = 100_000;

/** Loss of a policy in worlds of six creatives around 2 % CTR, one world per seed: its mean and that mean's standard error. */
function lossOf(name: string, seeds: number): { mean: number; error: number } {
  const losses = Array.from({ length: seeds }, (_, seed) => {
    const world = makeFlatWorld(ctrsOf(seed));
    return runOnPolicy(world, { policy: policyOf(name), impressions: IMPRESSIONS, start: START, days: 14, users: 5_000, seed }).loss;
  });
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / seeds;
  const error = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (seeds - 1) / seeds);
  tell(`${name}: ${(100 * mean).toFixed(2)} % ± ${(100 * error).toFixed(2)} of the oracle's clicks lost (${seeds} worlds)`);
  return { mean, error };
}

function ctrsOf(seed: number): number[] {
  const random = createRandom(seed, 21);
  return Array.from({ length: 6 }, () => 0.02 * Math.exp(0.25 * random.normal()));
}

it('Bayes-UCB loses at most 6 % of the clicks the best creative would have had', () => {
  const { mean, error } = lossOf('ucb', 200);
  expect(mean + 2 * error).toBeLessThan(0.06);
});

// Beside each bound what 100 worlds gave: it leaves room for tuning, and none for a policy that does not learn.
it.each([
  ['ucb1', 0.06], // .034
  ['kl', 0.1], // .061
  ['thompson', 0.06], // .038
  ['epsilon-greedy', 0.08], // .059
])(
  '%s loses at most %d of them',
  (name, bound) => {
    expect(lossOf(name, 20).mean).toBeLessThan(bound);
  },
  300_000,
);

it('the uniform policy loses what the mean creative lacks', () => {
  const seeds = 20;
  const { mean } = lossOf('uniform', seeds);
  const lacks = Array.from({ length: seeds }, (_, seed) => {
    const ctrs = ctrsOf(seed);
    return 1 - ctrs.reduce((sum, ctr) => sum + ctr, 0) / 6 / Math.max(...ctrs);
  });
  // CTRs spread by a quarter: the standard error over two million impressions is below .0002.
  expect(mean).toBeCloseTo(lacks.reduce((sum, lack) => sum + lack, 0) / seeds, 3);
});

it('every policy that learns is among those that are measured', () => {
  const unmeasured = Object.keys(POLICIES).filter((name) => !['ucb', 'ucb1', 'kl', 'thompson', 'epsilon-greedy', 'uniform'].includes(name));
  expect(unmeasured.sort()).toEqual(['logged', 'plan']);
});

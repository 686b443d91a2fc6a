import { describe, expect, it } from 'vitest';
import { policySlate } from '../../../../src/core/models/generator/compose_slate.ts';
import { AdDecisions, prepareAd } from '../../../../src/core/models/generator/decisions.ts';
import { drawCombinations, drawOf } from '../../../../src/core/models/generator/draws.ts';
import { PointerPolicy } from '../../../../src/core/models/generator/policy.ts';
import { DEFAULT_OPTIONS, type GeneratorOptions, trainGenerator } from '../../../../src/core/models/generator/training.ts';
import type { ProgressEvent } from '../../../../src/core/progress.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { type MadeAd, madeAd } from './made_ads.ts';

const SIZES = [10, 10, 10, 10];
const adsOf = (first: number, count: number, options: MadeAd) => Array.from({ length: count }, (_, i) => madeAd(first + i, options));
const options = (changes: Partial<GeneratorOptions> = {}): GeneratorOptions => ({ ...DEFAULT_OPTIONS, steps: 100, ...changes });

/** Means over ads of the draws' objective r + τ·entropy in sd, and of the different ones of 64. */
function look(policy: PointerPolicy, seeds: readonly number[], made: MadeAd): { objective: number; distinct: number } {
  let [objective, distinct] = [0, 0];
  for (const seed of seeds) {
    const ad = prepareAd(madeAd(seed, made));
    const draws = drawCombinations(new AdDecisions(policy, ad), 64, createRandom(seed));
    for (const { combination, logProbability } of draws) {
      objective +=
        ((ad.reward.score(combination) - ad.pairwise.mean) / ad.pairwise.sd - DEFAULT_OPTIONS.entropyWeight * logProbability) /
        draws.length /
        seeds.length;
    }
    distinct += new Set(draws.map(({ combination }) => combination.join())).size / seeds.length;
  }
  return { objective, distinct };
}

const unseen = Array.from({ length: 40 }, (_, i) => 500 + i);

describe('trainGenerator', () => {
  it('raises reward plus weighted entropy on ads and elements that it was not trained on', async () => {
    const made = { sizes: [10, 10, 10, 10, 10, 10] };
    const { policy, metrics } = await trainGenerator(adsOf(0, 32, made), [], options());
    expect(metrics.rewardCalls).toBe(metrics.steps * 8 * 64);
    const [before, after] = [look(PointerPolicy.untrained(), unseen, made), look(policy, unseen, made)];
    // The mean over 40 × 64 draws varies by about 0.01 for the same ads.
    expect(after.objective).toBeGreaterThan(before.objective + 0.1);
  });

  it('keeps draws different, which without a weight on entropy collapse', async () => {
    const made = { sizes: SIZES };
    const ads = adsOf(0, 16, made);
    const kept = await trainGenerator(ads, [], options());
    const collapsed = await trainGenerator(ads, [], options({ entropyWeight: 0, steps: 300 }));
    const [start, withEntropy, without] = [PointerPolicy.untrained(), kept.policy, collapsed.policy].map(
      (policy) => look(policy, unseen, made).distinct,
    );
    // 31 before, 18 with entropy, 4 without.
    expect(withEntropy).toBeGreaterThan(0.45 * (start as number));
    expect(without).toBeLessThan(0.25 * (start as number));
    expect(collapsed.metrics.after.distinct).toBeLessThan(10);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const train = async (seed: number) =>
      (await trainGenerator(adsOf(0, 4, { sizes: [4, 4] }), [], options({ seed, steps: 5 }))).policy.weights;
    expect(await train(1)).toEqual(await train(1));
    expect(await train(2)).not.toEqual(await train(1));
  });

  it('starts out from what ads have shown', async () => {
    const ads = adsOf(0, 4, { sizes: [6, 6] });
    // Not the reward's favourite: what was shown.
    const combination = Int32Array.of(1, 8);
    const others = Array.from({ length: 7 }, (_, i) => Int32Array.of(i % 6, 6 + ((i + 3) % 6)));
    const logged = ads.flatMap((_, ad) => [
      { ad, combination, weight: 100 },
      ...others.map((own) => ({ ad, combination: own, weight: 1 })),
    ]);
    const odds = async (rows: typeof logged) => {
      const { policy, metrics } = await trainGenerator(ads, rows, options({ steps: 0 }));
      const logOdds = ads.map((ad) => drawOf(new AdDecisions(policy, prepareAd(ad)), combination).logProbability);
      return { warmSteps: metrics.warmSteps, mean: logOdds.reduce((sum, x) => sum + x, 0) / ads.length };
    };
    const [cold, warm] = [await odds([]), await odds(logged)];
    expect(cold.warmSteps).toBe(0);
    expect(warm.warmSteps).toBeGreaterThan(0);
    expect(warm.mean).toBeGreaterThan(cold.mean + 0.5);
    // Of one or two combinations it would learn to draw nothing else.
    expect((await odds(logged.filter(({ weight }) => weight === 100))).warmSteps).toBe(0);
  });

  it('leaves out logged combinations that constraints forbid today, and those that count nothing', async () => {
    const ads = adsOf(0, 2, { sizes: [3, 3], space: { forbidden: [[0, 3]] } });
    const logged = [
      { ad: 0, combination: Int32Array.of(0, 3), weight: 5 },
      { ad: 1, combination: Int32Array.of(1, 3), weight: 0 },
    ];
    expect((await trainGenerator(ads, logged, options({ steps: 2 }))).metrics.warmSteps).toBe(0);
  });

  it('trains ads of different kinds and sizes together, forbidden pairs and all', async () => {
    const ads = [
      madeAd(1, { sizes: [5] }),
      madeAd(2, {
        sizes: [3, 9],
        space: {
          forbidden: [
            [0, 3],
            [1, 4],
          ],
        },
      }),
      madeAd(3, { sizes: [2, 2, 12, 2], uncertainty: 0.3, kappa: 1 }),
      madeAd(4, { sizes: [1, 1] }),
    ];
    const { policy, metrics } = await trainGenerator(ads, [], options({ steps: 10 }));
    expect(metrics.ads).toBe(3);
    for (const ad of ads) {
      const { combinations } = policySlate(policy, ad, { size: 8, gamma: 0.5, random: createRandom(1) });
      expect(combinations.length).toBe(Math.min(8, ad.space.count));
    }
  });

  it('tells reward, entropy and different draws, and ends early when nothing rises', async () => {
    const events: ProgressEvent[] = [];
    const { metrics } = await trainGenerator(
      adsOf(0, 8, { sizes: [3, 3], pairSd: 0 }),
      [],
      options({ steps: 2_000, onProgress: (event) => events.push(event) }),
    );
    expect(metrics.isConverged).toBe(true);
    expect(metrics.steps).toBeLessThan(1_000);
    expect(events).toHaveLength(metrics.steps);
    expect(events.at(-1)?.detail).toMatch(/^reward -?\d+\.\d\d, entropy \d+\.\d, \d+ of 64 distinct$/);
    expect(events.at(-1)).toMatchObject({ done: metrics.steps, total: 2_000, unit: 'steps' });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const run = trainGenerator(
      adsOf(0, 4, { sizes: [4, 4] }),
      [],
      options({ signal: controller.signal, onProgress: () => controller.abort() }),
    );
    await expect(run).rejects.toThrow('interrupted');
  });

  it('says so where no ad has anything to choose', async () => {
    const run = trainGenerator(adsOf(0, 2, { sizes: [1, 1] }), [], options());
    await expect(run).rejects.toThrow(
      'Expected ads with combinations of different rewards to train a generator on but received 2 without.',
    );
  });
});

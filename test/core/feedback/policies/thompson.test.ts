import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../../src/core/feedback/policies/policy.ts';
import { createThompsonPolicy } from '../../../../src/core/feedback/policies/thompson.ts';
import { gammaCdf, gammaQuantile } from '../../../../src/core/numerics/gamma.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { clicksAlone, makeArms, makePolicy, outcome, playOut, probabilitiesOf, show, sum } from './made_policies.ts';

interface Shown {
  readonly clicks: number;
  readonly plays: number;
  readonly rest?: number;
}

/**
 * P(slope·θ_i + rest_i is the highest) with θ ~ Gamma(C + 1, rate E + 1/m), m = (ΣC + 1)/(ΣE + 100):
 * ∫₀¹ Π_{j≠i} F_j(F_i⁻¹(u) + (rest_i − rest_j)/slope) du by midpoints.
 */
function probabilityBest(shown: readonly Shown[], slope = 1): number[] {
  const points = 2_000;
  const perClick = (sum(shown.map(({ plays }) => plays)) + 100) / (sum(shown.map(({ clicks }) => clicks)) + 1);
  return shown.map((own, i) => {
    let total = 0;
    for (let point = 0; point < points; point++) {
      const theta = gammaQuantile((point + 0.5) / points, own.clicks + 1, own.plays + perClick);
      let below = 1;
      shown.forEach((other, j) => {
        const same = theta + ((own.rest ?? 0) - (other.rest ?? 0)) / slope;
        if (j !== i) below *= gammaCdf(other.clicks + 1, same * (other.plays + perClick));
      });
      total += below / points;
    }
    return total;
  });
}

/** The mean of the stated probabilities over so many renewals, each from 256 new draws. */
function meanProbabilities(policy: Policy, arms: ReturnType<typeof makeArms>, renewals: number): number[] {
  const totals = probabilitiesOf(policy, arms).map(() => 0);
  for (let renewal = 0; renewal < renewals; renewal++) {
    policy.refresh(0);
    probabilitiesOf(policy, arms).forEach((p, arm) => {
      totals[arm] = (totals[arm] as number) + p / renewals;
    });
  }
  return totals;
}

describe('thompson', () => {
  it.each<[string, number, Shown[]]>([
    [
      'two arms',
      1,
      [
        { clicks: 3, plays: 20 },
        { clicks: 5, plays: 25 },
      ],
    ],
    [
      'two arms without a click',
      1,
      [
        { clicks: 0, plays: 5 },
        { clicks: 0, plays: 40 },
      ],
    ],
    [
      'three arms',
      1,
      [
        { clicks: 1, plays: 10 },
        { clicks: 4, plays: 22 },
        { clicks: 2, plays: 17 },
      ],
    ],
    [
      'three arms by their reward',
      4,
      [
        { clicks: 3, plays: 15, rest: 0 },
        { clicks: 3, plays: 15, rest: 0.3 },
        { clicks: 5, plays: 19, rest: -0.2 },
      ],
    ],
  ])('shows each of %s with the probability that it is the best', (_, slope, shown) => {
    const arms = makeArms(shown.length);
    const rewards = { slope: Float64Array.of(slope), rest: Float64Array.from(shown, ({ rest = 0 }) => rest) };
    const policy = makePolicy(createThompsonPolicy, arms, { rewards });
    shown.forEach((given, arm) => {
      show(policy, 0, arm, given);
    });
    const expected = probabilityBest(shown, slope);
    expect(sum(expected)).toBeCloseTo(1, 3);
    // 400 · 256 draws: the standard error is at most .0016.
    meanProbabilities(policy, arms, 400).forEach((p, arm) => {
      expect(Math.abs(p - (expected[arm] as number))).toBeLessThan(0.006);
    });
  });

  it('shows arms never shown first, each as often', () => {
    const arms = makeArms(4);
    const policy = makePolicy(createThompsonPolicy, arms);
    expect(probabilitiesOf(policy, arms)).toEqual([0.25, 0.25, 0.25, 0.25]);
    show(policy, 0, 2, { clicks: 5, plays: 5 });
    expect(probabilitiesOf(policy, arms)).toEqual([1 / 3, 1 / 3, 0, 1 / 3]);
    show(policy, 0, 0, {});
    show(policy, 0, 3, {});
    expect(probabilitiesOf(policy, arms)).toEqual([0, 1, 0, 0]);
    show(policy, 0, 1, {});
    expect(probabilitiesOf(policy, arms)[2]).toBeGreaterThan(0.5);
  });

  it('shows an arm that comes later until it has been shown once', () => {
    const arms = makeArms(3);
    arms.live[2] = 0;
    const policy = makePolicy(createThompsonPolicy, arms);
    show(policy, 0, 0, { clicks: 50, plays: 500 });
    show(policy, 0, 1, { clicks: 25, plays: 500 });
    arms.live[2] = 1;
    policy.refresh(0);
    expect(probabilitiesOf(policy, arms)).toEqual([0, 0, 1]);
    show(policy, 0, 2, {});
    expect(probabilitiesOf(policy, arms)[2]).toBeLessThan(1);
  });

  it('shows an arm first again when all its plays have left the window', () => {
    const arms = makeArms(2);
    const policy = makePolicy(createThompsonPolicy, arms, { config: { window: { impressions: 1_000 } } });
    show(policy, 0, 0, { clicks: 5, plays: 10 });
    show(policy, 0, 1, { plays: 999 });
    expect(probabilitiesOf(policy, arms)[0]).toBeLessThan(1);
    show(policy, 0, 1, {});
    expect(probabilitiesOf(policy, arms)).toEqual([1, 0]);
  });

  it('follows its window however long it has run', () => {
    const arms = makeArms(2);
    const policy = makePolicy(createThompsonPolicy, arms, { config: { window: { impressions: 200 } } });
    for (let play = 0; play < 40_000; play++) policy.update(0, play % 2, outcome(play % 4 === 0 ? 1 : 0));
    expect(probabilitiesOf(policy, arms)[0]).toBe(1); // 50 clicks in 100 plays against none
    for (let play = 0; play < 200; play++) policy.update(0, play % 2, outcome(play % 4 === 1 ? 1 : 0));
    expect(probabilitiesOf(policy, arms)[0]).toBe(0);
  });

  it('states new probabilities when live arms or rewards change', () => {
    const arms = makeArms(3);
    const rewards = clicksAlone(arms);
    const policy = makePolicy(createThompsonPolicy, arms, { rewards });
    for (const arm of [0, 1, 2]) show(policy, 0, arm, { clicks: 5, plays: 50 });
    arms.live[1] = 0;
    policy.refresh(0);
    const [first, gone, last] = probabilitiesOf(policy, arms) as [number, number, number];
    expect(gone).toBe(0);
    expect(Math.abs(first - last)).toBeLessThan(0.3);
    rewards.rest[2] = 10;
    policy.refresh(0);
    expect(probabilitiesOf(policy, arms)).toEqual([0, 0, 1]);
  });

  it('shows arms evenly where their rewards are the same', () => {
    const arms = makeArms(3);
    const policy = makePolicy(createThompsonPolicy, arms, { rewards: { slope: new Float64Array(1), rest: new Float64Array(3) } });
    playOut(policy, [0.3, 0.2, 0.1], { impressions: 60 });
    // Standard error of a third, counted from 256 draws: .029.
    for (const p of probabilitiesOf(policy, arms)) expect(Math.abs(p - 1 / 3)).toBeLessThan(0.12);
  });

  it('draws further from the mean with a larger alpha', () => {
    // Posterior means .26 and .15; alpha 0 leaves nothing to chance.
    const shareOfWorse = [0, 0.3, 1, 3].map((alpha) => {
      const arms = makeArms(2);
      const policy = makePolicy(createThompsonPolicy, arms, { config: { alpha }, random: createRandom(4) });
      show(policy, 0, 0, { clicks: 12, plays: 40 });
      show(policy, 0, 1, { clicks: 6, plays: 40 });
      return meanProbabilities(policy, arms, 50)[1] as number;
    }) as [number, number, number, number];
    expect(shareOfWorse[0]).toBe(0);
    expect(shareOfWorse[1]).toBeLessThan(shareOfWorse[2] - 0.02);
    expect(shareOfWorse[2]).toBeLessThan(shareOfWorse[3] - 0.02);
  });
});

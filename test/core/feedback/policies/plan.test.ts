import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../../src/core/config.ts';
import { createPlanPolicy } from '../../../../src/core/feedback/policies/plan.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { clicksAlone, makeArms, makePolicy, probabilitiesOf, show } from './made_policies.ts';

describe('plan', () => {
  it('shows the shares of the plan, scaled to the arms that are live', () => {
    const arms = makeArms(2, 3);
    const policy = makePolicy(createPlanPolicy, arms, { shares: Float64Array.of(0.25, 0.75, 0.5, 0.375, 0.125) });
    expect(probabilitiesOf(policy, arms, 0)).toEqual([0.25, 0.75]);
    expect(probabilitiesOf(policy, arms, 1)).toEqual([0.5, 0.375, 0.125]);
    arms.live[2] = 0;
    policy.refresh(1);
    expect(probabilitiesOf(policy, arms, 1)).toEqual([0, 0.75, 0.25]);
    expect(policy.expectation(1, Float64Array.of(0, 0, 100, 4, 8), 0)).toBe(5);
    arms.live[2] = 1;
    policy.refresh(1);
    expect(probabilitiesOf(policy, arms, 1)).toEqual([0.5, 0.375, 0.125]);
  });

  it('shows nothing where the plan gives live arms nothing', () => {
    const arms = makeArms(4);
    const policy = makePolicy(createPlanPolicy, arms, { shares: Float64Array.of(1, 0, 0, 0) });
    arms.live.set([0, 1, 0, 1]);
    policy.refresh(0);
    expect(probabilitiesOf(policy, arms)).toEqual([0, 0, 0, 0]);
    expect(policy.select(0, 0)).toBe(-1);
    expect(policy.expectation(0, Float64Array.of(1, 1, 1, 1), 0)).toBe(0);
  });

  it('leaves to creatives that the log does not know what the plan gives them', () => {
    const arms = makeArms(3);
    const policy = makePolicy(createPlanPolicy, arms, { shares: Float64Array.of(0.3, 0.1, 0.2) });
    expect(probabilitiesOf(policy, arms)).toEqual([0.3, 0.1, 0.2]);
    arms.live[2] = 0;
    policy.refresh(0);
    for (const [arm, share] of [0.45, 0.15, 0].entries()) expect(probabilitiesOf(policy, arms)[arm]).toBeCloseTo(share, 12);
    const nobody = Array.from({ length: 10_000 }, (_, row) => policy.select(0, row)).filter((arm) => arm < 0).length;
    // 40 % with a standard error of half a percent.
    expect(Math.abs(nobody / 10_000 - 0.4)).toBeLessThan(0.02);
  });

  it('shows an arm only the plan gives a share, never one it gives none', () => {
    const policy = makePolicy(createPlanPolicy, makeArms(3), { shares: Float64Array.of(0, 1, 0) });
    for (let row = 0; row < 100; row++) expect(policy.select(0, row)).toBe(1);
  });

  it('learns nothing', () => {
    const arms = makeArms(2);
    const policy = makePolicy(createPlanPolicy, arms, { shares: Float64Array.of(0.25, 0.75) });
    show(policy, 0, 0, { clicks: 50, plays: 50 });
    policy.forget(0);
    expect(probabilitiesOf(policy, arms)).toEqual([0.25, 0.75]);
  });

  it('is refused without shares', () => {
    const arms = makeArms(2);
    const given = { arms, random: createRandom(1), rewards: clicksAlone(arms), config: DEFAULT_CONFIG.policy };
    expect(() => createPlanPolicy(given)).toThrow('the plan policy needs the shares of a plan');
  });
});

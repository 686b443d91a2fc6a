import { describe, expect, it } from 'vitest';
import { createMixture } from '../../../../src/core/feedback/policies/mixture.ts';
import type { Policy } from '../../../../src/core/feedback/policies/policy.ts';
import { createUcb1Policy } from '../../../../src/core/feedback/policies/ucb1.ts';
import { createUniformPolicy } from '../../../../src/core/feedback/policies/uniform.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { makeArms, makePolicy, probabilitiesOf, show } from './made_policies.ts';

/** Greedy between two arms of which the second has clicks, mixed with uniform. */
function makeMixture(share: number, arms = makeArms(2)): Policy {
  const random = createRandom(2);
  const greedy = makePolicy(createUcb1Policy, arms, { config: { alpha: 0 } });
  const mixture = createMixture(greedy, createUniformPolicy({ arms, random }), share, random);
  show(mixture, 0, 0, { clicks: 1, plays: 10 });
  show(mixture, 0, 1, { clicks: 2, plays: 10 });
  return mixture;
}

describe('a mixture of two policies', () => {
  it.each([0, 0.25, 1])('shows the rare one with probability %d', (share) => {
    const arms = makeArms(2);
    const mixture = makeMixture(share, arms);
    expect(probabilitiesOf(mixture, arms)).toEqual([share / 2, 1 - share / 2]);
    expect(mixture.expectation(0, Float64Array.of(8, 16), 0)).toBe(16 - 4 * share);
    let first = 0;
    for (let row = 0; row < 20_000; row++) if (mixture.select(0, row) === 0) first++;
    // Standard error at most .0035.
    expect(Math.abs(first / 20_000 - share / 2)).toBeLessThan(0.014);
  });

  it('lets both learn, forget and hear of changes', () => {
    const arms = makeArms(2);
    const heard: string[] = [];
    const listener = (name: string): Policy => ({
      ...makePolicy(createUniformPolicy, arms),
      update: (ad, arm, { click }) => heard.push(`${name} update ${ad} ${arm} ${click}`),
      refresh: (ad) => heard.push(`${name} refresh ${ad}`),
      forget: (ad) => heard.push(`${name} forget ${ad}`),
    });
    const mixture = createMixture(listener('usual'), listener('rare'), 0.1, createRandom(1));
    show(mixture, 0, 1, { clicks: 1 });
    mixture.refresh(0);
    mixture.forget(0);
    expect(heard).toEqual([
      'usual update 0 1 1',
      'rare update 0 1 1',
      'usual refresh 0',
      'rare refresh 0',
      'usual forget 0',
      'rare forget 0',
    ]);
  });

  it('asks the policies for the row at hand', () => {
    const arms = makeArms(2);
    const byRow: Policy = {
      ...makePolicy(createUniformPolicy, arms),
      select: (_, row) => row,
      probability: (_, arm, row) => (arm === row ? 1 : 0),
      expectation: (_, values, row) => values[row] as number,
    };
    const mixture = createMixture(byRow, byRow, 0.5, createRandom(1));
    expect([mixture.select(0, 1), mixture.probability(0, 1, 1), mixture.expectation(0, Float64Array.of(3, 7), 1)]).toEqual([1, 1, 7]);
  });
});

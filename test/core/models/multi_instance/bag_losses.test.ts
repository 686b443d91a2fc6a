import { describe, expect, it } from 'vitest';
import { compareLosses } from '../../../../src/core/models/multi_instance/bag_losses.ts';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';

function bagsOf(outcomes: number[], exposure: number[]): Bags {
  const rows = outcomes.length;
  return {
    kinds: ['title'],
    elements: [{ kind: 0, elementId: 't' }],
    ads: outcomes.map((_, i) => `ad${i}`),
    rows,
    ad: Int32Array.from(outcomes.keys()),
    members: new Int32Array(rows),
    outcomes: Float64Array.from(outcomes),
    exposure: Float64Array.from(exposure),
  };
}

describe('compareLosses', () => {
  const bags = bagsOf([2, 6], [10, 20]);
  const rows = Int32Array.of(0, 1);
  const constant = new Float64Array(2).fill(0.2);
  const own = Float64Array.of(0.2, 0.3);

  it('is the binomial log-likelihood an effective impression', () => {
    const { losses, differences } = compareLosses(bags, rows, { constant, own }, { family: 'binomial', seed: 1 });
    const loss = (p: number, q: number) => -(2 * Math.log(p) + 8 * Math.log(1 - p) + 6 * Math.log(q) + 14 * Math.log(1 - q)) / 30;
    expect(losses.constant?.value).toBeCloseTo(loss(0.2, 0.2), 12);
    expect(losses.own?.value).toBeCloseTo(loss(0.2, 0.3), 12);
    expect(differences.own_minus_constant?.value).toBeCloseTo(loss(0.2, 0.3) - loss(0.2, 0.2), 12);
    expect(Object.keys(differences)).toEqual(['own_minus_constant']);
  });

  it('is the Poisson likelihood of amounts', () => {
    const { losses } = compareLosses(bags, rows, { constant }, { family: 'poisson', seed: 1 });
    expect(losses.constant?.value).toBeCloseTo((30 * 0.2 - 8 * Math.log(0.2)) / 30, 12);
  });

  it('counts only the rows asked for, and says where there are too few', () => {
    const { exposure, outcomes, clusters, losses } = compareLosses(bags, Int32Array.of(0), { constant }, { family: 'binomial', seed: 1 });
    expect({ exposure, outcomes, clusters }).toEqual({ exposure: 10, outcomes: 2, clusters: 1 });
    expect(losses.constant).toMatchObject({ value: null, reason: expect.stringContaining('5 outcomes are needed') });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKlPolicy, klUpperBound } from '../../../../src/core/feedback/policies/kl.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { makeArms, makePolicy, outcome, show, sum } from './made_policies.ts';

/** x − ln(1 + x), by its series where the difference would cancel. */
function excess(x: number): number {
  if (Math.abs(x) > 0.01) return x - Math.log1p(x);
  let total = 0;
  for (let n = 12; n >= 2; n--) total += (n % 2 === 0 ? 1 : -1) * (x ** n / n);
  return total;
}

/** E·d(C/E, q) = C·(x − 1 − ln x) with x = q·E/C. */
function divergence(clicks: number, exposure: number, q: number): number {
  return clicks === 0 ? exposure * q : clicks * excess((q * exposure) / clicks - 1);
}

const logUniform = (min: number, max: number) => fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);

describe('the upper bound of KL-UCB', () => {
  it('solves E·d(C/E, q) = budget above C/E', () => {
    fc.assert(
      fc.property(logUniform(1e-3, 1e9), logUniform(1e-3, 1e12), logUniform(1e-6, 1e4), (clicks, exposure, budget) => {
        // Newton's steps come from above and end when they are below 1e-9 of q.
        const q = klUpperBound(clicks, exposure, budget);
        expect(divergence(clicks, exposure, q * (1 + 1e-12))).toBeGreaterThanOrEqual(budget);
        expect(divergence(clicks, exposure, Math.max(clicks / exposure, q * (1 - 2e-9)))).toBeLessThanOrEqual(budget);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    // x·C/E with x = −W₋₁(−exp(−1 − budget/C)), scipy 1.17.1: -lambertw(-math.exp(-1 - t), -1).real
    [1, 1, 1, 3.1461932206205825],
    [1, 1, 0.01, 1.148165122379394],
    [1, 1, 100, 105.66022855484995],
    [20, 1000, 9.210340371976184, 0.045766930815548564],
  ])('with C = %d, E = %d and budget %d is %d', (clicks, exposure, budget, expected) => {
    expect(klUpperBound(clicks, exposure, budget) / expected).toBeCloseTo(1, 9);
  });

  it('is budget/E without a click, C/E without a budget and infinite without exposure', () => {
    expect(klUpperBound(0, 250, 5)).toBe(0.02);
    expect(klUpperBound(0, 250, 0)).toBe(0);
    expect(klUpperBound(7, 350, 0)).toBeCloseTo(0.02, 15);
    expect(klUpperBound(0, 0, 3)).toBe(Number.POSITIVE_INFINITY);
    expect(klUpperBound(2, 0, 3)).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes on without a jump from few clicks to none', () => {
    expect(klUpperBound(1e-9, 100, 5)).toBeCloseTo(klUpperBound(0, 100, 5), 8);
  });

  it('rises with clicks and budget, and falls with exposure', () => {
    fc.assert(
      fc.property(fc.nat(1_000), logUniform(1, 1e6), logUniform(0.1, 100), (clicks, exposure, budget) => {
        const q = klUpperBound(clicks, exposure, budget);
        expect(klUpperBound(clicks + 1, exposure, budget)).toBeGreaterThan(q);
        expect(klUpperBound(clicks, exposure, budget * 1.1)).toBeGreaterThan(q);
        expect(klUpperBound(clicks, exposure * 1.1, budget)).toBeLessThan(q);
      }),
    );
  });
});

describe('kl', () => {
  it('shows the arm with the largest q such that E·d(C/E, q) ≤ α·ln N', () => {
    const alpha = 0.7;
    const ctrs = [0.2, 0.15, 0.1];
    const policy = makePolicy(createKlPolicy, makeArms(3), { config: { alpha } });
    const random = createRandom(5);
    const [clicks, exposure] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (let plays = 0; plays < 4_000; plays++) {
      const chosen = policy.select(0, plays);
      if (plays >= 3) {
        const bounds = ctrs.map((_, arm) => klUpperBound(clicks[arm] as number, exposure[arm] as number, alpha * Math.log(plays)));
        // N is taken anew when 2 % of the plays are new; before 50 plays, at each. ln 1.02 / ln 50 = .005.
        expect(bounds[chosen]).toBeGreaterThanOrEqual(Math.max(...bounds) * (1 - (plays <= 50 ? 1e-9 : 0.0051)));
      }
      const factor = plays % 2 === 0 ? 1.5 : 0.5;
      const click = random.uniform() < (ctrs[chosen] as number) * factor ? 1 : 0;
      clicks[chosen] = (clicks[chosen] as number) + click;
      exposure[chosen] = (exposure[chosen] as number) + factor;
      policy.update(0, chosen, outcome(click, factor));
    }
    expect(exposure[0]).toBeGreaterThan(0.5 * sum(exposure));
  });

  it('looks at its window alone', () => {
    // Of arm 0 the clicks have left: in the last 12 plays it has 0 of 10, and arm 1 has 1 of 2.
    const policy = makePolicy(createKlPolicy, makeArms(2), { config: { window: { impressions: 12 }, alpha: 0.1 } });
    show(policy, 0, 0, { clicks: 40, plays: 50 });
    show(policy, 0, 1, { clicks: 1, plays: 2 });
    expect(policy.select(0, 0)).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import type { NamedPlan } from '../../src/commands/select.ts';
import { creativeReason, describePriors, explain } from '../../src/commands/select_text.ts';
import { DEFAULT_CONFIG } from '../../src/core/config.ts';
import { planAd } from '../../src/core/feedback/ad_plan.ts';
import { noSums, type Prior } from '../../src/core/feedback/reward.ts';
import { createRandom } from '../../src/core/random.ts';

const COMMON: Prior = { k: 4, m: 0.02 };
const predicted = (k: number, m: number): Prior => ({ k, m, isPredicted: true });

/** An ad of three after a day on which the first alone was shown, 4 clicks in 400 impressions. */
function planOf(...priors: Prior[]): NamedPlan {
  const shown = { ...noSums(), impressions: 400, exposure: 400, clicks: 4 };
  const isStored = [true, true, true];
  const plan = planAd({
    creatives: 3,
    days: [{ day: 1, creatives: [shown, noSums(), noSums()] }],
    isStored,
    base: undefined,
    priors,
    dispersion: 1,
    config: DEFAULT_CONFIG,
    random: createRandom(1),
  });
  return { adId: 'a', creativeIds: ['x', 'y', 'z'], isStored, base: undefined, plan };
}

describe('a plan with predicted CTRs', () => {
  const named = planOf(predicted(41.3, 0.0231), predicted(2.34, 0.03), COMMON);

  it('says what a prediction counts for', () => {
    expect(creativeReason(named.plan, 1, DEFAULT_CONFIG)).toBe('never shown: predicted CTR 3.00% counts as 2.3 clicks of evidence');
    expect(creativeReason(named.plan, 2, DEFAULT_CONFIG)).toBe('never shown: it comes first');
    const [x, y, z] = ['x', 'y', 'z'].map((id) => explain(id, [named], DEFAULT_CONFIG));
    expect(x).toContain('  prior:   predicted CTR 2.31% counts as 41 clicks of evidence');
    expect(x?.join('\n')).toMatch(/reward: {2}[+−]\d+\.\d%, at most [+−]\d+\.\d% with what is known/);
    expect(y).toContain('  prior:   predicted CTR 3.00% counts as 2.3 clicks of evidence');
    // 3 % over (4 + 41.3)/(400 + 41.3/.0231), the only one shown.
    expect(y).toContain('  reward:  +44.9% if the prediction holds');
    expect(z?.join('\n')).not.toMatch(/prior:|reward:/);
  });

  it('counts the creatives that the model knows', () => {
    const priors = { modelId: 'm1', strength: 41.3, scale: 1.1, isPreferred: true, notes: [], of: () => COMMON };
    expect(describePriors({ ...priors, kind: 'dual-tower' }, [named])).toEqual([
      'prior: dual tower m1 predicts 2 of 3 creatives, each worth 41 clicks of evidence',
    ]);
    expect(describePriors({ ...priors, kind: 'dual-tower', notes: ['it is old'] }, [named])[0]).toBe('note: it is old');
    expect(describePriors({ ...priors, kind: 'ecoi' }, [named])).toEqual([]);
    expect(describePriors({ ...priors, kind: 'dual-tower', isPreferred: false }, [named])).toEqual([
      'prior: that of the log, as held-out clicks are better explained by one mean than by dual tower m1',
    ]);
  });
});

describe('a plan with the common prior', () => {
  it('says nothing of it', () => {
    const named = planOf(COMMON, COMMON, COMMON);
    expect(explain('a', [named], DEFAULT_CONFIG).join('\n')).not.toContain('prior');
  });
});

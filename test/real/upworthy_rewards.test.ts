import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArmFolds, compareArms, predictArms, readArms } from '../../bench/upworthy_rewards.ts';
import type { LossComparison } from '../../src/core/models/multi_instance/bag_losses.ts';
import { hasRealData, realFile, runJson, tell } from './real_data.ts';

/** Nats an impression, of what `bench/peers/reward_logit.py leave-out` (scikit-learn 1.9.1) predicts for the same arms. */
const RIDGE_LOGIT = 0.06231888;
const RIDGE_LOGIT_FREE_ADS = 0.06228455;

const found = hasRealData();

describe.skipIf(!found)('the reward model on arms left out of Upworthy’s tests of headline and image', () => {
  let folder: string;
  let arms: ArmFolds;
  let predictions: Record<'ad_mean' | 'additive' | 'gated', Float64Array>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-rewards-'));
    const packages = realFile('upworthy', 'packages.csv.gz');
    const map = 'test_id=ad_id,arm=creative_id,headline=element.title,image_id=element.image';
    await runJson(folder, 'import', 'creatives', packages, '--map', map);
    await runJson(folder, 'import', 'logs', packages, '--map', 'test_id=ad_id,arm=creative_id');
    arms = await readArms(join(folder, 'atelier.db'));
    predictions = {
      ad_mean: await predictArms(arms, 'ad_mean'),
      additive: await predictArms(arms, 'additive'),
      gated: await predictArms(arms, 'gated'),
    };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function compare(segment: Parameters<typeof compareArms>[2]): LossComparison {
    const comparison = compareArms(arms, predictions, segment);
    for (const [name, { value, ciLow, ciHigh }] of Object.entries(comparison.differences)) {
      const [difference, low, high] = [value, ciLow, ciHigh].map((x) => (1e5 * (x as number)).toFixed(1));
      tell(`${segment}, ${comparison.rows} arms: ${name} ${difference} (${low} to ${high}) 1e-5 nats an impression`);
    }
    return comparison;
  }

  it('holds each arm of the 150 tests out once, but for tests that would keep fewer than two', () => {
    const held = arms.bags.ad.filter((_, row) => (arms.foldOf[row] as number) >= 0);
    expect(new Set(arms.bags.ad).size).toBe(150);
    // Arms alike in headline and image are one: two tests have two arms from the start, and one is left with two.
    expect(new Set(held).size).toBe(147);
    expect(compare('all').rows).toBe(held.length);
  });

  it('beats the test’s mean CTR beyond chance', () => {
    expect(compare('all').differences.additive_minus_ad_mean?.ciHigh).toBeLessThan(0);
  });

  it('is no worse than a ridge logit of test, headline and image', () => {
    const { value } = compare('all').losses.additive as { value: number };
    expect(value).toBeLessThan(RIDGE_LOGIT);
    expect(value).toBeLessThan(RIDGE_LOGIT_FREE_ADS);
  });

  it('says with an interval what content adds for headlines never seen, and is not led astray by it', () => {
    const { gated_minus_additive: added, gated_minus_ad_mean: gained } = compare('headline unseen').differences;
    expect(added?.reason).toBeNull();
    expect(gained?.value).toBeLessThan(0);
  });
});

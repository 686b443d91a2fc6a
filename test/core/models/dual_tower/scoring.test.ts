import { describe, expect, it } from 'vitest';
import { creativesByAd, firstChoices, heldOutPrior } from '../../../../src/core/models/dual_tower/scoring.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { smallExamples } from './made_examples.ts';

describe('the creatives of each ad', () => {
  it('are listed in their order, none for an ad without any', () => {
    const creatives = ['b', 'a', 'b'].map((adId) => ({ adId }));
    expect(creativesByAd(['a', 'none', 'b'], creatives)).toEqual([[1], [], [0, 2]]);
  });
});

describe('the first choice', () => {
  it('is the creative of the greatest prediction among those that the rows show', () => {
    const ctr = Float32Array.of(0.1, 0.2, 0.3, 0.1, 0.9);
    expect([...firstChoices(smallExamples(), Int32Array.of(0, 1, 2, 3), ctr)]).toEqual([1, 2]);
    // b3 (0.9) is never shown; b1 not in these rows.
    expect([...firstChoices(smallExamples(), Int32Array.of(3, 7), ctr)]).toEqual([-1, 3]);
  });
});

describe('the prior', () => {
  /** Many creatives of known CTRs, of which the predictions know half of the logarithm. */
  function log(noise: number) {
    const random = createRandom(5);
    const creatives = Array.from({ length: 400 }, (_, i) => ({ adId: 'a', creativeId: `c${i}`, isStored: true }));
    const ctr = Float64Array.from(creatives, () => 0.05 * Math.exp(0.5 * random.normal()));
    const impressions = Float32Array.from(creatives, () => 2000);
    const clicks = Float32Array.from(ctr, (p, i) => {
      let clicked = 0;
      for (let n = 0; n < (impressions[i] as number) * 0.5; n++) if (random.uniform() < p) clicked++;
      return clicked;
    });
    const creative = Int32Array.from(creatives.keys());
    const examples = smallExamples({
      rows: 400,
      creatives,
      creative,
      clicks,
      impressions,
      ad: new Int32Array(400),
      position: new Uint8Array(400),
    });
    const predictions = Float32Array.from(ctr, (p) => p * Math.exp(noise * random.normal()));
    return { examples, rows: creative, predictions };
  }

  it('weighs good predictions more than bad ones, by impressions at factor one', () => {
    const [good, bad] = [log(0.1), log(0.8)];
    // The factor of the only position is one half: 1,000 effective impressions a creative.
    const of = ({ examples, rows, predictions }: typeof good) => heldOutPrior(examples, rows, Float64Array.of(0.5, 1), predictions);
    const [strong, weak] = [of(good), of(bad)];
    expect(strong?.strength).toBeGreaterThan(10 * (weak?.strength ?? Number.POSITIVE_INFINITY));
    expect(strong?.log_likelihood).toBeGreaterThan(strong?.log_likelihood_of_constant ?? 0);
    // 20,000 clicks say the level to 1 %.
    expect(strong?.scale).toBeGreaterThan(0.95);
    expect(strong?.scale).toBeLessThan(1.05);
  });

  it('is none without a held-out click', () => {
    const { examples, rows, predictions } = log(0.1);
    expect(heldOutPrior({ ...examples, clicks: new Float32Array(400) }, rows, Float64Array.of(1, 1), predictions)).toBeNull();
  });
});

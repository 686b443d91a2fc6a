import { describe, expect, it } from 'vitest';
import { creativesByAd, firstChoices, heldOutPrior, sumRows } from '../../../../src/core/models/dual_tower/scoring.ts';
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

describe('the sums of rows', () => {
  const examples = smallExamples();

  it('are clicks, and impressions times the factor of their position', () => {
    const exposure = Float64Array.of(1, 0.25);
    const rows = Int32Array.of(0, 1, 2, 3, 4, 7);
    const ofCreatives = sumRows(examples, rows, exposure, examples.creative, 5);
    expect([...ofCreatives.clicks]).toEqual([2, 0, 0, 1, 0]);
    expect([...ofCreatives.effective]).toEqual([2, 0.25, 1, 0.5, 0]);
    const ofAds = sumRows(examples, rows, exposure, examples.ad, 2);
    expect([...ofAds.clicks]).toEqual([2, 1]);
    expect([...ofAds.effective]).toEqual([2.25, 1.5]);
  });

  it('count the impressions of aggregated rows', () => {
    const aggregated = smallExamples({ impressions: Float32Array.of(10, 20, 30, 40, 50, 60, 70, 80) });
    const { effective } = sumRows(aggregated, Int32Array.of(0, 1, 4), Float64Array.of(1, 0.5), aggregated.creative, 5);
    expect([...effective]).toEqual([60, 10, 0, 0, 0]);
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
    // The factor of the only position is one half: 1,000 effective impressions a creative.
    const sums = sumRows(examples, creative, Float64Array.of(0.5, 1), creative, 400);
    return { sums, predictions };
  }

  it('weighs good predictions more than bad ones, by impressions at factor one', () => {
    const [good, bad] = [log(0.1), log(0.8)];
    const of = ({ sums, predictions }: typeof good) => heldOutPrior(sums, predictions, predictions);
    const [strong, weak] = [of(good), of(bad)];
    expect(strong?.strength).toBeGreaterThan(10 * (weak?.strength ?? Number.POSITIVE_INFINITY));
    expect(strong?.log_likelihood).toBeGreaterThan(strong?.log_likelihood_of_constant ?? 0);
    // 20,000 clicks say the level to 1 %.
    expect(strong?.scale).toBeGreaterThan(0.95);
    expect(strong?.scale).toBeLessThan(1.05);
  });

  it('is as strong as the predictions of strangers, on the scale of those of known creatives', () => {
    const [{ sums, predictions }, { predictions: poor }] = [log(0.1), log(0.8)];
    const [known, strangers] = [heldOutPrior(sums, predictions, predictions), heldOutPrior(sums, poor, poor)];
    expect(heldOutPrior(sums, predictions, poor)).toEqual({ ...strangers, scale: known?.scale });
    expect(known?.scale).not.toBeCloseTo(strangers?.scale ?? 1, 2);
  });

  it('is none without a held-out click', () => {
    const { sums, predictions } = log(0.1);
    expect(heldOutPrior({ ...sums, clicks: new Float64Array(400) }, predictions, predictions)).toBeNull();
  });
});

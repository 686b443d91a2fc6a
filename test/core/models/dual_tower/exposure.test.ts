import { describe, expect, it } from 'vitest';
import { exposureFactors } from '../../../../src/core/models/dual_tower/exposure.ts';
import { smallExamples } from './made_examples.ts';

const CTR = [0.02, 0.05];
const FACTORS = [1.5, 0.75];
/** Both creatives of the ad a at both positions, with the clicks that α·b expects; then rows that are not for training. */
const LOG = smallExamples({
  rows: 6,
  ad: new Int32Array(6),
  creative: Int32Array.of(0, 0, 1, 1, 0, 1),
  position: Uint8Array.of(0, 1, 0, 1, 2, 0),
  positions: [1, 2, 3].map((position) => ({ scene: 'feed', position })),
  impressions: Float32Array.of(1000, 2000, 1000, 2000, 500, 9000),
  clicks: Float32Array.of(30, 30, 75, 75, 400, 9000),
});

describe('exposure factors', () => {
  it('are those of the training rows, 1 for a position that they do not have', () => {
    const [first, second, third] = exposureFactors(LOG, Int32Array.of(0, 1, 2, 3));
    // The impression-weighted mean is 1, and the clicks are exactly α·b·n.
    const mean = ((FACTORS[0] as number) * 2000 + (FACTORS[1] as number) * 4000) / 6000;
    expect(first).toBeCloseTo((FACTORS[0] as number) / mean, 6);
    expect(second).toBeCloseTo((FACTORS[1] as number) / mean, 6);
    expect(third).toBe(1);
    expect(75 / 1000).toBeCloseTo((CTR[1] as number) * (FACTORS[0] as number), 12);
  });

  it('count a row for an impression where the log has no counts', () => {
    const single = { ...smallExamples(), clicks: Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0) };
    // Row 0 and 4 at the first position, 1 and 5 at the second, of the same two creatives each.
    const factors = exposureFactors({ ...single, creative: new Int32Array(8) }, Int32Array.of(0, 1, 4, 5));
    expect((factors[0] as number) / (factors[1] as number)).toBeCloseTo(2, 6);
  });

  it('have a logarithm even where nothing was clicked at a position', () => {
    const clicks = Float32Array.of(3000, 0, 7500, 0, 0, 0);
    const impressions = Float32Array.of(1e5, 2e8, 1e5, 2e8, 1, 1);
    for (const factor of exposureFactors({ ...LOG, clicks, impressions }, Int32Array.of(0, 1, 2, 3))) {
      expect(factor).toBeGreaterThanOrEqual(1e-3);
    }
  });
});

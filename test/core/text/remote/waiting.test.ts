import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../src/core/random.ts';
import { backOffMs, retryAfterMs } from '../../../../src/core/text/remote/waiting.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 1.5 ', 1500],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Friday, 02-Jan-26 03:05:05 GMT', 60_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['', undefined],
    ['-5', undefined],
    ['soon', undefined],
    [null, undefined],
  ])('of %j is %j ms', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});

describe('back-off', () => {
  it('doubles from half a second, with at most half of it left to chance, up to the longest', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.integer({ min: 1000, max: 100_000 }), fc.nat(1000), (retry, longest, seed) => {
        const full = Math.min(longest, 500 * 2 ** retry);
        const wait = backOffMs(retry, longest, createRandom(seed));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(wait).toBeLessThanOrEqual(full);
      }),
      { seed: 2 },
    );
  });
});

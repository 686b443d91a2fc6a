import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNT_TERMS, countCode, PAIR_TERMS, pairCode, RATE_TERMS, rateCode } from '../../../../src/core/models/features/count_buckets.ts';

const count = fc.nat(1_000_000);

describe('countCode', () => {
  it.each([
    [0, '0'],
    [3, '3'],
    [4, '4-5'],
    [5, '4-5'],
    [6, '6-8'],
    [27, '19-27'],
    [199, '130-199'],
    [200, '200+'],
    [1_000_000, '200+'],
  ])('puts %d into the bucket %s', (n, term) => {
    expect(COUNT_TERMS[countCode(n)]).toEqual([term]);
  });

  it('never falls as the count grows, and never is the code of none', () => {
    fc.assert(fc.property(count, count, (a, b) => countCode(Math.min(a, b)) <= countCode(Math.max(a, b)) && countCode(a) > 0));
  });
});

describe('pairCode', () => {
  it('has a term with the buckets of both counts, and fits a byte', () => {
    expect(PAIR_TERMS[pairCode(2, 5)]).toEqual(['2/4-5']);
    fc.assert(
      fc.property(count, count, (part, whole) => {
        expect(PAIR_TERMS[pairCode(part, whole)]).toEqual([`${COUNT_TERMS[countCode(part)]}/${COUNT_TERMS[countCode(whole)]}`]);
        expect(pairCode(part, whole)).toBeLessThan(256);
      }),
    );
  });
});

describe('rateCode', () => {
  it('is in the middle where clicks are as expected, however many', () => {
    for (const n of [0, 1, 20]) expect(RATE_TERMS[rateCode(n, n)]).toEqual(['9']);
  });

  it('is a third of a doubling a bucket, to three doublings in either direction', () => {
    expect(RATE_TERMS[rateCode(1, 0)]).toEqual(['12']); // (1 + 1) / (0 + 1): one doubling
    expect(RATE_TERMS[rateCode(0, 1)]).toEqual(['6']);
    expect(RATE_TERMS[rateCode(1000, 0)]).toEqual(['17']);
    expect(RATE_TERMS[rateCode(0, 1000)]).toEqual(['0']);
  });

  it('never falls with clicks and never rises with what was expected', () => {
    const expected = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(50), expected, expected, (clicks, more, a, b) => {
        expect(rateCode(clicks + more, a)).toBeGreaterThanOrEqual(rateCode(clicks, a));
        expect(rateCode(clicks, a + b)).toBeLessThanOrEqual(rateCode(clicks, a));
      }),
    );
  });
});

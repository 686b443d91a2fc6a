import { describe, expect, it } from 'vitest';
import { buildBags } from '../../../../src/core/models/multi_instance/build_bags.ts';

const creatives = [
  { adId: 'b', elements: { title: 't1', image: 'i1' } },
  { adId: 'a', elements: { title: 't1', image: 'i1' } },
  { adId: 'a', elements: { image: 'i1', title: 't1' } },
  { adId: 'a', elements: { title: 't2' } },
  { adId: 'a', elements: {} },
];
const cells = {
  creative: [0, 0, 1, 2, 3, 4],
  day: [0, 1, 0, 0, 0, 0],
  outcomes: [1, 2, 3, 4, 5, 6],
  exposure: [10, 20, 30, 40, 2, 60],
};

describe('buildBags', () => {
  const { bags, rowOf } = buildBags(creatives, cells, 'binomial');

  it('puts the same elements of an ad together, in the order of first sight', () => {
    expect(bags.kinds).toEqual(['image', 'title']);
    expect(bags.elements.map(({ elementId }) => elementId)).toEqual(['i1', 't1', 't2']);
    expect(bags.ads).toEqual(['a', 'b']);
    expect([...rowOf]).toEqual([0, 1, 1, 2, -1]);
    expect([...bags.ad]).toEqual([1, 0, 0]);
    expect([...bags.members]).toEqual([0, 1, 0, 1, -1, 2]);
    expect([...bags.outcomes]).toEqual([3, 7, 5]);
  });

  it('never has more clicks than effective impressions, and lets amounts be what they are', () => {
    expect([...bags.exposure]).toEqual([30, 70, 5]);
    expect([...buildBags(creatives, cells, 'poisson').bags.exposure]).toEqual([30, 70, 2]);
  });

  it('has no rows where no creative has elements', () => {
    expect(buildBags([{ adId: 'a', elements: {} }], { creative: [0], day: [0], outcomes: [1], exposure: [2] }, 'binomial').bags.rows).toBe(
      0,
    );
  });
});

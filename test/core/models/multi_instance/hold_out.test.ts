import { describe, expect, it } from 'vitest';
import { buildBags, type ShownCreative } from '../../../../src/core/models/multi_instance/build_bags.ts';
import { holdOut } from '../../../../src/core/models/multi_instance/hold_out.ts';
import { createRandom } from '../../../../src/core/random.ts';

/** 60 ads of 10 creatives of 20 titles and 20 images, each shown on 5 days. */
function shownBags() {
  const random = createRandom(7);
  const creatives = Array.from(
    { length: 600 },
    (_, i): ShownCreative => ({ adId: `ad${i % 60}`, elements: { title: `t${random.below(20)}`, image: `i${random.below(20)}` } }),
  );
  const count = 5 * creatives.length;
  const cells = {
    creative: Int32Array.from({ length: count }, (_, i) => Math.floor(i / 5)),
    day: Int32Array.from({ length: count }, (_, i) => i % 5),
    outcomes: Float64Array.from({ length: count }, () => random.below(4)),
    exposure: new Float64Array(count).fill(100),
  };
  return { cells, ...buildBags(creatives, cells, 'binomial') };
}

const sum = (values: Float64Array): number => values.reduce((total, own) => total + own, 0);

describe('holdOut', () => {
  const { bags, rowOf, cells } = shownBags();
  const split = holdOut(bags, rowOf, cells, { share: 0.2, seed: 1, family: 'binomial' });

  it('gives each cell to one side, and about the share to the held-out one', () => {
    expect(sum(split.train.outcomes) + sum(split.heldOut.outcomes)).toBe(sum(bags.outcomes));
    expect(sum(split.train.exposure) + sum(split.heldOut.exposure)).toBe(sum(bags.exposure));
    const share = sum(split.heldOut.exposure) / sum(bags.exposure);
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.28);
  });

  it('holds out days of combinations that stay, combinations that training never sees, and elements that it never sees', () => {
    const kinds = bags.kinds.length;
    const seen = new Set<number>();
    bags.members.forEach((element, at) => {
      if ((split.train.exposure[Math.floor(at / kinds)] as number) > 0) seen.add(element);
    });
    const found = new Set(split.segment);
    expect(found).toEqual(new Set([-1, 0, 1, 2]));
    split.segment.forEach((segment, row) => {
      const own = [...bags.members.subarray(row * kinds, (row + 1) * kinds)];
      const isNew = own.some((element) => !seen.has(element));
      expect(segment === 2).toBe(isNew && (split.heldOut.exposure[row] as number) > 0);
      expect(segment === 0).toBe((split.heldOut.exposure[row] as number) > 0 && (split.train.exposure[row] as number) > 0);
    });
  });

  it('leaves every ad something to learn its own level from', () => {
    const left = new Set<number>();
    split.train.exposure.forEach((own, row) => {
      if (own > 0) left.add(bags.ad[row] as number);
    });
    expect(left.size).toBe(bags.ads.length);
  });

  it('is the same for the same seed, another for another', () => {
    const again = holdOut(bags, rowOf, cells, { share: 0.2, seed: 1, family: 'binomial' });
    expect(again.segment).toEqual(split.segment);
    expect(holdOut(bags, rowOf, cells, { share: 0.2, seed: 2, family: 'binomial' }).segment).not.toEqual(split.segment);
  });
});

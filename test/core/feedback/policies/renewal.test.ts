import { describe, expect, it } from 'vitest';
import type { Span } from '../../../../src/core/config.ts';
import { createPlayCounts } from '../../../../src/core/feedback/policies/play_counts.ts';
import { createRenewal } from '../../../../src/core/feedback/policies/renewal.ts';
import { makeArms, outcome } from './made_policies.ts';

/** Plays of one ad, and after which of them all was computed again. */
function createAd(window: Span | null) {
  const counts = createPlayCounts(makeArms(2), window);
  const renewal = createRenewal(counts);
  return {
    counts,
    play: (plays: number): number[] => {
      const renewed: number[] = [];
      for (let play = 1; play <= plays; play++) {
        counts.add(0, play % 2, outcome(0), () => {});
        if (!renewal.isDue(0)) continue;
        renewal.done(0);
        renewed.push(play);
      }
      return renewed;
    },
  };
}

describe('the renewal of what depends on all of an ad', () => {
  it('comes with each play at first, and then when 2 % of the plays are new', () => {
    const renewed = createAd(null).play(20_000);
    expect(renewed.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    renewed.slice(50).forEach((play, i) => {
      const before = renewed[49 + i] as number;
      expect(play - before).toBe(Math.ceil(play * 0.02));
    });
  });

  it('goes by the plays in the window, however many there were before', () => {
    const renewed = createAd({ impressions: 200 }).play(50_000);
    renewed.slice(-100).forEach((play, i, last) => {
      if (i > 0) expect(play - (last[i - 1] as number)).toBe(4);
    });
  });

  it('begins anew when the ad is forgotten', () => {
    const ad = createAd(null);
    ad.play(50_000);
    ad.counts.clear(0);
    expect(ad.play(10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

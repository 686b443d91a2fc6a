import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../../../src/core/config.ts';
import { createPlayCounts, type PlayCounts } from '../../../../src/core/feedback/policies/play_counts.ts';
import type { Feedback } from '../../../../src/core/feedback/policies/policy.ts';
import { makeArms, outcome } from './made_policies.ts';

const SIZES = [2, 1, 3];

interface Play {
  readonly ad: number;
  readonly arm: number;
  readonly feedback: Feedback;
}

/** Plays in order of time; exposures are multiples of .25, so their sums are exact. */
const plays = (count: number) =>
  fc
    .array(
      fc.record({
        ad: fc.constantFrom(0, 1, 1, 2, 2, 2),
        own: fc.nat(2),
        click: fc.nat(1),
        exposure: fc.nat(8),
        pause: fc.constantFrom(0, 0, 1, 1, 2, 20),
      }),
      { minLength: 1, maxLength: count, size: 'max' },
    )
    .map((steps) => {
      let ts = 1_000;
      return steps.map(({ ad, own, click, exposure, pause }): Play => {
        ts += pause;
        const arm = (makeArms(...SIZES).firstArm[ad] as number) + (own % (SIZES[ad] as number));
        return { ad, arm, feedback: outcome(click, exposure / 4, ts) };
      });
    });

const spans: fc.Arbitrary<Span | null> = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 1, max: 200 }).map((impressions) => ({ impressions })),
  fc.integer({ min: 1, max: 300 }).map((ms) => ({ ms })),
);

/** The same counts from the whole list of an ad's plays. */
function recount(all: readonly Play[], window: Span | null) {
  const arms = makeArms(...SIZES);
  const counts = {
    clicks: new Float64Array(arms.live.length),
    exposure: new Float64Array(arms.live.length),
    plays: new Float64Array(arms.live.length),
    adPlays: new Float64Array(arms.ads),
    adUpdates: new Float64Array(arms.ads),
  };
  for (let ad = 0; ad < arms.ads; ad++) {
    const own = all.filter((play) => play.ad === ad);
    counts.adUpdates[ad] = own.length;
    const now = own.at(-1)?.feedback.ts as number;
    const inside =
      window === null
        ? own
        : 'impressions' in window
          ? own.slice(-window.impressions)
          : own.filter(({ feedback }) => feedback.ts > now - window.ms);
    counts.adPlays[ad] = inside.length;
    for (const { arm, feedback } of inside) {
      counts.clicks[arm] = (counts.clicks[arm] as number) + feedback.click;
      counts.exposure[arm] = (counts.exposure[arm] as number) + feedback.exposure;
      counts.plays[arm] = (counts.plays[arm] as number) + 1;
    }
  }
  return counts;
}

function valuesOf({ clicks, exposure, plays: shown, adPlays, adUpdates }: Omit<PlayCounts, 'add' | 'clear'>) {
  return { clicks, exposure, plays: shown, adPlays, adUpdates };
}

describe('counts of plays', () => {
  it('are those of the last plays, or of the last milliseconds, of each ad', () => {
    fc.assert(
      fc.property(plays(500), spans, (all, window) => {
        const counts = createPlayCounts(makeArms(...SIZES), window);
        all.forEach(({ ad, arm, feedback }, i) => {
          counts.add(ad, arm, feedback, () => {});
          if (i % 37 === 0 || i === all.length - 1) expect(valuesOf(counts)).toEqual(recount(all.slice(0, i + 1), window));
        });
      }),
      { numRuns: 100 },
    );
  });

  it('name the arm of each play that leaves, when it has left', () => {
    fc.assert(
      fc.property(plays(300), spans, (all, window) => {
        const counts = createPlayCounts(makeArms(...SIZES), window);
        const present = new Float64Array(6);
        for (const { ad, arm, feedback } of all) {
          present[arm] = (present[arm] as number) + 1;
          counts.add(ad, arm, feedback, (left) => {
            present[left] = (present[left] as number) - 1;
            expect(counts.plays[left]).toBe(present[left]);
          });
          expect(counts.plays).toEqual(present);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leave no residue in an arm whose plays have all left', () => {
    const counts = createPlayCounts(makeArms(2), { impressions: 3 });
    for (const exposure of [0.1, 0.2, 0.3]) counts.add(0, 0, outcome(1, exposure), () => {});
    for (let play = 0; play < 3; play++) counts.add(0, 1, outcome(0, 0.7), () => {});
    expect([counts.clicks[0], counts.exposure[0], counts.plays[0]]).toEqual([0, 0, 0]); // .1 + .2 + .3 − .1 − .2 − .3 is not 0
  });

  it('keep a play for just less than the time of the window', () => {
    const counts = createPlayCounts(makeArms(2), { ms: 10 });
    counts.add(0, 0, outcome(1, 1, 100), () => {});
    counts.add(0, 1, outcome(0, 1, 109), () => {});
    expect(counts.plays).toEqual(Float64Array.of(1, 1));
    counts.add(0, 1, outcome(0, 1, 110), () => {});
    expect(counts.plays).toEqual(Float64Array.of(0, 2));
  });

  it('stay in order when more plays come than there were, after some have left', () => {
    const arms = makeArms(5);
    const counts = createPlayCounts(arms, { ms: 10 });
    const left: number[] = [];
    const play = (arm: number, ts: number, count: number): void => {
      for (let i = 0; i < count; i++) counts.add(0, arm, outcome(1, 1, ts), (gone) => left.push(gone));
    };
    play(0, 0, 40);
    play(1, 5, 20);
    play(2, 12, 100);
    play(3, 14, 200);
    expect(counts.plays).toEqual(Float64Array.of(0, 20, 100, 200, 0));
    play(4, 15, 1);
    expect(counts.plays).toEqual(Float64Array.of(0, 0, 100, 200, 1));
    play(4, 23, 1);
    expect(counts.plays).toEqual(Float64Array.of(0, 0, 0, 200, 2));
    expect(left).toEqual([...Array(40).fill(0), ...Array(20).fill(1), ...Array(100).fill(2)]);
  });

  it('begin anew for an ad that is cleared, and for no other', () => {
    fc.assert(
      fc.property(plays(400), fc.nat(300), spans, (all, cut, window) => {
        const counts = createPlayCounts(makeArms(...SIZES), window);
        all.forEach(({ ad, arm, feedback }, i) => {
          if (i === cut) counts.clear(2);
          counts.add(ad, arm, feedback, () => {});
        });
        const since = all.filter(({ ad }, i) => ad !== 2 || all.length <= cut || i >= cut);
        expect({ ...valuesOf(counts), adUpdates: null }).toEqual({ ...recount(since, window), adUpdates: null });
      }),
      { numRuns: 50 },
    );
  });
});

describe('plays whose outcome is waited for', () => {
  it('count at the posterior mean of their arm', () => {
    const counts = createPlayCounts(makeArms(2), null);
    for (let play = 0; play < 100; play++) counts.add(0, 0, outcome(play < 2 ? 1 : 0), () => {});
    counts.expect(0, 1, 1.5);
    // The ad's mean is (2 + 1)/(100 + 100) = 1.5 %, and nothing is known of arm 1 itself.
    expect(counts.clicks[1]).toBeCloseTo(1.5 * 0.015, 15);
    expect([counts.exposure[1], counts.plays[1], counts.adPlays[0], counts.adUpdates[0]]).toEqual([1.5, 1, 101, 100]);
    counts.expect(0, 0, 2);
    // (2 + 1)/(100 + 1/m) with m = (2.0225 + 1)/(101.5 + 100) = 1.5 %.
    expect(counts.clicks[0]).toBeCloseTo(2 + 2 * (3 / (100 + 1 / 0.015)), 12);
  });

  it('leave nothing behind when their outcomes have come', () => {
    fc.assert(
      fc.property(plays(60), fc.array(fc.nat(5)), (all, delays) => {
        const counts = createPlayCounts(makeArms(...SIZES), null);
        const waiting: Play[] = [];
        for (const [at, play] of all.entries()) {
          counts.expect(play.ad, play.arm, play.feedback.exposure);
          waiting.push(play);
          for (let due = delays[at] ?? 0; due > 0 && waiting.length > 0; due--) {
            const { ad, arm, feedback } = waiting.shift() as Play;
            counts.add(ad, arm, feedback, () => {});
          }
        }
        for (const { ad, arm, feedback } of waiting) counts.add(ad, arm, feedback, () => {});
        const expected = recount(all, null);
        for (const name of ['clicks', 'exposure', 'plays', 'adPlays', 'adUpdates'] as const) {
          for (const [i, value] of expected[name].entries()) expect(counts[name][i]).toBeCloseTo(value, 9);
        }
      }),
    );
  });
});

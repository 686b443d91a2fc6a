import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, withSettings } from '../../../src/core/config.ts';
import { type AdPlan, type AdPlanOptions, planAd } from '../../../src/core/feedback/ad_plan.ts';
import type { AdDay } from '../../../src/core/feedback/outcomes.ts';
import { type CreativeSums, noSums, type Prior } from '../../../src/core/feedback/reward.ts';
import { createRandom } from '../../../src/core/random.ts';

const PRIOR = { k: 5, m: 0.02 };

interface Given extends Partial<AdPlanOptions> {
  readonly settings?: Readonly<Record<string, string>>;
  readonly seed?: number;
}

function plan(creatives: number, days: readonly AdDay[], { settings = {}, seed = 1, ...changes }: Given = {}): AdPlan {
  return planAd({
    creatives,
    days,
    isStored: new Array<boolean>(creatives).fill(true),
    base: undefined,
    priors: new Array<Prior>(creatives).fill(PRIOR),
    dispersion: 1,
    config: withSettings(DEFAULT_CONFIG, new Map(Object.entries(settings))),
    random: createRandom(seed),
    ...changes,
  });
}

/** Outcomes by creative: impressions (all of factor 1), clicks, and seconds after each of them. */
function dayOf(day: number, ...brought: readonly (readonly [impressions: number, clicks: number, seconds?: number])[]): AdDay {
  return {
    day,
    creatives: brought.map(([impressions, clicks, seconds]): CreativeSums => {
      const viewed = seconds !== undefined && { views: clicks, viewTime: clicks * seconds, logViewTime: clicks * Math.log1p(seconds) };
      return { ...noSums(), impressions, clicks, exposure: impressions, ...viewed };
    }),
  };
}

/** As many days as given, each the same. */
function sameDays(days: number, ...brought: Parameters<typeof dayOf>[1][]): AdDay[] {
  return Array.from({ length: days }, (_, day) => dayOf(day + 100, ...brought));
}

const sharesOf = (planned: AdPlan): number[] => planned.creatives.map(({ share }) => share);
const statesOf = (planned: AdPlan): string[] => planned.creatives.map(({ state }) => state);

/** An ad that plays its days by the plans made before them, with one CTR that may fall half way. */
const histories = fc
  .record({
    creatives: fc.integer({ min: 1, max: 4 }),
    days: fc.integer({ min: 1, max: 25 }),
    seed: fc.integer(),
    isViewed: fc.boolean(),
    fall: fc.constantFrom(1, 0.3),
  })
  .map(({ creatives, days, seed, isViewed, fall }) => {
    const random = createRandom(seed);
    const ctr = Array.from({ length: creatives }, () => 0.03 * Math.exp(0.5 * random.normal()));
    const drawn: AdDay[] = [];
    for (let day = 0; day < days; day++) {
      const shares = sharesOf(plan(creatives, drawn, { settings: { 'exit.draws': '100' } }));
      const brought = shares.map((share, i): [number, number, number?] => {
        const impressions = Math.round(share * random.below(4_000));
        let clicks = 0;
        for (let n = 0; n < impressions; n++) if (random.uniform() < (ctr[i] as number) * (2 * day > days ? fall : 1)) clicks++;
        return isViewed ? [impressions, clicks, 10 + 20 * random.uniform()] : [impressions, clicks];
      });
      drawn.push(dayOf(day, ...brought));
    }
    return { creatives, days: drawn };
  });

describe('planAd', () => {
  it('deals out evenly before the first day', () => {
    const planned = plan(4, []);
    expect(planned).toMatchObject({ phase: 'explore', leader: -1, lambda: 0, exposureFloor: 0, windows: [], transitions: [], notes: [] });
    expect(planned.check).toBeUndefined();
    for (const creative of planned.creatives) {
      expect(creative).toEqual({
        state: 'new',
        share: 0.25,
        bound: Number.POSITIVE_INFINITY,
        reward: null,
        ecoiShrunk: null,
        prior: PRIOR,
        sums: noSums(),
        isGone: false,
      });
    }
  });

  it('knows outcomes that do not fill a window yet, but changes no state by them', () => {
    const planned = plan(2, [dayOf(3, [200, 9], [200, 1])]);
    expect(planned).toMatchObject({ phase: 'explore', leader: 0, windows: [], exposureFloor: 0 });
    expect(statesOf(planned)).toEqual(['leader', 'live']);
    // (9 + 5)/(200 + 250) and (1 + 5)/450 about their mean
    expect(planned.creatives.map(({ reward }) => reward)).toEqual([expect.closeTo(0.4, 12), expect.closeTo(-0.4, 12)]);
    expect(planned.creatives[0]?.ecoiShrunk).toBeCloseTo(14 / 450, 12);
  });

  it('tells each window with its days, sums and state', () => {
    const planned = plan(2, [
      dayOf(3, [200, 4, 10], [200, 3, 20]),
      dayOf(5, [100, 2, 10], [100, 1, 20]),
      ...sameDays(1, [400, 8], [200, 5]),
    ]);
    expect(planned.windows).toMatchObject([
      { window: 1, firstDay: 3, lastDay: 5, total: { impressions: 600, clicks: 10, views: 10, viewTime: 140 }, phase: 'explore' },
      { window: 2, firstDay: 100, lastDay: 100, total: { impressions: 600, clicks: 13, views: 0, viewTime: 0 }, phase: 'explore' },
    ]);
  });

  it('shows the leader alone after the exit, probes the others, and leaves those retired out', () => {
    const planned = plan(3, sameDays(5, [10_000, 300], [10_000, 280], [10_000, 100]));
    expect(planned).toMatchObject({ phase: 'exploit', leader: 0 });
    expect(statesOf(planned)).toEqual(['leader', 'live', 'retired']);
    expect(sharesOf(planned)).toEqual([0.99, 0.01, 0]);
    expect(planned.transitions.map(({ window, event, creative }) => [window, event, creative])).toEqual([
      [1, 'retire', 2],
      [5, 'exit', 0],
    ]);
    expect(planned.windows.map(({ phase }) => phase)).toEqual(['explore', 'explore', 'explore', 'explore', 'exploit']);
  });

  it('reopens for a creative never shown, which then comes first', () => {
    const days = sameDays(6, [10_000, 300], [10_000, 280], [0, 0]);
    expect(
      plan(
        2,
        days.map(({ day, creatives }) => ({ day, creatives: creatives.slice(0, 2) })),
      ).phase,
    ).toBe('exploit');
    const planned = plan(3, days);
    expect(planned.phase).toBe('reopened');
    expect(planned.transitions.at(-1)).toMatchObject({ window: 6, event: 'reopen', creative: 2, reason: 'a creative was added' });
    expect(statesOf(planned)).toEqual(['leader', 'live', 'new']);
    expect(planned.creatives[2]).toMatchObject({ bound: Number.POSITIVE_INFINITY, reward: null, ecoiShrunk: null });
    // Floor 5/2.9 %: 173 of 20,000 expected impressions, two of 200 steps.
    expect(planned.exposureFloor).toBe(173);
    expect(planned.creatives[2]?.share).toBeGreaterThanOrEqual((0.95 * 2) / 200 + 0.05 / 3);
  });

  it('lets a new creative come first on a short day, whatever the others are worth', () => {
    const planned = plan(2, [...sameDays(4, [100, 20], [0, 0]), dayOf(200, [100, 20], [0, 0])], {
      priors: new Array<Prior>(2).fill({ k: 1, m: 0.2 }),
    });
    // Floor 5/20 %: 25 of 1,000 impressions at least, five steps.
    expect(planned.creatives[1]?.share).toBeGreaterThanOrEqual((0.95 * 5) / 200 + 0.025);
  });

  it('gives uplift over the base creative where there is one', () => {
    const planned = plan(2, sameDays(2, [9_750, 195], [9_750, 395]), { base: 0 });
    expect(planned.creatives[0]?.reward).toBeCloseTo(0, 12);
    expect(planned.creatives[1]?.reward).toBeCloseTo(1.0127, 3);
    expect(planned.exposureFloor).toBe(250);
  });

  it('ranks, explains and plans each creative by its own prior', () => {
    const priors = [
      { k: 5, m: 0.02, isPredicted: true },
      { k: 5, m: 0.04, isPredicted: true },
      { k: 5, m: 0.03, isPredicted: true },
    ];
    const planned = plan(3, [dayOf(3, [200, 4], [200, 4], [0, 0])], { priors });
    // (4 + 5)/(200 + 250) and (4 + 5)/(200 + 125) about their mean; the third has its prior alone.
    const [first, second] = [9 / 450, 9 / 325];
    const base = (first + second) / 2;
    expect(planned.creatives.map(({ ecoiShrunk }) => ecoiShrunk)).toEqual([first, second, 0.03].map((value) => expect.closeTo(value, 12)));
    expect(planned.creatives.map(({ reward }) => reward)).toEqual(
      [first, second, 0.03].map((value) => expect.closeTo(value / base - 1, 12)),
    );
    expect(planned.creatives.map(({ prior }) => prior)).toEqual(priors);
    // What was never shown does not lead, promising as it is.
    expect(planned.leader).toBe(1);
    expect(statesOf(planned)).toEqual(['live', 'leader', 'new']);
    expect(Number.isFinite(planned.creatives[2]?.bound)).toBe(true);
  });

  it('says which parts of the reward the data do not allow, once there are data', () => {
    expect(plan(1, sameDays(1, [10, 1])).notes).toEqual(['QoE not measured']);
    expect(plan(1, sameDays(1, [10, 1, 7])).notes).toEqual([]);
  });

  it('carries λ from window to window', () => {
    const days = [20, 5, 5].map((seconds, at) => dayOf(at, [10_000, 300, seconds], [10_000, 200, seconds]));
    const { windows, lambda } = plan(2, days, { settings: { 'reward.view_time_floor': '15' } });
    // ½·(15.3 − 5)/15 each time
    expect(windows.map((window) => Number(window.lambda.toFixed(4)))).toEqual([0, 0.3433, 0.6867]);
    expect(lambda).toBe(windows[2]?.lambda);
  });

  it('never changes a window or a transition of the past when days come later', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.integer(), ({ creatives, days }, cut, seed) => {
        const n = cut % (days.length + 1);
        const [before, after] = [plan(creatives, days.slice(0, n), { seed }), plan(creatives, days, { seed })];
        expect(after.windows.slice(0, before.windows.length)).toEqual(before.windows);
        // A creative not shown yet reopens the ad for tomorrow, which is not of the past.
        const past = before.transitions.filter(({ reason }) => reason !== 'a creative was added');
        expect(after.transitions.slice(0, past.length)).toEqual(past);
      }),
      { numRuns: 60 },
    );
  });

  it('takes a creative that only the log knows for gone when a ring of windows has not shown it', () => {
    const days = [
      dayOf(100, [1_000, 30], [1_000, 25], [1_000, 28]),
      ...sameDays(6, [1_000, 30], [1_000, 25], [0, 0]).map((day, i) => ({ ...day, day: 101 + i })),
    ];
    const isStored = [false, false, false];
    // Five windows back it was shown still.
    expect(statesOf(plan(3, days.slice(0, 5), { isStored }))).not.toContain('retired');
    const planned = plan(3, days, { isStored });
    expect(planned.creatives.map(({ isGone }) => isGone)).toEqual([false, false, true]);
    expect(planned.creatives[2]).toMatchObject({ state: 'retired', share: 0 });
    // One that is stored may be shown again at any time.
    expect(plan(3, days, { isStored: [true, true, true] }).creatives[2]).toMatchObject({ isGone: false });
  });

  it('deals out all of tomorrow, nothing to those retired while there are others, and names its state', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(histories, ({ creatives, days }) => {
        const planned = plan(creatives, days);
        expect(sharesOf(planned).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        const hasOthers = planned.creatives.filter(({ state }) => state !== 'retired').length > 1;
        for (const { state, share } of planned.creatives) {
          seen.add(state);
          if (state === 'retired' && hasOthers) expect(share).toBe(0);
          else expect(share).toBeGreaterThan(0);
        }
        seen.add(planned.phase);
        expect(statesOf(planned).filter((state) => state === 'leader')).toHaveLength(planned.leader < 0 ? 0 : 1);
        for (const { numbers } of planned.transitions)
          for (const value of Object.values(numbers)) expect(Number.isFinite(value)).toBe(true);
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(seen).toEqual(new Set(['explore', 'exploit', 'reopened', 'leader', 'live', 'retired']));
  });
});

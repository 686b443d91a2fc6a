import { describe, expect, it } from 'vitest';
import { TOPICS } from '../../../src/core/feedback/interests.ts';
import {
  clickProbability,
  type SimulatedAd,
  type SimulatedCreative,
  simulateImpressions,
  type World,
} from '../../../src/core/feedback/simulator.ts';
import { describeWorld } from '../../../src/core/feedback/simulator_truth.ts';
import { MS_PER_DAY } from './made_logs.ts';
import { creativesOf, makeWorld, START } from './made_worlds.ts';

const creativeAt = (world: World, ad: number, creative: number): SimulatedCreative =>
  (world.ads[ad] as SimulatedAd).creatives[creative] as SimulatedCreative;

/** ln CTR of every creative at a time, from its middle. */
function pathsAt(world: World, time: number): number[] {
  return world.ads.flatMap(({ creatives }, ad) =>
    creatives.map(({ ctr }, creative) => {
      const factor = world.positions[0]?.factor as number;
      return Math.log(clickProbability(world, { ad, creative, position: 0, user: 0, time }) / (ctr * factor));
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('clickProbability', () => {
  it('is the CTR times the exposure factor where nothing drifts and users are alike', () => {
    const world = makeWorld({ ads: 2, creatives: 3, seed: 1 });
    for (const [position, { factor }] of world.positions.entries())
      expect(clickProbability(world, { ad: 1, creative: 2, position, user: 7, time: 12_345 })).toBe(creativeAt(world, 1, 2).ctr * factor);
  });

  it.each([0.5, 1, 3])('has the CTR times the exposure factor as its mean over users with interests of strength %d', (strength) => {
    const world = makeWorld({ ads: 1, creatives: 12, seed: 2, interests: strength });
    const users = 20_000;
    expect(new Set(world.ads[0]?.creatives.map(({ topic }) => topic)).size).toBeGreaterThan(2);
    world.ads[0]?.creatives.forEach(({ ctr }, creative) => {
      const relative = Array.from({ length: users }, (_, user) => {
        const p = clickProbability(world, { ad: 0, creative, position: 3, user, time: 0 });
        return p / (ctr * (world.positions[3]?.factor as number));
      });
      const middle = mean(relative);
      const error = Math.sqrt(mean(relative.map((value) => (value - middle) ** 2)) / users);
      expect(Math.abs(middle - 1)).toBeLessThan(4.5 * error);
      // The most and the least interested differ by e^2s.
      expect(Math.log(Math.max(...relative) / Math.min(...relative))).toBeCloseTo(2 * strength, 1);
    });
  });

  it('gives a user the same liking for a topic everywhere, and independent ones for different topics', () => {
    const world = makeWorld({ ads: 10, creatives: 5, seed: 3, interests: 1 });
    const liking = (ad: number, creative: number, user: number): number =>
      clickProbability(world, { ad, creative, position: 0, user, time: 0 }) /
      (creativeAt(world, ad, creative).ctr * (world.positions[0]?.factor as number));
    const users = Array.from({ length: 4_000 }, (_, user) => user);
    const ofTopic = TOPICS.map((_, topic) => {
      const places = world.ads.flatMap(({ creatives }, ad) =>
        creatives.flatMap((own, i) => (own.topic === topic ? [[ad, i] as const] : [])),
      );
      const [first, second] = places as [readonly [number, number], readonly [number, number]];
      for (const user of users.slice(0, 50)) expect(liking(...first, user)).toBeCloseTo(liking(...second, user), 12);
      return users.map((user) => Math.log(liking(...first, user)));
    });
    for (const [a, ofA] of ofTopic.entries()) {
      for (const ofB of ofTopic.slice(a + 1)) {
        const centred = ofA.map((value, i) => (value - mean(ofA)) * ((ofB[i] as number) - mean(ofB)));
        // Both are uniform over [−1, 1], of variance 1/3: the correlation's standard error is 1/√4000 = .016.
        expect(Math.abs(3 * mean(centred))).toBeLessThan(0.064);
      }
    }
  });

  it('drifts with the standard deviation and the correlation it is told', () => {
    const sd = 0.3;
    const world = makeWorld({ ads: 400, creatives: 10, seed: 4, drift: sd });
    const start = START.getTime();
    const now = pathsAt(world, start);
    for (const days of [0, 1, 30]) {
      const values = pathsAt(world, start + days * MS_PER_DAY);
      // 4,000 paths: standard errors .0047 of the mean, and at most .0034 of the standard deviation.
      expect(Math.abs(mean(values))).toBeLessThan(4 * 0.0047);
      expect(Math.abs(Math.sqrt(mean(values.map((value) => value ** 2))) - sd)).toBeLessThan(4 * 0.0034);
      const correlation = mean(values.map((value, i) => value * (now[i] as number))) / sd ** 2;
      expect(Math.abs(correlation - Math.exp(-(days ** 2) / 18))).toBeLessThan(4 * 0.02);
    }
  });

  it('drifts along the same smooth path however often and in whatever order it is asked', () => {
    const make = (): World => makeWorld({ ads: 5, creatives: 4, seed: 4, drift: 0.3 });
    const times = Array.from({ length: 24 * 14 }, (_, hour) => START.getTime() + (hour * MS_PER_DAY) / 24);
    const forth = times.map((time) => pathsAt(make(), time));
    const world = make();
    expect(times.toReversed().map((time) => pathsAt(world, time))).toEqual(forth.toReversed());
    // An hour is 1/72 of the correlation time: a standard deviation of .3/72 = .004.
    for (const [hour, values] of forth.slice(1).entries())
      for (const [i, value] of values.entries()) expect(Math.abs(value - (forth[hour]?.[i] as number))).toBeLessThan(0.02);
  });

  it('is what a log is clicked by, drift and interests included', () => {
    const world = makeWorld({ ads: 3, creatives: 4, logging: 'skewed', placement: 0.5, seed: 5, drift: 0.4, interests: 1.5 });
    const bins = 12;
    const [clicks, expected] = [new Float64Array(bins), new Float64Array(bins)];
    for (const batch of simulateImpressions(world, { impressions: 400_000, start: START, days: 14, users: 2_000, seed: 6 })) {
      for (let row = 0; row < batch.rows; row++) {
        const [ad, creative, position, user, time] = [batch.ad, batch.creative, batch.position, batch.user, batch.ts].map(
          (column) => column[row] as number,
        ) as [number, number, number, number, number];
        const p = clickProbability(world, { ad, creative, position, user, time });
        const bin = Math.max(0, Math.min(bins - 1, Math.floor(2 * Math.log(p / 0.001))));
        clicks[bin] = (clicks[bin] as number) + (batch.click[row] as number);
        expected[bin] = (expected[bin] as number) + p;
      }
    }
    const chi = expected.reduce((sum, e, bin) => sum + (e > 0 ? ((clicks[bin] as number) - e) ** 2 / e : 0), 0);
    // .999 quantile of χ² with 12 degrees of freedom.
    expect(chi).toBeLessThan(32.9);
    expect(expected.filter((e) => e > 50).length).toBeGreaterThan(6);
  });
});

describe('describeWorld', () => {
  const period = { start: START, days: 3 };

  it('names the truth, and the best creative of each ad by it', () => {
    const world = makeWorld({ ads: 2, creatives: 3, seed: 4 });
    const { ads, positions } = describeWorld(world, period) as {
      ads: { best: string; creatives: { creative_id: string; ctr: number }[] }[];
      positions: { exposure_factor: number }[];
    };
    expect(ads.flatMap(({ creatives }) => creatives.map(({ ctr }) => ctr))).toEqual(creativesOf(world).ctr);
    for (const { best, creatives } of ads)
      expect(creatives.find(({ creative_id }) => creative_id === best)?.ctr).toBe(Math.max(...creatives.map(({ ctr }) => ctr)));
    expect(positions.map(({ exposure_factor }) => exposure_factor)).toEqual(world.positions.map(({ factor }) => factor));
  });

  it('tells the CTR at the end of each day, the topic, the strength of interests and the delay', () => {
    const world = makeWorld({ ads: 1, creatives: 2, seed: 4, drift: 0.5, interests: 2, delay: 3_600_000 });
    const document = describeWorld(world, period) as { ads: { creatives: { topic: string; ctr_at_day_ends: number[] }[] }[] };
    expect(document).toMatchObject({ interests: 2, mean_delay_s: 3_600 });
    const drifting = makeWorld({ ads: 1, creatives: 2, seed: 4, drift: 0.5 });
    document.ads[0]?.creatives.forEach((told, creative) => {
      expect(told.topic).toBe(TOPICS[creativeAt(world, 0, creative).topic as number]);
      const truth = [1, 2, 3].map((day) => {
        const at = { ad: 0, creative, position: 0, user: 0, time: START.getTime() + day * MS_PER_DAY };
        return clickProbability(drifting, at) / (drifting.positions[0]?.factor as number);
      });
      for (const [day, ctr] of told.ctr_at_day_ends.entries()) expect(ctr).toBeCloseTo(truth[day] as number, 12);
    });
  });
});

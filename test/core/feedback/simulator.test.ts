import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TOPICS } from '../../../src/core/feedback/interests.ts';
import {
  createWorld,
  type SimulatedBatch,
  type SimulatedCreative,
  simulateImpressions,
  type World,
} from '../../../src/core/feedback/simulator.ts';
import { formatBatch, SIMULATED_COLUMNS, simulatedColumns } from '../../../src/core/feedback/simulator_csv.ts';
import { createRandom } from '../../../src/core/random.ts';
import { MS_PER_DAY } from './made_logs.ts';
import { creativesOf, makeWorld, START, simulateCells } from './made_worlds.ts';

const FIXTURES = resolve(import.meta.dirname, '../../../fixtures');

function simulate(world: World, impressions: number, seed: number): SimulatedBatch[] {
  return [...simulateImpressions(world, { impressions, start: START, days: 4, users: 50, seed })];
}

describe('createWorld', () => {
  it('gives the same world for the same seed only', () => {
    const world = (seed: number): World => makeWorld({ ads: 3, creatives: 4, logging: 'skewed', placement: 1, seed });
    expect(world(5)).toEqual(world(5));
    expect(creativesOf(world(5)).ctr).not.toEqual(creativesOf(world(6)).ctr);
  });

  it('has exposure factors with an impression-weighted mean of 1', () => {
    const { positions, positionShares } = makeWorld({ ads: 1, creatives: 1, seed: 1 });
    expect(positions.reduce((sum, { factor }, p) => sum + factor * (positionShares[p] as number), 0)).toBeCloseTo(1, 12);
  });

  it('shows creatives evenly in a uniform log, and each with at least its part of a fifth in any', () => {
    for (const { creatives } of makeWorld({ ads: 4, creatives: 5, seed: 2 }).ads)
      for (const { propensities } of creatives) for (const p of propensities) expect(p).toBeCloseTo(0.2, 12);
    for (const { creatives } of makeWorld({ ads: 4, creatives: 5, logging: 'skewed', placement: 1, seed: 2 }).ads) {
      creatives[0]?.propensities.forEach((_, position) => {
        const propensities = creatives.map((creative) => creative.propensities[position] as number);
        expect(propensities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(Math.min(...propensities)).toBeGreaterThanOrEqual(0.2 / 5);
      });
    }
  });

  it('adds drift, delay and interests to the same world', () => {
    const plain = makeWorld({ ads: 3, creatives: 4, logging: 'skewed', placement: 0.5, seed: 5 });
    const rich = makeWorld({ ads: 3, creatives: 4, logging: 'skewed', placement: 0.5, seed: 5, drift: 0.3, delay: 1_000, interests: 2 });
    const bare = rich.ads.map(({ creatives, ...ad }) => ({ ...ad, creatives: creatives.map(({ drift, topic, ...rest }) => rest) }));
    expect(bare).toEqual(plain.ads);
    expect(rich).toMatchObject({ delay: 1_000, interests: { strength: 2 }, positions: plain.positions });
    for (const { creatives } of rich.ads)
      for (const { drift, topic } of creatives) expect([drift?.length, TOPICS[topic ?? -1]]).not.toContain(undefined);
  });

  it.each(['viewTime', 'revenuePerClick'] as const)('opposes or joins CTR and %s as it is told', (what) => {
    const [name, other] = what === 'viewTime' ? (['tension', 'revenueTension'] as const) : (['revenueTension', 'tension'] as const);
    const correlationAt = (tension: number): number => {
      const pairs = makeWorld({ ads: 500, creatives: 4, seed: 9, [name]: tension, [other]: 0.2 }).ads.flatMap(({ creatives }) => {
        // ln of each, from the ad's mean: the ads' own levels are independent.
        const within = (value: (creative: SimulatedCreative) => number): number[] => {
          const mean = creatives.reduce((sum, creative) => sum + Math.log(value(creative)), 0) / creatives.length;
          return creatives.map((creative) => Math.log(value(creative)) - mean);
        };
        const views = within((creative) => creative[what]);
        return within(({ ctr }) => ctr).map((ctr, i): [number, number] => [ctr, views[i] as number]);
      });
      const moment = (of: (pair: [number, number]) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0);
      return moment(([a, b]) => a * b) / Math.sqrt(moment(([a]) => a * a) * moment(([, b]) => b * b));
    };
    expect(correlationAt(-1)).toBeCloseTo(-1, 10);
    expect(correlationAt(1)).toBeCloseTo(1, 10);
    // 1,500 degrees of freedom: standard error (1 − ρ²)/√1500, here .019 and .026; four of them.
    expect(Math.abs(correlationAt(-0.5) + 0.5)).toBeLessThan(0.08);
    expect(Math.abs(correlationAt(0))).toBeLessThan(0.104);
  });

  it('gives the creative that is clicked most the shortest view time under full tension', () => {
    for (const { creatives } of makeWorld({ ads: 20, creatives: 6, seed: 8, tension: -1 }).ads) {
      const byCtr = [...creatives].sort((a, b) => b.ctr - a.ctr);
      expect([...creatives].sort((a, b) => a.viewTime - b.viewTime)).toEqual(byCtr);
    }
  });

  it('places creatives alike when they are all alike', () => {
    for (const { creatives } of makeWorld({ ads: 2, creatives: 4, placement: 1, spread: 0, seed: 3 }).ads)
      for (const { propensities } of creatives) for (const p of propensities) expect(p).toBeCloseTo(0.25, 12);
  });

  it('places better creatives at better positions when it is told to', () => {
    for (const { creatives } of makeWorld({ ads: 5, creatives: 4, placement: 1, seed: 3 }).ads) {
      const best = creatives.reduce((a, b) => (b.ctr > a.ctr ? b : a));
      const worst = creatives.reduce((a, b) => (b.ctr < a.ctr ? b : a));
      // Position 0 (feed 1) is the best of the feed and position 4 (feed 5) the worst.
      const tilt = (propensities: readonly number[]): number => (propensities[0] as number) / (propensities[4] as number);
      expect(tilt(best.propensities)).toBeGreaterThan(tilt(worst.propensities));
    }
  });
});

describe('simulateImpressions', () => {
  const world = makeWorld({ ads: 2, creatives: 3, logging: 'skewed', placement: 0.5, seed: 4 });

  it('gives the same impressions for the same seed only', () => {
    expect(simulate(world, 500, 1)).toEqual(simulate(world, 500, 1));
    expect(simulate(world, 500, 1)).not.toEqual(simulate(world, 500, 2));
  });

  it('deals out impressions in time order over all days, in batches that add up', () => {
    const batches = simulate(world, 100_000, 1);
    expect(batches.map(({ rows }) => rows)).toEqual([65_536, 34_464]);
    const times = batches.flatMap(({ ts }) => [...ts]);
    expect(times[0]).toBe(START.getTime());
    expect(times.every((ts, i) => i === 0 || ts >= (times[i - 1] as number))).toBe(true);
    expect(times.at(-1)).toBeLessThan(START.getTime() + 4 * MS_PER_DAY);
    expect(Math.floor(((times.at(-1) as number) - START.getTime()) / MS_PER_DAY)).toBe(3);
  });

  it('shows creatives by their propensities, and they are clicked by CTR times exposure factor', () => {
    const { ctr } = creativesOf(world);
    const cells = simulateCells(world, 400_000, 7);
    let shownChi = 0;
    let clickedChi = 0;
    for (const [creative, position, impressions, clicks] of cells) {
      const own = world.ads[Math.floor(creative / 3)]?.creatives[creative % 3];
      const expected = 200_000 * (world.positionShares[position] as number) * (own?.propensities[position] as number);
      shownChi += (impressions - expected) ** 2 / expected;
      const mean = impressions * (ctr[creative] as number) * (world.positions[position]?.factor as number);
      clickedChi += (clicks - mean) ** 2 / mean;
    }
    // 48 cells: χ² has mean 48 (47 for impressions) and .999 quantile 84.
    expect(cells).toHaveLength(48);
    expect(shownChi).toBeLessThan(84);
    expect(clickedChi).toBeLessThan(84);
  });

  it('measures view time and revenue after a click only', () => {
    const [batch] = simulate(world, 20_000, 1) as [SimulatedBatch];
    for (let row = 0; row < batch.rows; row++) {
      const clicked = batch.click[row] === 1;
      expect(Number.isNaN(batch.viewTime[row])).toBe(!clicked);
      expect(Number.isNaN(batch.revenue[row])).toBe(!clicked);
      if (!clicked) expect(batch.conversion[row]).toBe(0);
    }
  });
});

describe('formatBatch', () => {
  const world = makeWorld({ ads: 2, creatives: 3, seed: 4 });

  it('writes one line per impression, in the named columns and numbered on', () => {
    const [batch] = simulate(world, 300, 1) as [SimulatedBatch];
    const lines = formatBatch(world, batch, 42).trimEnd().split('\n');
    expect(lines).toHaveLength(300);
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [SIMULATED_COLUMNS.split(',')[i], value])));
    rows.forEach((row, i) => {
      const creative = world.ads[batch.ad[i] as number]?.creatives[batch.creative[i] as number];
      expect(row.impression_id).toBe(`i${String(42 + i).padStart(9, '0')}`);
      expect(new Date(row.ts as string).getTime()).toBe(batch.ts[i]);
      expect([row.creative_id, Number(row.click)]).toEqual([creative?.creativeId, batch.click[i]]);
      expect(Number(row.propensity)).toBeCloseTo(batch.propensity[i] as number, 11);
      expect(row.view_time_s === '').toBe(batch.click[i] === 0);
    });
  });

  it('tells the topic of the creative, and nothing of the user, where users have interests', () => {
    const interested = makeWorld({ ads: 2, creatives: 3, seed: 4, interests: 1 });
    expect(simulatedColumns(interested)).toBe(`${SIMULATED_COLUMNS},topic`);
    const [batch] = simulate(interested, 300, 1) as [SimulatedBatch];
    formatBatch(interested, batch, 0)
      .trimEnd()
      .split('\n')
      .forEach((line, i) => {
        const topic = interested.ads[batch.ad[i] as number]?.creatives[batch.creative[i] as number]?.topic as number;
        expect(line.split(',').slice(12)).toEqual([TOPICS[topic]]);
      });
  });

  it('writes the log of the fixtures, byte for byte', () => {
    const ads = new Map<string, string[]>();
    for (const line of readFileSync(join(FIXTURES, 'creatives.jsonl'), 'utf8').trimEnd().split('\n')) {
      const { ad_id, creative_id } = JSON.parse(line) as { ad_id: string; creative_id: string };
      ads.set(ad_id, [...(ads.get(ad_id) ?? []), creative_id]);
    }
    const world = createWorld({
      ads: [...ads].map(([adId, creativeIds]) => ({ adId, creativeIds })),
      logging: 'uniform',
      placement: 0.2,
      spread: 0.5,
      random: createRandom(20260101),
    });
    let text = `${simulatedColumns(world)}\n`;
    let first = 0;
    for (const batch of simulateImpressions(world, { impressions: 60_000, start: START, days: 7, users: 1_000, seed: 20260101 })) {
      text += formatBatch(world, batch, first);
      first += batch.rows;
    }
    expect(text === gunzipSync(readFileSync(join(FIXTURES, 'logs.csv.gz'))).toString()).toBe(true);
  });
});

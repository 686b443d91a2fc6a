import { createWorld, type SimulatedAd, simulateImpressions, type World, type WorldOptions } from '../../../src/core/feedback/simulator.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { Cell } from './made_cells.ts';

export const START = new Date('2026-01-01T00:00:00Z');

interface MadeWorldOptions extends Partial<Omit<WorldOptions, 'ads' | 'random'>> {
  readonly ads: number;
  readonly creatives: number;
  readonly seed: number;
}

/** A world of so many ads with so many creatives each. */
export function makeWorld({ ads, creatives, logging = 'uniform', placement = 0, seed, ...rest }: MadeWorldOptions): World {
  const names = Array.from({ length: ads }, (_, ad) => ({
    adId: `ad-${ad}`,
    creativeIds: Array.from({ length: creatives }, (_, creative) => `c${creative}`),
  }));
  return createWorld({ ...rest, ads: names, logging, placement, random: createRandom(seed) });
}

/** One ad at one position of factor 1, with creatives of these CTRs that differ in nothing else. */
export function makeFlatWorld(ctrs: readonly number[], delay?: number): World {
  const creatives = ctrs.map((ctr, i) => ({
    creativeId: `c${i}`,
    ctr,
    viewTime: 20,
    revenuePerClick: 0.5,
    propensities: [1 / ctrs.length],
  }));
  return {
    ads: [{ adId: 'ad-0', creatives }],
    positions: [{ scene: 'feed', position: 1, factor: 1 }],
    positionShares: Float64Array.of(1),
    ...(delay !== undefined && { delay }),
  };
}

/** Creatives of a world numbered through, and the ad of each. */
export function creativesOf(world: World): { ctr: number[]; ad: number[] } {
  return {
    ctr: world.ads.flatMap((ad) => ad.creatives.map((creative) => creative.ctr)),
    ad: world.ads.flatMap((ad, index) => ad.creatives.map(() => index)),
  };
}

/** Impressions and clicks of a simulated log by creative and position. */
export function simulateCells(world: World, impressions: number, seed: number): Cell[] {
  const positions = world.positions.length;
  const creatives = (world.ads[0] as SimulatedAd).creatives.length;
  const counts = new Float64Array(2 * world.ads.length * creatives * positions);
  for (const batch of simulateImpressions(world, { impressions, start: START, days: 1, users: 1_000, seed })) {
    for (let row = 0; row < batch.rows; row++) {
      const creative = (batch.ad[row] as number) * creatives + (batch.creative[row] as number);
      const at = 2 * (creative * positions + (batch.position[row] as number));
      counts[at] = (counts[at] as number) + 1;
      counts[at + 1] = (counts[at + 1] as number) + (batch.click[row] as number);
    }
  }
  return Array.from(
    { length: counts.length / 2 },
    (_, at): Cell => [Math.floor(at / positions), at % positions, counts[2 * at] as number, counts[2 * at + 1] as number],
  ).filter(([, , n]) => n > 0);
}

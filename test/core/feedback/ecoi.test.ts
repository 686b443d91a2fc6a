import { describe, expect, it } from 'vitest';
import { type CreativeReport, computeEcoi } from '../../../src/core/feedback/ecoi.ts';
import type { World } from '../../../src/core/feedback/simulator.ts';
import { gammaCdf } from '../../../src/core/numerics/gamma.ts';
import { createRandom } from '../../../src/core/random.ts';
import { type Cell, ecoiInput, poisson } from './made_cells.ts';
import { creativesOf, makeWorld, simulateCells } from './made_worlds.ts';

/** α = .02 and .04, b = .5 and 1.5, and the better creative mostly at the worse position. */
const CONFOUNDED: readonly Cell[] = [
  [0, 0, 2_000, 20],
  [0, 1, 6_000, 180],
  [1, 0, 6_000, 120],
  [1, 1, 2_000, 120],
];

describe('computeEcoi', () => {
  it('gives the hand-computed CTR, COEC and ECOI of a confounded table', () => {
    const { positions, creatives } = computeEcoi(ecoiInput(CONFOUNDED));
    // Clicks 140 and 300 in 8000 at each position; .5 and 1.5 average to 1, so they stay.
    expect(positions.map((row) => [row.impressions, row.clicks, row.ctr])).toEqual([
      [8_000, 140, 0.0175],
      [8_000, 300, 0.0375],
    ]);
    expect(positions[0]?.exposureFactor).toBeCloseTo(0.5, 8);
    expect(positions[1]?.exposureFactor).toBeCloseTo(1.5, 8);
    const [worse, better] = creatives as [CreativeReport, CreativeReport];
    // E = 2000·.5 + 6000·1.5 = 10000 and 6000·.5 + 2000·1.5 = 6000.
    expect([worse.effectiveImpressions, better.effectiveImpressions].map(Math.round)).toEqual([10_000, 6_000]);
    expect([worse.ecoi, better.ecoi].map((ecoi) => Math.round((ecoi ?? 0) * 1e8) / 1e8)).toEqual([0.02, 0.04]);
    // Raw CTR 200/8000 and 240/8000; COEC over 2000·.0175 + 6000·.0375 = 260 and 6000·.0175 + 2000·.0375 = 180.
    expect([worse.ctr, better.ctr]).toEqual([0.025, 0.03]);
    expect([worse.coec, better.coec]).toEqual([200 / 260, 240 / 180]);
  });

  it('shrinks by (C+k)/(E+k/m) and takes the interval from the same posterior', () => {
    const { creatives, shrinkage } = computeEcoi(ecoiInput(CONFOUNDED));
    const { k, m } = shrinkage ?? { k: Number.NaN, m: Number.NaN };
    expect(m).toBeCloseTo(440 / 16_000, 9);
    for (const { clicks, effectiveImpressions, ecoiShrunk, ciLow, ciHigh } of creatives) {
      const rate = effectiveImpressions + k / m;
      expect(ecoiShrunk).toBeCloseTo((clicks + k) / rate, 12);
      expect(gammaCdf(clicks + k, rate * (ciLow ?? 0))).toBeCloseTo(0.025, 9);
      expect(gammaCdf(clicks + k, rate * (ciHigh ?? 0))).toBeCloseTo(0.975, 9);
    }
  });

  it('widens intervals by the dispersion of days, and leaves the values', () => {
    const perDay = (swing: number): Cell[] =>
      CONFOUNDED.flatMap(([i, p, n, c]): Cell[] =>
        Array.from({ length: 10 }, (_, day): Cell => [i, p, n / 10, (c / 10) * (1 + (day % 2 === 0 ? swing : -swing))]),
      );
    const [calm, wild] = [computeEcoi(ecoiInput(perDay(0))), computeEcoi(ecoiInput(perDay(0.9)))];
    // X² = Σ (.81·e) over 440 clicks, df = 4·9: φ = 356.4/36 = 9.9.
    expect(calm.dispersion.phi).toBe(1);
    expect(wild.dispersion.phi).toBeCloseTo(9.9, 9);
    const widths = [calm, wild].map(({ creatives }) => creatives.map(({ ciLow, ciHigh }) => (ciHigh ?? 0) - (ciLow ?? 0)));
    wild.creatives.forEach((row, i) => {
      expect(row.ecoi).toBeCloseTo(calm.creatives[i]?.ecoi ?? 0, 9);
      expect((widths[1] as number[])[i]).toBeGreaterThan(1.5 * ((widths[0] as number[])[i] as number));
    });
  });

  it('gives a creative without a click ECOI 0 with the upper limit 3/E', () => {
    const { creatives } = computeEcoi(
      ecoiInput([
        [0, 0, 1_000, 0],
        [1, 0, 1_000, 30],
      ]),
    );
    expect(creatives[0]).toMatchObject({ ecoi: 0, ciLow: 0, ciHigh: 0.003, effectiveImpressions: 1_000 });
    expect(creatives[0]?.ecoiShrunk).toBeGreaterThan(0);
  });

  it('knows nothing of a creative never shown: null, not 0', () => {
    const { creatives } = computeEcoi(ecoiInput([[0, 0, 1_000, 30]], [0, 0]));
    expect(creatives[1]).toEqual({
      impressions: 0,
      clicks: 0,
      ctr: null,
      coec: null,
      ecoi: null,
      ecoiShrunk: null,
      ciLow: null,
      ciHigh: null,
      effectiveImpressions: 0,
      comparable: true,
    });
  });

  it('gives a position without impressions no factor', () => {
    const input = ecoiInput([
      [0, 0, 1_000, 30],
      [0, 1, 0, 0],
    ]);
    expect(computeEcoi(input).positions[1]).toEqual({ impressions: 0, clicks: 0, ctr: null, exposureFactor: null });
  });

  it('calls an ad that spans two parts of the log not comparable, and puts its creatives at COEC·CTR', () => {
    const { creatives, components } = computeEcoi(
      ecoiInput(
        [
          [0, 0, 1_000, 20],
          [1, 1, 1_000, 40],
          [2, 1, 1_000, 60],
        ],
        [0, 0, 1],
      ),
    );
    expect(components).toBe(2);
    expect(creatives.map((row) => row.comparable)).toEqual([false, false, true]);
    // CTR of all .04. Alone at its position creative 0 has COEC 1; 1 and 2 have 40/50 and 60/50 there.
    expect(creatives.map((row) => row.coec)).toEqual([1, 0.8, 1.2]);
    for (const row of creatives) expect(row.ecoi).toBeCloseTo((row.coec ?? 0) * 0.04, 12);
  });

  it('says within noise when creatives differ no more than chance makes them', () => {
    const alike = computeEcoi(ecoiInput(Array.from({ length: 6 }, (_, i): Cell => [i, 0, 5_000, 100])));
    expect(alike.shrinkage?.atBound).toBe(true);
    expect(computeEcoi(ecoiInput(CONFOUNDED)).shrinkage?.atBound).toBe(false);
  });

  it('works without any click', () => {
    const { creatives, shrinkage, positions } = computeEcoi(
      ecoiInput([
        [0, 0, 600, 0],
        [1, 1, 300, 0],
      ]),
    );
    expect(shrinkage).toBeUndefined();
    expect(positions.map((row) => row.exposureFactor)).toEqual([1, 1]);
    expect(creatives.map((row) => [row.ecoi, row.ecoiShrunk, row.ciLow, row.ciHigh])).toEqual([
      [0, 0, 0, 3 / 600],
      [0, 0, 0, 3 / 300],
    ]);
  });

  it('gives a single creative at a single position its CTR', () => {
    const { creatives, positions } = computeEcoi(ecoiInput([[0, 0, 1_000, 25]]));
    expect(positions[0]?.exposureFactor).toBe(1);
    expect(creatives[0]).toMatchObject({ ctr: 0.025, coec: 1, ecoi: 0.025, comparable: true });
    expect(creatives[0]?.ecoiShrunk).toBeCloseTo(0.025, 12);
  });

  it('works on nothing', () => {
    expect(computeEcoi(ecoiInput([]))).toMatchObject({ creatives: [], positions: [], components: 0, shrinkage: undefined });
  });
});

/** Mean of |estimate/truth − 1| of each measure, weighted by impressions; COEC is brought to a CTR by the mean of all. */
function weightedErrors(world: World, cells: readonly Cell[]): { ctr: number; coec: number; ecoi: number } {
  const { ctr: truth, ad } = creativesOf(world);
  const { creatives } = computeEcoi(ecoiInput(cells, ad));
  const total = creatives.reduce((sum, row) => sum + row.impressions, 0);
  const mean = creatives.reduce((sum, row) => sum + row.clicks, 0) / total;
  const errorOf = (value: (row: CreativeReport) => number | null): number =>
    creatives.reduce((sum, row, i) => sum + (row.impressions / total) * Math.abs((value(row) ?? 0) / (truth[i] as number) - 1), 0);
  return { ctr: errorOf((row) => row.ctr), coec: errorOf((row) => (row.coec ?? 0) * mean), ecoi: errorOf((row) => row.ecoi) };
}

/** Poisson counts of so many impressions a creative, placed as the world places them. */
function drawPlacedCells(world: World, impressions: number, seed: number): Cell[] {
  const random = createRandom(seed, 8);
  return world.ads.flatMap((ad, a) =>
    ad.creatives.flatMap(({ ctr, propensities }, i) =>
      world.positions.map(({ factor }, p): Cell => {
        const n = Math.round(impressions * ad.creatives.length * (world.positionShares[p] as number) * (propensities[p] as number));
        return [a * ad.creatives.length + i, p, n, poisson(random, n * ctr * factor)];
      }),
    ),
  );
}

/** A log of Poisson counts, cell by cell, with random impressions; creatives as in the world. */
function drawCells(world: World, mean: number, seed: number): Cell[] {
  const random = createRandom(seed, 9);
  return creativesOf(world).ctr.flatMap((ctr, i) =>
    world.positions.map(({ factor }, p): Cell => {
      const n = Math.round(mean * random.exponential());
      return [i, p, n, poisson(random, n * ctr * factor)];
    }),
  );
}

describe('ECOI on a world whose truth is known', () => {
  it('is nearer than raw CTR and COEC where better creatives got better positions', () => {
    const errors = [1, 2, 3].map((seed) => {
      const world = makeWorld({ ads: 3, creatives: 6, placement: 1, seed });
      return weightedErrors(world, simulateCells(world, 18 * 40_000, seed));
    });
    // Measured: ECOI .025 to .029, the noise of 800 clicks a creative; COEC .031 to .050; raw CTR .131 to .160.
    for (const { ctr, coec, ecoi } of errors) {
      expect(ecoi).toBeLessThan(0.035);
      expect(ecoi).toBeLessThan(ctr / 3);
      expect(ecoi).toBeLessThan(coec);
    }
  });

  it('goes on to the truth with more impressions, where COEC does not', () => {
    for (const seed of [1, 2, 3]) {
      const world = makeWorld({ ads: 3, creatives: 6, placement: 1, seed });
      // 80,000 clicks a creative: noise of .003.
      const { ctr, coec, ecoi } = weightedErrors(world, drawPlacedCells(world, 4_000_000, seed));
      expect(ecoi).toBeLessThan(0.006);
      expect(ecoi).toBeLessThan(ctr / 20);
      expect(ecoi).toBeLessThan(coec / 4);
    }
  });

  it('has 95 % intervals that hold the truth in 90 to 99 % of creatives', () => {
    let held = 0;
    let creatives = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const world = makeWorld({ ads: 5, creatives: 6, seed });
      const { ctr, ad } = creativesOf(world);
      computeEcoi(ecoiInput(drawCells(world, 400, seed), ad)).creatives.forEach(({ ciLow, ciHigh }, i) => {
        const truth = ctr[i] as number;
        creatives++;
        if ((ciLow ?? 1) <= truth && truth <= (ciHigh ?? 0)) held++;
      });
    }
    // 1,800 intervals: 95 % with a standard error of half a point.
    expect(creatives).toBe(1_800);
    expect(held / creatives).toBeGreaterThan(0.9);
    expect(held / creatives).toBeLessThan(0.99);
  });

  it('recovers the exposure factors, which need not fall with rank', () => {
    const world = makeWorld({ ads: 3, creatives: 6, placement: 1, seed: 4 });
    const { ad } = creativesOf(world);
    const { positions } = computeEcoi(ecoiInput(simulateCells(world, 720_000, 4), ad));
    const factor = (p: number): number => positions[p]?.exposureFactor ?? 0;
    // 1,000 to 2,600 clicks a position: 2 to 3 % standard error, and a little more from the creatives.
    world.positions.forEach((position, p) => {
      expect(Math.abs(factor(p) / position.factor - 1)).toBeLessThan(0.12);
    });
    expect(factor(2)).toBeGreaterThan(factor(1));
  });
});

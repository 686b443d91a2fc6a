import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeEcoi } from '../../../src/core/feedback/ecoi.ts';
import { fitPositionModel } from '../../../src/core/feedback/position_model.ts';
import { type Cell, ecoiInput, sumBy } from './made_cells.ts';

/** Every creative at every position, with a click in each row and column: the likelihood has its maximum inside. */
const tables = fc
  .record({ creatives: fc.integer({ min: 2, max: 5 }), positions: fc.integer({ min: 2, max: 4 }) })
  .chain(({ creatives, positions }) =>
    fc
      .array(fc.tuple(fc.integer({ min: 100, max: 5_000 }), fc.integer({ min: 0, max: 100 })), {
        minLength: creatives * positions,
        maxLength: creatives * positions,
      })
      .map((counts) => counts.map(([n, c], i): Cell => [Math.floor(i / positions), i % positions, n, c])),
  )
  .filter((cells) => [...sumBy(cells, 0, clicks), ...sumBy(cells, 1, clicks)].every((sum) => sum > 0));

function clicks(cell: Cell): number {
  return cell[3];
}

function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value / (b[i] as number) - 1)));
}

/** b_p by Newton's method with step halving on the Poisson log-likelihood in (ln α, ln b), ln b_0 held at 0. */
function newtonFactors(cells: readonly Cell[]): number[] {
  const creatives = sumBy(cells, 0, clicks).length;
  const impressions = sumBy(cells, 1, (cell) => cell[2]);
  const size = creatives + impressions.length - 1;
  const logRate = (theta: readonly number[], [i, p]: Cell): number =>
    (theta[i] as number) + (p === 0 ? 0 : (theta[creatives + p - 1] as number));
  const logLikelihood = (theta: readonly number[]): number =>
    cells.reduce((sum, cell) => sum + cell[3] * logRate(theta, cell) - cell[2] * Math.exp(logRate(theta, cell)), 0);
  let theta: number[] = new Array(size).fill(-5);
  for (let round = 0; round < 200; round++) {
    const gradient: number[] = new Array(size).fill(0);
    const information = gradient.map(() => [...gradient]);
    for (const cell of cells) {
      const mean = cell[2] * Math.exp(logRate(theta, cell));
      const touched = cell[1] === 0 ? [cell[0]] : [cell[0], creatives + cell[1] - 1];
      for (const s of touched) {
        gradient[s] = (gradient[s] as number) + cell[3] - mean;
        for (const t of touched) (information[s] as number[])[t] = ((information[s] as number[])[t] as number) + mean;
      }
    }
    const step = solve(information, gradient);
    if (Math.max(...step.map(Math.abs)) < 1e-12) break;
    let length = 1;
    const before = logLikelihood(theta);
    const moved = (): number[] => theta.map((value, i) => value + length * (step[i] as number));
    while (length > 1e-6 && !(logLikelihood(moved()) >= before - 1e-9)) length /= 2;
    theta = moved();
  }
  const b = impressions.map((_, p) => (p === 0 ? 1 : Math.exp(theta[creatives + p - 1] as number)));
  const total = impressions.reduce((sum, n) => sum + n, 0);
  const level = b.reduce((sum, factor, p) => sum + (factor * (impressions[p] as number)) / total, 0);
  return b.map((factor) => factor / level);
}

/** Gaussian elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const candidates = rows.slice(column);
    const pivot = candidates.reduce((best, row) => (Math.abs(row[column] as number) > Math.abs(best[column] as number) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] as number) / (pivot[column] as number);
      for (let k = column; k <= size; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  return rows.map((row, i) => (row[size] as number) / (row[i] as number));
}

describe('fitPositionModel', () => {
  it('solves a table without noise exactly', () => {
    // α = .02, .04 and b = .5, 1.5 at equal impressions: Σ w·b = 1, clicks 1000·α·b = 10, 30, 20, 60.
    const { exposureFactor, components } = fitPositionModel(
      ecoiInput([
        [0, 0, 1000, 10],
        [0, 1, 1000, 30],
        [1, 0, 1000, 20],
        [1, 1, 1000, 60],
      ]),
    );
    expect([...exposureFactor]).toEqual([0.5, 1.5]);
    expect(components).toBe(1);
  });

  it('finds the maximum that Newton’s method finds', () => {
    fc.assert(
      fc.property(tables, (cells) => {
        // Rounds stop when b moves by less than 1e-10; 1e-6 leaves room for slow tables.
        expect(relativeDifference(fitPositionModel(ecoiInput(cells)).exposureFactor, newtonFactors(cells))).toBeLessThan(1e-6);
      }),
    );
  });

  it('ends where the score of every position and creative is zero', () => {
    fc.assert(
      fc.property(tables, (cells) => {
        const { exposureFactor } = fitPositionModel(ecoiInput(cells));
        const exposure = sumBy(cells, 0, (cell) => cell[2] * (exposureFactor[cell[1]] as number));
        const alpha = sumBy(cells, 0, clicks).map((c, i) => c / (exposure[i] as number));
        const expected = sumBy(cells, 1, (cell) => cell[2] * (alpha[cell[0]] as number)).map(
          (sum, p) => sum * (exposureFactor[p] as number),
        );
        expect(relativeDifference(expected, sumBy(cells, 1, clicks))).toBeLessThan(1e-7);
      }),
    );
  });

  it('has an impression-weighted mean factor of 1', () => {
    fc.assert(
      fc.property(tables, (cells) => {
        const { exposureFactor } = fitPositionModel(ecoiInput(cells));
        const impressions = sumBy(cells, 1, (cell) => cell[2]);
        const total = impressions.reduce((sum, n) => sum + n, 0);
        expect(impressions.reduce((sum, n, p) => sum + n * (exposureFactor[p] as number), 0) / total).toBeCloseTo(1, 12);
      }),
    );
  });

  it('does not depend on the order of cells or on the numbers given to creatives', () => {
    fc.assert(
      fc.property(tables, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (cells, keys) => {
        const shuffled = cells.map((cell) => ({ cell, key: keys.next().value as number })).sort((a, b) => a.key - b.key);
        const last = Math.max(...cells.map(([i]) => i));
        const renamed = shuffled.map(({ cell: [i, p, n, c] }): Cell => [last - i, p, n, c]);
        const original = fitPositionModel(ecoiInput(cells)).exposureFactor;
        expect(relativeDifference(fitPositionModel(ecoiInput(renamed)).exposureFactor, original)).toBeLessThan(1e-8);
      }),
    );
  });

  it('does not change when all impressions and clicks are multiplied', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 2, max: 1_000 }), (cells, times) => {
        const multiplied = cells.map(([i, p, n, c]): Cell => [i, p, n * times, c * times]);
        expect(
          relativeDifference(fitPositionModel(ecoiInput(multiplied)).exposureFactor, fitPositionModel(ecoiInput(cells)).exposureFactor),
        ).toBeLessThan(1e-8);
      }),
    );
  });

  it('does not change when a cell is split over days', () => {
    fc.assert(
      fc.property(tables, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (cells, x, y) => {
        const split = cells.flatMap(([i, p, n, c]): Cell[] => {
          const [firstN, firstC] = [Math.floor(x * n), Math.floor(y * c)];
          return [
            [i, p, firstN, firstC],
            [i, p, n - firstN, c - firstC],
          ];
        });
        const [whole, parts] = [computeEcoi(ecoiInput(cells)), computeEcoi(ecoiInput(split))];
        expect(
          relativeDifference(
            parts.creatives.map((row) => row.ecoi ?? 0),
            whole.creatives.map((row) => row.ecoi ?? 0),
          ),
        ).toBeLessThan(1e-8);
      }),
    );
  });

  it('gives a position without a click (0 + ½)/(Σnα + ½) where there are fewer than three', () => {
    // α = 10/2000, Σnα = 5 at both: b ∝ 10/5 and .5/5.5, so 2 and 1/11, whose mean 23/22 is brought to 1.
    const { exposureFactor } = fitPositionModel(
      ecoiInput([
        [0, 0, 1000, 10],
        [0, 1, 1000, 0],
      ]),
    );
    expect(exposureFactor[0]).toBeCloseTo(44 / 23, 9);
    expect(exposureFactor[1]).toBeCloseTo(2 / 23, 9);
  });

  it('shrinks a position without a click to 1 the more, the less the other positions differ', () => {
    const factorOfEmpty = (others: readonly number[]): number => {
      const cells = others.map((c, p): Cell => [0, p, 10_000, c]);
      return fitPositionModel(ecoiInput([...cells, [0, others.length, 100, 0]])).exposureFactor[others.length] as number;
    };
    const alike = factorOfEmpty([200, 201, 199, 200, 202]);
    const unlike = factorOfEmpty([20, 600, 100, 250, 30]);
    expect(alike).toBeGreaterThan(0.95);
    expect(unlike).toBeLessThan(0.6);
    expect(unlike).toBeGreaterThan(0);
  });

  it('ignores a cell without impressions, also at a position without any', () => {
    const shown: Cell[] = [
      [0, 0, 1000, 20],
      [0, 1, 200, 30],
      [1, 0, 300, 60],
      [1, 1, 1000, 40],
    ];
    const { exposureFactor } = fitPositionModel(ecoiInput([...shown, [0, 2, 0, 0]]));
    expect([...exposureFactor]).toEqual([...fitPositionModel(ecoiInput(shown)).exposureFactor, Number.NaN]);
  });

  it('solves the parts of a log that share no position each by itself, at the level of COEC·CTR', () => {
    const part = (first: number, position: number): Cell[] => [
      [first, position, 1000, 10],
      [first, position + 1, 1000, 30],
      [first + 1, position, 1000, 20],
      [first + 1, position + 1, 1000, 60],
    ];
    const cells = [...part(0, 0), ...part(2, 2).map(([i, p, n, c]): Cell => [i, p, n, 3 * c])];
    const { exposureFactor, component, components } = fitPositionModel(ecoiInput(cells));
    expect(components).toBe(2);
    expect([...component]).toEqual([0, 0, 1, 1]);
    // CTR of all .06; parts have 120 and 360 clicks in 4000 impressions, so Σ n·b is 2000 and 6000: means ½ and 1½.
    expect([...exposureFactor].map((b) => Math.round(b * 1e9) / 1e9)).toEqual([0.25, 0.75, 0.75, 2.25]);
  });

  it('needs nothing to be shown', () => {
    const model = fitPositionModel({ creatives: 2, positions: 1, creative: [], position: [], impressions: [], clicks: [] });
    expect([...model.exposureFactor]).toEqual([Number.NaN]);
    expect([...model.component]).toEqual([-1, -1]);
    expect(model.components).toBe(0);
  });
});

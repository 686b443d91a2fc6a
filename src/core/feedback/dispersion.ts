/** Counts of one creative at one position on one day; entries of the same pair stand together, days in any order. */
export interface DailyCells {
  readonly creative: ArrayLike<number>;
  readonly position: ArrayLike<number>;
  readonly impressions: ArrayLike<number>;
  readonly clicks: ArrayLike<number>;
  readonly cells: number;
}

export interface Dispersion {
  /** φ = max(1, Pearson X²/df); 1 where no cell is repeated. */
  readonly phi: number;
  readonly pearson: number;
  readonly degreesOfFreedom: number;
}

/**
 * How much more counts vary than Poisson counts do, from cells repeated over days: each day of a (creative, position)
 * pair is expected to have the pair's own CTR. φ = max(1, X²/df), X² = Σ (c − e)²/e, df = Σ (days − 1)
 * (McCullagh & Nelder 1989, 4.5). Pairs without a click carry no information and are left out.
 */
export function measureDispersion(cells: DailyCells): Dispersion {
  let pearson = 0;
  let degreesOfFreedom = 0;
  for (let start = 0; start < cells.cells; ) {
    let end = start;
    let clicks = 0;
    let impressions = 0;
    let days = 0;
    for (; end < cells.cells && cells.creative[end] === cells.creative[start] && cells.position[end] === cells.position[start]; end++) {
      clicks += cells.clicks[end] as number;
      impressions += cells.impressions[end] as number;
      if ((cells.impressions[end] as number) > 0) days++;
    }
    if (clicks > 0 && days > 1) {
      for (let i = start; i < end; i++) {
        const expected = (clicks * (cells.impressions[i] as number)) / impressions;
        if (expected > 0) pearson += ((cells.clicks[i] as number) - expected) ** 2 / expected;
      }
      degreesOfFreedom += days - 1;
    }
    start = end;
  }
  return { phi: degreesOfFreedom > 0 ? Math.max(1, pearson / degreesOfFreedom) : 1, pearson, degreesOfFreedom };
}

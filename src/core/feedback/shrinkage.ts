import { logGamma } from '../numerics/gamma.ts';
import { maximise } from '../numerics/golden_section.ts';

const LOG_K_MIN = -3;
const LOG_K_MAX = 12;
const AT_BOUND = 0.01;

/** A Gamma(k, k/m) prior of rates, fitted to counts. */
export interface Shrinkage {
  /** Prior weight in clicks. */
  readonly k: number;
  /** Prior mean, ΣC/ΣE. */
  readonly m: number;
  /** Whether k is at the end of its range: above, the differences are within noise. */
  readonly atBound: boolean;
}

/**
 * Fits how much rates differ: `α_i ~ Gamma(k, k/m)`, `C_i ~ Poisson(E_i·α_i)`, with m = ΣC/ΣE and the k that maximises
 * the negative-binomial marginal `Σ lnΓ(C_i+k) − lnΓ(k) + k·ln(k/(k+mE_i)) + C_i·ln(mE_i/(k+mE_i))` over ln k in [−3, 12].
 * Rows with E = 0 say nothing and are left out.
 * @param clicks C_i, `exposure` E_i in effective impressions, the same length
 * @returns undefined without a click or without exposure, when there is no rate to shrink to
 */
export function fitShrinkage(clicks: ArrayLike<number>, exposure: ArrayLike<number>, mean?: number): Shrinkage | undefined {
  let sumClicks = 0;
  let sumExposure = 0;
  for (let i = 0; i < clicks.length; i++) {
    if ((exposure[i] as number) <= 0) continue;
    sumClicks += clicks[i] as number;
    sumExposure += exposure[i] as number;
  }
  if (sumClicks <= 0 || sumExposure <= 0) return undefined;
  const m = mean ?? sumClicks / sumExposure;
  const marginal = (logK: number): number => logMarginal(clicks, exposure, m, Math.exp(logK));
  // With m held fixed and few, unequal rows the marginal can have two maxima: the search starts at the best of a grid.
  const grid = Array.from({ length: LOG_K_MAX - LOG_K_MIN + 1 }, (_, i) => LOG_K_MIN + i);
  const best = grid.map((logK) => ({ logK, value: marginal(logK) })).reduce((a, b) => (b.value > a.value ? b : a)).logK;
  const logK = maximise(marginal, Math.max(LOG_K_MIN, best - 1), Math.min(LOG_K_MAX, best + 1));
  return { k: Math.exp(logK), m, atBound: logK > LOG_K_MAX - AT_BOUND };
}

function logMarginal(clicks: ArrayLike<number>, exposure: ArrayLike<number>, m: number, k: number): number {
  const logGammaK = logGamma(k);
  let sum = 0;
  for (let i = 0; i < clicks.length; i++) {
    const c = clicks[i] as number;
    const expected = m * (exposure[i] as number);
    if (expected <= 0) continue;
    sum += k * Math.log(k / (k + expected));
    if (c > 0) sum += logGamma(c + k) - logGammaK + c * Math.log(expected / (k + expected));
  }
  return sum;
}

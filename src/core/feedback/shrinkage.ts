import { logGamma } from '../numerics/gamma.ts';
import { maximise } from '../numerics/golden_section.ts';

const LOG_K_MIN = -3;
const LOG_K_MAX = 12;
const AT_BOUND = 0.01;

/** How closely rates lie about the mean each of them is expected to have. */
interface Strength {
  /** Prior weight in clicks. */
  readonly k: number;
  /** The lower end of its 95 % interval by the likelihood ratio. */
  readonly atLeast: () => number;
  /** Whether k is at the end of its range: above, the differences are within noise. */
  readonly atBound: boolean;
  /** The marginal's logarithm at k, but for `−Σ lnΓ(C_i+1)`, which depends on the clicks alone. */
  readonly logLikelihood: number;
}

/** A Gamma(k, k/m) prior of rates, fitted to counts. */
export interface Shrinkage extends Pick<Strength, 'k' | 'atBound'> {
  /** Prior mean, ΣC/ΣE. */
  readonly m: number;
}

/**
 * Fits how much rates differ: `α_i ~ Gamma(k, k/m)`, `C_i ~ Poisson(E_i·α_i)`, with m = ΣC/ΣE and the k of
 * {@link fitStrength} for `μ_i = m·E_i`. Rows with E = 0 say nothing and are left out.
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
  const { k, atBound } = fitStrength(
    clicks,
    Float64Array.from(exposure, (e) => m * e),
  );
  return { k, m, atBound };
}

/** Fall of the log-likelihood at the end of a 95 % interval by the likelihood ratio: half of χ²'s .95 quantile. */
const INTERVAL_FALL = 1.92;
const HALVINGS = 30;

function lowerStrength(marginal: (logK: number) => number, best: number): number {
  const least = marginal(best) - INTERVAL_FALL;
  let [below, above] = [LOG_K_MIN, best];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (below + above) / 2;
    if (marginal(middle) < least) below = middle;
    else above = middle;
  }
  return Math.exp(above);
}

/**
 * The k that maximises the negative-binomial marginal of clicks with means μ_i,
 * `Σ lnΓ(C_i+k) − lnΓ(k) + k·ln(k/(k+μ_i)) + C_i·ln(μ_i/(k+μ_i))`, over ln k in [−3, 12].
 * @param clicks C_i, `expected` μ_i, the same length; rows with μ = 0 are left out
 */
export function fitStrength(clicks: ArrayLike<number>, expected: ArrayLike<number>): Strength {
  const marginal = (logK: number): number => logMarginal(clicks, expected, Math.exp(logK));
  // With means held fixed and few, unequal rows the marginal can have two maxima: the search starts at the best of a grid.
  const grid = Array.from({ length: LOG_K_MAX - LOG_K_MIN + 1 }, (_, i) => LOG_K_MIN + i);
  const best = grid.map((logK) => ({ logK, value: marginal(logK) })).reduce((a, b) => (b.value > a.value ? b : a)).logK;
  const logK = maximise(marginal, Math.max(LOG_K_MIN, best - 1), Math.min(LOG_K_MAX, best + 1));
  return {
    k: Math.exp(logK),
    atLeast: () => lowerStrength(marginal, logK),
    atBound: logK > LOG_K_MAX - AT_BOUND,
    logLikelihood: marginal(logK),
  };
}

function logMarginal(clicks: ArrayLike<number>, expected: ArrayLike<number>, k: number): number {
  const logGammaK = logGamma(k);
  let sum = 0;
  for (let i = 0; i < clicks.length; i++) {
    const c = clicks[i] as number;
    const mean = expected[i] as number;
    if (mean <= 0) continue;
    sum += k * Math.log(k / (k + mean));
    if (c > 0) sum += logGamma(c + k) - logGammaK + c * Math.log(mean / (k + mean));
  }
  return sum;
}

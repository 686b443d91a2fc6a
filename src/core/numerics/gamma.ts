import { normalQuantile } from './normal.ts';

const EPSILON = 1e-15;
const MAX_TERMS = 100_000;
/** From this shape on the Cornish–Fisher expansion is exact to 1e-10, relative. */
const LARGE_SHAPE = 2_000;

// Lanczos's approximation with g = 607/128 and 15 terms (Godfrey 2001): relative error below 1e-15.
const LANCZOS_G = 607 / 128;
const LANCZOS = [
  0.99999999999999709182, 57.156235665862923517, -59.597960355475491248, 14.136097974741747174, -0.49191381609762019978,
  0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4, 0.15808870322491248884e-3, -0.21026444172410488319e-3,
  0.2174396181152126432e-3, -0.16431810653676389022e-3, 0.84418223983852743293e-4, -0.2619083840158140867e-4, 0.36899182659531622704e-5,
] as const;

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const y = x - 1;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (y + i);
  const t = y + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * Regularised lower incomplete gamma function P(a, x) = γ(a, x)/Γ(a): the probability that a Gamma(a, 1) is below x.
 * Power series below a + 1, Lentz's continued fraction above it (DLMF 8.7.1 and 8.9.2).
 */
export function gammaCdf(a: number, x: number): number {
  if (x <= 0) return 0;
  if (!Number.isFinite(x)) return 1;
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MAX_TERMS && term > sum * EPSILON; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return sum * factor;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < 1e-300) d = 1e-300;
    c = b + an / c;
    if (Math.abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < EPSILON) break;
  }
  return 1 - factor * fraction;
}

/**
 * Quantile of Gamma(shape a, rate r): the x with P(a, r·x) = p.
 * Starts from the Cornish–Fisher expansion in 1/√a and polishes by Halley's method on P.
 * @returns 0 for p ≤ 0, ∞ for p ≥ 1
 */
export function gammaQuantile(p: number, a: number, rate = 1): number {
  if (p <= 0) return 0;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  const z = normalQuantile(p);
  if (a >= LARGE_SHAPE) return cornishFisher(z, a) / rate;
  let x = a > 1 ? a * Math.max(0.01, 1 - 1 / (9 * a) + z / (3 * Math.sqrt(a))) ** 3 : smallShapeStart(p, a);
  const logGammaA = logGamma(a);
  for (let round = 0; round < 30; round++) {
    if (x <= 0) return 0;
    const error = gammaCdf(a, x) - p;
    const density = Math.exp((a - 1) * Math.log(x) - x - logGammaA);
    if (density === 0) break;
    const newton = error / density;
    const step = newton / (1 - 0.5 * Math.min(1, newton * ((a - 1) / x - 1)));
    const next = x - step;
    x = next > 0 ? next : x / 2;
    if (Math.abs(step) < 1e-11 * x) break;
  }
  return x / rate;
}

function smallShapeStart(p: number, a: number): number {
  const t = 1 - a * (0.253 + a * 0.12);
  return p < t ? (p / t) ** (1 / a) : 1 - Math.log(1 - (p - t) / (1 - t));
}

/** Cornish–Fisher expansion of the gamma quantile about its mean (Abramowitz & Stegun 26.2.49, cumulants of a gamma). */
function cornishFisher(z: number, a: number): number {
  const s = Math.sqrt(a);
  const z2 = z * z;
  return (
    a +
    z * s +
    (z2 - 1) / 3 +
    (z * (z2 - 7)) / (36 * s) -
    (3 * z2 * z2 + 7 * z2 - 16) / (810 * a) +
    (z * (9 * z2 * z2 + 256 * z2 - 433)) / (38880 * a * s)
  );
}

import type { Random } from '../random.ts';

/** Correlation time of a path: e^(−1/2) after so long, next to nothing after a week. */
const CORRELATION_MS = 3 * 86_400_000;
const WAVES = 4;

/** One wave of a path: `amplitude · cos(frequency · t + phase)`, t in milliseconds since 1970 UTC. */
export interface Wave {
  readonly amplitude: number;
  readonly frequency: number;
  readonly phase: number;
}

/**
 * A smooth path of ln CTR about 0 with standard deviation `sd` at any time: a random Fourier sum with normal frequencies, so
 * that the correlation over a lag Δ is `exp(−Δ²/2τ²)`, τ = 3 days (Rahimi & Recht 2007). It has no beginning and no step, so
 * its value at a time needs nothing before it.
 */
export function drawDriftPath(sd: number, random: Random): Wave[] {
  return Array.from({ length: WAVES }, () => ({
    amplitude: sd * Math.sqrt(2 / WAVES),
    frequency: random.normal() / CORRELATION_MS,
    phase: 2 * Math.PI * random.uniform(),
  }));
}

/** How far ln CTR is from its middle at a time. */
export function driftAt(path: readonly Wave[], time: number): number {
  let sum = 0;
  for (const { amplitude, frequency, phase } of path) sum += amplitude * Math.cos(frequency * time + phase);
  return sum;
}

import { percentileInterval } from '../../feedback/bootstrap.ts';
import type { Estimate } from '../../feedback/evaluation.ts';
import { createRandom, type Random } from '../../random.ts';

const DEFAULT_REPLICATES = 200;
const WEIGHT_STREAM = 11;
const TABLE_BITS = 16;
const TABLE_SIZE = 1 << TABLE_BITS;

export interface BootstrapOptions {
  readonly seed: number;
  /** Default 200. */
  readonly replicates?: number | undefined;
}

/** Named figures of rows whose clusters count so many times; a figure that is undefined is NaN. */
export type Statistics<Name extends string> = (weights: Uint8Array) => Readonly<Record<Name, number>>;

/** Figures of the rows as they are, and what they might have been on other clusters. */
export interface Resampled<Name extends string> {
  readonly value: Readonly<Record<Name, number>>;
  /** One a replicate. */
  readonly draws: Readonly<Record<Name, Float64Array>>;
}

/**
 * Resamples whole clusters: the Poisson bootstrap (Hanley & MacGibbon 2006), in which each cluster counts Poisson(1) times in a
 * replicate. All figures of a replicate see the same weights, and so do all calls with the same seed: models and parts of the
 * rows can be compared draw by draw.
 * @param clusters one more than the greatest cluster
 */
export function resampleClusters<Name extends string>(
  clusters: number,
  statistics: Statistics<Name>,
  { seed, replicates = DEFAULT_REPLICATES }: BootstrapOptions,
): Resampled<Name> {
  const weights = new Uint8Array(clusters).fill(1);
  const value = statistics(weights);
  const names = Object.keys(value) as Name[];
  const draws = Object.fromEntries(names.map((name) => [name, new Float64Array(replicates)])) as Record<Name, Float64Array>;
  const random = createRandom(seed, WEIGHT_STREAM);
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawWeights(weights, random);
    const figures = statistics(weights);
    for (const name of names) draws[name][replicate] = figures[name];
  }
  return { value, draws };
}

/** A figure with its 95 % percentile interval, or the reason why it cannot be evaluated. */
export function estimateOf<Name extends string>({ value, draws }: Resampled<Name>, name: Name, reason: string | null): Estimate {
  if (reason !== null) return cannotEvaluate(reason);
  return { value: value[name], ...percentileInterval(draws[name]), reason: null };
}

function cannotEvaluate(reason: string): Estimate {
  return { value: null, ciLow: null, ciHigh: null, reason };
}

/** Two weights from each 32-bit number. */
function drawWeights(weights: Uint8Array, random: Random): void {
  for (let cluster = 0; cluster < weights.length; cluster += 2) {
    const bits = random.uint32();
    weights[cluster] = POISSON[bits & (TABLE_SIZE - 1)] as number;
    // Past the end of an odd number of clusters a typed array takes nothing.
    weights[cluster + 1] = POISSON[bits >>> TABLE_BITS] as number;
  }
}

/** Poisson(1) at (i + ½)/65,536: a table look-up where millions of weights are drawn; its mean is 1 within 1e-5. */
const POISSON = poissonQuantiles();

function poissonQuantiles(): Uint8Array {
  let count = 0;
  let probability = Math.exp(-1);
  let cumulative = probability;
  return Uint8Array.from({ length: TABLE_SIZE }, (_, i) => {
    while (cumulative < (i + 0.5) / TABLE_SIZE) {
      probability /= ++count;
      cumulative += probability;
    }
    return count;
  });
}

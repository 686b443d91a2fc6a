/** Python of the environment that `make bench-peers` builds. */
export const PEERS_PYTHON = '.peers/bin/python';

/** One comparison: our speed beside a peer's or a limit's, both in `unit`. */
export interface BenchLine {
  readonly bench: string;
  readonly ours: number;
  readonly reference: number;
  /** ours / reference: above 1 we are faster, or inside the limit. */
  readonly ratio: number;
  readonly unit: string;
  /** What the reference is. */
  readonly beside: string;
}

/** A line from two speeds (more is better). */
export function compareSpeeds(bench: string, unit: string, ours: number, reference: number, beside: string): BenchLine {
  return { bench, ours: rounded(ours), reference: rounded(reference), ratio: rounded(ours / reference), unit, beside };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Seconds of the fastest of `rounds` runs of each job; the jobs take turns, so a noisy moment hits them alike. */
export async function fastest(jobs: readonly (() => unknown)[], rounds: number): Promise<number[]> {
  const best = jobs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [index, job] of jobs.entries()) {
      const start = performance.now();
      await job();
      best[index] = Math.min(best[index] as number, (performance.now() - start) / 1000);
    }
  }
  return best;
}

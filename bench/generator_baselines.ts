import type { CombinationReward } from '../src/core/models/generator/reward.ts';
import type { Combination, CombinationSpace } from '../src/core/models/generator/space.ts';
import type { Random } from '../src/core/random.ts';

/** The best candidate of each kind by its main effect, as if kinds did not interact. */
export function bestPerKind(space: CombinationSpace, { table }: CombinationReward): Combination {
  return Int32Array.from(space.allowed, (candidates) =>
    candidates.reduce((best, candidate) => ((table.main[candidate] as number) > (table.main[best] as number) ? candidate : best)),
  );
}

/** The best of so many uniform draws. */
export function bestOfRandom(space: CombinationSpace, reward: CombinationReward, calls: number, random: Random): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let call = 0; call < calls; call++) best = Math.max(best, reward.score(space.draw(random)));
  return best;
}

/**
 * Hill climbing by single swaps until so many combinations have been scored: candidates of all kinds are tried in a random
 * order, the first better one is taken, and a local optimum is left for a new uniform start. The best reward met.
 */
export function hillClimbing(space: CombinationSpace, reward: CombinationReward, calls: number, random: Random): number {
  const last = reward.calls + calls;
  let best = Number.NEGATIVE_INFINITY;
  while (reward.calls < last) {
    const current = space.draw(random);
    let value = reward.score(current);
    for (let improved = true; improved && reward.calls < last; ) {
      improved = false;
      for (const [kind, candidate] of shuffledSwaps(space, random)) {
        if (reward.calls >= last || improved) break;
        if (current[kind] === candidate) continue;
        const swapped = current.with(kind, candidate);
        const other = reward.score(swapped);
        if (other <= value) continue;
        current.set(swapped);
        value = other;
        improved = true;
      }
    }
    best = Math.max(best, value);
  }
  return best;
}

function shuffledSwaps(space: CombinationSpace, random: Random): [number, number][] {
  const swaps = space.allowed.flatMap((candidates, kind) => [...candidates].map((candidate): [number, number] => [kind, candidate]));
  return swaps
    .map((swap) => ({ swap, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ swap }) => swap);
}

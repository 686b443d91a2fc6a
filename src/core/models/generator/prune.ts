import type { CombinationSpace } from './space.ts';

/**
 * Which candidates to keep so that at most `limit` (≥ 1) combinations are left: every kind in turn keeps one more of its best
 * as long as there is room.
 * @param main [n]: worth of each candidate by itself
 * @returns [n]
 */
export function keepBestCandidates({ allowed, candidates }: CombinationSpace, main: Float64Array, limit: number): boolean[] {
  const ranked = allowed.map((own) => [...own].sort((a, b) => (main[b] as number) - (main[a] as number) || a - b));
  const kept = ranked.map(() => 1);
  let combinations = 1;
  for (let grown = true; grown; ) {
    grown = false;
    for (const [kind, own] of ranked.entries()) {
      const size = kept[kind] as number;
      const larger = (combinations / size) * (size + 1);
      if (size === own.length || larger > limit) continue;
      kept[kind] = size + 1;
      combinations = larger;
      grown = true;
    }
  }
  const isKept = new Array<boolean>(candidates).fill(false);
  for (const [kind, own] of ranked.entries()) for (const candidate of own.slice(0, kept[kind])) isKept[candidate] = true;
  return isKept;
}

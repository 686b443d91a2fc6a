const UNKNOWN_SCORE = 0.5;

/** The elements of one kind that an ad may use, in the order of their ids, each with its score in [0, 1]. */
export interface ElementGroup {
  readonly kind: string;
  readonly elementIds: readonly string[];
  readonly scores: Float64Array;
}

/** One element of every group, as its place in the group. */
export type Combination = Uint32Array;

/** An element that may become part of a creative; `score` is undefined where nothing has scored it. */
export interface ScoredElement {
  readonly kind: string;
  readonly elementId: string;
  readonly score: number | undefined;
}

/**
 * Elements by kind, in the order of kinds and ids. An element met twice counts once, with the first score known; one
 * without a score gets the mean of its kind's others, 0.5 when no other has one.
 */
export function groupElements(elements: Iterable<ScoredElement>): ElementGroup[] {
  const kinds = new Map<string, Map<string, number | undefined>>();
  for (const { kind, elementId, score } of elements) {
    const scores = kinds.get(kind) ?? new Map<string, number | undefined>();
    kinds.set(kind, scores.set(elementId, scores.get(elementId) ?? score));
  }
  return [...kinds].sort(byFirst).map(([kind, scores]) => {
    const known = [...scores.values()].filter((score) => score !== undefined);
    const mean = known.length === 0 ? UNKNOWN_SCORE : known.reduce((sum, score) => sum + score, 0) / known.length;
    const sorted = [...scores].sort(byFirst);
    return { kind, elementIds: sorted.map(([id]) => id), scores: Float64Array.from(sorted, ([, score]) => score ?? mean) };
  });
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How many combinations take one element of every group: Π sizes. */
export function countCombinations(groups: readonly ElementGroup[]): number {
  return groups.reduce((product, group) => product * group.elementIds.length, 1);
}

/**
 * The groups cut to their best elements so that at most `limit` (≥ 1) combinations are left: every kind in turn keeps one
 * more as long as there is room.
 */
export function keepBestElements(groups: readonly ElementGroup[], limit: number): ElementGroup[] {
  const kept = groups.map(() => 1);
  let combinations = 1;
  for (let grown = true; grown; ) {
    grown = false;
    for (const [kind, group] of groups.entries()) {
      const size = kept[kind] as number;
      const larger = (combinations / size) * (size + 1);
      if (size === group.elementIds.length || larger > limit) continue;
      kept[kind] = size + 1;
      combinations = larger;
      grown = true;
    }
  }
  return groups.map((group, kind) => bestOf(group, kept[kind] as number));
}

function bestOf(group: ElementGroup, best: number): ElementGroup {
  const { kind, elementIds, scores } = group;
  if (elementIds.length <= best) return group;
  const kept = elementIds
    .map((_, place) => place)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .slice(0, best)
    .sort((a, b) => a - b);
  return {
    kind,
    elementIds: kept.map((place) => elementIds[place] as string),
    scores: Float64Array.from(kept, (place) => scores[place] as number),
  };
}

/** Mean element score of every combination, at its mixed-radix index (the last group's place changes fastest). */
export function scoreCombinations(groups: readonly ElementGroup[]): Float64Array {
  let sums = new Float64Array(1);
  for (const { scores } of groups) {
    const longer = new Float64Array(sums.length * scores.length);
    let at = 0;
    for (const sum of sums) for (const score of scores) longer[at++] = sum + score;
    sums = longer;
  }
  for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] as number) / groups.length;
  return sums;
}

/** Mean element score of one combination. */
export function scoreCombination(groups: readonly ElementGroup[], combination: Combination): number {
  return groups.reduce((sum, group, kind) => sum + (group.scores[combination[kind] as number] as number), 0) / groups.length;
}

/** The combinations at the given mixed-radix indexes, one after the other, `groups.length` places each. */
export function placesOf(groups: readonly ElementGroup[], indexes: Uint32Array): Uint32Array {
  const kinds = groups.length;
  const places = new Uint32Array(indexes.length * kinds);
  for (let i = 0; i < indexes.length; i++) {
    let rest = indexes[i] as number;
    for (let kind = kinds - 1; kind >= 0; kind--) {
      const size = (groups[kind] as ElementGroup).elementIds.length;
      places[i * kinds + kind] = rest % size;
      rest = Math.floor(rest / size);
    }
  }
  return places;
}

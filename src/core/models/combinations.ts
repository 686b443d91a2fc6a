const UNKNOWN_SCORE = 0.5;

/** The elements of one kind that an ad may use, in the order of their ids, each with its score in [0, 1]. */
export interface ElementGroup {
  readonly kind: string;
  readonly elementIds: readonly string[];
  readonly scores: Float64Array;
}

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

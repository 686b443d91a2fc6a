import type { Bags } from './bags.ts';

/** Pairs of elements of different kinds, in the order of their first and then of their second. */
export interface ElementPairs {
  /** [pairs]: the element with the lower index, whose kind comes first. */
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** Fewer rows cannot tell what a pair does from what else is peculiar to them. */
const LEAST_ROWS = 4;
/** Pairs with most exposure; others are taken for never shown. */
const MOST_PAIRS = 20_000;

/** The pairs of elements that enough rows with exposure show together, at most 20,000, those of most exposure. */
export function findPairs({ rows, kinds, elements, members, exposure }: Bags): ElementPairs {
  const shown = new Map<number, { rows: number; exposure: number }>();
  const width = kinds.length;
  const count = elements.length;
  for (let row = 0; row < rows; row++) {
    const own = exposure[row] as number;
    if (own <= 0) continue;
    for (let s = 0; s < width; s++) {
      const first = members[row * width + s] as number;
      for (let t = s + 1; first >= 0 && t < width; t++) {
        const second = members[row * width + t] as number;
        if (second < 0) continue;
        const pair = shown.get(first * count + second);
        if (pair) {
          pair.rows += 1;
          pair.exposure += own;
        } else shown.set(first * count + second, { rows: 1, exposure: own });
      }
    }
  }
  const known = [...shown].filter(([, pair]) => pair.rows >= LEAST_ROWS);
  if (known.length > MOST_PAIRS) known.sort(([a, one], [b, other]) => other.exposure - one.exposure || a - b);
  const keys = Float64Array.from(known.slice(0, MOST_PAIRS), ([key]) => key).sort();
  return {
    first: Int32Array.from(keys, (key) => Math.floor(key / count)),
    second: Int32Array.from(keys, (key) => key % count),
  };
}

/** Index of the pair of two elements, in any order; −1 where there is none. */
export function indexOfPair({ first, second }: ElementPairs, a: number, b: number): number {
  const [own, other] = a < b ? [a, b] : [b, a];
  let [low, high] = [0, first.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = (first[middle] as number) - own || (second[middle] as number) - other;
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * Bags in which pairs count as elements too: after the kinds come the pairs of kinds, after the elements the pairs, and a row
 * has a pair when it has both of its elements. An additive model of these bags is one with interactions of the given ones.
 */
export function withPairs(bags: Bags, pairs: ElementPairs): Bags {
  const { kinds, elements, rows } = bags;
  const width = kinds.length;
  const couples = kinds.flatMap((_, s) => kinds.slice(s + 1).map((_other, i) => [s, s + 1 + i] as const));
  const coupleOf = new Map(couples.map(([s, t], i) => [s * width + t, width + i]));
  const kindOf = (element: number): number => (elements[element] as Bags['elements'][number]).kind;
  const pairElements = Array.from(pairs.first, (first, i) => {
    const second = pairs.second[i] as number;
    return { kind: coupleOf.get(kindOf(first) * width + kindOf(second)) as number, elementId: `${first} ${second}` };
  });
  const wide = width + couples.length;
  const members = new Int32Array(rows * wide);
  for (let row = 0; row < rows; row++) {
    for (let kind = 0; kind < width; kind++) members[row * wide + kind] = bags.members[row * width + kind] as number;
    for (const [i, [s, t]] of couples.entries()) {
      const [first, second] = [bags.members[row * width + s] as number, bags.members[row * width + t] as number];
      const pair = first < 0 || second < 0 ? -1 : indexOfPair(pairs, first, second);
      members[row * wide + width + i] = pair < 0 ? -1 : elements.length + pair;
    }
  }
  return {
    ...bags,
    kinds: [...kinds, ...couples.map(([s, t]) => `${kinds[s]} × ${kinds[t]}`)],
    elements: [...elements, ...pairElements],
    members,
  };
}

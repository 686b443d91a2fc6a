import fc from 'fast-check';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';
import { createRandom } from '../../../../src/core/random.ts';

export interface MadeBagsOptions {
  readonly seed: number;
  readonly rows: number;
  readonly ads: number;
  readonly elementsPerKind: readonly number[];
  /** Share of members that are absent. */
  readonly absent: number;
}

/** Small bags without any law behind them: any element in any ad, 0 to `exposure` outcomes. */
export function makeBags({ seed, rows, ads, elementsPerKind, absent }: MadeBagsOptions): Bags {
  const random = createRandom(seed);
  const kinds = elementsPerKind.length;
  const first = elementsPerKind.map((_, kind) => elementsPerKind.slice(0, kind).reduce((sum, count) => sum + count, 0));
  const exposure = Float64Array.from({ length: rows }, () => 1 + random.below(50));
  return {
    kinds: elementsPerKind.map((_, kind) => `kind${kind}`),
    elements: elementsPerKind.flatMap((count, kind) => Array.from({ length: count }, (_, i) => ({ kind, elementId: `e${i}` }))),
    ads: Array.from({ length: ads }, (_, ad) => `ad${ad}`),
    rows,
    ad: Int32Array.from({ length: rows }, () => random.below(ads)),
    members: Int32Array.from({ length: rows * kinds }, (_, at) =>
      random.uniform() < absent ? -1 : (first[at % kinds] as number) + random.below(elementsPerKind[at % kinds] as number),
    ),
    outcomes: exposure.map((own) => random.below(own / 3 + 1)),
    exposure,
  };
}

/** Arbitrary small bags. */
export const arbitraryBags = fc
  .record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 30 }),
    ads: fc.integer({ min: 1, max: 6 }),
    elementsPerKind: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    absent: fc.constantFrom(0, 0.3),
  })
  .map(makeBags);

/** Every row. */
export function allRows({ rows }: Bags): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

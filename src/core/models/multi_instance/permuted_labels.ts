import { type Random, shuffle } from '../../random.ts';
import type { Bags } from './bags.ts';
import type { ElementCredit } from './credits.ts';

/** How often elements without effect were called higher or lower. */
export interface PermutedControl {
  readonly permutations: number;
  /** Elements with enough expected outcomes, over all permutations. */
  readonly judged: number;
  /** Of them, those called higher or lower: false discoveries, as permuted labels know no element. */
  readonly called: number;
  /** called/judged; undefined where nothing was judged. */
  readonly share: number | undefined;
}

/**
 * Bags whose (outcomes, exposure) are permuted among the shown rows of each ad: ads keep what they are worth and elements
 * lose what they do, so that every effect found in them is false.
 */
export function permuteLabels(bags: Bags, random: Random): Bags {
  const outcomes = Float64Array.from(bags.outcomes);
  const exposure = Float64Array.from(bags.exposure);
  const rowsOf: number[][] = bags.ads.map(() => []);
  for (let row = 0; row < bags.rows; row++) if ((exposure[row] as number) > 0) (rowsOf[bags.ad[row] as number] as number[]).push(row);
  for (const rows of rowsOf) {
    const from = shuffle(Int32Array.from(rows), random);
    rows.forEach((row, i) => {
      outcomes[row] = bags.outcomes[from[i] as number] as number;
      exposure[row] = bags.exposure[from[i] as number] as number;
    });
  }
  return { ...bags, outcomes, exposure };
}

/**
 * The share of false discoveries of whatever attributes outcomes to elements: it is run anew on permuted labels.
 * At 95 % intervals about 5 % of the elements that are judged may be called, less where effects are shrunk.
 */
export async function controlByPermutation(
  bags: Bags,
  attribute: (permuted: Bags) => Promise<readonly ElementCredit[]>,
  { permutations, random }: { readonly permutations: number; readonly random: Random },
): Promise<PermutedControl> {
  let [judged, called] = [0, 0];
  for (let round = 0; round < permutations; round++) {
    for (const { evidence } of await attribute(permuteLabels(bags, random))) {
      if (evidence !== 'insufficient') judged++;
      if (evidence === 'higher' || evidence === 'lower') called++;
    }
  }
  return { permutations, judged, called, share: judged > 0 ? called / judged : undefined };
}

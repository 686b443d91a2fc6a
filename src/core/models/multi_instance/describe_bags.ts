import type { Bags } from './bags.ts';
import type { Description, GatedFeatures, GatedModel } from './gated/gated_model.ts';

/** What a network says of the elements of bags, each once for every ad that showed it. */
export interface DescribedBags {
  readonly description: Description;
  /** [items of the description]: element of the bags. */
  readonly elements: readonly number[];
  /** [rows × kinds]: item of each member; −1 where there is none, or its kind is unknown to the network. */
  readonly placeOf: Int32Array;
}

/** @param kindOf the network's index of each kind of the bags; −1 for one that it does not know */
export async function describeBags(
  network: GatedModel,
  bags: Bags,
  { elementTerms, adTerms }: GatedFeatures,
  kindOf: readonly number[],
): Promise<DescribedBags> {
  const width = bags.kinds.length;
  const place = new Map<string, number>();
  const items: { readonly element: number; readonly ad: number }[] = [];
  const placeOf = Int32Array.from(bags.members, (element, at) => {
    if (element < 0 || (kindOf[at % width] as number) < 0) return -1;
    const ad = bags.ad[Math.floor(at / width)] as number;
    const key = `${ad},${element}`;
    const known = place.get(key);
    if (known !== undefined) return known;
    place.set(key, items.length);
    return items.push({ element, ad }) - 1;
  });
  const description = await network.describe(
    items.map(({ element, ad }) => {
      const { kind, elementId } = bags.elements[element] as Bags['elements'][number];
      return { kind: kindOf[kind] as number, elementId, terms: elementTerms[element] ?? [], context: adTerms[ad] ?? [] };
    }),
  );
  return { description, elements: items.map(({ element }) => element), placeOf };
}

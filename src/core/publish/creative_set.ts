/** An element as it leaves the store: a text, or a picture. */
export interface PublishedElement {
  readonly elementId: string;
  readonly kind: string;
  readonly text: string | null;
  /** Path of the picture's file, which is named by its content's SHA-256. */
  readonly file: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface PublishedCreative {
  readonly creativeId: string;
  readonly adId: string;
  readonly noteId: string | null;
  readonly score: number | null;
  /** Share of the ad's impressions in its newest plan; null without a plan. */
  readonly share: number | null;
  /** At most one of a kind, in the order of kinds. */
  readonly elements: readonly PublishedElement[];
}

export function elementOf(creative: PublishedCreative, kind: string): PublishedElement | undefined {
  return creative.elements.find((element) => element.kind === kind);
}

/** The elements the creatives are made of, each once, in the order of kinds and ids. */
export function distinctElements(creatives: readonly PublishedCreative[]): PublishedElement[] {
  const elements = new Map(creatives.flatMap((creative) => creative.elements.map((element) => [element.elementId, element])));
  return [...elements.values()].sort((a, b) => compare(a.kind, b.kind) || compare(a.elementId, b.elementId));
}

/** Order by UTF-16 units, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { Bags } from '../core/models/multi_instance/bags.ts';
import type { GatedFeatures } from '../core/models/multi_instance/gated/gated_model.ts';
import type { Store } from '../core/store/open.ts';
import { loadReading, readAdContents } from './content_reading.ts';

/** Terms of what elements and ads hold, for a reward model: `part=term`. */
export interface ContentTerms {
  /** Of an element by its id; none for one that the store does not have. */
  readonly ofElement: (elementId: string) => readonly string[];
  /** Of an ad's note; none without a note. */
  readonly ofAd: (adId: string) => readonly string[];
}

/** Reads the content of elements and of the notes that ads promote. */
export async function readContentTerms(store: Store, adIds: readonly string[], elementIds: readonly string[]): Promise<ContentTerms> {
  const { contextTerms, namedTerms } = await import('../core/models/features/content_fields.ts');
  const { readElementContents } = await import('../core/store/creative_content.ts');
  const elements = readElementContents(store, [...new Set(elementIds)]);
  const ads = await readAdContents(store, [...new Set(adIds)]);
  const reading = await loadReading(store, ads, elements.values());
  const ofElement = new Map([...elements].map(([id, element]) => [id, namedTerms(element, reading)]));
  const contexts = contextTerms(ads, reading);
  const ofAd = new Map(ads.map(({ adId }, ad) => [adId, contexts[ad] ?? []]));
  return { ofElement: (id) => ofElement.get(id) ?? [], ofAd: (id) => ofAd.get(id) ?? [] };
}

/** The same for the elements and ads of bags. */
export async function readBagFeatures(store: Store, { ads, elements }: Bags): Promise<GatedFeatures> {
  const ids = elements.map(({ elementId }) => elementId);
  const { ofElement, ofAd } = await readContentTerms(store, ads, ids);
  return { elementTerms: ids.map(ofElement), adTerms: ads.map(ofAd) };
}

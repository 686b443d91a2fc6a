import type { AdContent, Reading } from '../core/models/features/content_fields.ts';
import type { Store } from '../core/store/open.ts';

/** Ads and the notes they promote, in the order asked. */
export async function readAdContents(store: Store, adIds: readonly string[]): Promise<AdContent[]> {
  const { readAds } = await import('../core/store/creatives.ts');
  const { readNotes } = await import('../core/store/notes.ts');
  const noteOf = new Map(readAds(store, adIds).map(({ adId, noteId }) => [adId, noteId]));
  const noteIds = [...noteOf.values()].filter((id) => id !== null);
  const notes = new Map(readNotes(store, noteIds).map((note) => [note.noteId, note]));
  return adIds.map((adId) => ({ adId, note: notes.get(noteOf.get(adId) ?? '') }));
}

/** How the texts of notes and elements are read: words by language, entities by the store's lexicon and brands. */
export async function loadReading(
  store: Store,
  ads: readonly AdContent[],
  elements: Iterable<{ readonly text: string | null }>,
): Promise<Reading> {
  const { readBrands, readLexicon } = await import('../core/store/terms.ts');
  const { createEntityFinder } = await import('../core/text/entity_terms.ts');
  const { detectLanguage, languageOf } = await import('../core/text/language.ts');
  const { loadSegmenters } = await import('../core/text/segment.ts');
  const lexicon = readLexicon(store).filter(({ type }) => type !== 'banned');
  const entities = new Set([...lexicon.map(({ term }) => term), ...readBrands(store)]);
  const languages = new Set(Array.from(elements, ({ text }) => detectLanguage(text ?? '')));
  for (const { note } of ads) if (note) languages.add(languageOf(note.lang, `${note.title}\n${note.body}`));
  return { segmenters: await loadSegmenters(languages, entities), findEntities: createEntityFinder(entities) };
}

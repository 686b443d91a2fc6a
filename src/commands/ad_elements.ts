import type { ItemFailure } from '../core/errors.ts';
import type { ScoredElement } from '../core/models/combinations.ts';
import type { Ad, Creative } from '../core/store/creatives.ts';
import type { NoteElement } from '../core/store/elements.ts';
import type { Store } from '../core/store/open.ts';
import { unknownIds } from './shared.ts';

/** An ad with everything that its creatives can be made of. */
export interface AdElements {
  readonly ad: Ad;
  /** Elements made for its note, with their scores, and those of its imported creatives. */
  readonly elements: readonly ScoredElement[];
  readonly imported: readonly Creative[];
}

interface AdChoice {
  readonly ads?: readonly string[] | undefined;
  readonly notes?: readonly string[] | undefined;
}

/** The ads named, or all; a name the store does not know is a failed item. */
export async function chooseAds(store: Store, { ads: adIds, notes }: AdChoice): Promise<{ ads: Ad[]; failed: ItemFailure[] }> {
  const { readAds } = await import('../core/store/creatives.ts');
  const all = readAds(store, adIds);
  const failed = [
    ...unknownIds(
      'an ad',
      adIds,
      all.map(({ adId }) => adId),
    ),
    ...unknownIds(
      'a note',
      notes,
      all.map(({ noteId }) => noteId),
    ),
  ];
  return { ads: notes ? all.filter(({ noteId }) => noteId !== null && notes.includes(noteId)) : all, failed };
}

/**
 * Reads what ads can be made of. Texts that hold a banned term are left out, for the lexicon may have been imported after they were
 * written; only imported creatives bring elements of their own: what compose made before must not change what it makes now.
 */
export async function createElementReader(store: Store): Promise<(ad: Ad) => AdElements> {
  const { readCreatives } = await import('../core/store/creatives.ts');
  const { readNoteElements } = await import('../core/store/elements.ts');
  const { readLexicon } = await import('../core/store/terms.ts');
  const { createBannedMatcher } = await import('../core/text/banned.ts');
  const { bareText } = await import('../core/text/controls.ts');
  const isBanned = createBannedMatcher(readLexicon(store).flatMap(({ term, type }) => (type === 'banned' ? [term] : [])));
  return (ad) => {
    const imported = readCreatives(store, ad.adId).filter(({ origin }) => origin === 'imported');
    const made = ad.noteId === null ? [] : readNoteElements(store, ad.noteId);
    const brought = imported.flatMap(({ elements }) =>
      Object.entries(elements).map(([kind, elementId]): ScoredElement => ({ kind, elementId, score: undefined })),
    );
    const sayable = made.filter(({ text }) => text === null || !isBanned(text));
    return { ad, elements: [...withoutRepeats(sayable, bareText), ...brought], imported };
  };
}

/** Without the highlights that say what a title of the note says, where it has others: a creative says a thing once. */
function withoutRepeats(made: readonly NoteElement[], bare: (text: string) => string): readonly NoteElement[] {
  const said = new Set(made.flatMap(({ kind, text }) => (kind === 'title' && text !== null ? [bare(text)] : [])));
  const repeats = ({ kind, text }: NoteElement): boolean => kind === 'highlight' && text !== null && said.has(bare(text));
  const hasOwn = made.some((element) => element.kind === 'highlight' && !repeats(element));
  return hasOwn ? made.filter((element) => !repeats(element)) : made;
}

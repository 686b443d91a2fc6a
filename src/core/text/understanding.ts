import { hasStyle, STYLES, type Style } from './controls.ts';
import { stripEmoji } from './emoji.ts';
import type { TextLanguage } from './language.ts';
import type { NoteInput, NoteText } from './note_text.ts';

/** What a note's text is about. */
export interface Understanding {
  readonly language: TextLanguage;
  /** Content words, lower case, with their weight in the note; the heaviest has 1. */
  readonly keywords: readonly (readonly [word: string, weight: number])[];
  /** Known names that the text holds, as they stand there, in its order. */
  readonly entities: readonly string[];
  /** Style of the note's own title; empty where it has none. */
  readonly titleStyle: Style | '';
}

const MOST_KEYWORDS = 20;

/**
 * What of a note is worth keeping for features: language, its heaviest words, the names it holds, the style of its title.
 * @param findEntities the names a text holds, lower case, in its order
 */
export function understandingOf(note: NoteInput, read: NoteText, findEntities: (text: string) => readonly string[]): Understanding {
  const written = `${note.title}\n${note.body}`;
  const lower = written.toLowerCase();
  const title = stripEmoji(read.title);
  return {
    language: read.language,
    keywords: [...read.weights]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, MOST_KEYWORDS)
      .map(([word, weight]) => [word, Math.round(weight * 1e4) / 1e4]),
    entities: findEntities(read.source).map((entity) => {
      const at = lower.indexOf(entity);
      return at < 0 || lower.length !== written.length ? entity : written.slice(at, at + entity.length);
    }),
    titleStyle: title === '' ? '' : (STYLES.find((style) => hasStyle(title, style)) ?? ''),
  };
}

import { hasStyle, STYLES } from '../../text/controls.ts';
import { countEmoji, stripEmoji } from '../../text/emoji.ts';
import type { EntityFinder } from '../../text/entity_terms.ts';
import { detectLanguage, languageOf } from '../../text/language.ts';
import { lengthOf } from '../../text/length.ts';
import type { Segmenters } from '../../text/segment.ts';
import { isContentWord } from '../../text/stop_words.ts';
import type { EntityField, Side } from './field.ts';
import { sentimentTerms } from './sentiment_words.ts';

const MOST_WORDS = 12;
const MOST_NOTE_TERMS = 8;
const LENGTH_STEP = 8;
const LONGEST = 160;
const QUALITY_BUCKETS = 8;
/** Sides of images, width to height, that platforms ask for. */
const RATIOS = [
  [9, 16],
  [2, 3],
  [3, 4],
  [1, 1],
  [4, 3],
  [3, 2],
  [16, 9],
] as const;
/** Names of fields that are no kind of element. */
const TAKEN: ReadonlySet<string> = new Set(['ad', 'creative', 'note', 'user', 'scene', 'hour', 'weekday', 'cross', 'log']);

/** An ad and the note it promotes; empty texts where the note does not say. */
export interface AdContent {
  readonly adId: string;
  readonly note:
    | {
        readonly noteId: string;
        readonly title: string;
        readonly body: string;
        readonly lang: string;
        readonly brand: string;
        readonly category: string;
      }
    | undefined;
}

export interface ElementContent {
  readonly kind: string;
  readonly elementId: string;
  /** Of a text element. */
  readonly text: string | null;
  /** Pixels, of an image element. */
  readonly width: number | null;
  readonly height: number | null;
  /** What was measured when it was made: `parts` of an image's score in [0, 1], `text` read in it, names of its `colours`. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CreativeContent {
  readonly adId: string;
  readonly creativeId: string;
  readonly elements: readonly ElementContent[];
}

/** How texts are read. */
export interface Reading {
  readonly segmenters: Segmenters;
  readonly findEntities: EntityFinder;
}

/**
 * Terms of ads and creatives from what they hold, whether or not they were ever shown. Of an ad: its id, and of its note the
 * id, category, lang, brand, words of the title and entities. Of a creative: its id and, for each kind of element, the
 * element's id; of a text its words, style, length (display width), emoji, sentiment and entities; of an image its shape, the
 * parts of its quality, the words read in it and its colours. A field nobody has a term of is left out.
 */
export function contentFields(ads: readonly AdContent[], creatives: readonly CreativeContent[], reading: Reading): EntityField[] {
  return [...adFields(ads, reading), ...creativeFields(creatives, reading)].filter(({ terms }) => terms.some((own) => own.length > 0));
}

function adFields(ads: readonly AdContent[], reading: Reading): EntityField[] {
  const { segmenters, findEntities } = reading;
  const field = (name: string, termsOf: (ad: AdContent) => readonly string[], isId = false): EntityField =>
    entityField(name, 'left', 'ad', ads.map(termsOf), isId);
  const ofNote = (name: string, termsOf: (note: NonNullable<AdContent['note']>) => readonly string[], isId = false): EntityField =>
    field(`note${name}`, ({ note }) => (note ? termsOf(note) : []), isId);
  const isNoteTelling = ads.some(({ adId, note }) => note !== undefined && note.noteId !== adId);
  return [
    field('ad', ({ adId }) => [adId], true),
    ...(isNoteTelling ? [ofNote('', ({ noteId }) => [noteId], true)] : []),
    ofNote('.category', ({ category }) => given(category)),
    ofNote('.lang', ({ lang }) => given(lang)),
    ofNote('.brand', ({ brand }) => given(brand)),
    ofNote('.words', ({ title, body, lang }) => {
      const language = languageOf(lang, `${title}\n${body}`);
      return contentWords(segmenters[language](title), language).slice(0, MOST_NOTE_TERMS);
    }),
    ofNote('.entities', ({ title, body }) => findEntities(`${title}\n${body}`).slice(0, MOST_NOTE_TERMS)),
  ];
}

function creativeFields(creatives: readonly CreativeContent[], reading: Reading): EntityField[] {
  const kinds = [...new Set(creatives.flatMap(({ elements }) => elements.map(({ kind }) => kind)))].sort();
  const terms = new Map<string, readonly Terms[]>();
  const read = (element: ElementContent): readonly Terms[] => {
    const known = terms.get(element.elementId) ?? elementTerms(element, reading);
    terms.set(element.elementId, known);
    return known;
  };
  const ofKinds = kinds.flatMap((kind) => {
    const name = TAKEN.has(kind) ? `element.${kind}` : kind;
    const own = creatives.map(({ elements }) => elements.find((element) => element.kind === kind));
    const parts = new Map<string, (readonly string[])[]>();
    own.forEach((element, creative) => {
      for (const [part, list] of element ? read(element) : []) {
        const all = parts.get(part) ?? creatives.map(() => []);
        all[creative] = list;
        parts.set(part, all);
      }
    });
    const ids = own.map((element) => (element ? [element.elementId] : []));
    return [
      entityField(name, 'right', 'creative', ids, true),
      ...[...parts].map(([part, lists]) => entityField(`${name}.${part}`, 'right', 'creative', lists, false)),
    ];
  });
  // A creative's id may be the same in several ads.
  const ids = creatives.map(({ adId, creativeId }) => [`${adId}|${creativeId}`]);
  return [entityField('creative', 'right', 'creative', ids, true), ...ofKinds];
}

/** Terms of one part of what an element holds, such as its words. */
type Terms = readonly [part: string, terms: readonly string[]];

/** Terms of what an element holds, part by part; a part may have none, and an element that is only an id has no parts. */
export function elementTerms({ kind, text, width, height, details }: ElementContent, reading: Reading): readonly Terms[] {
  // An image that was imported without a file has its id for a text.
  if (text !== null) return kind === 'image' ? [] : textTerms(text, reading);
  const { parts, text: read, colours } = details;
  const shown = Array.isArray(read) ? read.filter((line) => typeof line === 'string').join('\n') : '';
  return [
    ['shape', width !== null && height !== null ? [shapeOf(width, height)] : []],
    ['quality', typeof parts === 'object' && parts !== null ? qualityTerms(parts) : []],
    ['text', wordsOf(shown, reading)],
    ['colours', Array.isArray(colours) ? [...new Set(colours.filter((colour) => typeof colour === 'string'))] : []],
  ];
}

/** The same terms, each with its part: "words=crispy". */
export function namedTerms(element: ElementContent, reading: Reading): string[] {
  return elementTerms(element, reading).flatMap(([part, terms]) => terms.map((term) => `${part}=${term}`));
}

/** By ad: what its note says, as "note.category=shoes"; nothing that is an id. */
export function contextTerms(ads: readonly AdContent[], reading: Reading): string[][] {
  const fields = contentFields(ads, [], reading).filter(({ isId }) => !isId);
  return ads.map((_, ad) => fields.flatMap(({ name, terms }) => (terms[ad] ?? []).map((term) => `${name}=${term}`)));
}

function textTerms(text: string, reading: Reading): readonly Terms[] {
  const plain = stripEmoji(text);
  const emoji = countEmoji(text);
  const styles = STYLES.filter((style) => hasStyle(plain, style));
  return [
    ['words', wordsOf(plain, reading)],
    ['style', /\p{N}/u.test(plain) ? [...styles, 'number'] : styles],
    ['length', [lengthTerm(lengthOf(text, 'width'))]],
    ['emoji', [emoji < 2 ? String(emoji) : '2+']],
    ['sentiment', sentimentTerms(segmented(plain, reading))],
    ['entities', reading.findEntities(text)],
  ];
}

function segmented(text: string, { segmenters }: Reading): readonly string[] {
  return segmenters[detectLanguage(text)](text);
}

function wordsOf(text: string, reading: Reading): readonly string[] {
  return contentWords(segmented(text, reading), detectLanguage(text)).slice(0, MOST_WORDS);
}

function contentWords(words: readonly string[], language: ReturnType<typeof detectLanguage>): string[] {
  return [...new Set(words.map((word) => word.toLowerCase()))].filter((word) => isContentWord(word, language));
}

/** "16-23": display widths in steps of 8. */
function lengthTerm(length: number): string {
  const start = Math.min(LONGEST, Math.floor(length / LENGTH_STEP) * LENGTH_STEP);
  return start === LONGEST ? `${start}+` : `${start}-${start + LENGTH_STEP - 1}`;
}

/** The nearest usual shape, on a logarithmic scale: "3:4". */
function shapeOf(width: number, height: number): string {
  const distance = ([w, h]: readonly [number, number]): number => Math.abs(Math.log((width * h) / (height * w)));
  return RATIOS.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best)).join(':');
}

/** "sharpness:5": each part of a score in eight buckets. */
function qualityTerms(parts: object): string[] {
  return Object.entries(parts).flatMap(([part, value]: [string, unknown]) =>
    typeof value === 'number' ? [`${part}:${Math.min(QUALITY_BUCKETS - 1, Math.floor(value * QUALITY_BUCKETS))}`] : [],
  );
}

function given(text: string): readonly string[] {
  return text === '' ? [] : [text.toLowerCase()];
}

function entityField(name: string, side: Side, of: 'ad' | 'creative', terms: readonly (readonly string[])[], isId: boolean): EntityField {
  return { name, side, isId, of, terms };
}

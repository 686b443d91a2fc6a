import { stripEmoji } from './emoji.ts';
import { languageOf, type TextLanguage } from './language.ts';
import { parseBody, plainText } from './markdown.ts';
import { formOf, type NoteForm, type NoteInput, type NoteText } from './note_text.ts';
import type { Segmenters } from './segment.ts';
import { isContentWord } from './stop_words.ts';
import { subjectsOf } from './subject.ts';
import type { Candidate } from './writer.ts';

/** Words that titles of a store set around the name of what they are about: "" … "的做法", "How to roast " … "". */
interface TitleFrame {
  readonly before: string;
  readonly after: string;
  /** How well such a title reads, in [0, 1]. */
  readonly prior: number;
}

/** How the titles of a store are made, for one language's recipes or posts. */
interface TitlePatterns {
  /** The most frequent first. */
  readonly frames: readonly TitleFrame[];
  /** What stands between a name and what is said of it, most often; undefined where too few titles have two parts. */
  readonly divider: string | undefined;
}

/** By language and form of the notes. */
export type LearntPatterns = ReadonlyMap<string, TitlePatterns>;

const LEAST_NAMES = 3; // a pattern goes around different names; twice the same words are chance
const LEAST_SHARE = 0.01; // of the titles; among many, three are chance too
const COMMON_SHARE = 0.2; // of the titles; a word that so many have says what kind of note it is, not what it is about
const MOST_WORDS = 4; // at either end
const MOST_FRAMES = 12; // of one language and form; the rest are rare and cost time
/** From 0.45 for a rare frame to 0.75 for one that all titles have, as a writer's best; in steps, so that a note more changes none. */
const RARE_PRIOR = 0.45;
const PRIOR_STEP = 0.05;
const PRIOR_STEPS = 6;
/** The dividers that the checks of titles know how to part a title at. */
const DIVIDERS: Readonly<Record<TextLanguage, readonly string[]>> = { zh: ['｜', '：', '！'], en: [': ', ' | '], other: [] };

interface ReadTitle {
  readonly title: string;
  readonly language: TextLanguage;
  readonly prefixes: readonly string[];
  readonly suffixes: readonly string[];
}

/**
 * Learns how the titles of notes are made. A frame is the words at the beginning, at the end or at both that stand around
 * the names of at least three different things, and 1 % of them all. Its words only hold a title together or are in a fifth
 * of all titles: rarer ones ("Greek", "soup") belong to names, or claim what is not true of others. A frame is worth
 * 0.45 + 0.3 × the share of titles that have it.
 */
export function learnPatterns(notes: Iterable<NoteInput>, segmenters: Segmenters): LearntPatterns {
  const groups = new Map<string, ReadTitle[]>();
  for (const note of notes) {
    const title = stripEmoji(plainText(note.title));
    const language = languageOf(note.lang, `${note.title}\n${note.body}`);
    const key = groupOf(language, formOf(title, parseBody(note.body)));
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(readTitle(title, language, segmenters));
  }
  return new Map([...groups].map(([key, titles]) => [key, { frames: framesOf(titles, segmenters), divider: dividerOf(titles) }]));
}

/** Titles by the learnt frames of a note's language and form, around each name of its subject. */
export function fillFrames(note: NoteText, patterns: LearntPatterns): Candidate[] {
  const { frames = [] } = patterns.get(groupOf(note.language, note.form)) ?? {};
  return frames.flatMap(({ before, after, prior }) => note.subjects.map((subject) => ({ text: `${before}${subject}${after}`, prior })));
}

/** What a title sets between a name and what it says of it: as the store's titles do, or else "｜" or ": ". */
export function dividerFor(note: NoteText, patterns: LearntPatterns): string {
  return patterns.get(groupOf(note.language, note.form))?.divider ?? (note.language === 'zh' ? '｜' : ': ');
}

function groupOf(language: TextLanguage, form: NoteForm): string {
  return `${language}/${form}`;
}

/** A title, and what stands before and after each of its gaps between words, as far as they may be a pattern's. */
function readTitle(title: string, language: TextLanguage, segmenters: Segmenters): ReadTitle {
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const word of segmenters[language](title)) {
    const start = title.indexOf(word, ends.at(-1) ?? 0);
    starts.push(start);
    ends.push(start + word.length);
  }
  for (let words = 1; words <= Math.min(MOST_WORDS, starts.length - 1); words++) {
    prefixes.push(title.slice(0, starts[words]));
    suffixes.push(title.slice(ends[ends.length - 1 - words]));
  }
  // A number is a claim of its own, and half a pair of quotes is nothing.
  const isPattern = (affix: string): boolean => !/[\p{N}\p{Ps}\p{Pe}\p{Pi}\p{Pf}"]/u.test(affix);
  return { title, language, prefixes: prefixes.filter(isPattern), suffixes: suffixes.filter(isPattern) };
}

function framesOf(titles: readonly ReadTitle[], segmenters: Segmenters): TitleFrame[] {
  const titlesWith = countAll(titles.flatMap(({ title, language }) => [...new Set(wordsOf(title, language, segmenters))]));
  const least = Math.max(LEAST_NAMES, LEAST_SHARE * titles.length);
  const isWayOfSpeaking = (affix: string, language: TextLanguage): boolean =>
    wordsOf(affix, language, segmenters).every(
      (word) => !isContentWord(word, language) || (titlesWith.get(word) ?? 0) >= Math.max(least, COMMON_SHARE * titles.length),
    );
  const namesOf = new Map<string, Set<string>>();
  for (const { title, language, prefixes, suffixes } of titles) {
    const isUsable = (affix: string): boolean => isWayOfSpeaking(affix, language);
    // The longest that leave a name.
    const before = [...prefixes.filter(isUsable).toReversed(), ''];
    const after = [...suffixes.filter(isUsable).toReversed(), ''];
    const frame = before
      .flatMap((prefix) => after.map((suffix) => [prefix, suffix] as const))
      .find(([prefix, suffix]) => prefix + suffix !== '' && isName(between(title, prefix, suffix), language));
    if (frame === undefined) continue;
    const key = JSON.stringify(frame);
    namesOf.set(key, (namesOf.get(key) ?? new Set<string>()).add(between(title, ...frame)));
  }
  return [...namesOf]
    .filter(([, names]) => names.size >= least)
    .sort(([a, { size: m }], [b, { size: n }]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_FRAMES)
    .map(([key, names]) => {
      const [before, after] = JSON.parse(key) as [string, string];
      return { before, after, prior: RARE_PRIOR + PRIOR_STEP * Math.round((PRIOR_STEPS * names.size) / titles.length) };
    });
}

/** The divider that most titles have between a name and a second part. */
function dividerOf(titles: readonly ReadTitle[]): string | undefined {
  const counts = countAll(
    titles.flatMap(({ title, language }) =>
      DIVIDERS[language].filter((divider) => {
        const [name = '', said = '', ...more] = title.split(divider);
        return more.length === 0 && said.trim() !== '' && isName(name, language);
      }),
    ),
  );
  const [most] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return most !== undefined && most[1] >= Math.max(LEAST_NAMES, LEAST_SHARE * titles.length) ? most[0] : undefined;
}

function wordsOf(text: string, language: TextLanguage, segmenters: Segmenters): string[] {
  return segmenters[language](text).map((word) => word.toLowerCase());
}

function countAll(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function between(title: string, prefix: string, suffix: string): string {
  return title.slice(prefix.length, title.length - suffix.length);
}

function isName(text: string, language: TextLanguage): boolean {
  return text.length > 1 && subjectsOf(text, language)[0] === text;
}

import { readFact } from './facts.ts';
import { cleanItem } from './items.ts';
import { languageOf, type TextLanguage } from './language.ts';
import { type Block, parseBody, plainText } from './markdown.ts';
import type { Segmenters } from './segment.ts';
import { type ClauseRun, clauseRuns, splitSentences } from './sentences.ts';
import { entitiesIn, subjectsOf } from './subject.ts';
import { wordWeights } from './word_weights.ts';

/** What is read of a note. */
export interface NoteInput {
  readonly noteId: string;
  readonly title: string;
  readonly body: string;
  /** Language tag; empty where unknown. */
  readonly lang: string;
  /** The brand the note is about; empty or absent where there is none. */
  readonly brand?: string;
}

/** A stretch of clauses of the note, and how much its place in the note is worth in [0, 1]. */
export interface Passage extends ClauseRun {
  readonly worth: number;
  readonly origin: 'title' | 'prose' | 'item' | 'step';
}

/** A recipe has ingredients and says how to make something; anything else is a post. */
export type NoteForm = 'recipe' | 'post';

/** What a writer knows about a note. */
export interface NoteText {
  readonly noteId: string;
  readonly language: TextLanguage;
  /** The note's own title without Markdown and emoji. */
  readonly title: string;
  /** The first-level heading at the top of the body, which may say the title differently; empty where there is none. */
  readonly headline: string;
  /** The note's brand where its text names it; empty otherwise. */
  readonly brand: string;
  /** The thing the note is about, as its title names it: the full name first, then shorter forms. Empty when it names none. */
  readonly subjects: readonly string[];
  /** The title is a name, not a sentence. */
  readonly isNamed: boolean;
  readonly form: NoteForm;
  readonly passages: readonly Passage[];
  /** Names of listed things (ingredients, features), most telling first. */
  readonly items: readonly string[];
  /** Labelled times and servings, as a title says them: "cook 15 min", "4 servings". */
  readonly facts: readonly string[];
  /** Number of numbered steps. */
  readonly steps: number;
  /** How much each content word (lower case) says about this note, the heaviest being 1. */
  readonly weights: ReadonlyMap<string, number>;
  /** Everything readable in title and body, lower case, for checks against it. */
  readonly source: string;
  readonly sourceWords: ReadonlySet<string>;
}

const LEAD_WORTH = 1;
const PROSE_WORTH = 0.6;
const STEP_WORTH = 0.4;
// A word of the title says more about the note than one of its steps.
const TITLE_WEIGHT = 3;
const HEADLINE_WEIGHT = 2;
const LEAD_WEIGHT = 2;
const STEP_WEIGHT = 0.5;
const MOST_PASSAGES = 60;
const MOST_ITEMS = 100;
const RECIPE_TITLE = /做法|食谱|\brecipe\b/i;

/** Reads a note: language, subject, sentences cut into clauses, listed things, weights of words. Entities (lower case) weigh more. */
export function understandNote(note: NoteInput, segmenters: Segmenters, entities: ReadonlySet<string>): NoteText {
  const title = plainText(note.title);
  const language = languageOf(note.lang, `${note.title}\n${note.body}`);
  const segment = segmenters[language];
  const parsed = parseBody(note.body);
  const labelled = parsed.filter((block) => block.kind === 'fact').map((block) => block.text);
  const facts = [...new Set(labelled.flatMap((line) => readFact(line) ?? []))];
  // Labels say what recipes have in common, not what this note is about.
  const blocks = parsed.filter((block) => block.kind !== 'fact');
  const prose = blocks.filter((block) => block.kind === 'prose');
  const steps = blocks.filter((block) => block.kind === 'step');
  const listed = blocks.filter((block) => block.kind === 'item');
  const headline = blocks.find((block) => block.kind === 'headline')?.text ?? '';
  const text = [title, ...blocks.map((block) => block.text), ...labelled, ...facts].join('\n');
  const form = formOf(title, blocks);
  const numbered = steps.filter((block) => block.numbered).length;

  const places = [
    { words: segment(title), weight: TITLE_WEIGHT },
    ...blocks.map((block) => ({ words: segment(block.text), weight: weightOf(block) })),
  ];
  const weights = wordWeights(places, language, entities);
  const named = subjectsOf(title, language);
  // "十五分钟一碗葱油拌面，比外卖快" is a sentence, but the thing that is made has a name the lexicon knows.
  const subjects = named.length === 0 && form === 'recipe' ? entitiesIn(title, entities).slice(0, 1) : named;
  const passagesOf = (source: string, worth: number, origin: Passage['origin']): Passage[] =>
    splitSentences(source).flatMap((sentence) => clauseRuns(sentence, language).map((run) => ({ ...run, worth, origin })));
  const passages = [
    ...(named.length === 0 ? passagesOf(title, LEAD_WORTH, 'title') : []),
    ...passagesOf(headline, LEAD_WORTH, 'title'),
    ...prose.flatMap((block) => passagesOf(block.text, block.lead ? LEAD_WORTH : PROSE_WORTH, 'prose')),
    ...(form === 'post' ? listed : []).flatMap((block) => passagesOf(block.text, PROSE_WORTH, 'item')),
  ];
  if (passages.length < MOST_PASSAGES) passages.push(...steps.flatMap((block) => passagesOf(block.text, STEP_WORTH, 'step')));
  return {
    noteId: note.noteId,
    language,
    title,
    headline,
    brand: note.brand !== undefined && text.includes(note.brand) ? note.brand : '',
    subjects,
    isNamed: named.length > 0,
    form,
    passages: passages.slice(0, MOST_PASSAGES * 3),
    // Where a heading names what is taken, other lists hold remarks and links.
    items: itemNames(
      (listed.some(({ isNamed }) => isNamed) ? listed.filter(({ isNamed }) => isNamed) : listed).map((block) => block.text),
      language,
      subjects[0] ?? '',
    ),
    facts,
    steps: numbered,
    weights,
    source: text.toLowerCase(),
    sourceWords: new Set(
      [...places.flatMap(({ words }) => words), ...[...labelled, ...facts].flatMap(segment)].map((word) => word.toLowerCase()),
    ),
  };
}

/** Whether a note of this title and body is a recipe. */
export function formOf(title: string, blocks: readonly Block[]): NoteForm {
  const listed = blocks.filter(({ kind }) => kind === 'item').length;
  return blocks.some(({ kind }) => kind === 'step') && (listed > 1 || RECIPE_TITLE.test(title)) ? 'recipe' : 'post';
}

function weightOf(block: Block): number {
  if (block.kind === 'headline') return HEADLINE_WEIGHT;
  if (block.kind === 'step') return STEP_WEIGHT;
  return block.lead ? LEAD_WEIGHT : 1;
}

function itemNames(texts: readonly string[], language: TextLanguage, subject: string): string[] {
  const names = new Map<string, string>();
  for (const text of texts) {
    if (names.size >= MOST_ITEMS) break;
    for (const name of cleanItem(text, language)) {
      const key = name.toLowerCase();
      // "egg yolks" and "egg": one of them is enough.
      const isKnown = [...names.keys()].some((other) => other.includes(key) || key.includes(other));
      if (!isKnown && !subject.toLowerCase().includes(key)) names.set(key, name);
    }
  }
  return [...names.values()];
}

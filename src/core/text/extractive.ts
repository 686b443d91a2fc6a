import { worthOf } from './appeal.ts';
import { type Controls, hasStyle, includesTerm } from './controls.ts';
import { decorate } from './decorate.ts';
import { picturesFor } from './emoji.ts';
import { isFragment } from './fragments.ts';
import type { TextLanguage } from './language.ts';
import { dividerFor, fillFrames, type LearntPatterns } from './learnt_patterns.ts';
import { lengthOf } from './length.ts';
import type { NoteText, Passage } from './note_text.ts';
import { capitalised, fillPatterns, MOST_STEPS } from './patterns.ts';
import { PLATFORM_RULES } from './platforms.ts';
import { rewriteTitle } from './rewrite.ts';
import { plainName } from './subject.ts';
import type { Candidate, TitleRequest, TitleWriter } from './writer.ts';

const ADDED_TERM_LOSS = 0.05; // a keyword set beside a title reads worse than one inside it
const ENOUGH = 6; // clauses and listed things, from which three distinct titles can be made
const LONGEST_POINT = { han: 10, latin: 32 };
const NOT_TELLING = 0.4; // a title promises and a step instructs; a highlight tells
const MOST_MADE_WITH = 4;
const FACT_PRIOR = 0.5;
const MOST_POINTS = 8;
const MOST_NAMED = 2;
const POINT_PRIOR = 0.5;
const ROOM_FOR_NAME = 0.5; // of the longest title

/** What a dish is good for answers no "怎么做？". */
const NUTRITION = /富含|蛋白质?|营养|维生素|热量|脂肪|矿物质|纤维|有益|滋养|含量|提供/;
const PERSONAL = /[我他她]|\b(?:i|we|he|she|my|our|his|her)\b/i;

/**
 * Titles without a model: whole clauses of the note, patterns filled from it, and its own title beside fitting queries.
 * @param learnt how other titles of the store are made
 */
export function createExtractiveWriter(learnt: LearntPatterns): TitleWriter {
  return { name: 'extractive', propose: (note, request) => propose(note, request, learnt) };
}

function propose(read: NoteText, request: TitleRequest, learnt: LearntPatterns): Candidate[] {
  const { controls, kind, paradigm } = request;
  const note = withShortName(read, controls);
  const drafts =
    kind === 'highlight'
      ? highlights(note)
      : paradigm === 'rewrite'
        ? rewriteTitle(note, request.queries, titles(note, request, learnt))
        : titles(note, request, learnt);
  const styled = drafts.flatMap((draft) => inStyle(draft, request, note));
  const pictures = controls.emoji === 'none' ? [] : picturesFor([note.title, ...note.items].join('\n'));
  return styled.map(({ text, prior }) => {
    const decorated = decorate(text, controls, note.language, pictures);
    return { text: decorated.text, prior: Math.max(0, prior - ADDED_TERM_LOSS * decorated.added) };
  });
}

/** Where the shortest name of the subject leaves little room to say anything of it, its plain name stands for it too. */
function withShortName(note: NoteText, { length, platform }: Controls): NoteText {
  const { unit, limits } = PLATFORM_RULES[platform];
  const room = Math.min(length.max, limits.title ?? Number.POSITIVE_INFINITY);
  const name = note.subjects.at(-1);
  if (note.language !== 'en' || name === undefined || lengthOf(name, unit) <= ROOM_FOR_NAME * room) return note;
  const prose = note.passages.filter(({ origin }) => origin === 'prose').map(({ text }) => text);
  const plain = plainName(name, prose.join('\n'));
  return plain === undefined ? note : { ...note, subjects: [...note.subjects, plain] };
}

/** A draft as it is when no style is asked for or it has the style; with the style's mark where that is all it lacks. */
function inStyle(draft: Candidate, { controls: { style }, kind }: TitleRequest, note: NoteText): Candidate[] {
  if (style === null || hasStyle(draft.text, style)) {
    // Exclamations and lists are for those who ask for them.
    const loud = style === null && (hasStyle(draft.text, 'exclamation') || draft.text.includes('·'));
    return loud ? [{ ...draft, prior: draft.prior / 2 }] : [draft];
  }
  if (!hasStyle(draft.text, 'plain') || /[？?]/.test(draft.text)) return [];
  const chinese = note.language === 'zh';
  if (style === 'exclamation') return [{ text: `${draft.text}${chinese ? '！' : '!'}`, prior: draft.prior }];
  // Nobody is asked about half a clause, or about what happened to the writer.
  if (style === 'question' && (isFragment(draft.text, note.language) || PERSONAL.test(draft.text))) return [];
  if (style === 'question' && kind === 'title')
    return [{ text: `${draft.text}${chinese ? '，想试试吗？' : ' – curious?'}`, prior: draft.prior - 0.2 }];
  if (style === 'question') return [{ text: `${draft.text}${chinese ? '？' : '?'}`, prior: draft.prior - 0.3 }];
  return [];
}

/** New titles from the full note: clauses alone, clauses beside the subject, and patterns. */
function titles(note: NoteText, request: TitleRequest, learnt: LearntPatterns): Candidate[] {
  const divider = dividerFor(note, learnt);
  const drafts = [...fillPatterns(note), ...fillFrames(note, learnt), ...(request.controls.style === 'list' ? pointLists(note) : [])];
  for (const passage of usablePassages(note)) {
    const worth = worthOf(passage, note);
    drafts.push({ text: marked(standalone(passage, note), passage, note), prior: 0.8 * worth });
    drafts.push(...besideSubject(passage, note, worth, divider));
  }
  return drafts;
}

/** The subject and two short things that the note says of it, set apart by "·". */
function pointLists(note: NoteText): Candidate[] {
  const dot = note.language === 'zh' ? '·' : ' · ';
  const points = pointsOf(note);
  return note.subjects.flatMap((subject) => {
    const others = points.filter(({ text }) => !includesTerm(text, subject));
    return others.flatMap((point, index) =>
      others.slice(index + 1).map((next) => ({ text: [subject, point.text, next.text].join(dot), prior: (point.prior + next.prior) / 2 })),
    );
  });
}

/** Short clauses, times and servings, the count of steps, and the first listed things. */
function pointsOf(note: NoteText): Candidate[] {
  const chinese = note.language === 'zh';
  const clauses = usablePassages(note)
    .filter(
      ({ text, mark }) => mark === 'none' && !/[，,：:·]/.test(text) && text.length <= (chinese ? LONGEST_POINT.han : LONGEST_POINT.latin),
    )
    .slice(0, MOST_POINTS)
    .map((passage) => ({ text: standalone(passage, note), prior: worthOf(passage, note) }));
  if (note.form === 'post') return clauses;
  const steps = note.steps >= 2 && note.steps <= MOST_STEPS ? [chinese ? `${note.steps}步` : `${note.steps} steps`] : [];
  const named = [...note.items.slice(0, MOST_NAMED), ...note.facts, ...steps].map((text) => ({ text, prior: POINT_PRIOR }));
  return [...clauses, ...named];
}

/** Short selling points: clauses of the note as they stand; what it is made with, where an English recipe says little else. */
function highlights(note: NoteText): Candidate[] {
  const clauses = note.passages.map((passage) => ({
    text: marked(standalone(passage, note), passage, note),
    prior: worthOf(passage, note) * (passage.origin === 'title' || passage.origin === 'step' ? NOT_TELLING : 1),
  }));
  const made = note.language === 'en' && note.form === 'recipe' ? madeWith(note) : [];
  return [...clauses, ...made, ...factsTold(note)];
}

/** "Made with coconut and egg yolks": the listed things two by two, none twice. */
function madeWith({ items }: NoteText): Candidate[] {
  return items.slice(0, MOST_MADE_WITH).flatMap((item, index) => {
    if (index % 2 === 1) return [];
    const next = items[index + 1];
    return [{ text: `Made with ${item}${next === undefined ? '' : ` and ${next}`}`, prior: 0.5 - 0.05 * index }];
  });
}

/** "Prep 10 min, cook 30 min": times and servings, two at a time. */
function factsTold({ facts, language }: NoteText): Candidate[] {
  const sign = language === 'zh' ? '，' : ', ';
  return facts.flatMap((_, index) => {
    if (index % 2 === 1) return [];
    return [{ text: capitalised(facts.slice(index, index + 2).join(sign)), prior: FACT_PRIOR - 0.05 * index }];
  });
}

/** Steps are for notes that name no subject a pattern could be filled with, and have little else to say. */
function usablePassages(note: NoteText): readonly Passage[] {
  const told = note.passages.filter((passage) => passage.origin !== 'step');
  return note.subjects.length === 0 && told.length + note.items.length < ENOUGH ? note.passages : told;
}

function standalone(passage: Passage, note: NoteText): string {
  return note.language === 'zh' ? passage.text : capitalised(passage.text);
}

function marked(text: string, passage: Passage, note: NoteText): string {
  if (passage.mark === 'none') return text;
  const chinese = note.language === 'zh';
  return `${text}${passage.mark === 'question' ? (chinese ? '？' : '?') : chinese ? '！' : '!'}`;
}

function besideSubject(passage: Passage, note: NoteText, worth: number, divider: string): Candidate[] {
  if (passage.mark !== 'none' || passage.origin === 'item') return [];
  const drafts: Candidate[] = [];
  for (const subject of note.subjects) {
    const text = withoutSubject(passage.text, subject, note.language);
    if (includesTerm(text, subject) || includesTerm(subject, text)) continue;
    if (note.language === 'zh') {
      drafts.push({ text: `${subject}${divider}${text}`, prior: worth });
      if (note.form === 'recipe' && passage.origin !== 'title' && !NUTRITION.test(text)) {
        drafts.push(
          { text: `${subject}怎么做？${text}`, prior: worth - 0.05 },
          { text: `${text}，${subject}怎么做？`, prior: worth - 0.1 },
        );
        drafts.push({ text: `${subject}做法：${text}`, prior: worth - 0.1 });
      }
      continue;
    }
    const clause = capitalised(text);
    drafts.push({ text: `${subject}${divider}${clause}`, prior: passage.describesSubject ? worth : worth - 0.05 });
    if (note.form === 'recipe') drafts.push({ text: `How to make ${subject}: ${clause}`, prior: worth - 0.1 });
  }
  return drafts;
}

/** "响油鳝丝是一道经典的家常菜" beside its subject is "经典的家常菜"; "Ceviche is a dish …" is "a dish …". */
function withoutSubject(text: string, subject: string, language: TextLanguage): string {
  if (!text.toLowerCase().startsWith(subject.toLowerCase())) return text;
  const rest = text.slice(subject.length).trim();
  const predicate =
    language === 'zh'
      ? /^(?:是|属于)(?:一|二)?(?:道|款|种|份|碗|杯)?(.+)/.exec(rest)
      : /^(?:is|are)\s+((?:an?|the|one of)\s.+)/i.exec(rest);
  return predicate?.[1] ?? text;
}

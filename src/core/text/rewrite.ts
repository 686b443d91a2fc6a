import { worthOf } from './appeal.ts';
import { bareText, includesTerm } from './controls.ts';
import { partsOf } from './fragments.ts';
import type { NoteText } from './note_text.ts';
import { capitalised } from './patterns.ts';
import type { QueryMatch } from './queries.ts';
import type { Candidate } from './writer.ts';

const QUERY_PRIOR = 0.75;
const QUERY_FIT_PRIOR = 0.25;
const BRAND_PRIOR = 0.6;
const CLAUSE_PRIOR = 0.7; // of the clause's worth
const PART_LOSS = 0.1; // for a part of a title that is a sentence, where the whole would say more
const AFTER_LOSS = 0.1; // a query is found sooner where it stands first
const BEST_CLAUSES = 8;
const LEAST_WORTH = 0.65; // at least one reason
const WITHOUT_QUERY = 0.7; // of its prior is left to a rewriting that uses no query where one fits
const LEAST_CLAUSE = 5; // Han characters; shorter ones are the half of a saying

/** What a rewriting keeps of the note's own title. */
interface Kept {
  readonly text: string;
  /** A name of the note's subject, not a sentence. */
  readonly isName: boolean;
  readonly loss: number;
}

/**
 * The note's own title, reworked: its subject (or the whole title, or a clause of it) beside a query, the brand, or one of
 * the note's best clauses; and those of the new titles that keep it.
 */
export function rewriteTitle(note: NoteText, queries: readonly QueryMatch[], fresh: readonly Candidate[]): Candidate[] {
  const kept = keptOf(note);
  const clauses = bestClauses(note);
  const drafts: Candidate[] = [];
  for (const part of kept) {
    for (const { query, fit } of queries) {
      const prior = QUERY_PRIOR + QUERY_FIT_PRIOR * fit - part.loss;
      drafts.push(...besideQuery(part, query, prior, clauses, note));
    }
  }
  const own = kept.map(({ text }) => bareText(text));
  const left = queries.length > 0 ? WITHOUT_QUERY : 1;
  const others = [
    ...kept.filter(({ isName }) => !isName).flatMap(({ text, loss }) => besideClauses(text, clauses, note, loss)),
    ...fresh.filter(({ text }) => own.some((name) => bareText(text).includes(name))),
  ];
  return [
    ...drafts,
    ...kept.flatMap((part) => besideBrand(part, note)),
    ...others.map(({ text, prior }) => ({ text, prior: prior * left })),
  ];
}

function keptOf(note: NoteText): Kept[] {
  if (note.isNamed && note.form === 'recipe') return note.subjects.map((text) => ({ text, isName: true, loss: 0 }));
  const whole = withoutFinalMark(note.title);
  const headline = withoutFinalMark(note.headline);
  const names = note.subjects.map((text) => ({ text, isName: false, loss: 0 }));
  const parts = note.isNamed ? [] : clausesOf(whole, note);
  const all = [{ text: whole, isName: false, loss: 0 }, ...names, { text: headline, isName: false, loss: 0.05 }];
  for (const text of parts) all.push({ text, isName: false, loss: PART_LOSS });
  return all.filter(({ text }, index) => text !== '' && all.findIndex((other) => other.text === text) === index);
}

function withoutFinalMark(title: string): string {
  return title.replace(/[\s。.，,！!？?…]+$/u, '');
}

function clausesOf(title: string, note: NoteText): string[] {
  if (note.language !== 'zh') return [];
  return partsOf(title)
    .flatMap((part) => part.split('，'))
    .filter((clause) => clause.length >= LEAST_CLAUSE);
}

function besideQuery({ text, isName }: Kept, query: string, prior: number, clauses: readonly Candidate[], note: NoteText): Candidate[] {
  const chinese = note.language === 'zh';
  if (bareText(text).includes(bareText(query))) return isName ? [] : besideClauses(query, clauses, note, 1 - prior);
  if (bareText(query).includes(bareText(text)))
    return [{ text: chinese ? query : capitalised(query), prior }, ...besideClauses(query, clauses, note, 1 - prior)];
  if (!chinese)
    return [
      { text: `${capitalised(query)}: ${text}`, prior },
      { text: `${text} | ${query}`, prior: prior - AFTER_LOSS },
    ];
  return [
    { text: `${query}｜${text}`, prior },
    { text: `${text}｜${query}`, prior: prior - AFTER_LOSS },
    ...(isName ? besideClauses(`${query}｜${text}`, clauses, note, 1 - prior) : []),
  ];
}

function besideBrand({ text, loss }: Kept, { brand, language }: NoteText): Candidate[] {
  if (brand === '' || includesTerm(text, brand)) return [];
  return [{ text: language === 'zh' ? `${brand}｜${text}` : `${text} | ${brand}`, prior: BRAND_PRIOR - loss }];
}

/** A head and each of the note's best clauses, which do not say the head again. */
function besideClauses(head: string, clauses: readonly Candidate[], note: NoteText, loss: number): Candidate[] {
  const chinese = note.language === 'zh';
  const sign = !chinese ? ': ' : head.includes('｜') ? '：' : '｜';
  return clauses
    .filter(({ text }) => !includesTerm(text, head) && !includesTerm(head, text))
    .map(({ text, prior }) => ({
      text: `${chinese ? head : capitalised(head)}${sign}${chinese ? text : capitalised(text)}`,
      prior: CLAUSE_PRIOR * prior - loss + (1 - CLAUSE_PRIOR),
    }));
}

/** The note's clauses that would sell best, with their worth; the sort is stable, so earlier ones come first. */
function bestClauses(note: NoteText): Candidate[] {
  return note.passages
    .filter(({ mark, origin, text }) => mark === 'none' && origin !== 'title' && !/[：:]/.test(text))
    .map((passage) => ({ text: passage.text, prior: worthOf(passage, note) }))
    .filter(({ prior }) => prior >= LEAST_WORTH)
    .sort((a, b) => b.prior - a.prior)
    .slice(0, BEST_CLAUSES);
}

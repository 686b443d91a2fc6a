import type { BannedMatcher } from './banned.ts';
import { createClaimCheck } from './claims.ts';
import { bareText, type CheckContext, findRejection, foreignWords, includesTerm, type Rejection } from './controls.ts';
import { spoken } from './emoji.ts';
import { partsOf } from './fragments.ts';
import { lengthOf } from './length.ts';
import type { NoteText } from './note_text.ts';
import { PLATFORM_RULES } from './platforms.ts';
import { chooseDistinct, type Scored } from './rank.ts';
import type { Segmenter, Segmenters } from './segment.ts';
import { isContentWord } from './stop_words.ts';
import type { Candidate, TitleRequest, TitleWriter } from './writer.ts';

const SHARES = {
  title: { prior: 0.45, relevance: 0.3, information: 0.1, length: 0.15 },
  highlight: { prior: 0.65, relevance: 0.15, information: 0.05, length: 0.15 },
} as const;
const TELLING_WORDS = 8; // content words after which more do not make a title more informative
const RELEVANT_WORDS = 6;
const QUERY_SHARE = 0.3; // of relevance, where queries fit the note
const BEST_LENGTH = 0.6; // of the way from the shortest to the longest that is allowed
/** Highlights are read at a glance: characters that are best. */
const GLANCE = { zh: [6, 14], en: [15, 45], other: [15, 45] } as const;
const CLICK_SHARE = 0.15; // of the prior's share, where logs tell what was clicked
const LEAST_PRIOR = 0.25; // below it, one text is better than none, but two good ones are better than a bad third

/** The titles of one note, best first, and how many candidates were refused for which reason. */
export interface WrittenTitles {
  readonly titles: readonly Scored[];
  readonly rejected: Readonly<Partial<Record<Rejection, number>>>;
}

/** A candidate that was refused, and why; `words` are those that made it so, where some did. */
export interface Refused {
  readonly text: string;
  readonly reason: Rejection;
  readonly words: readonly string[];
}

/** How often texts like these are clicked, in [0, 1] each; 0.5: as often as others. */
export type ClickScores = (texts: readonly string[]) => Promise<ArrayLike<number>>;

/** Has a writer propose texts for a note, and chooses `count` distinct ones that keep every control; see {@link TitleSieve}. */
export async function writeTitles(
  note: NoteText,
  writer: TitleWriter,
  request: TitleRequest,
  segmenters: Segmenters,
  isBanned: BannedMatcher,
  count: number,
  clickScores?: ClickScores,
): Promise<WrittenTitles> {
  const sieve = new TitleSieve(note, request, segmenters, isBanned);
  for (const candidate of writer.propose(note, request)) sieve.take(candidate);
  return sieve.result(count, clickScores);
}

/**
 * Takes candidates for a note, refuses every one that breaks a control, and chooses distinct ones among the rest.
 * A title's score in [0, 1] is 0.45 writer's prior + 0.30 relevance to the note + 0.15 fit of length + 0.10 information;
 * a highlight's is 0.65, 0.15, 0.15 and 0.05 of the same. In the result, 0.15 of the prior's share goes to the click score
 * where there is one. Candidates of a prior below 0.25 are left out where others remain.
 */
export class TitleSieve {
  readonly #note: NoteText;
  readonly #request: TitleRequest;
  readonly #context: CheckContext;
  readonly #rejected: Partial<Record<Rejection, number>> = {};
  readonly #accepted = new Map<string, Scored & Candidate>();
  readonly #seen = new Set<string>();

  constructor(note: NoteText, request: TitleRequest, segmenters: Segmenters, isBanned: BannedMatcher) {
    this.#note = note;
    this.#request = request;
    this.#context = checkContext(note, request, segmenters, isBanned);
  }

  /** The reason why the candidate is refused; undefined when it was taken, or was seen before. */
  take({ text, prior }: Candidate): Rejection | undefined {
    if (this.#seen.has(text)) return undefined;
    this.#seen.add(text);
    const reason = findRejection(text, this.#request.controls, this.#context);
    if (reason !== undefined) {
      this.refuse(reason);
      return reason;
    }
    const score = scoreText(text, prior, this.#note, this.#request, this.#context.segment);
    const bare = bareText(text);
    const known = this.#accepted.get(bare);
    if (known) this.refuse('duplicate');
    if (!known || known.score < score) this.#accepted.set(bare, { text, score, prior });
    return known ? 'duplicate' : undefined;
  }

  /** Counts candidates that were refused. */
  refuse(reason: Rejection, times = 1): void {
    if (times > 0) this.#rejected[reason] = (this.#rejected[reason] ?? 0) + times;
  }

  /** The words, numbers and denials of a candidate that are not the note's. */
  foreignWords(text: string): readonly string[] {
    const plain = spoken(text);
    return [...new Set([...foreignWords(plain, this.#context), ...this.#context.claims(plain)])];
  }

  /** Up to `count` distinct texts of those taken so far, in the order of choice; whatever was clicked, so that new logs ask no model anew. */
  choose(count: number): readonly Scored[] {
    return choiceOf([...this.#accepted.values()], count).chosen;
  }

  /** What came of it; call it once, at the end. */
  async result(count: number, clickScores?: ClickScores): Promise<WrittenTitles> {
    const all = [...this.#accepted.values()];
    const clicks = clickScores && (await clickScores(all.map(({ text }) => text)));
    const { chosen, duplicates, weak } = choiceOf(clicks ? all.map((each, at) => withClicks(each, clicks[at] as number)) : all, count);
    this.refuse('duplicate', duplicates);
    this.refuse('weak', weak);
    return { titles: chosen.map(({ text, score }) => ({ text, score })), rejected: this.#rejected };
  }
}

function choiceOf(all: readonly (Scored & Candidate)[], count: number) {
  const good = all.filter(({ prior }) => prior >= LEAST_PRIOR);
  const { chosen, duplicates } = good.length > 0 ? chooseDistinct(good, count) : chooseDistinct(all, Math.min(1, count));
  return { chosen, duplicates, weak: all.length - Math.max(good.length, chosen.length) };
}

/** The candidate with its score where it is known how often texts like it are clicked, in [0, 1]. */
export function withClicks<T extends Scored & Candidate>(candidate: T, clicks: number): T {
  const { prior, score } = candidate;
  return { ...candidate, score: rounded(score + CLICK_SHARE * (clicks - Math.min(1, Math.max(0, prior)))) };
}

function checkContext(note: NoteText, request: TitleRequest, segmenters: Segmenters, isBanned: BannedMatcher): CheckContext {
  const { controls, queries, kind } = request;
  const segment = remembered(segmenters[note.language]);
  const wanted = [...controls.keywords, ...(controls.brand === null ? [] : [controls.brand])];
  const asked = [...wanted, ...queries.map(({ query }) => query)].join('\n').toLowerCase();
  const source = `${note.source}\n${asked}`;
  const counts = note.steps > 0 ? [note.steps] : [];
  return {
    kind,
    language: note.language,
    segment,
    source,
    sourceWords: asked === '' ? note.sourceWords : new Set([...note.sourceWords, ...segment(asked)]),
    original: bareText(note.title),
    ownParts: new Set([...partsOf(note.title), ...partsOf(note.headline)]),
    // A brand that was asked for is no claim, whatever its name says ("永久").
    isBanned: controls.brand === null ? isBanned : (text) => isBanned(text.replaceAll(controls.brand as string, ' ')),
    // A query lends its words, never a number or a denial.
    claims: createClaimCheck([note.source, ...wanted].join('\n').toLowerCase(), note.language, counts),
    counts,
  };
}

/** The same clauses come back in many candidates, so each is cut into words once; no word goes across these signs. */
function remembered(segment: Segmenter): Segmenter {
  const known = new Map<string, string[]>();
  const recall = (text: string, cut: Segmenter): string[] => {
    const words = known.get(text) ?? cut(text);
    known.set(text, words);
    return words;
  };
  return (text) => recall(text, () => text.split(/[｜：？！·，、]/).flatMap((clause) => recall(clause, segment)));
}

/** How good a text is for a note, in [0, 1], see {@link TitleSieve}; whether it keeps the controls is not asked. */
export function scoreText(text: string, prior: number, note: NoteText, request: TitleRequest, segment: Segmenter): number {
  const words = new Set(
    segment(spoken(text))
      .map((word) => word.toLowerCase())
      .filter((word) => isContentWord(word, note.language)),
  );
  let weight = 0;
  for (const word of words) weight += note.weights.get(word) ?? 0;
  const shares = SHARES[request.kind];
  const score =
    shares.prior * Math.min(1, Math.max(0, prior)) +
    shares.relevance * relevanceOf(Math.min(1, weight / RELEVANT_WORDS), text, request) +
    shares.information * Math.min(1, words.size / TELLING_WORDS) +
    shares.length * (request.kind === 'title' ? titleLengthFit(text, request) : glanceFit(text, note));
  return rounded(score);
}

/** Of the relevance to the note, and to the best query that the text holds where queries fit the note. */
function relevanceOf(toNote: number, text: string, { queries }: TitleRequest): number {
  if (queries.length === 0) return toNote;
  const toQuery = queries.reduce((best, { query, fit }) => (fit > best && includesTerm(text, query) ? fit : best), 0);
  return (1 - QUERY_SHARE) * toNote + QUERY_SHARE * toQuery;
}

function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6;
}

/** 1 at 60 % of the way from the shortest to the longest allowed, down to 0 at the farther end. */
function titleLengthFit(text: string, { controls: { length, platform } }: TitleRequest): number {
  const { min, max } = length;
  const best = min + BEST_LENGTH * (max - min);
  const distance = Math.abs(lengthOf(text, PLATFORM_RULES[platform].unit) - best);
  return max === min ? 1 : 1 - distance / Math.max(best - min, max - best);
}

/** 1 for what can be read at a glance, less by the share it is longer or shorter. */
function glanceFit(text: string, note: NoteText): number {
  const [least, most] = GLANCE[note.language];
  const length = lengthOf(text, 'characters');
  return Math.min(1, length / least, most / length);
}

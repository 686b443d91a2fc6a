import type { BannedMatcher } from './banned.ts';
import { bareText, type CheckContext, findRejection, type Rejection } from './controls.ts';
import { stripEmoji } from './emoji.ts';
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
const BEST_LENGTH = 0.6; // of the way from the shortest to the longest that is allowed
/** Highlights are read at a glance: characters that are best. */
const GLANCE = { zh: [6, 14], en: [15, 45], other: [15, 45] } as const;
const LEAST_PRIOR = 0.25; // below it, one text is better than none, but two good ones are better than a bad third

/** The titles of one note, best first, and how many candidates were refused for which reason. */
export interface WrittenTitles {
  readonly titles: readonly Scored[];
  readonly rejected: Readonly<Partial<Record<Rejection, number>>>;
}

/**
 * Has a writer propose texts for a note, refuses every one that breaks a control, and chooses `count` distinct ones.
 * A title's score in [0, 1] is 0.45 writer's prior + 0.30 relevance to the note + 0.15 fit of length + 0.10 information;
 * a highlight's is 0.65, 0.15, 0.15 and 0.05 of the same. Candidates of a prior below 0.25 are left out where others remain.
 */
export function writeTitles(
  note: NoteText,
  writer: TitleWriter,
  request: TitleRequest,
  segmenters: Segmenters,
  isBanned: BannedMatcher,
  count: number,
): WrittenTitles {
  const context = checkContext(note, request, segmenters, isBanned);
  const rejected: Partial<Record<Rejection, number>> = {};
  const refuse = (reason: Rejection, times = 1): void => {
    if (times > 0) rejected[reason] = (rejected[reason] ?? 0) + times;
  };
  const accepted = new Map<string, Scored & Candidate>();
  const seen = new Set<string>();
  for (const { text, prior } of writer.propose(note, request)) {
    if (seen.has(text)) continue;
    seen.add(text);
    const reason = findRejection(text, request.controls, context);
    if (reason !== undefined) {
      refuse(reason);
      continue;
    }
    const score = scoreOf(text, prior, note, request, context);
    const bare = bareText(text);
    const known = accepted.get(bare);
    if (known) refuse('duplicate');
    if (!known || known.score < score) accepted.set(bare, { text, score, prior });
  }
  const all = [...accepted.values()];
  const good = all.filter(({ prior }) => prior >= LEAST_PRIOR);
  const { chosen, duplicates } = good.length > 0 ? chooseDistinct(good, count) : chooseDistinct(all, Math.min(1, count));
  refuse('duplicate', duplicates);
  refuse('weak', all.length - Math.max(good.length, chosen.length));
  return { titles: chosen.map(({ text, score }) => ({ text, score })), rejected };
}

function checkContext(note: NoteText, request: TitleRequest, segmenters: Segmenters, isBanned: BannedMatcher): CheckContext {
  const { controls, queries, kind } = request;
  const segment = remembered(segmenters[note.language]);
  const asked = [...controls.keywords, ...(controls.brand === null ? [] : [controls.brand]), ...queries.map(({ query }) => query)]
    .join('\n')
    .toLowerCase();
  return {
    kind,
    language: note.language,
    segment,
    source: `${note.source}\n${asked}`,
    sourceWords: asked === '' ? note.sourceWords : new Set([...note.sourceWords, ...segment(asked)]),
    original: bareText(note.title),
    ownParts: new Set([...partsOf(note.title), ...partsOf(note.headline)]),
    isBanned,
    counts: note.steps > 0 ? [note.steps] : [],
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

function scoreOf(text: string, prior: number, note: NoteText, request: TitleRequest, context: CheckContext): number {
  const words = new Set(
    context
      .segment(stripEmoji(text))
      .map((word) => word.toLowerCase())
      .filter((word) => isContentWord(word, note.language)),
  );
  let weight = 0;
  for (const word of words) weight += note.weights.get(word) ?? 0;
  const shares = SHARES[request.kind];
  const score =
    shares.prior * Math.min(1, Math.max(0, prior)) +
    shares.relevance * Math.min(1, weight / RELEVANT_WORDS) +
    shares.information * Math.min(1, words.size / TELLING_WORDS) +
    shares.length * (request.kind === 'title' ? titleLengthFit(text, request) : glanceFit(text, note));
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

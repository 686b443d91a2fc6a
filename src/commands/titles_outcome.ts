import type { ItemFailure } from '../core/errors.ts';
import { elementId } from '../core/ids.ts';
import type { NoteText as StoredText } from '../core/store/note_texts.ts';
import type { Note } from '../core/store/notes.ts';
import { REJECTIONS, type Rejection, type TextKind } from '../core/text/controls.ts';
import type { TextLanguage } from '../core/text/language.ts';
import type { Spent } from '../core/text/remote/spending.ts';
import { type Outcome, table } from './shared.ts';
import type { TitlesOptions } from './titles_settings.ts';
import { noteLanguage, type RejectionCounts, type TitlesWriter } from './titles_writer.ts';

/** A text as `--json` has it. */
interface TitleRow {
  readonly element_id: string;
  readonly note_id: string;
  readonly kind: TextKind;
  readonly text: string;
  readonly score: number;
}

/** What came of a note: small, for there may be many. */
export interface NoteResult {
  readonly noteId: string;
  readonly language: TextLanguage;
  readonly titles: readonly TitleRow[];
  readonly rejected: RejectionCounts;
  readonly failure: string | undefined;
}

export function resultOf(
  { kind }: TitlesOptions,
  note: Note,
  texts: readonly StoredText[],
  rejected: RejectionCounts,
  failure?: string,
): NoteResult {
  const { noteId } = note;
  const titles = texts.map(({ text, score, details: { generator, paradigm, model, prompt, controls } }) => ({
    element_id: elementId(kind, text),
    note_id: noteId,
    kind,
    text,
    generator,
    paradigm,
    ...(model === undefined ? {} : { model, prompt }),
    score,
    controls,
  }));
  return { noteId, language: noteLanguage(note), titles, rejected, failure };
}

/** Diversity of the notes' texts by their words, as `--json` has it; null where no note has two. */
export async function measureDiversity(results: readonly NoteResult[], { segmenters }: TitlesWriter) {
  const { diversityOf } = await import('../core/text/diversity.ts');
  const wordsOf = function* () {
    for (const { language, titles } of results) yield titles.map(({ text }) => segmenters[language](text.toLowerCase()));
  };
  const diversity = diversityOf(wordsOf());
  if (!diversity) return null;
  const { distinct1, distinct2, selfBleu, notes } = diversity;
  return { distinct_1: rounded(distinct1), distinct_2: rounded(distinct2), self_bleu: rounded(selfBleu), notes };
}

/** `failed`: what failed before any note was worked on. */
export function outcomeOf(
  { kind, json }: TitlesOptions & { readonly json?: boolean },
  results: readonly NoteResult[],
  failed: readonly ItemFailure[],
  diversity: object | null,
  spent: Spent | undefined,
): Outcome {
  const failures = [
    ...failed,
    ...results.flatMap(({ noteId, failure }) => (failure === undefined ? [] : [{ item: noteId, reason: failure }])),
  ];
  const rejected: Partial<Record<Rejection, number>> = {};
  for (const result of results) {
    for (const reason of REJECTIONS) {
      const times = result.rejected[reason];
      if (times) rejected[reason] = (rejected[reason] ?? 0) + times;
    }
  }
  const titles = results.flatMap((result) => result.titles);
  const cost = spent && {
    calls: spent.calls,
    retries: spent.retries,
    cached: spent.cached,
    prompt_tokens: spent.promptTokens,
    completion_tokens: spent.completionTokens,
    estimated_tokens: spent.estimatedTokens,
  };
  return {
    json: {
      titles,
      rejected: Object.fromEntries(REJECTIONS.filter((reason) => rejected[reason]).map((reason) => [reason, rejected[reason]])),
      diversity,
      ...(cost && { spent: cost }),
      failed: failures,
    },
    text: json ? [] : describe(kind, titles),
    failures,
    counts: { notes: results.length, titles: titles.length, failed: failures.length, ...cost },
  };
}

function describe(kind: TextKind, titles: readonly TitleRow[]): string[] {
  const rows = titles.map(({ note_id, score, text }) => [note_id, score.toFixed(2), text]);
  return table(['note', 'score', kind], rows, [1]);
}

/** Reasons that a flag can change. */
const RELAXABLE: ReadonlySet<string> = new Set(['platform', 'length', 'keywords', 'brand', 'emoji', 'style'] satisfies Rejection[]);

/** Why no candidate was left, and what to try. */
export function explain(options: TitlesOptions, note: Note, rejected: RejectionCounts): string {
  if (options.paradigm === 'rewrite' && note.title.trim() === '') return 'the note has no title to rewrite: use --paradigm write';
  const reasons = Object.entries(rejected).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const total = reasons.reduce((sum, [, times]) => sum + times, 0);
  const [reason, times] = reasons[0] ?? [];
  if (reason !== undefined) {
    const remedy = RELAXABLE.has(reason)
      ? 'relax that control, or give the note more text'
      : 'give the note more text, or try another generator';
    return `no ${options.kind} satisfies the controls: ${times} of ${total} candidates were refused for "${reason}"; ${remedy}`;
  }
  if (options.generator === 'hf' && /\p{L}/u.test(note.title + note.body)) return `the model's answers held no ${options.kind}`;
  return `the note's text gives no ${options.kind}${options.style ? ` of style ${options.style}` : ''}: it has no sentence or list that could become one`;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

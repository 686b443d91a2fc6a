import { type Command, InvalidArgumentError, Option } from 'commander';
import { throwIfInterrupted, UserError } from '../core/errors.ts';
import { elementId, sha256 } from '../core/ids.ts';
import type { NoteText as StoredText } from '../core/store/note_texts.ts';
import type { Note } from '../core/store/notes.ts';
import { type Controls, REJECTIONS, type Rejection, STYLES, type Style, TEXT_KINDS, type TextKind } from '../core/text/controls.ts';
import { EMOJI_LEVELS, type EmojiLevel } from '../core/text/emoji.ts';
import { checkSettings, lengthFor, TITLE_PLATFORMS, type TitlePlatform } from '../core/text/platforms.ts';
import { GENERATORS, type Generator, PARADIGMS, type Paradigm } from '../core/text/writer.ts';
import {
  type CliContext,
  createCommand,
  type Outcome,
  parseList,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
  table,
  unknownIds,
} from './shared.ts';

const DEFAULT_PER_NOTE = 3;

interface TitlesOptions {
  readonly generator: Generator;
  readonly paradigm: Paradigm;
  readonly kind: TextKind;
  readonly perNote: number;
  readonly keywords?: readonly string[];
  readonly length?: { readonly min: number; readonly max: number };
  readonly emoji: EmojiLevel;
  readonly brand?: string;
  readonly style?: Style;
  readonly platform: TitlePlatform;
  readonly notes?: readonly string[];
}

type RejectionCounts = Readonly<Partial<Record<Rejection, number>>>;

export function titlesCommand(context: CliContext): Command {
  return createCommand(
    'titles',
    'write titles or highlights for notes, each checked against every control',
    'atelier titles --platform xiaohongshu --emoji some --length 8-20',
  )
    .addOption(new Option('--generator <name>', 'what writes them').choices(GENERATORS).default('extractive'))
    .addOption(
      new Option('--paradigm <name>', 'write from the whole note, or rewrite its title with frequent queries')
        .choices(PARADIGMS)
        .default('write'),
    )
    .addOption(new Option('--kind <kind>', 'titles, or short selling points').choices(TEXT_KINDS).default('title'))
    .option('--per-note <k>', 'texts per note', parsePositiveInteger, DEFAULT_PER_NOTE)
    .option('--keywords <list>', 'words that must all be in each text, separated by commas', parseList)
    .option('--length <min-max>', "length in the platform's units (default: what is usual there)", parseLength)
    .addOption(new Option('--emoji <amount>', 'none; some: 1 or 2; many: 3 to 5').choices(EMOJI_LEVELS).default('none'))
    .option('--brand <name>', 'brand that must be in each text')
    .addOption(new Option('--style <style>', 'style of each text (default: any)').choices(STYLES))
    .addOption(
      new Option('--platform <name>', 'platform whose units, limits and refused characters hold')
        .choices(TITLE_PLATFORMS)
        .default('generic'),
    )
    .option('--notes <list>', 'only these notes, separated by commas', parseList)
    .action(storeAction<TitlesOptions>(context, 'existing', makeTitles));
}

async function makeTitles(session: StoreSession<TitlesOptions>): Promise<Outcome> {
  const { options, store, runId, onProgress, signal } = session;
  checkSettings(options.platform, options.kind, options.emoji, options.length);
  if (options.kind === 'highlight' && options.paradigm === 'rewrite') {
    throw new UserError('Expected --paradigm write for --kind highlight: a highlight has no original to rewrite.', 'Leave --paradigm out.');
  }
  const { readNotes } = await import('../core/store/notes.ts');
  const { readNoteTexts, saveNoteTexts } = await import('../core/store/note_texts.ts');
  const notes = readNotes(store, options.notes);
  const vocabulary = await readVocabulary(session);
  const setting = settingOf(options);
  const workOf = (note: Note) => ({
    noteId: note.noteId,
    kind: options.kind,
    setting,
    key: sha256(
      JSON.stringify([session.context.version, session.seed, setting, vocabulary.hash, note.title, note.body, note.lang, note.brand]),
    ),
  });

  const noteIds = notes.map((note) => note.noteId);
  const failed = unknownIds('a note', options.notes, noteIds);
  const rejected: Partial<Record<Rejection, number>> = {};
  const titles: Readonly<Record<string, unknown>>[] = [];
  let write: Write | undefined;
  for (const [index, note] of notes.entries()) {
    throwIfInterrupted(signal);
    let texts = readNoteTexts(store, workOf(note));
    // A note without any text is tried again, so its reason is told again.
    if (texts === undefined || texts.length === 0) {
      write ??= await prepareWriter(notes, options, vocabulary);
      const written = write(note);
      texts = written.texts;
      saveNoteTexts(store, workOf(note), texts, runId);
      if (texts.length === 0) {
        failed.push({ item: note.noteId, reason: explain(options, note, written.rejected) });
        addCounts(rejected, written.rejected);
      }
    }
    addCounts(rejected, (texts[0]?.details.rejected ?? {}) as RejectionCounts);
    for (const { text, score, details } of texts) {
      const { generator, paradigm, controls } = details;
      titles.push({
        element_id: elementId(options.kind, text),
        note_id: note.noteId,
        kind: options.kind,
        text,
        generator,
        paradigm,
        score,
        controls,
      });
    }
    onProgress({ task: 'titles', done: index + 1, total: notes.length, unit: 'notes' });
  }
  return {
    json: {
      titles,
      rejected: Object.fromEntries(REJECTIONS.filter((reason) => rejected[reason]).map((reason) => [reason, rejected[reason]])),
      failed,
    },
    text: table(
      ['note', 'score', options.kind],
      titles.map((title) => [String(title.note_id), Number(title.score).toFixed(2), String(title.text)]),
      [1],
    ),
    failures: failed,
    counts: { notes: notes.length, titles: titles.length, failed: failed.length },
  };
}

/** What the store knows beside the notes. */
interface Vocabulary {
  readonly banned: readonly string[];
  readonly entities: readonly string[];
  readonly queries: readonly { readonly query: string; readonly frequency: number }[];
  readonly hash: string;
}

async function readVocabulary({ store, options }: StoreSession<TitlesOptions>): Promise<Vocabulary> {
  const { readBrands, readLexicon, readQueries } = await import('../core/store/terms.ts');
  const lexicon = readLexicon(store);
  const vocabulary = {
    banned: lexicon.filter(({ type }) => type === 'banned').map(({ term }) => term),
    entities: [...readBrands(store), ...lexicon.filter(({ type }) => type !== 'banned').map(({ term }) => term)],
    queries: options.paradigm === 'rewrite' ? readQueries(store) : [],
  };
  return { ...vocabulary, hash: sha256(JSON.stringify(vocabulary)) };
}

type Write = (note: Note) => { readonly texts: StoredText[]; readonly rejected: RejectionCounts };

/** Loads the dictionaries the notes' languages need and returns what writes the texts of one note. */
async function prepareWriter(notes: readonly Note[], options: TitlesOptions, vocabulary: Vocabulary): Promise<Write> {
  const { createBannedMatcher } = await import('../core/text/banned.ts');
  const { extractiveWriter } = await import('../core/text/extractive.ts');
  const { detectLanguage, languageOf } = await import('../core/text/language.ts');
  const { understandNote } = await import('../core/text/note_text.ts');
  const { indexQueries, matchQueries } = await import('../core/text/queries.ts');
  const { loadSegmenters } = await import('../core/text/segment.ts');
  const { writeTitles } = await import('../core/text/titles.ts');

  const languages = new Set([
    ...notes.map((note) => languageOf(note.lang, `${note.title}\n${note.body}`)),
    ...vocabulary.queries.map(({ query }) => detectLanguage(query)),
  ]);
  const segmenters = await loadSegmenters(languages, vocabulary.entities);
  const entities = new Set(vocabulary.entities.map((entity) => entity.toLowerCase()));
  const isBanned = createBannedMatcher(vocabulary.banned);
  const index = indexQueries(vocabulary.queries, segmenters);
  const { generator, paradigm, kind, keywords = [], emoji, platform } = options;
  const writers = { extractive: extractiveWriter };

  return (note) => {
    const read = understandNote(note, segmenters, entities);
    const controls: Controls = {
      keywords,
      length: lengthFor(platform, kind, read.language, options.length),
      emoji,
      brand: options.brand ?? null,
      style: options.style ?? null,
      platform,
    };
    const request = { kind, paradigm, controls, queries: matchQueries(read, index) };
    const { titles, rejected } = writeTitles(read, writers[generator], request, segmenters, isBanned, options.perNote);
    const source = `${generator}:${paradigm}`;
    const texts = titles.map(({ text, score }) => ({ text, source, score, details: { generator, paradigm, controls, rejected } }));
    return { texts: texts.sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1)), rejected };
  };
}

/** Why no candidate was left, and what to try. */
function explain(options: TitlesOptions, note: Note, rejected: RejectionCounts): string {
  if (options.paradigm === 'rewrite' && note.title.trim() === '') return 'the note has no title to rewrite: use --paradigm write';
  const reasons = Object.entries(rejected).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const [reason, count] = reasons[0] ?? [];
  if (reason === undefined)
    return `the note's text gives no ${options.kind}${options.style ? ` of style ${options.style}` : ''}: it has no sentence or list that could become one`;
  return `no ${options.kind} satisfies the controls: ${count} of ${total} candidates were refused for "${reason}"; relax that control, or give the note more text`;
}

function addCounts(sums: Partial<Record<Rejection, number>>, counts: RejectionCounts): void {
  for (const reason of REJECTIONS) {
    const count = counts[reason];
    if (count) sums[reason] = (sums[reason] ?? 0) + count;
  }
}

/** Hash of the flags that tell one set of titles from another. */
function settingOf({ generator, paradigm, kind, perNote, keywords, length, emoji, brand, style, platform }: TitlesOptions): string {
  return sha256(
    JSON.stringify([generator, paradigm, kind, perNote, keywords ?? [], length ?? null, emoji, brand ?? null, style ?? null, platform]),
  ).slice(0, 16);
}

/** "8-20" → {min: 8, max: 20}. */
function parseLength(text: string): { min: number; max: number } {
  const match = /^(\d+)\s*[-–]\s*(\d+)$/.exec(text.trim());
  const [min, max] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || min < 1 || min > max) throw new InvalidArgumentError(`Expected a range such as 8-20 but received "${text}".`);
  return { min, max };
}

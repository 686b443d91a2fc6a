import { sha256 } from '../core/ids.ts';
import type { NoteText as StoredText } from '../core/store/note_texts.ts';
import type { NoteUnderstanding } from '../core/store/note_understandings.ts';
import type { Note } from '../core/store/notes.ts';
import type { Store } from '../core/store/open.ts';
import type { Controls, Rejection } from '../core/text/controls.ts';
import { detectLanguage, languageOf, type TextLanguage } from '../core/text/language.ts';
import type { LearntPatterns } from '../core/text/learnt_patterns.ts';
import type { NoteInput, NoteText } from '../core/text/note_text.ts';
import { lengthFor } from '../core/text/platforms.ts';
import type { QueryMatch } from '../core/text/queries.ts';
import type { Segmenters } from '../core/text/segment.ts';
import type { ClickScores, WrittenTitles } from '../core/text/titles.ts';
import type { OpenedModel } from './model_access.ts';
import type { StoreSession } from './shared.ts';
import { readTextClicks, type TextClicks } from './title_clicks.ts';
import type { TitlesOptions } from './titles_settings.ts';

const MOST_LEARNT_FROM = 500;

export type RejectionCounts = Readonly<Partial<Record<Rejection, number>>>;

/** What the store knows beside the notes that decides their texts. */
export interface Knowledge {
  readonly banned: readonly string[];
  readonly entities: readonly string[];
  readonly queries: readonly { readonly query: string; readonly frequency: number }[];
  /** Segmenters of the notes' and queries' languages, loaded when they are first asked for. */
  readonly loadSegmenters: () => Promise<Segmenters>;
  /** How the store's own titles are made; empty where the writer does not ask. */
  readonly patterns: LearntPatterns;
  /** What is clicked; undefined without logs and models. */
  readonly clicks: TextClicks | undefined;
  /** Hash of all of it. */
  readonly key: string;
}

/** Reads terms, queries, logs, and which dictionaries the notes need. */
export async function readKnowledge({ store, options }: StoreSession<TitlesOptions>, notes: Iterable<Note>): Promise<Knowledge> {
  const { readBrands, readLexicon, readQueries } = await import('../core/store/terms.ts');
  const lexicon = readLexicon(store);
  const terms = {
    banned: lexicon.filter(({ type }) => type === 'banned').map(({ term }) => term),
    entities: [...readBrands(store), ...lexicon.filter(({ type }) => type !== 'banned').map(({ term }) => term)],
    queries: options.paradigm === 'rewrite' ? readQueries(store) : [],
  };
  const learntFrom = await notesToLearnFrom(store, options);
  // The same patterns whichever notes are asked for: so the notes learnt from are looked at too.
  const chinese = firstChinese(notes) ?? (learntFrom && firstChinese(learntFrom()));
  const languages = new Set([
    ...(chinese === undefined ? [] : ['zh' as const]),
    ...terms.queries.map(({ query }) => detectLanguage(query)),
  ]);
  let segmenters: Promise<Segmenters> | undefined;
  const loadSegmenters = (): Promise<Segmenters> => {
    segmenters ??= import('../core/text/segment.ts').then((module) => module.loadSegmenters(languages, terms.entities));
    return segmenters;
  };
  const { learnPatterns } = await import('../core/text/learnt_patterns.ts');
  const patterns: LearntPatterns = learntFrom === undefined ? new Map() : learnPatterns(learntFrom(), await loadSegmenters());
  const clicks = await readTextClicks(store, options.kind, chinese === undefined ? [] : [chinese]);
  const key = sha256(JSON.stringify([terms, clicks?.key ?? null, [...patterns]]));
  return { ...terms, loadSegmenters, patterns, clicks, key };
}

/** Notes spread evenly over the store, whose titles show how titles are made: more of them hardly show more. */
async function notesToLearnFrom(store: Store, { generator, kind }: TitlesOptions): Promise<(() => Iterable<Note>) | undefined> {
  if (generator !== 'extractive' || kind !== 'title') return undefined;
  const { eachNote, readNoteIds } = await import('../core/store/notes.ts');
  const noteIds = readNoteIds(store);
  const stride = Math.ceil(noteIds.length / MOST_LEARNT_FROM);
  const chosen = noteIds.filter((_, index) => index % stride === 0);
  return () => eachNote(store, chosen);
}

/** Only Chinese needs a dictionary, so other notes are looked at no further than to the first in it. */
function firstChinese(notes: Iterable<Note>): string | undefined {
  for (const note of notes) if (noteLanguage(note) === 'zh') return `${note.title}\n${note.body}`;
  return undefined;
}

/** A note that was read: without what could steer a model, and what it is about. */
interface ReadNote {
  readonly note: Note;
  readonly input: NoteInput;
  readonly read: NoteText;
  readonly understanding: NoteUnderstanding;
}

/** The texts of a note, what was refused on the way, and why a model was not asked to the end. */
interface Written {
  readonly texts: StoredText[];
  readonly rejected: RejectionCounts;
  readonly stopped: string | undefined;
}

/** Reads notes and writes their texts. */
export interface TitlesWriter {
  readonly segmenters: Segmenters;
  readonly readNote: (note: Note) => ReadNote;
  /** @throws AskFailed or AskingStopped where a model gave nothing for this note */
  readonly write: (note: ReadNote) => Promise<Written>;
}

/** Loads the dictionaries that the notes' languages need, and what writes their texts. */
export async function prepareWriter(options: TitlesOptions, knowledge: Knowledge, model: OpenedModel | undefined): Promise<TitlesWriter> {
  const { createEntityFinder } = await import('../core/text/entity_terms.ts');
  const { understandNote } = await import('../core/text/note_text.ts');
  const { indexQueries, matchQueries } = await import('../core/text/queries.ts');
  const { withoutOrders } = await import('../core/text/remote/untrusted.ts');
  const { understandingOf } = await import('../core/text/understanding.ts');

  const segmenters = await knowledge.loadSegmenters();
  const entities = new Set(knowledge.entities.map((entity) => entity.toLowerCase()));
  const findEntities = createEntityFinder(entities);
  const index = indexQueries(knowledge.queries, segmenters);
  const propose = model ? await modelTitles(model, options, knowledge, segmenters) : await extractiveTitles(options, knowledge, segmenters);

  const { clicks } = knowledge;
  const reading = { segmenters, findEntities };
  const clicksOf = (note: Note): ClickScores | undefined => clicks && ((texts) => clicks.scoresOf(note, texts, reading));

  return {
    segmenters,
    readNote: (note) => {
      const input = withoutOrders(note);
      const read = understandNote(input, segmenters, entities);
      const key = sha256(JSON.stringify([note.title, note.body, note.lang, knowledge.entities]));
      return { note, input, read, understanding: { noteId: note.noteId, key, ...understandingOf(input, read, findEntities) } };
    },
    write: async ({ note, input, read }) => {
      const { generator, paradigm, keywords = [], emoji, brand = null, style = null, platform } = options;
      const length = lengthFor(platform, options.kind, read.language, options.length);
      const controls: Controls = { keywords, length, emoji, brand, style, platform };
      const { titles, rejected, details = {}, stopped } = await propose(input, read, controls, matchQueries(read, index), clicksOf(note));
      const source = `${generator}:${paradigm}`;
      const texts = titles.map(({ text, score }): StoredText => {
        return { text, source, score, details: { generator, paradigm, ...details, controls, rejected } };
      });
      return { texts: texts.sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1)), rejected, stopped };
    },
  };
}

/** The note's language, from its tag or its letters. */
export function noteLanguage(note: Note): TextLanguage {
  return languageOf(note.lang, `${note.title}\n${note.body}`);
}

interface Proposed extends WrittenTitles {
  /** What is kept with each text beside generator, paradigm and controls. */
  readonly details?: Readonly<Record<string, string>>;
  readonly stopped: string | undefined;
}

type Propose = (
  input: NoteInput,
  read: NoteText,
  controls: Controls,
  queries: readonly QueryMatch[],
  clicks: ClickScores | undefined,
) => Promise<Proposed>;

async function extractiveTitles(options: TitlesOptions, { banned, patterns }: Knowledge, segmenters: Segmenters): Promise<Propose> {
  const { createBannedMatcher } = await import('../core/text/banned.ts');
  const { createExtractiveWriter } = await import('../core/text/extractive.ts');
  const { writeTitles } = await import('../core/text/titles.ts');
  const { kind, paradigm, perNote } = options;
  const isBanned = createBannedMatcher(banned);
  const writer = createExtractiveWriter(patterns);
  return async (_, read, controls, queries, clicks) => {
    const request = { kind, paradigm, controls, queries };
    return { ...(await writeTitles(read, writer, request, segmenters, isBanned, perNote, clicks)), stopped: undefined };
  };
}

async function modelTitles(model: OpenedModel, options: TitlesOptions, { banned }: Knowledge, segmenters: Segmenters): Promise<Propose> {
  const { createBannedMatcher } = await import('../core/text/banned.ts');
  const { promptFor } = await import('../core/text/remote/prompts.ts');
  const { remoteWriter } = await import('../core/text/remote/remote_writer.ts');
  const { writeTitlesInRounds } = await import('../core/text/remote/rounds.ts');
  const { client, prompts, rounds } = model;
  const { kind, paradigm, perNote } = options;
  const isBanned = createBannedMatcher(banned);
  const room = { thinks: false };
  return async (input, read, controls, queries, clicks) => {
    const writer = remoteWriter(client, prompts, input, room);
    const request = { kind, paradigm, controls, queries };
    const { titles, rejected, stopped } = await writeTitlesInRounds(read, writer, request, segmenters, isBanned, perNote, rounds, clicks);
    const details = { model: client.modelName, prompt: promptFor(prompts, read.language).version };
    return { titles, rejected, details, stopped };
  };
}

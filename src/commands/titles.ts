import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { throwIfInterrupted } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { NoteText as StoredText, TextWork } from '../core/store/note_texts.ts';
import type { Note } from '../core/store/notes.ts';
import { STYLES, TEXT_KINDS } from '../core/text/controls.ts';
import { EMOJI_LEVELS } from '../core/text/emoji.ts';
import { TITLE_PLATFORMS } from '../core/text/platforms.ts';
import { forEachAtOnce } from '../core/text/remote/at_once.ts';
import { checkEndpoint } from '../core/text/remote/endpoint.ts';
import { AskFailed, AskingStopped } from '../core/text/remote/failures.ts';
import { REPLY_FORMS } from '../core/text/remote/replies.ts';
import type { Spent } from '../core/text/remote/spending.ts';
import { GENERATORS, PARADIGMS } from '../core/text/writer.ts';
import { MODEL_DEFAULTS, type OpenedModel, openModel } from './model_access.ts';
import {
  type CliContext,
  createCommand,
  type Outcome,
  parseList,
  parseNonNegative,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
  unknownIds,
} from './shared.ts';
import { explain, measureDiversity, type NoteResult, outcomeOf, resultOf } from './titles_outcome.ts';
import { checkFlags, checkTerms, parseLength, settingOf, type TitlesOptions } from './titles_settings.ts';
import { type Knowledge, noteLanguage, prepareWriter, type RejectionCounts, readKnowledge, type TitlesWriter } from './titles_writer.ts';

const DEFAULT_PER_NOTE = 3;
const NOTES_PER_CONNECTION = 2; // one is asked about while another is read or checked

export function titlesCommand(context: CliContext): Command {
  const { form, connections, timeout, patience, temperature, rounds } = MODEL_DEFAULTS;
  return createCommand(
    'titles',
    'write titles or highlights for notes, each checked against every control',
    'atelier titles --platform xiaohongshu --emoji some --length 8-20',
  )
    .addOption(
      new Option('--generator <name>', 'what writes them: the notes themselves, or a model that is asked')
        .choices(GENERATORS)
        .default('extractive'),
    )
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
    .option('--model <name>', 'hf: a model of the Hugging Face hub, or the name an endpoint knows; its token is read from HF_TOKEN')
    .option('--endpoint <url>', 'hf: a server of your own that speaks the form, instead of the hub', parseEndpoint)
    .addOption(new Option('--form <form>', `hf: how the model is asked (default: ${form})`).choices(REPLY_FORMS))
    .option('--prompt <file>', "hf: a prompt of your own instead of the project's")
    .option('--connections <n>', `hf: questions under way at once (default: ${connections})`, parsePositiveInteger)
    .option('--max-calls <n>', 'hf: budget of calls, retries included (default: no limit)', parsePositiveInteger)
    .option('--max-tokens <n>', 'hf: budget of tokens, questions and answers together (default: no limit)', parsePositiveInteger)
    .option('--timeout <s>', `hf: seconds after which a question without an answer has failed (default: ${timeout})`, parseTimeout)
    .option('--patience <s>', `hf: seconds that a server which answers nobody is waited for (default: ${patience})`, parsePositiveInteger)
    .option('--temperature <t>', `hf: 0 always takes the likeliest words (default: ${temperature})`, parseNonNegative)
    .option('--rounds <n>', `hf: how often the model is asked for one note, at most (default: ${rounds})`, parsePositiveInteger)
    .action(storeAction<TitlesOptions>(context, 'existing', makeTitles));
}

async function makeTitles(session: StoreSession<TitlesOptions>): Promise<Outcome> {
  const { options, store, onProgress, signal } = session;
  checkFlags(options);
  const { eachNote, readNoteIds } = await import('../core/store/notes.ts');
  const model = options.generator === 'hf' ? await openModel(session) : undefined;
  const noteIds = readNoteIds(store, options.notes);
  const knowledge = await readKnowledge(session, eachNote(store, noteIds));
  await checkTerms(options, knowledge.banned);
  let loaded: Promise<TitlesWriter> | undefined;
  const loadWriter = (): Promise<TitlesWriter> => {
    loaded ??= prepareWriter(options, knowledge, model);
    return loaded;
  };

  const workOf = createWorkKeys(session, knowledge, model);
  const results: NoteResult[] = new Array(noteIds.length);
  let done = 0;
  await forEachAtOnce(eachNote(store, noteIds), model ? NOTES_PER_CONNECTION * model.connections : 1, async (note, index) => {
    throwIfInterrupted(signal);
    results[index] = await titlesOf(session, note, workOf(note), loadWriter);
    done += 1;
    const detail = model && { detail: costOf(model.client.spent) };
    onProgress({ task: 'titles', done, total: noteIds.length, unit: 'notes', ...detail });
  });
  const diversity = results.some(({ titles }) => titles.length > 1) ? await measureDiversity(results, await loadWriter()) : null;
  const failed = unknownIds('a note', options.notes, noteIds);
  return outcomeOf(options, results, failed, diversity, model?.client.spent);
}

/**
 * The texts of finished work; else reads the note, writes them and keeps them, with what the note is about. What a model
 * failed to give is asked for by the next run.
 */
async function titlesOf(
  { options, store, runId }: StoreSession<TitlesOptions>,
  note: Note,
  work: TextWork,
  loadWriter: () => Promise<TitlesWriter>,
): Promise<NoteResult> {
  const { readNoteTexts, saveNoteTexts } = await import('../core/store/note_texts.ts');
  const { saveUnderstandings } = await import('../core/store/note_understandings.ts');
  const { inTransaction } = await import('../core/store/statements.ts');
  const finished = readNoteTexts(store, work);
  // A note without any text is tried again, so its reason is told again.
  if (finished?.[0]) return resultOf(options, note, finished, (finished[0].details.rejected ?? {}) as RejectionCounts);

  // Lets an interrupt in: where no model is asked, everything here is synchronous.
  await nextTurn();
  const writer = await loadWriter();
  const readNote = writer.readNote(note);
  const keep = (key: string, texts: readonly StoredText[]): void =>
    inTransaction(store, () => {
      saveUnderstandings(store, [readNote.understanding], runId);
      saveNoteTexts(store, { ...work, key }, texts, runId);
    });
  try {
    const { texts, rejected, stopped } = await writer.write(readNote);
    keep(stopped === undefined ? work.key : `${work.key}:unfinished`, texts);
    if (stopped !== undefined) {
      return resultOf(options, note, texts, rejected, `only ${texts.length} of ${options.perNote} texts: ${stopped}`);
    }
    return resultOf(options, note, texts, rejected, texts.length > 0 ? undefined : explain(options, note, rejected));
  } catch (thrown) {
    if (!(thrown instanceof AskFailed || thrown instanceof AskingStopped)) throw thrown;
    saveUnderstandings(store, [readNote.understanding], runId);
    return resultOf(options, note, [], {}, thrown.message);
  }
}

/** Names the work on a note, and everything that its texts depend on. */
function createWorkKeys(
  { options, context, seed }: StoreSession<TitlesOptions>,
  knowledge: Knowledge,
  model: OpenedModel | undefined,
): (note: Note) => TextWork {
  const setting = settingOf(options, model ? [model.client.form, model.client.modelName] : []);
  const promptsOf = model && { zh: model.prompts.zh.version, en: model.prompts.en.version, other: model.prompts.en.version };
  return (note) => {
    const asked = model && promptsOf ? [promptsOf[noteLanguage(note)], model.temperature, model.rounds] : [];
    const inputs = [context.version, seed, setting, knowledge.key, ...asked, note.title, note.body, note.lang, note.brand];
    return { noteId: note.noteId, kind: options.kind, setting, key: sha256(JSON.stringify(inputs)) };
  };
}

const inThousands = new Intl.NumberFormat('en-US');

function costOf({ calls, promptTokens, completionTokens }: Spent): string {
  return `${inThousands.format(calls)} calls, ${inThousands.format(promptTokens + completionTokens)} tokens`;
}

/** Checked before the run is recorded with its flags: a key in an address must not get there. */
function parseEndpoint(text: string): string {
  checkEndpoint(text);
  return text;
}

/** The time that HTTP itself gives an answer to begin. */
const MOST_SECONDS = 300;

function parseTimeout(text: string): number {
  const seconds = parsePositiveInteger(text);
  if (seconds > MOST_SECONDS) throw new InvalidArgumentError(`Expected at most ${MOST_SECONDS} seconds but received ${text}.`);
  return seconds;
}

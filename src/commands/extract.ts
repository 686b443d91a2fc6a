import { type Command, InvalidArgumentError, Option } from 'commander';
import { PLATFORM_RATIOS, parseRatio, type Ratio } from '../core/media/ratios.ts';
import type { Note } from '../core/store/notes.ts';
import { TITLE_PLATFORMS, type TitlePlatform } from '../core/text/platforms.ts';
import { type ExtractSettings, IMAGE_KIND } from './extract_finish.ts';
import { extractNotes } from './extract_notes.ts';
import { createOutputs } from './extract_outputs.ts';
import { type ImageRow, imageRow, rejectedRows, summary } from './extract_text.ts';
import {
  type CliContext,
  createCommand,
  type Outcome,
  parseList,
  parsePositiveInteger,
  parseShare,
  type StoreSession,
  storeAction,
  unknownIds,
} from './shared.ts';

const IMAGES_PER_NOTE = 4;
const DUPLICATES_SHOWN = 20;

interface ExtractFlags {
  readonly perNote: number;
  readonly ratios?: readonly Ratio[];
  readonly platform: TitlePlatform;
  readonly ocr?: boolean;
  readonly maxText?: number;
  readonly shots?: string;
  readonly sheets?: string;
  readonly notes?: string[];
  readonly ffmpeg?: string;
}

/** `atelier extract`: photos and key frames of the notes' media become image elements. */
export function extractCommand(context: CliContext): Command {
  return createCommand(
    'extract',
    "Turn notes' photos and videos into scored image elements.",
    'atelier extract --per-note 4 --ratios 3:4,1:1 --ocr --sheets sheets',
  )
    .option('--per-note <k>', 'pictures kept for each note', parsePositiveInteger, IMAGES_PER_NOTE)
    .option('--ratios <list>', 'cut each picture to these width:height, such as 3:4,1:1; "original" keeps it whole', parseRatios)
    .addOption(new Option('--platform <name>', 'cut to the ratios this platform wants').choices(TITLE_PLATFORMS).default('generic'))
    .option('--ocr', 'read the text in pictures (Chinese and English); crops go around it')
    .option('--max-text <share>', 'pass over pictures that text covers by more, such as 30% (reads text)', parseShare)
    .option('--shots <file.json>', 'write the shot boundaries of the videos, with scores')
    .option('--sheets <folder>', 'write a contact sheet for each note: all candidates, scores, reasons')
    .option('--notes <a,b>', 'only these notes', parseList)
    .option('--ffmpeg <file>', 'the ffmpeg binary (else FFMPEG_PATH, then PATH, then the one that comes along)')
    .action(storeAction<ExtractFlags>(context, 'existing', extract));
}

async function extract(session: StoreSession<ExtractFlags>): Promise<Outcome> {
  const { readNotes } = await import('../core/store/notes.ts');
  const { store, options } = session;
  const notes = readNotes(store, options.notes);
  const noteIds = notes.map((note) => note.noteId);
  const failed = unknownIds('a note', options.notes, noteIds);
  const outputs = await createOutputs(session, options);

  // Notes are finished in the order in which their media are; what is told of them keeps the order of their ids.
  const failures = notes.map((): Outcome['failures'] => []);
  const rejected = notes.map((): Readonly<Record<string, unknown>>[] => []);
  await extractNotes(session, notes, await settingsOf(session, notes), async (extracted, place) => {
    failures[place] = extracted.failures;
    rejected[place] = rejectedRows(extracted);
    await outputs.add(extracted, place);
  });
  const files = outputs.finish();
  failed.push(...failures.flatMap((own) => own ?? []));

  const images = await readImages(session, noteIds);
  const passedOver = rejected.flat();
  return {
    json: { images, rejected: passedOver, ...files, failed },
    text: summary(images, passedOver.length, notes.length, store.filesDirectory, options.platform),
    failures: failed,
    counts: { notes: notes.length, images: images.length, rejected: passedOver.length, failed: failed.length },
  };
}

async function settingsOf(session: StoreSession<ExtractFlags>, notes: readonly Note[]): Promise<ExtractSettings> {
  const { perNote, ratios, platform, ocr, maxText } = session.options;
  return {
    perNote,
    ratios: ratios ?? PLATFORM_RATIOS[platform],
    ocr: ocr === true || maxText !== undefined,
    maxText: maxText ?? 1,
    ffmpeg: await ffmpegFor(session, notes),
  };
}

async function ffmpegFor(session: StoreSession<ExtractFlags>, notes: readonly Note[]): Promise<string | undefined> {
  const flag = session.options.ffmpeg;
  if (flag === undefined && !notes.some((note) => note.media.some((medium) => medium.kind === 'video'))) return undefined;
  const { findFfmpeg } = await import('../core/media/ffmpeg.ts');
  const binary = await findFfmpeg({ flag: flag && session.path(flag), environment: session.io.environment });
  return binary.path;
}

/** The images of notes as they stand in the store, with their near-duplicates among the images of all other notes. */
async function readImages({ store, options }: StoreSession<ExtractFlags>, noteIds: readonly string[]): Promise<ImageRow[]> {
  const { createHashIndex } = await import('../core/media/hash_index.ts');
  const { NEAR_DUPLICATE_BITS } = await import('../core/media/perceptual_hash.ts');
  const { readImageHashes, readNoteElements } = await import('../core/store/elements.ts');
  const { filePath } = await import('../core/store/files.ts');
  const all = readImageHashes(store);
  const hashOf = new Map(all.map(({ elementId, hash }) => [elementId, BigInt(`0x${hash}`)]));
  const index = createHashIndex(all.map(({ elementId }) => hashOf.get(elementId) as bigint));
  const imagesOf = new Map<string, number>();
  for (const { noteId } of all) imagesOf.set(noteId, (imagesOf.get(noteId) ?? 0) + 1);

  const duplicatesOf = (elementId: string, noteId: string): ImageRow['duplicates'] => {
    const hash = hashOf.get(elementId);
    if (hash === undefined) return [];
    // A note's own crops of one picture are alike, and are not asked about.
    const limit = DUPLICATES_SHOWN + (imagesOf.get(noteId) ?? 0);
    return index
      .within(hash, NEAR_DUPLICATE_BITS, limit)
      .map((place) => all[place] as (typeof all)[number])
      .filter((other) => other.noteId !== noteId)
      .slice(0, DUPLICATES_SHOWN)
      .map((other) => ({ element_id: other.elementId, note_id: other.noteId }));
  };
  return noteIds.flatMap((noteId) =>
    readNoteElements(store, noteId, IMAGE_KIND).map((element) =>
      imageRow(element, filePath(store, element.file ?? ''), duplicatesOf(element.elementId, noteId), options.platform),
    ),
  );
}

/** "3:4,1:1" → the two ratios. */
function parseRatios(text: string): Ratio[] {
  try {
    return parseList(text).map(parseRatio);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { type ItemFailure, throwIfInterrupted } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { NoteElement } from '../core/store/elements.ts';
import type { Note } from '../core/store/notes.ts';
import {
  type CliContext,
  count,
  createCommand,
  type Outcome,
  parseList,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
  table,
  unknownIds,
} from './shared.ts';

const IMAGES_PER_NOTE = 4;
const TASK = 'extract';
const IMAGE_KIND = 'image';
const IMAGES_SHOWN = 40;

interface ExtractFlags {
  readonly perNote: number;
  readonly notes?: string[];
  readonly ffmpeg?: string;
}

/** `atelier extract`: photos and key frames of the notes' media become image elements. */
export function extractCommand(context: CliContext): Command {
  return createCommand(TASK, "Turn notes' photos and videos into scored image elements.", 'atelier extract --per-note 4')
    .option('--per-note <k>', 'images kept for each note', parsePositiveInteger, IMAGES_PER_NOTE)
    .option('--notes <a,b>', 'only these notes', parseList)
    .option('--ffmpeg <file>', 'the ffmpeg binary (else FFMPEG_PATH, then PATH, then the one that comes along)')
    .action(storeAction<ExtractFlags>(context, 'existing', extract));
}

async function extract(session: StoreSession<ExtractFlags>): Promise<Outcome> {
  const { readNotes } = await import('../core/store/notes.ts');
  const { readNoteElements } = await import('../core/store/elements.ts');
  const { filePath } = await import('../core/store/files.ts');
  const { store, options } = session;

  const notes = readNotes(store, options.notes);
  const noteIds = notes.map((note) => note.noteId);
  const failed = unknownIds('a note', options.notes, noteIds);
  failed.push(...(await extractNotes(session, notes)));

  const images = notes
    .flatMap((note) => readNoteElements(store, note.noteId, IMAGE_KIND))
    .map((element) => describe(element, filePath(store, element.file ?? '')));
  return {
    json: { images, failed },
    text: summary(images, notes.length, store.filesDirectory),
    failures: failed,
    counts: { notes: notes.length, images: images.length, failed: failed.length },
  };
}

/** Extracts from the notes, as many at once as there are cores; returns what failed, in the order of the notes. */
async function extractNotes(session: StoreSession<ExtractFlags>, notes: readonly Note[]): Promise<ItemFailure[]> {
  const ffmpeg = await ffmpegFor(session, notes);
  const failures = new Map<string, readonly ItemFailure[]>();
  // One note's unexpected error (a full disk) stops the others before the store is closed.
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const queue = notes.values();
  const work = async (): Promise<void> => {
    for (const note of queue) {
      throwIfInterrupted(signal);
      failures.set(note.noteId, await extractNote(session, note, ffmpeg, signal));
      session.onProgress({ task: TASK, done: failures.size, total: notes.length, unit: 'notes' });
    }
  };
  let thrown: { readonly error: unknown } | undefined;
  await Promise.all(
    Array.from({ length: availableParallelism() }, () =>
      work().catch((error: unknown) => {
        thrown ??= { error };
        stop.abort();
      }),
    ),
  );
  if (thrown) throw thrown.error;
  return notes.flatMap((note) => failures.get(note.noteId) ?? []);
}

async function ffmpegFor(session: StoreSession<ExtractFlags>, notes: readonly Note[]): Promise<string | undefined> {
  const flag = session.options.ffmpeg;
  if (flag === undefined && !notes.some((note) => note.media.some((medium) => medium.kind === 'video'))) return undefined;
  const { findFfmpeg } = await import('../core/media/ffmpeg.ts');
  const binary = await findFfmpeg({ flag: flag && session.path(flag), environment: session.io.environment });
  return binary.path;
}

/** Extracts from one note and keeps the result, unless the same media gave it before. */
async function extractNote(
  session: StoreSession<ExtractFlags>,
  note: Note,
  ffmpeg: string | undefined,
  signal: AbortSignal,
): Promise<ItemFailure[]> {
  const { extractImages } = await import('../core/media/extract.ts');
  const { fileElement, readNoteElements, saveNoteElements } = await import('../core/store/elements.ts');
  const { filePath, saveFile } = await import('../core/store/files.ts');
  const { isWorkDone } = await import('../core/store/notes.ts');
  const { store, runId, options } = session;

  const hashes = await hashMedia(note);
  const filesExist = (): boolean =>
    readNoteElements(store, note.noteId, IMAGE_KIND).every((element) => existsSync(filePath(store, element.file ?? '')));
  if (isWorkDone(store, note.noteId, TASK, await workKey(note, hashes, [], options.perNote)) && filesExist()) return [];

  const { images, failed } = await extractImages(note.media, { limit: options.perNote, ffmpeg, signal });
  // A note none of whose media can be read now keeps the images it has.
  if (images.length > 0 || failed.length === 0) {
    const elements = images.map(({ source, time, score, parts, jpeg, width, height }) => ({
      ...fileElement(IMAGE_KIND, saveFile(store, jpeg, 'jpg'), width, height),
      source,
      score,
      details: { time_s: time, parts },
    }));
    const failedPaths = failed.map((failure) => failure.path);
    const key = await workKey(note, hashes, failedPaths, options.perNote);
    saveNoteElements(store, note.noteId, elements, { task: TASK, key, replaceKind: IMAGE_KIND }, runId);
  }
  return failed.map(({ path, reason }) => ({ item: `${note.noteId} ${path}`, reason }));
}

/** Content hash of each medium, null where it cannot be read. */
async function hashMedia(note: Note): Promise<(string | null)[]> {
  const { hashFile, resolveMediaFile } = await import('../core/media/media_file.ts');
  const hashes: (string | null)[] = [];
  for (const medium of note.media) {
    // Why it cannot be read is said once, by the extraction.
    const hash = resolveMediaFile(medium).then(hashFile);
    hashes.push(await hash.catch(() => null));
  }
  return hashes;
}

/**
 * Names the work by its inputs and by what failed: a key without failures is looked for, so a note with a failed medium
 * is tried again by the next run.
 */
async function workKey(note: Note, hashes: readonly (string | null)[], failedPaths: readonly string[], perNote: number): Promise<string> {
  const { EXTRACTION_VERSION } = await import('../core/media/extract.ts');
  const media = note.media.map(({ path, kind }, index) => ({ path, kind, sha256: hashes[index] }));
  return sha256(JSON.stringify({ version: EXTRACTION_VERSION, perNote, media, failedPaths }));
}

interface ImageRow {
  readonly element_id: string;
  readonly note_id: string;
  readonly source: string;
  readonly path: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly time_s: number | null;
  readonly score: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly text: readonly string[];
}

function describe(element: NoteElement, path: string): ImageRow {
  const details = element.details as { readonly time_s?: number | null; readonly parts?: Readonly<Record<string, number>> };
  return {
    element_id: element.elementId,
    note_id: element.noteId,
    source: element.source,
    path,
    width: element.width,
    height: element.height,
    time_s: details.time_s ?? null,
    score: element.score,
    parts: details.parts ?? {},
    text: [],
  };
}

function summary(images: readonly ImageRow[], notes: number, directory: string): string[] {
  const rows = images
    .slice(0, IMAGES_SHOWN)
    .map((image) => [
      image.note_id,
      image.element_id,
      `${image.width}×${image.height}`,
      image.score.toFixed(3),
      `${basename(image.source)}${image.time_s === null ? '' : ` at ${image.time_s.toFixed(2)} s`}`,
    ]);
  return [
    ...(rows.length > 0 ? table(['note', 'image', 'size', 'score', 'from'], rows, [2, 3]) : []),
    ...(images.length > IMAGES_SHOWN ? [`… and ${count(images.length - IMAGES_SHOWN)} more (--json lists them all)`] : []),
    `${count(images.length)} images of ${count(notes)} notes in ${directory}`,
  ];
}

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { type ItemFailure, reasonOf, throwIfInterrupted } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { ImageFacts, VideoFacts } from '../core/media/analyse_medium.ts';
import type { Cropper } from '../core/media/crop_image.ts';
import type { MediaFile } from '../core/media/media_file.ts';
import type { TextReader } from '../core/media/ocr/text_reader.ts';
import { ORIGINAL, type Ratio } from '../core/media/ratios.ts';
import type { NewNoteElement } from '../core/store/elements.ts';
import type { StoredAnalysis } from '../core/store/media_analyses.ts';
import type { Note } from '../core/store/notes.ts';
import type { StoreSession } from './shared.ts';

const TASK = 'extract';
export const IMAGE_KIND = 'image';

/** What to extract, with every default settled. */
export interface ExtractSettings {
  readonly perNote: number;
  readonly ratios: readonly Ratio[];
  readonly ocr: boolean;
  /** Share of a picture above which text speaks against it; 1 where nothing was asked. */
  readonly maxText: number;
  readonly ffmpeg: string | undefined;
}

/** A picture that a note's media offer, and what became of it. */
export interface NoteCandidate {
  /** Path of its medium. */
  readonly source: string;
  readonly time: number | null;
  /** Undefined for a shot that gave no picture. */
  readonly facts: ImageFacts | undefined;
  /** Name of its file in the store; of a shot that gave none, a small JPEG. */
  readonly picture: string | Uint8Array | null;
  /** Why it is no image of the note; null where it is one. */
  readonly reason: string | null;
}

/** One note's media, looked at. */
export interface ExtractedNote {
  readonly note: Note;
  /** Images first, best first; then the others in the order of the media. */
  readonly candidates: readonly NoteCandidate[];
  readonly videos: readonly { readonly source: string; readonly facts: VideoFacts }[];
  readonly failures: readonly ItemFailure[];
}

/** What came of one medium. */
type MediumResult = { readonly sha256: string; readonly analysis: StoredAnalysis } | { readonly reason: string };

/**
 * Looks at the media of notes, as many media at once as there are cores, keeps the best pictures of each note as its
 * images, and hands each finished note on. What the same bytes gave before is read from the store.
 */
export async function extractNotes(
  session: StoreSession<unknown>,
  notes: readonly Note[],
  settings: ExtractSettings,
  onNote: (extracted: ExtractedNote, place: number) => Promise<void>,
): Promise<void> {
  const reader = lazily(async () =>
    (await import('../core/media/ocr/text_reader.ts')).createTextReader({ threads: availableParallelism() }),
  );
  const cropper = lazily(async () => (await import('../core/media/crop_image.ts')).createCropper());
  try {
    await extractAll(session, notes, settings, onNote, reader, cropper);
  } finally {
    // A night runs many commands in one process.
    await Promise.all([reader.close(), cropper.close()]);
  }
}

async function extractAll(
  session: StoreSession<unknown>,
  notes: readonly Note[],
  settings: ExtractSettings,
  onNote: (extracted: ExtractedNote, place: number) => Promise<void>,
  reader: Lazy<TextReader>,
  cropper: Lazy<Cropper>,
): Promise<void> {
  const analyse = await createAnalyser(session, settings, reader);
  const finish = await createFinisher(session, settings, cropper);
  const results = notes.map((note) => new Array<MediumResult | undefined>(note.media.length));
  const left = notes.map((note) => note.media.length);
  const media = notes.flatMap((note, place) => note.media.map((medium, ordinal) => ({ note, place, medium, ordinal })));
  const finishNote = async (place: number): Promise<void> => {
    const note = notes[place] as Note;
    await onNote(await finish(note, results[place] as MediumResult[]), place);
    results[place] = [];
  };
  for (const [place, note] of notes.entries()) if (note.media.length === 0) await finishNote(place);

  // One unexpected error (a full disk) stops the others before the store is closed.
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const queue = media.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const { place, medium, ordinal } of queue) {
      throwIfInterrupted(signal);
      (results[place] as MediumResult[])[ordinal] = await analyse(medium, signal);
      left[place] = (left[place] as number) - 1;
      if (left[place] === 0) await finishNote(place);
      session.onProgress({ task: TASK, done: ++done, total: media.length, unit: 'media' });
    }
  };
  let thrown: { readonly error: unknown } | undefined;
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), media.length) }, () =>
      work().catch((error: unknown) => {
        thrown ??= { error };
        stop.abort();
      }),
    ),
  );
  if (thrown) throw thrown.error;
}

type Analyse = (medium: MediaFile, signal: AbortSignal) => Promise<MediumResult>;

/** What looks at one medium, unless the same bytes were looked at in the same way before. */
async function createAnalyser(
  { store, runId }: StoreSession<unknown>,
  settings: ExtractSettings,
  reader: Lazy<TextReader>,
): Promise<Analyse> {
  const { ANALYSIS_VERSION, analyseMedium } = await import('../core/media/analyse_medium.ts');
  const { hashFile, resolveMediaFile } = await import('../core/media/media_file.ts');
  const { saveFile } = await import('../core/store/files.ts');
  const { readAnalysis, saveAnalysis } = await import('../core/store/media_analyses.ts');
  const { perNote, ocr, maxText, ffmpeg } = settings;

  return async (medium, signal) => {
    const file = await attempt(signal, async () => {
      const path = await resolveMediaFile(medium);
      return { path, sha256: await hashFile(path) };
    });
    if ('reason' in file) return file;
    const { path, sha256 } = file.value;
    // Only what bears on the result: how many frames are wanted says nothing about a photo.
    const ofVideo = medium.kind === 'video' ? { frames: perNote, ...(ocr && { maxText }) } : {};
    const key = { sha256, parameters: JSON.stringify({ version: ANALYSIS_VERSION, kind: medium.kind, ocr, ...ofVideo }) };
    const known = readAnalysis(store, key);
    if (known) return { sha256, analysis: known };

    const found = await attempt(signal, async (itemSignal) =>
      analyseMedium(path, medium.kind, {
        frames: perNote,
        maxText,
        textReader: ocr ? await reader.get() : undefined,
        ffmpeg,
        signal: itemSignal,
      }),
    );
    if ('reason' in found) return found;
    const { images, passedOver, video } = found.value;
    const analysis: StoredAnalysis = {
      video: video && { ...video },
      candidates: [
        ...images.map(({ facts, jpeg }) => ({ details: { ...facts }, file: saveFile(store, jpeg, 'jpg'), thumbnail: null })),
        ...passedOver.map(({ facts, thumbnail }) => ({ details: { ...facts }, file: null, thumbnail })),
      ],
    };
    saveAnalysis(store, key, analysis, runId);
    return { sha256, analysis };
  };
}

/** The result of work on one medium within its time, or the reason why there is none. */
async function attempt<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T } | { readonly reason: string }> {
  const { mediumSeconds } = (await import('../core/media/limits.ts')).MEDIA_LIMITS;
  const limit = AbortSignal.timeout(mediumSeconds * 1000);
  try {
    return { value: await work(AbortSignal.any([signal, limit])) };
  } catch (error) {
    throwIfInterrupted(signal);
    if (limit.aborted) return { reason: `Expected to be done within ${mediumSeconds} s but it takes longer. Make it smaller.` };
    return { reason: reasonOf(error) };
  }
}

/** Something costly that is loaded on first use, once. */
interface Lazy<T> {
  readonly get: () => Promise<T>;
  /** Closes it if it was ever loaded. */
  readonly close: () => Promise<void>;
}

function lazily<T extends { close(): Promise<void> }>(load: () => Promise<T>): Lazy<T> {
  let loaded: Promise<T> | undefined;
  return {
    get: () => {
      loaded ??= load();
      return loaded;
    },
    close: async () => (await loaded)?.close(),
  };
}

type Finish = (note: Note, results: readonly MediumResult[]) => Promise<ExtractedNote>;

/** What chooses a note's images among what its media offer, cuts them to the ratios asked for, and keeps them. */
async function createFinisher({ store, runId }: StoreSession<unknown>, settings: ExtractSettings, cropper: Lazy<Cropper>): Promise<Finish> {
  const { ANALYSIS_VERSION } = await import('../core/media/analyse_medium.ts');
  const { chooseImages } = await import('../core/media/choose_images.ts');
  const { fileElement, readNoteElements, saveNoteElements } = await import('../core/store/elements.ts');
  const { filePath, saveFile } = await import('../core/store/files.ts');
  const { isWorkDone } = await import('../core/store/notes.ts');
  const { perNote, ratios, ocr, maxText } = settings;

  const elementsOf = async (candidate: NoteCandidate & { readonly facts: ImageFacts }): Promise<NewNoteElement[]> => {
    const { source, facts } = candidate;
    const file = candidate.picture as string;
    const whole = ratios.some(({ name }) => name === ORIGINAL) ? [{ ...elementOf(file, facts, {}), source }] : [];
    const others = ratios.filter(({ name }) => name !== ORIGINAL);
    if (others.length === 0) return whole;
    const crops = await (await cropper.get()).crop(filePath(store, file), facts, others);
    return [...whole, ...crops.map(({ jpeg, facts: own, crop }) => ({ ...elementOf(saveFile(store, jpeg, 'jpg'), own, crop), source }))];
  };
  const elementOf = (file: string, facts: ImageFacts, crop: object): Omit<NewNoteElement, 'source'> => {
    const { width, height, score, hash, lines, ...details } = facts;
    // Words are features of the element; their boxes are for crops and sheets.
    const text = lines === null ? {} : { text: lines.map((line) => line.text), lines };
    return { ...fileElement(IMAGE_KIND, file, width, height), score, hash, details: { ...details, ...text, ...crop } };
  };

  return async (note, results) => {
    const candidates: NoteCandidate[] = [];
    const videos: { source: string; facts: VideoFacts }[] = [];
    const failures: ItemFailure[] = [];
    for (const [ordinal, { path }] of note.media.entries()) {
      const result = results[ordinal] as MediumResult;
      if ('reason' in result) failures.push({ item: `${note.noteId} ${path}`, reason: result.reason });
      else {
        candidates.push(...result.analysis.candidates.map((candidate) => candidateOf(path, candidate)));
        if (result.analysis.video) videos.push({ source: path, facts: result.analysis.video as unknown as VideoFacts });
      }
    }
    const offered = candidates.filter(hasFacts);
    const { chosen, reasons } = chooseImages(
      offered.map(({ facts, ...rest }) => ({
        name: nameOf(rest),
        score: facts.score,
        hash: BigInt(`0x${facts.hash}`),
        textShare: facts.text_share,
      })),
      { limit: perNote, maxText },
    );
    const images = chosen.map((place) => offered[place] as (typeof offered)[number]);

    const key = sha256(
      JSON.stringify({
        version: ANALYSIS_VERSION,
        perNote,
        ocr,
        maxText,
        ratios: ratios.map(({ name }) => name),
        media: note.media.map(({ path, kind }, at) => ({ path, kind, sha256: shaOf(results[at]) })),
      }),
    );
    const filesExist = (): boolean =>
      readNoteElements(store, note.noteId, IMAGE_KIND).every((element) => existsSync(filePath(store, element.file ?? '')));
    const isDone = isWorkDone(store, note.noteId, TASK, key) && filesExist();
    // A note none of whose media can be read now keeps the images it has.
    if (!isDone && (images.length > 0 || failures.length === 0)) {
      const elements: NewNoteElement[] = [];
      for (const image of images) elements.push(...(await elementsOf(image)));
      saveNoteElements(store, note.noteId, elements, { task: TASK, key, replaceKind: IMAGE_KIND }, runId);
    }
    const passedOver = candidates.filter((candidate) => !images.some((image) => image === candidate));
    const withReason = passedOver.map((candidate) => ({
      ...candidate,
      reason: candidate.reason ?? reasons.get((offered as readonly NoteCandidate[]).indexOf(candidate)) ?? null,
    }));
    return { note, candidates: [...images, ...withReason], videos, failures };
  };
}

function shaOf(result: MediumResult | undefined): string | null {
  return result !== undefined && 'sha256' in result ? result.sha256 : null;
}

function hasFacts(candidate: NoteCandidate): candidate is NoteCandidate & { readonly facts: ImageFacts } {
  return candidate.facts !== undefined;
}

function candidateOf(source: string, { details, file, thumbnail }: StoredAnalysis['candidates'][number]): NoteCandidate {
  if (file === null) {
    const { time_s, reason } = details as { readonly time_s: number; readonly reason: string };
    return { source, time: time_s, facts: undefined, picture: thumbnail, reason };
  }
  const facts = details as unknown as ImageFacts;
  return { source, time: facts.time_s, facts, picture: file, reason: null };
}

/** "a.jpg", "v.mp4 at 3.20 s". */
export function nameOf({ source, time }: Pick<NoteCandidate, 'source' | 'time'>): string {
  return time === null ? basename(source) : `${basename(source)} at ${time.toFixed(2)} s`;
}

import { availableParallelism } from 'node:os';
import { throwIfInterrupted } from '../core/errors.ts';
import type { Cropper } from '../core/media/crop_image.ts';
import type { MediaFile } from '../core/media/media_file.ts';
import type { TextReader } from '../core/media/ocr/text_reader.ts';
import type { AnalysisKey, StoredAnalysis } from '../core/store/media_analyses.ts';
import type { Note } from '../core/store/notes.ts';
import { attempt, type Lazy, lazily } from './extract_attempt.ts';
import { createFinisher, type ExtractedNote, type ExtractSettings, type MediumResult } from './extract_finish.ts';
import type { StoreSession } from './shared.ts';

const TASK = 'extract';
/** Share of the work on a video that is the one look at all its frames. */
const FIRST_PASS = 0.9;

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
  // One unexpected error (a full disk) stops the others before the store is closed.
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const results = notes.map((note) => new Array<MediumResult | undefined>(note.media.length));
  const left = notes.map((note) => note.media.length);
  const media = notes.flatMap((note, place) => note.media.map((medium, ordinal) => ({ note, place, medium, ordinal })));
  const finishNote = async (place: number): Promise<void> => {
    const note = notes[place] as Note;
    await onNote(await finish(note, results[place] as MediumResult[], signal), place);
    results[place] = [];
  };
  for (const [place, note] of notes.entries()) if (note.media.length === 0) await finishNote(place);

  const queue = media.values();
  let done = 0;
  const shares = new Map<object, number>();
  const report = (): void => {
    const begun = [...shares.values()].reduce((sum, share) => sum + share, 0);
    session.onProgress({ task: TASK, done: done + begun, total: media.length, unit: 'media' });
  };
  const work = async (): Promise<void> => {
    for (const each of queue) {
      const { place, medium, ordinal } = each;
      throwIfInterrupted(signal);
      (results[place] as MediumResult[])[ordinal] = await analyse(medium, signal, (share) => {
        // The frames in full are still to come.
        shares.set(each, FIRST_PASS * share);
        report();
      });
      left[place] = (left[place] as number) - 1;
      if (left[place] === 0) await finishNote(place);
      shares.delete(each);
      done += 1;
      report();
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

type Analyse = (medium: MediaFile, signal: AbortSignal, onShare: (share: number) => void) => Promise<MediumResult>;

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

  const look = async (
    key: AnalysisKey,
    path: string,
    kind: MediaFile['kind'],
    signal: AbortSignal,
    onShare: (share: number) => void,
  ): Promise<MediumResult> => {
    const known = readAnalysis(store, key);
    if (known) return { sha256: key.sha256, analysis: known };
    const found = await attempt(signal, async (itemSignal) =>
      analyseMedium(path, kind, {
        frames: perNote,
        maxText,
        textReader: ocr ? await reader.get() : undefined,
        ffmpeg,
        signal: itemSignal,
        onShare,
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
    return { sha256: key.sha256, analysis };
  };

  const underWay = new Map<string, Promise<MediumResult>>();
  return async (medium, signal, onShare) => {
    const file = await attempt(signal, async () => {
      const path = await resolveMediaFile(medium);
      return { path, sha256: await hashFile(path) };
    });
    if ('reason' in file) return file;
    const { path, sha256 } = file.value;
    // Only what bears on the result: how many frames are wanted says nothing about a photo.
    const ofVideo = medium.kind === 'video' ? { frames: perNote, ...(ocr && { maxText }) } : {};
    const key = { sha256, parameters: JSON.stringify({ version: ANALYSIS_VERSION, kind: medium.kind, ocr, ...ofVideo }) };
    // A film that many notes have is looked at once.
    const name = JSON.stringify(key);
    const result = underWay.get(name) ?? look(key, path, medium.kind, signal, onShare).finally(() => underWay.delete(name));
    underWay.set(name, result);
    return result;
  };
}

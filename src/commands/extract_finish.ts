import { basename } from 'node:path';
import type { ItemFailure } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { ImageFacts, VideoFacts } from '../core/media/analyse_medium.ts';
import type { Cropper } from '../core/media/crop_image.ts';
import { ORIGINAL, type Ratio } from '../core/media/ratios.ts';
import type { NewNoteElement, NoteElement } from '../core/store/elements.ts';
import type { StoredAnalysis } from '../core/store/media_analyses.ts';
import type { Note } from '../core/store/notes.ts';
import { attempt, type Lazy } from './extract_attempt.ts';
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
export type MediumResult = { readonly sha256: string; readonly analysis: StoredAnalysis } | { readonly reason: string };

type Finish = (note: Note, results: readonly MediumResult[], signal: AbortSignal) => Promise<ExtractedNote>;

/** What chooses a note's images among what its media offer, cuts them to the ratios asked for, and keeps them. */
export async function createFinisher(
  { store, runId }: StoreSession<unknown>,
  settings: ExtractSettings,
  cropper: Lazy<Cropper>,
): Promise<Finish> {
  const { ANALYSIS_VERSION, unusable } = await import('../core/media/analyse_medium.ts');
  const { chooseImages } = await import('../core/media/choose_images.ts');
  const { fileElement, readNoteElements, saveNoteElements } = await import('../core/store/elements.ts');
  const { filePath, isKept, removeDamaged, saveFile } = await import('../core/store/files.ts');
  const { isWorkDone } = await import('../core/store/notes.ts');
  const { perNote, ratios, ocr, maxText } = settings;
  const isCropped = ratios.every(({ name }) => name !== ORIGINAL);

  /** A chosen picture's elements, or why it cannot be cut. */
  const elementsOf = async (
    candidate: NoteCandidate & { readonly facts: ImageFacts },
    signal: AbortSignal,
  ): Promise<{ readonly elements: readonly NewNoteElement[] } | { readonly reason: string }> => {
    const { source, facts } = candidate;
    const file = candidate.picture as string;
    const whole = ratios.some(({ name }) => name === ORIGINAL) ? [{ ...elementOf(file, facts, {}), source }] : [];
    const others = ratios.filter(({ name }) => name !== ORIGINAL);
    if (others.length === 0) return { elements: whole };
    const cropped = await attempt(signal, async () => (await cropper.get()).crop(filePath(store, file), facts, others));
    if ('reason' in cropped) {
      const isDamaged = removeDamaged(store, file);
      return { reason: isDamaged ? 'Its stored picture was damaged and is removed: the next run makes it again.' : cropped.reason };
    }
    const crops = cropped.value.map(({ jpeg, facts: own, crop }) => {
      return { ...elementOf(jpeg ? saveFile(store, jpeg, 'jpg') : file, own, crop), source };
    });
    // The same bytes are one image, whatever they are asked for: a picture that has a ratio is its own crop.
    const crop = new Set(crops.map(({ elementId }) => elementId));
    return { elements: [...whole.filter(({ elementId }) => !crop.has(elementId)), ...crops] };
  };
  const elementOf = (file: string, facts: ImageFacts, crop: object): Omit<NewNoteElement, 'source'> => {
    const { width, height, score, hash, lines, ...details } = facts;
    // Words are features of the element; their boxes are for crops and sheets.
    const text = lines === null ? {} : { text: lines.map((line) => line.text), lines };
    return { ...fileElement(IMAGE_KIND, file, width, height), score, hash, details: { ...details, ...text, ...crop } };
  };

  return async (note, results, signal) => {
    const candidates: NoteCandidate[] = [];
    const videos: { source: string; facts: VideoFacts }[] = [];
    const failures: ItemFailure[] = [];
    for (const [ordinal, { path }] of note.media.entries()) {
      const result = results[ordinal] as MediumResult;
      if ('reason' in result) failures.push({ item: `${note.noteId} ${path}`, reason: result.reason });
      else {
        candidates.push(...result.analysis.candidates.map((candidate) => candidateOf(path, unusable, candidate)));
        if (result.analysis.video) videos.push({ source: path, facts: result.analysis.video as unknown as VideoFacts });
      }
    }
    const offered = candidates.filter(hasFacts).filter(({ reason }) => reason === null);
    // A share that is away for a night takes no image from a note.
    const kept = imagesOfFailed(readNoteElements(store, note.noteId, IMAGE_KIND), note, results);
    const { chosen, reasons } = chooseImages(
      offered.map(({ facts, ...rest }) => ({
        name: nameOf(rest),
        score: facts.score,
        hash: BigInt(`0x${facts.hash}`),
        textShare: facts.text_share,
      })),
      { limit: Math.max(0, perNote - kept.pictures), maxText, isCropped },
    );
    const images = chosen.map((place) => offered[place] as (typeof offered)[number]);

    const key = sha256(
      JSON.stringify({
        version: ANALYSIS_VERSION,
        perNote,
        ocr,
        maxText,
        ratios,
        media: note.media.map(({ path, kind }, at) => ({ path, kind, sha256: shaOf(results[at]) })),
      }),
    );
    const filesExist = (): boolean =>
      readNoteElements(store, note.noteId, IMAGE_KIND).every((element) => isKept(store, element.file ?? ''));
    const isDone = isWorkDone(store, note.noteId, TASK, key) && filesExist();
    if (!isDone) {
      const elements: NewNoteElement[] = [...kept.elements];
      const uncut: ItemFailure[] = [];
      for (const image of images) {
        const cut = await elementsOf(image, signal);
        if ('reason' in cut) uncut.push({ item: `${note.noteId} ${image.source}`, reason: cut.reason });
        else elements.push(...cut.elements);
      }
      failures.push(...uncut);
      // What could not be cut now may be the next time; until then the note keeps the images it has.
      if (uncut.length === 0) saveNoteElements(store, note.noteId, elements, { task: TASK, key, replaceKind: IMAGE_KIND }, runId);
    }
    const passedOver = candidates.filter((candidate) => !images.some((image) => image === candidate));
    const withReason = passedOver.map((candidate) => ({
      ...candidate,
      reason: candidate.reason ?? reasons.get((offered as readonly NoteCandidate[]).indexOf(candidate)) ?? null,
    }));
    return { note, candidates: [...images, ...withReason], videos, failures };
  };
}

/** The images a note has of media that cannot be read now, and of how many pictures they are. */
function imagesOfFailed(
  images: readonly NoteElement[],
  note: Note,
  results: readonly MediumResult[],
): { readonly elements: readonly NewNoteElement[]; readonly pictures: number } {
  const failed = new Set(note.media.flatMap(({ path }, at) => ('reason' in (results[at] as MediumResult) ? [path] : [])));
  const elements = images.filter(({ source }) => failed.has(source));
  return { elements, pictures: new Set(elements.map(({ source, details }) => `${source} ${details.time_s ?? ''}`)).size };
}

function shaOf(result: MediumResult | undefined): string | null {
  return result !== undefined && 'sha256' in result ? result.sha256 : null;
}

function hasFacts(candidate: NoteCandidate): candidate is NoteCandidate & { readonly facts: ImageFacts } {
  return candidate.facts !== undefined;
}

function candidateOf(
  source: string,
  unusable: (facts: ImageFacts) => string | null,
  { details, file, thumbnail }: StoredAnalysis['candidates'][number],
): NoteCandidate {
  if (file === null) {
    const { time_s, reason } = details as { readonly time_s: number; readonly reason: string };
    return { source, time: time_s, facts: undefined, picture: thumbnail, reason };
  }
  const facts = details as unknown as ImageFacts;
  return { source, time: facts.time_s, facts, picture: file, reason: unusable(facts) };
}

/** "a.jpg", "v.mp4 at 3.20 s". */
export function nameOf({ source, time }: Pick<NoteCandidate, 'source' | 'time'>): string {
  return time === null ? basename(source) : `${basename(source)} at ${time.toFixed(2)} s`;
}

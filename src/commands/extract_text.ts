import { basename } from 'node:path';
import type { NoteElement } from '../core/store/elements.ts';
import type { ExtractedNote } from './extract_finish.ts';
import { count, table } from './shared.ts';

const IMAGES_SHOWN = 40;

/** An image as `--json` tells of it. */
export interface ImageRow {
  readonly element_id: string;
  readonly note_id: string;
  readonly source: string;
  readonly path: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly time_s: number | null;
  readonly score: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Lines of text in it; empty where nobody looked. */
  readonly text: readonly string[];
  readonly text_share: number | null;
  readonly colours: readonly string[];
  readonly ratio: string;
  /** The part of the picture it was cut from, in pixels; null for a whole picture. */
  readonly crop: Readonly<Record<string, number>> | null;
  /** Images of other notes that are nearly the same. */
  readonly duplicates: readonly { readonly element_id: string; readonly note_id: string }[];
}

type Details = Partial<Pick<ImageRow, 'time_s' | 'parts' | 'text' | 'text_share' | 'colours' | 'ratio' | 'crop'>>;

export function imageRow(element: NoteElement, path: string, duplicates: ImageRow['duplicates']): ImageRow {
  const details = element.details as Details;
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
    text: details.text ?? [],
    text_share: details.text_share ?? null,
    colours: details.colours ?? [],
    ratio: details.ratio ?? 'original',
    crop: details.crop ?? null,
    duplicates,
  };
}

/** Pictures that became no image, as `--json` tells of them. */
export function rejectedRows({ note, candidates }: ExtractedNote): Readonly<Record<string, unknown>>[] {
  return candidates.flatMap(({ source, time, facts, reason }) =>
    reason === null ? [] : [{ note_id: note.noteId, source, time_s: time, score: facts?.score ?? null, reason }],
  );
}

/** What people read: a line an image, and where the images lie. */
export function summary(images: readonly ImageRow[], rejected: number, notes: number, directory: string): string[] {
  const rows = images
    .slice(0, IMAGES_SHOWN)
    .map((image) => [
      image.note_id,
      image.element_id,
      `${image.width}×${image.height}`,
      image.score.toFixed(3),
      `${basename(image.source)}${image.time_s === null ? '' : ` at ${image.time_s.toFixed(2)} s`}${image.crop === null ? '' : ` cut to ${image.ratio}`}`,
    ]);
  const doubled = images.filter(({ duplicates }) => duplicates.length > 0).length;
  return [
    ...(rows.length > 0 ? table(['note', 'image', 'size', 'score', 'from'], rows, [2, 3]) : []),
    ...(images.length > IMAGES_SHOWN ? [`… and ${count(images.length - IMAGES_SHOWN)} more (--json lists them all)`] : []),
    `${count(images.length)} images of ${count(notes)} notes in ${directory}; ${count(rejected)} pictures passed over`,
    ...(doubled > 0 ? [`${count(doubled)} images are nearly the same as one of another note (--json lists them)`] : []),
  ];
}

import { basename } from 'node:path';
import { isTooSmall, ORIGINAL } from '../core/media/ratios.ts';
import type { NoteElement } from '../core/store/elements.ts';
import type { TitlePlatform } from '../core/text/platforms.ts';
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
  /** Whether the crop shows a part of a line or face only; null for a whole picture. */
  readonly cuts_text: boolean | null;
  readonly cuts_face: boolean | null;
  /** Smaller than the platform asked for takes, or shows well. */
  readonly too_small: boolean;
  /** Images of other notes that are nearly the same. */
  readonly duplicates: readonly { readonly element_id: string; readonly note_id: string }[];
}

type Details = Partial<
  Pick<ImageRow, 'time_s' | 'parts' | 'text' | 'text_share' | 'colours' | 'ratio' | 'crop' | 'cuts_text' | 'cuts_face'>
>;

export function imageRow(element: NoteElement, path: string, duplicates: ImageRow['duplicates'], platform: TitlePlatform): ImageRow {
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
    ratio: details.ratio ?? ORIGINAL,
    crop: details.crop ?? null,
    cuts_text: details.cuts_text ?? null,
    cuts_face: details.cuts_face ?? null,
    too_small: isTooSmall(platform, details.ratio ?? ORIGINAL, element.width ?? 0, element.height ?? 0),
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
export function summary(
  images: readonly ImageRow[],
  rejected: number,
  notes: number,
  directory: string,
  platform: TitlePlatform,
): string[] {
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
  const small = images.filter((image) => image.too_small).length;
  return [
    ...(rows.length > 0 ? table(['note', 'image', 'size', 'score', 'from'], rows, [2, 3]) : []),
    ...(images.length > IMAGES_SHOWN ? [`… and ${count(images.length - IMAGES_SHOWN)} more (--json lists them all)`] : []),
    `${count(images.length)} images of ${count(notes)} notes in ${directory}; ${count(rejected)} pictures passed over`,
    ...(small > 0 ? [`${count(small)} images are smaller than ${platform} takes or shows well (--json marks them)`] : []),
    ...(doubled > 0 ? [`${count(doubled)} images are nearly the same as one of another note (--json lists them)`] : []),
  ];
}

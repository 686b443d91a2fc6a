import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Box } from '../core/media/box.ts';
import type { QualityParts } from '../core/media/quality.ts';
import type { SheetCell } from '../core/media/sheet_cell.ts';
import type { NoteElement } from '../core/store/elements.ts';
import { writeWhole } from './csv_file.ts';
import { type ExtractedNote, IMAGE_KIND, type NoteCandidate, nameOf } from './extract_finish.ts';
import type { StoreSession } from './shared.ts';

const LONGEST_NAME = 200; // of 255 bytes that file systems take, room for a hash and endings

/** Files beside the store that `extract` writes when asked. */
interface OutputFlags {
  readonly shots?: string;
  readonly sheets?: string;
}

interface Outputs {
  /** Takes a finished note; `place` is its place among all. */
  readonly add: (extracted: ExtractedNote, place: number) => Promise<void>;
  /** Writes what is written in one piece, and names the files for `--json`. */
  readonly finish: () => { readonly shots_file?: string; readonly sheets?: readonly string[] };
}

/** Writes the shots of all videos into one JSON file, and a contact sheet a note into a folder. */
export async function createOutputs(session: StoreSession<OutputFlags>, { shots, sheets }: OutputFlags): Promise<Outputs> {
  const shotsFile = shots === undefined ? undefined : session.path(shots);
  const folder = sheets === undefined ? undefined : session.path(sheets);
  const videos = new Map<number, readonly object[]>();
  const written = new Map<number, string>();
  // Told before the work, not after a night of it.
  if (shotsFile !== undefined) createFolder(dirname(shotsFile), '--shots');
  if (shotsFile !== undefined && statSync(shotsFile, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`Expected a file to write for --shots but ${shotsFile} is a folder.`, 'Name a file in it.');
  }
  if (folder !== undefined) createFolder(folder, '--sheets');
  const draw = folder === undefined ? undefined : await createSheetDrawer(session, folder);
  return {
    add: async (extracted, place) => {
      if (shotsFile !== undefined) {
        videos.set(
          place,
          extracted.videos.map(({ source, facts }) => ({ note_id: extracted.note.noteId, source, ...facts })),
        );
      }
      if (draw !== undefined) written.set(place, await draw(extracted));
    },
    finish: () => {
      const inOrder = <T>(values: ReadonlyMap<number, T>): T[] => [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
      if (shotsFile !== undefined) writeWhole(shotsFile, `${JSON.stringify({ videos: inOrder(videos).flat() }, null, 2)}\n`);
      return {
        ...(shotsFile !== undefined && { shots_file: shotsFile }),
        ...(folder !== undefined && { sheets: inOrder(written) }),
      };
    },
  };
}

function createFolder(folder: string, flag: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw new UserError(`Expected a folder for ${flag} but ${folder} cannot be one.`, 'Name another folder.');
  }
}

/** What draws a note's contact sheet and returns its path. */
async function createSheetDrawer(session: StoreSession<unknown>, folder: string): Promise<(extracted: ExtractedNote) => Promise<string>> {
  const { renderContactSheet } = await import('../core/media/contact_sheet.ts');
  const { createLettering } = await import('../core/media/lettering.ts');
  const { filePath } = await import('../core/store/files.ts');
  const { readNoteElements } = await import('../core/store/elements.ts');
  const lettering = createLettering();
  return async ({ note, candidates, failures }) => {
    const crops = readNoteElements(session.store, note.noteId, IMAGE_KIND);
    const cells = candidates.map((candidate, place): SheetCell => {
      const { facts, picture, reason } = candidate;
      return {
        picture: typeof picture === 'string' ? filePath(session.store, picture) : picture,
        title: nameOf(candidate),
        score: facts?.score ?? null,
        parts: facts === undefined ? {} : barsOf(facts.parts),
        verdict: reason === null ? { kind: 'chosen', rank: place + 1 } : { kind: 'rejected', reason },
        boxes: reason === null ? boxesOf(candidate, crops) : [],
        width: facts?.width ?? 1,
        height: facts?.height ?? 1,
      };
    });
    const footer = failures.map(({ item, reason }) => `${item.slice(note.noteId.length + 1)}: ${reason}`);
    const png = await renderContactSheet({ noteId: note.noteId, title: note.title, cells, footer }, lettering);
    const path = join(folder, sheetName(note.noteId));
    writeWhole(path, png);
    return path;
  };
}

/** Parts as bars, more being better for all of them. */
function barsOf({ noise, text_share: share, ...parts }: QualityParts): Readonly<Record<string, number>> {
  return { ...parts, 'no noise': 1 - noise, ...(share !== undefined && { 'no text': 1 - share }) };
}

/** Text, faces and crops of a chosen picture. */
function boxesOf({ source, time, facts }: NoteCandidate, crops: readonly NoteElement[]): NonNullable<SheetCell['boxes']> {
  const texts = (facts?.lines ?? []).map((box) => ({ box, kind: 'text' as const }));
  const own = crops
    .filter((element) => element.source === source && (element.details.time_s ?? null) === time)
    .map(({ details }) => details as { readonly ratio?: string; readonly crop?: Box; readonly faces?: readonly Box[] });
  const faces = (own.find((details) => details.faces)?.faces ?? []).map((box) => ({ box, kind: 'face' as const }));
  const boxes = own.flatMap(({ ratio = '', crop }) => (crop ? [{ box: crop, kind: 'crop' as const, label: ratio }] : []));
  return [...texts, ...faces, ...boxes];
}

/** A file's name for any note id: what file systems or shells would take amiss is replaced, and a hash keeps names apart. */
function sheetName(noteId: string): string {
  const plain = cutToBytes(noteId.replace(/[^\p{L}\p{N}._-]/gu, '_').replace(/^\.+/, '_'), LONGEST_NAME);
  return plain === noteId ? `${plain}.png` : `${plain}-${sha256(noteId).slice(0, 8)}.png`;
}

/** File systems count bytes: the characters that are whole within so many. */
function cutToBytes(text: string, most: number): string {
  return Buffer.from(text)
    .subarray(0, most)
    .toString()
    .replace(/\uFFFD+$/, '');
}

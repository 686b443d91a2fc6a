import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { type ItemFailure, reasonOf } from '../errors.ts';
import type { RowProblem, TableRow } from './table_rows.ts';

const IMAGE_EXTENSIONS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff', '.heic', '.svg', '.bmp']);
const VIDEO_EXTENSIONS = new Set('.mp4 .mov .m4v .3gp .mkv .webm .avi .flv .ts .mts .m2ts .mpg .mpeg .vob .wmv .asf .ogv'.split(' '));
const NOTE_FILE = 'note.md';
const NOTE_BYTES = 4 * 2 ** 20; // a million Chinese characters and their marks
const FRONT_MATTER = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

export interface ParsedNote {
  readonly noteId: string;
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  readonly brand: string;
  readonly category: string;
  readonly createdAt: string;
  readonly media: readonly { readonly path: string; readonly root: string; readonly kind: 'image' | 'video' }[];
}

/** Fields of a note and the other names they may have. */
export const NOTE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  note_id: ['id'],
  title: [],
  body: ['content', 'desc', 'text'],
  lang: ['language'],
  brand: [],
  category: [],
  media: ['images', 'files'],
  created_at: [],
};

/** A note from a row of a table; media paths are relative to the table's folder. */
export function parseNoteRow(row: TableRow, folder: string): ParsedNote | RowProblem {
  if (!row.note_id?.trim()) return { column: 'note_id', expected: 'an id' };
  if (!row.title?.trim() && !row.body?.trim()) return { column: 'title', expected: 'a title or a body' };
  const media = parseMediaList(row.media);
  if (!media) return { column: 'media', expected: 'a list of file names' };
  return {
    noteId: row.note_id.trim(),
    title: row.title ?? '',
    body: row.body ?? '',
    lang: row.lang ?? '',
    brand: row.brand ?? '',
    category: row.category ?? '',
    createdAt: row.created_at ?? '',
    media: locateMedia(media, folder),
  };
}

/** A JSON list, or names between semicolons or vertical bars. */
function parseMediaList(text: string | undefined): string[] | undefined {
  if (!text?.trim()) return [];
  if (!text.trimStart().startsWith('[')) {
    return text
      .split(/[;|]/)
      .map((name) => name.trim())
      .filter((name) => name !== '');
  }
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((name) => typeof name === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

function locateMedia(names: readonly string[], folder: string): ParsedNote['media'] {
  return names.map((name) => ({
    path: resolve(folder, name),
    root: folder,
    kind: VIDEO_EXTENSIONS.has(extname(name).toLowerCase()) ? 'video' : 'image',
  }));
}

/**
 * Notes of a folder tree: every `note.md` is one, with YAML front matter for its fields and the rest as its body.
 * Without a media list, all pictures and videos beside it are its media, by name; without an id, its folder's name is its id.
 * The first of two notes with one id is taken.
 */
export function readNoteFolders(root: string): { notes: ParsedNote[]; skipped: ItemFailure[] } {
  const notes: ParsedNote[] = [];
  const skipped: ItemFailure[] = [];
  const pathOf = new Map<string, string>();
  for (const path of findNoteFiles(root, skipped).sort()) {
    try {
      const note = parseNoteFile(readNoteFile(path), dirname(path));
      const other = pathOf.get(note.noteId);
      if (other !== undefined) throw new TypeError(`Expected a note_id of its own but ${other} has "${note.noteId}" too.`);
      pathOf.set(note.noteId, path);
      notes.push(note);
    } catch (error) {
      skipped.push({ item: path, reason: reasonOf(error) });
    }
  }
  return { notes, skipped };
}

/** Paths of the note files under a folder. Links to folders are not followed; a folder that cannot be read is skipped. */
function findNoteFiles(folder: string, skipped: ItemFailure[]): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return findNoteFiles(path, skipped);
      return entry.name.toLowerCase() === NOTE_FILE ? [path] : [];
    });
  } catch (error) {
    skipped.push({ item: folder, reason: `Expected a folder that can be read: ${reasonOf(error)}. Change its permissions.` });
    return [];
  }
}

/** Text of a note file. A link could name any file of the machine, and a pipe never ends. */
function readNoteFile(path: string): string {
  const file = lstatSync(path);
  if (!file.isFile()) throw new TypeError('Expected a file but it is a link, pipe or device. Put the file itself there.');
  if (file.size > NOTE_BYTES) throw new TypeError(`Expected at most ${NOTE_BYTES / 2 ** 20} MB but the file has more. Cut it.`);
  return readFileSync(path, 'utf8');
}

function parseNoteFile(text: string, folder: string): ParsedNote {
  const match = FRONT_MATTER.exec(text);
  const fields: unknown = match ? parseYaml(match[1] as string) : {};
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new TypeError('Expected "name: value" lines between the --- marks at the top.');
  }
  const values = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fieldText(value)]));
  const body = match ? text.slice(match[0].length).trim() : text.trim();
  const named = parseNoteRow({ note_id: basename(folder), body, ...values }, folder);
  if ('expected' in named) throw new TypeError(`Expected ${named.expected} for ${named.column}.`);
  return values.media === undefined ? { ...named, media: locateMedia(mediaBeside(folder), folder) } : named;
}

function fieldText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

function mediaBeside(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => IMAGE_EXTENSIONS.has(extname(name).toLowerCase()) || VIDEO_EXTENSIONS.has(extname(name).toLowerCase()))
    .sort();
}

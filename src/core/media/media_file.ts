import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { reasonOf } from '../errors.ts';
import { type FileKind, fileKind, HEAD_BYTES, MP4_VIDEO } from './file_kind.ts';
import { MEDIA_LIMITS } from './limits.ts';
import { requireWholeMp4 } from './mp4_boxes.ts';

/** A picture or video of a note. */
export interface MediaFile {
  /** Absolute path. */
  readonly path: string;
  /** The folder the path must stay inside, links resolved. */
  readonly root: string;
  readonly kind: 'image' | 'video';
}

const NOUNS = { image: 'picture', video: 'video' } as const;
const NAMED = { image: '.jpg or .png', video: '.mp4' } as const;

/**
 * The real path of a media file, links resolved, after it was found fit to be opened: a regular file of its root's folder,
 * not too large, not cut as far as an MP4 tells, whose first bytes do not say that it is something else.
 *
 * The path is opened again by the decoder. Who changes the file in between can make it fail, or, where they may write
 * into the root, put a link there; the decoders' own limits and lists of formats hold for whatever they find.
 * @throws Error when the file is missing, not readable, no regular file, outside its root, too large, or of another kind
 */
export async function resolveMediaFile(media: MediaFile): Promise<string> {
  const path = await readably(realpath(media.path), media.path);
  const root = await readably(realpath(media.root), media.root);
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new Error(`Expected a file inside ${root} but it lies at ${path}. Copy it into that folder.`);
  }
  // Asked before it is opened: opening a device may do something, and a pipe waits for a writer.
  requireRegular(await readably(stat(path), path));
  await readably(inspect(path, media.kind), path);
  return path;
}

/** SHA-256 of a file's content, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

interface FileFacts {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

function requireRegular(file: FileFacts): void {
  if (file.isFile()) return;
  throw new Error(`Expected a file but it is ${file.isDirectory() ? 'a folder' : 'a pipe, socket or device'}. Put the file itself there.`);
}

/** What is asked of an opened file cannot change under the asking. */
async function inspect(path: string, kind: MediaFile['kind']): Promise<void> {
  // Not to wait, should a pipe have taken the file's place by now.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const facts = await file.stat();
    requireRegular(facts);
    requireSize(facts.size, kind);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const found = fileKind(buffer.subarray(0, bytesRead));
    requireKind(found, kind);
    if (found?.name === MP4_VIDEO) await requireWholeMp4(file, facts.size);
  } finally {
    await file.close();
  }
}

function requireSize(size: number, kind: MediaFile['kind']): void {
  if (size === 0) throw new Error(`Expected a ${NOUNS[kind]} but the file is empty. Copy it again.`);
  const limit = kind === 'image' ? MEDIA_LIMITS.imageBytes : MEDIA_LIMITS.videoBytes;
  if (size > limit) throw new Error(`Expected a file of at most ${megabytes(limit)} but it has ${megabytes(size)}. Make it smaller.`);
}

function requireKind(found: FileKind | undefined, kind: MediaFile['kind']): void {
  if (found === undefined || found.readAs.includes(kind)) return;
  const [other] = found.readAs;
  const remedy = other === undefined ? found.remedy : `Name it ${NAMED[other]} and import the note again.`;
  throw new Error(`Expected a ${NOUNS[kind]} but the file holds ${found.name}. ${remedy}`);
}

/** What the system's refusals mean, and what to do. */
const REFUSALS: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `Expected a file at ${path} but there is none. Put it back, or import the note again.`,
  ENOTDIR: (path) => `Expected a file at ${path} but there is none. Put it back, or import the note again.`,
  EACCES: (path) =>
    `Expected a file at ${path} but it cannot be read: permission denied. Allow this user to read it and to enter its folder.`,
  EPERM: (path) =>
    `Expected a file at ${path} but it cannot be read: permission denied. Allow this user to read it and to enter its folder.`,
  ELOOP: (path) => `Expected a file at ${path} but its links lead in a circle. Put the file itself there.`,
  ENAMETOOLONG: () => 'Expected the name of a file but it is longer than any name can be. Shorten it.',
};

async function readably<T>(result: Promise<T>, path: string): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new Error(REFUSALS[code]?.(path) ?? `Expected a file but it cannot be read: ${reasonOf(error)}.`);
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`;
}

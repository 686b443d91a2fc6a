import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { MEDIA_LIMITS } from './limits.ts';

/** A picture or video of a note. */
export interface MediaFile {
  /** Absolute path. */
  readonly path: string;
  /** The folder the path must stay inside, links resolved. */
  readonly root: string;
  readonly kind: 'image' | 'video';
}

/**
 * The real path of a media file, links resolved, after it was found fit to be opened.
 * @throws Error when the file is missing, is no regular file, lies outside its root, or is too large
 */
export async function resolveMediaFile(media: MediaFile): Promise<string> {
  const path = await realPath(media.path);
  const root = await realPath(media.root);
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new Error(`Expected a file inside ${root} but it lies at ${path}. Copy it into that folder.`);
  }
  const file = await stat(path);
  if (!file.isFile()) throw new Error('Expected a file but it is something else.');
  if (file.size === 0) throw new Error('Expected a picture or video but the file is empty.');
  const limit = media.kind === 'image' ? MEDIA_LIMITS.imageBytes : MEDIA_LIMITS.videoBytes;
  if (file.size > limit) {
    throw new Error(`Expected a file of at most ${megabytes(limit)} but it has ${megabytes(file.size)}. Make it smaller.`);
  }
  return path;
}

/** SHA-256 of a file's content, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new Error(`Expected a file at ${path} but there is none. Put it back, or import the note again.`);
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`;
}

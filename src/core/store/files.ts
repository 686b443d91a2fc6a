import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { sha256 } from '../ids.ts';
import type { Store } from './open.ts';

const END_OF_JPEG = Buffer.from([0xff, 0xd9]);

/**
 * Keeps bytes as a file named by their SHA-256 under `<store>.files/`, and returns that name ("ab/ab12….jpg").
 * Written beside and renamed, so a killed process never leaves half a file under a good name.
 */
export function saveFile(store: Store, bytes: Uint8Array, extension: string): string {
  const hash = sha256(bytes);
  const name = `${hash.slice(0, 2)}/${hash}.${extension}`;
  const path = filePath(store, name);
  if (isKept(store, name)) return name;
  mkdirSync(dirname(path), { recursive: true });
  // The random part only keeps two processes apart; the file's final name is its content's hash.
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return name;
}

/** Whether a file is kept, and whole as far as its end shows: a power cut or a full disk leaves empty ones and halves. */
export function isKept(store: Store, name: string): boolean {
  const path = filePath(store, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 && (extname(name) !== '.jpg' || endsLikeJpeg(path, size));
}

function endsLikeJpeg(path: string, size: number): boolean {
  const end = Buffer.alloc(END_OF_JPEG.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, end, 0, end.length, Math.max(0, size - end.length));
  } finally {
    closeSync(file);
  }
  return end.equals(END_OF_JPEG);
}

/** Removes a file whose bytes are not those it is named by, so that it is made again; says whether it did. */
export function removeDamaged(store: Store, name: string): boolean {
  const path = filePath(store, name);
  const isDamaged = existsSync(path) && sha256(readFileSync(path)) !== basename(name, extname(name));
  if (isDamaged) rmSync(path);
  return isDamaged;
}

/** Absolute path of a kept file. */
export function filePath(store: Store, name: string): string {
  return join(store.filesDirectory, name);
}

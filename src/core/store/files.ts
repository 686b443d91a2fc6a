import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { sha256 } from '../ids.ts';
import type { Store } from './open.ts';

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

/** Whether a file is kept and not empty, as one is that a power cut left. */
export function isKept(store: Store, name: string): boolean {
  return (statSync(filePath(store, name), { throwIfNoEntry: false })?.size ?? 0) > 0;
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

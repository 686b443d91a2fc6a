import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  if (existsSync(path)) return name;
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

/** Absolute path of a kept file. */
export function filePath(store: Store, name: string): string {
  return join(store.filesDirectory, name);
}

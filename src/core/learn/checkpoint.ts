import { createHash, randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { UserError } from '../errors.ts';

const MAGIC = 'atelier checkpoint 1\n';
const LENGTH_BYTES = 4;
const HASH_BYTES = 32;

/** Where a training stands: what a killed run needs to go on, as named vectors and anything that JSON holds. */
export interface Checkpoint<State> {
  readonly state: State;
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

/**
 * Writes a checkpoint: magic, header length, header (JSON: state, names and lengths), vectors, SHA-256 of all of it.
 * Written beside and renamed, so there is always a whole one.
 */
export function writeCheckpoint<State>(path: string, { state, vectors }: Checkpoint<State>): void {
  const sizes = Object.entries(vectors).map(([name, vector]) => [name, vector.length]);
  const header = Buffer.from(JSON.stringify({ state, sizes }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(header.length);
  const hash = createHash('sha256');
  // The random part only keeps two processes apart.
  const temporary = `${path}.${randomUUID()}.part`;
  const file = openSync(temporary, 'w');
  try {
    for (const part of [Buffer.from(MAGIC), length, header, ...Object.values(vectors).map(bytesOf)]) {
      hash.update(part);
      for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
    }
    writeSync(file, hash.digest());
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** @throws UserError when the file is no whole checkpoint */
export function readCheckpoint<State>(path: string): Checkpoint<State> {
  const bytes = readFileSync(path);
  const end = bytes.length - HASH_BYTES;
  const corrupt = (): UserError =>
    new UserError(`Expected a whole checkpoint in ${path} but its bytes are others.`, 'Delete the file, or start anew with --fresh.');
  const start = MAGIC.length + LENGTH_BYTES;
  if (end < start || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw corrupt();
  if (!createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) throw corrupt();
  let at = start + bytes.readUInt32LE(MAGIC.length);
  const { state, sizes } = JSON.parse(bytes.toString('utf8', start, at)) as { state: State; sizes: [string, number][] };
  const vectors = sizes.map(([name, length]): [string, Float32Array] => {
    const vector = new Float32Array(length);
    bytesOf(vector).set(bytes.subarray(at, at + vector.byteLength));
    at += vector.byteLength;
    return [name, vector];
  });
  return { state, vectors: Object.fromEntries(vectors) };
}

function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

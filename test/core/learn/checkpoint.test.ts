import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { readCheckpoint, writeCheckpoint } from '../../../src/core/learn/checkpoint.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';

const SMALL = { state: { step: 3, losses: [0.5, 0.25] }, vectors: { weights: Float32Array.of(1, -2, 3), empty: new Float32Array(0) } };

/** Compared as bits: a vector may hold NaN and −0. */
function bits(vectors: Readonly<Record<string, Float32Array>>): [string, number[]][] {
  return Object.entries(vectors).map(([name, vector]) => [name, Array.from(new Uint32Array(Float32Array.from(vector).buffer))]);
}

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    const path = join(temporaryFolder(), 'a.checkpoint');
    const vectors = fc.dictionary(fc.string(), fc.float32Array({ maxLength: 40 }), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.jsonValue(), vectors, (state, named) => {
        writeCheckpoint(path, { state, vectors: named });
        const read = readCheckpoint(path);
        expect(read.state).toEqual(JSON.parse(JSON.stringify(state)));
        expect(bits(read.vectors)).toEqual(bits(named));
      }),
      { numRuns: 50 },
    );
  });

  it('holds a part of a larger memory alone', () => {
    const path = join(temporaryFolder(), 'a.checkpoint');
    const memory = Float32Array.of(9, 1, 2, 9);
    writeCheckpoint(path, { state: null, vectors: { part: memory.subarray(1, 3) } });
    expect([...(readCheckpoint(path).vectors.part as Float32Array)]).toEqual([1, 2]);
  });

  it('replaces the one before and leaves nothing beside it', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.checkpoint');
    writeCheckpoint(path, { state: 1, vectors: {} });
    writeCheckpoint(path, { state: 2, vectors: {} });
    expect(readCheckpoint(path).state).toBe(2);
    expect(readdirSync(folder)).toEqual(['a.checkpoint']);
  });

  it('that could not be written leaves the one before', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.checkpoint');
    writeCheckpoint(path, SMALL);
    const broken = { state: 2, vectors: { weights: Float32Array.of(1), late: undefined as unknown as Float32Array } };
    expect(() => writeCheckpoint(path, broken)).toThrow();
    expect(readCheckpoint(path)).toEqual(SMALL);
    expect(readdirSync(folder)).toEqual(['a.checkpoint']);
    const gone = join(folder, 'gone', 'a.checkpoint');
    expect(() => writeCheckpoint(gone, SMALL)).toThrow(/ENOENT/);
    expect(existsSync(gone)).toBe(false);
  });
});

describe('a file that is no whole checkpoint', () => {
  const refused = (path: string, bytes: Uint8Array): void => {
    writeFileSync(path, bytes);
    expect(() => readCheckpoint(path)).toThrow(UserError);
    expect(() => readCheckpoint(path)).toThrow(/Expected a whole checkpoint in .*a\.checkpoint but its bytes are others/);
  };
  const written = (path: string): Buffer => {
    writeCheckpoint(path, SMALL);
    return readFileSync(path);
  };

  it('is refused wherever it is cut off', () => {
    const path = join(temporaryFolder(), 'a.checkpoint');
    const bytes = written(path);
    for (let length = 0; length < bytes.length; length++) refused(path, bytes.subarray(0, length));
    refused(path, Buffer.concat([bytes, Buffer.of(0)]));
  });

  it('is refused wherever a bit is flipped', () => {
    const path = join(temporaryFolder(), 'a.checkpoint');
    const bytes = written(path);
    for (let at = 0; at < bytes.length; at++) {
      refused(
        path,
        bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)),
      );
    }
  });

  it('is refused when it is another kind of file', () => {
    refused(join(temporaryFolder(), 'a.checkpoint'), Buffer.from('SQLite format 3\0'.repeat(20)));
  });
});

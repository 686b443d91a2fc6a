import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/ids.ts';
import { filePath, saveFile } from '../../../src/core/store/files.ts';
import { temporaryStore } from './temporary_store.ts';

describe('saveFile', () => {
  it('keeps any bytes under the name of their hash, and nothing else', () => {
    const { store } = temporaryStore();
    const names = new Set<string>();
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const name = saveFile(store, bytes, 'jpg');
        names.add(name);
        expect(name).toBe(`${sha256(bytes).slice(0, 2)}/${sha256(bytes)}.jpg`);
        expect(new Uint8Array(readFileSync(filePath(store, name)))).toEqual(bytes);
      }),
    );
    const files = readdirSync(store.filesDirectory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files).toHaveLength(names.size);
  });

  it('writes the same bytes once', () => {
    const { store } = temporaryStore();
    const path = filePath(store, saveFile(store, Uint8Array.of(1, 2, 3), 'bin'));
    const longAgo = new Date('2020-01-01T00:00:00Z');
    utimesSync(path, longAgo, longAgo);
    expect(filePath(store, saveFile(store, Uint8Array.of(1, 2, 3), 'bin'))).toBe(path);
    expect(statSync(path).mtime).toEqual(longAgo);
  });
});

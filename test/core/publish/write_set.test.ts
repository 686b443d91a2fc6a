import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted, UserError } from '../../../src/core/errors.ts';
import { sha256 } from '../../../src/core/ids.ts';
import type { PublishedCreative } from '../../../src/core/publish/creative_set.ts';
import { GENERIC } from '../../../src/core/publish/profiles/generic.ts';
import { writeCreativeSet } from '../../../src/core/publish/write_set.ts';
import { temporaryFolder } from './command_line.ts';
import { creative, picture, text } from './made_creatives.ts';

/** A file named by its content's hash, as the store keeps it. */
function keep(folder: string, content: string): string {
  const path = join(folder, `${sha256(content)}.jpg`);
  writeFileSync(path, content);
  return path;
}

function write(directory: string, creatives: readonly PublishedCreative[], signal = new AbortController().signal, onProgress = () => {}) {
  return writeCreativeSet(creatives, { directory, profile: GENERIC, format: { newline: '\n', byteOrderMark: false }, signal, onProgress });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
}

describe('writeCreativeSet', () => {
  it('writes the two sheets and a copy of each picture', async () => {
    const folder = temporaryFolder();
    const file = keep(folder, 'one');
    const written = await write(join(folder, 'out'), [creative('a', [picture(file)]), creative('b', [picture(file), text('title', 't')])]);
    expect(written).toEqual({ sheets: ['creatives.csv', 'elements.csv'], assets: [`assets/${sha256('one')}.jpg`] });
    expect(readFileSync(join(folder, 'out', written.assets[0] as string), 'utf8')).toBe('one');
    expect(filesOf(join(folder, 'out'))).toEqual([`${sha256('one')}.jpg`, 'creatives.csv', 'elements.csv'].sort());
  });

  it('gives the same bytes again and does not copy pictures that are there', async () => {
    const folder = temporaryFolder();
    const creatives = [creative('a', [picture(keep(folder, 'one'))])];
    const { assets } = await write(folder, creatives);
    const asset = join(folder, assets[0] as string);
    const before = readFileSync(join(folder, 'creatives.csv'));
    utimesSync(asset, 1, 1);
    await write(folder, creatives);
    expect(statSync(asset).mtimeMs).toBe(1000);
    expect(readFileSync(join(folder, 'creatives.csv'))).toEqual(before);
  });

  it('copies a picture again that lies there cut short', async () => {
    const folder = temporaryFolder();
    const creatives = [creative('a', [picture(keep(folder, 'one'))])];
    const { assets } = await write(folder, creatives);
    writeFileSync(join(folder, assets[0] as string), 'o');
    await write(folder, creatives);
    expect(readFileSync(join(folder, assets[0] as string), 'utf8')).toBe('one');
  });

  it("removes an earlier export's pictures, and what a killed one left, but nothing else", async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    await write(out, [creative('a', [picture(keep(folder, 'one'))])]);
    writeFileSync(join(out, 'assets', 'logo.jpg'), 'mine');
    writeFileSync(join(out, 'assets', `${sha256('x')}.jpg.part`), 'half');
    mkdirSync(join(out, 'notes'));
    await write(out, [creative('b', [picture(keep(folder, 'two'))])]);
    expect(readdirSync(join(out, 'assets')).sort()).toEqual([`${sha256('two')}.jpg`, 'logo.jpg'].sort());
    expect(readdirSync(out)).toContain('notes');
  });

  it('leaves the earlier export whole when it is stopped between two pictures', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    await write(out, [creative('a', [picture(keep(folder, 'one'))])]);
    const before = filesOf(out).map((name) => [name, readFileSync(join(out, name.endsWith('.csv') ? name : `assets/${name}`), 'utf8')]);
    const controller = new AbortController();
    const next = ['two', 'three', 'four'].map((content) => creative(content, [picture(keep(folder, content))]));
    await expect(write(out, next, controller.signal, () => controller.abort())).rejects.toThrow(Interrupted);
    for (const [name, content] of before as [string, string][]) {
      expect(readFileSync(join(out, name.endsWith('.csv') ? name : `assets/${name}`), 'utf8')).toBe(content);
    }
    await write(out, next);
    expect(readdirSync(join(out, 'assets'))).toHaveLength(3);
  });

  it('may stop with advice, but never loses anything, when two exports write into one folder', async () => {
    const folder = temporaryFolder();
    const sets = ['one', 'two'].map((content) => [creative(content, [picture(keep(folder, content))])]);
    const results = await Promise.allSettled([...sets, ...sets].map((creatives) => write(join(folder, 'out'), creatives)));
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(UserError);
    await write(join(folder, 'out'), sets[1] ?? []);
    expect(filesOf(join(folder, 'out'))).toEqual([`${sha256('two')}.jpg`, 'creatives.csv', 'elements.csv'].sort());
  });
});

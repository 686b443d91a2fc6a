import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfInterrupted, UserError } from '../errors.ts';
import type { OnProgress } from '../progress.ts';
import { distinctElements, type PublishedCreative } from './creative_set.ts';
import { type CsvFormat, csvPieces } from './csv_text.ts';
import type { PlatformProfile } from './profile.ts';
import { ASSETS_FOLDER, assetName, creativesSheet, elementsSheet } from './sheets.ts';

const PARTIAL = '.part';
/** Files this export put there earlier: nothing else in the folder is ever removed. */
const HASH_NAME = /^[0-9a-f]{64}\.[a-z0-9]+(\.part)?$/;

export interface WriteSetOptions {
  readonly directory: string;
  readonly profile: PlatformProfile;
  readonly format: CsvFormat;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Names relative to the export's folder. */
export interface WrittenSet {
  readonly sheets: readonly string[];
  readonly assets: readonly string[];
}

/**
 * Writes `creatives.csv`, `elements.csv` and `assets/` of valid creatives. Pictures come first, then the sheets are
 * renamed into place, then pictures that no sheet names any more are removed: a killed run leaves the earlier set whole.
 */
export async function writeCreativeSet(creatives: readonly PublishedCreative[], options: WriteSetOptions): Promise<WrittenSet> {
  const { directory, profile, format } = options;
  const assets = await copyAssets(creatives, options);
  const sheets = { 'elements.csv': elementsSheet(creatives), 'creatives.csv': creativesSheet(profile, creatives) };
  for (const [name, sheet] of Object.entries(sheets))
    await writeFile(join(directory, name + PARTIAL), csvPieces(sheet, format), { flush: true });
  for (const name of Object.keys(sheets)) await putInPlace(join(directory, name));
  await removeStale(join(directory, ASSETS_FOLDER), new Set(assets.map((name) => basename(name))));
  return { sheets: Object.keys(sheets).sort(), assets };
}

async function copyAssets(creatives: readonly PublishedCreative[], options: WriteSetOptions): Promise<string[]> {
  const files = new Map(distinctElements(creatives).flatMap(({ file }) => (file === null ? [] : [[assetName(file), file]])));
  const names = [...files.keys()].sort();
  await mkdir(join(options.directory, ASSETS_FOLDER), { recursive: true });
  for (const [index, name] of names.entries()) {
    throwIfInterrupted(options.signal);
    await copyUnlessThere(files.get(name) as string, join(options.directory, name));
    options.onProgress({ task: 'export', done: index + 1, total: names.length, unit: 'pictures' });
  }
  return names;
}

/** The name is the content's hash, so a whole file of that name needs no second look. */
async function copyUnlessThere(from: string, to: string): Promise<void> {
  const there = await stat(to).catch(() => undefined);
  if (there?.isFile() && there.size === (await stat(from)).size) return;
  // Not a hard link: an edited picture of the export must not change the store's.
  await copyFile(from, to + PARTIAL, constants.COPYFILE_FICLONE);
  await putInPlace(to);
}

async function putInPlace(path: string): Promise<void> {
  await rename(path + PARTIAL, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UserError(
      `Expected one export into a folder at a time but another one took ${path}${PARTIAL}.`,
      'Wait for it and export again.',
    );
  });
}

async function removeStale(folder: string, used: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (HASH_NAME.test(name) && !used.has(name)) await rm(join(folder, name), { force: true });
  }
}

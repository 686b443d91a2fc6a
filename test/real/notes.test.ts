import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRealData, realFile, runJson, tell } from './real_data.ts';

const NOTES = 542;
const PHOTOS = 181;
const TITLES_PER_NOTE = 3;
/** Share of notes whose body gives three titles that pass every check; a note may be one line long. */
const NOTES_WITH_ALL_TITLES = 0.95;

interface Failure {
  readonly item: string;
  readonly reason: string;
}

interface Documents {
  readonly import: { notes: number; media: number; inserted: number; skipped: Failure[]; code: number };
  readonly extract: {
    images: { element_id: string; note_id: string; path: string; width: number; height: number; score: number }[];
    failed: Failure[];
    code: number;
  };
  readonly titles: {
    titles: { element_id: string; note_id: string; text: string }[];
    rejected: Record<string, number>;
    failed: Failure[];
    code: number;
  };
  readonly compose: {
    ads: { ad_id: string; space: number; creatives: { creative_id: string; elements: Record<string, string> }[] }[];
    failed: Failure[];
    code: number;
  };
  readonly export: { files: string[]; violations: { field: string }[]; creatives: number; assets: number; code: number };
}

describe.skipIf(!hasRealData())('542 real notes, from import to export', () => {
  let folder: string;
  let first: Documents;

  const step = async <Name extends keyof Documents>(name: Name, ...flags: readonly string[]): Promise<Documents[Name]> => {
    const startedAt = performance.now();
    const document = await runJson<object>(folder, ...flags);
    tell(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    return document as Documents[Name];
  };
  const wholeLoop = async (): Promise<Documents> => ({
    import: await step('import', 'import', 'notes', realFile('howtocook/notes.jsonl'), realFile('based-cooking/notes.jsonl')),
    extract: await step('extract', 'extract'),
    titles: await step('titles', 'titles', '--per-note', String(TITLES_PER_NOTE)),
    compose: await step('compose', 'compose'),
    export: await step('export', 'export', '--platform', 'generic', '--out', 'out'),
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-real-notes-'));
    first = await wholeLoop();
    tell(
      `${first.import.notes} notes with ${first.import.media} photos: ${first.extract.images.length} images, ${first.titles.titles.length} titles, ` +
        `${first.compose.ads.length} ads with ${first.export.creatives} creatives and ${first.export.assets} pictures exported; ` +
        `failed: ${first.extract.failed.length} photos, ${first.titles.failed.length} notes without a title`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('imports every note and skips none', () => {
    expect(first.import).toMatchObject({ notes: NOTES, inserted: NOTES, media: PHOTOS, skipped: [], code: 0 });
  });

  it('makes an image of every photo that is not a near-duplicate, and lists those that fail', () => {
    const { images, failed, code } = first.extract;
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect(images.length).toBeGreaterThan(0.9 * PHOTOS);
    for (const image of images) {
      expect(existsSync(image.path), image.path).toBe(true);
      expect(image.score).toBeGreaterThanOrEqual(0);
      expect(image.score).toBeLessThanOrEqual(1);
      expect(Math.min(image.width, image.height)).toBeGreaterThan(0);
    }
  });

  it(`writes ${TITLES_PER_NOTE} different titles for at least 95 % of the notes, and lists the notes without any`, () => {
    const texts = new Map<string, Set<string>>();
    for (const { note_id, text } of first.titles.titles) texts.set(note_id, (texts.get(note_id) ?? new Set()).add(text));
    const complete = [...texts.values()].filter((titles) => titles.size === TITLES_PER_NOTE);
    tell(`${complete.length} of ${NOTES} notes have ${TITLES_PER_NOTE} titles`);
    expect(complete.length).toBeGreaterThanOrEqual(NOTES_WITH_ALL_TITLES * NOTES);
    expect(texts.size + first.titles.failed.length).toBe(NOTES);
    expect(first.titles.code).toBe(first.titles.failed.length > 0 ? 1 : 0);
  });

  it('composes creatives for every note that has an element, all different inside an ad', () => {
    const withElements = new Set([...first.titles.titles, ...first.extract.images].map(({ note_id }) => note_id));
    expect(first.compose.ads.map(({ ad_id }) => ad_id).sort()).toEqual([...withElements].sort());
    for (const { creatives } of first.compose.ads) {
      expect(creatives.length).toBeGreaterThan(0);
      expect(new Set(creatives.map(({ elements }) => JSON.stringify(elements))).size).toBe(creatives.length);
    }
  });

  it('exports every creative without a violation, each picture once and under its content hash', () => {
    const { violations, creatives, assets, code } = first.export;
    expect({ violations, code }).toEqual({ violations: [], code: 0 });
    expect(creatives).toBe(first.compose.ads.reduce((sum, ad) => sum + ad.creatives.length, 0));
    const files = readdirSync(join(folder, 'out/assets'));
    expect(files).toHaveLength(assets);
    for (const file of files) {
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, 'out/assets', file)))
        .digest('hex');
      expect(file.startsWith(hash), file).toBe(true);
    }
  });

  it('run again, adds nothing and prints the same documents and files', async () => {
    const files = (): string[] => ['creatives.csv', 'elements.csv'].map((name) => readFileSync(join(folder, 'out', name), 'utf8'));
    const before = files();
    const second = await wholeLoop();
    expect(second.import).toMatchObject({ notes: NOTES, inserted: 0, unchanged: NOTES });
    expect({ ...second, import: null }).toEqual({ ...first, import: null });
    expect(files()).toEqual(before);
  });
});

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { createLettering } from '../../src/core/media/lettering.ts';
import { drawText } from '../../src/core/media/sheet_drawing.ts';
import { saveNotes } from '../../src/core/store/notes.ts';
import { openStore } from '../../src/core/store/open.ts';
import { beginRun } from '../../src/core/store/runs.ts';
import { makePicture, makeVideo, packagedFfmpeg, temporaryFolder } from '../core/media/made_media.ts';

const NOW = new Date('2025-01-01T00:00:00Z');

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: {
    images: Record<string, unknown>[];
    rejected: { reason: string }[];
    failed: { item: string; reason: string }[];
  };
}

/** A folder with a store of these notes, each with its media in the folder. */
function storeOf(folder: string, notes: Readonly<Record<string, readonly string[]>>): void {
  const store = openStore(join(folder, 'a.db'), { create: true, now: NOW });
  const runId = beginRun(store, { command: 'import notes', arguments: [], seed: 1, version: '0', startedAt: NOW });
  const empty = { title: '', body: '', lang: '', brand: '', category: '', createdAt: '' };
  const media = (name: string) => ({
    path: join(folder, name),
    root: folder,
    kind: name.endsWith('.mp4') ? ('video' as const) : ('image' as const),
  });
  saveNotes(
    store,
    Object.entries(notes).map(([noteId, names]) => ({ noteId, ...empty, media: names.map(media) })),
    runId,
  );
  store.db.close();
}

/** Large lines of text around a height, on a picture of 1200 × 800 pixels with something to see. */
async function poster(lines: readonly string[], top: number): Promise<Buffer> {
  const lettering = createLettering();
  const texts = lines.map((line, row) =>
    drawText(lettering, line, { x: 40, y: top + 120 * row, style: { size: 80, weight: 700 }, fill: '#111111' }),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="800"><rect width="1200" height="800" fill="#f4e8d0"/><circle cx="900" cy="200" r="120" fill="#a33"/>${texts.join('')}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
}

/** The runs that made the images now in the store. */
function runsOfImages(folder: string): unknown[] {
  const store = openStore(join(folder, 'a.db'), { create: false, now: NOW });
  const runs = store.db.prepare('SELECT note_id, element_id, run_id FROM note_elements ORDER BY note_id, element_id').all();
  store.db.close();
  return runs;
}

async function extract(folder: string, flags: readonly string[] = [], interruptAfter = Number.POSITIVE_INFINITY): Promise<Result> {
  let stdout = '';
  let stderr = '';
  let clockReads = 0;
  const controller = new AbortController();
  const code = await run(['extract', '-s', 'a.db', ...flags], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    isTerminal: false,
    environment: {},
    workingDirectory: folder,
    now: () => {
      // The clock is read at the start and for every finished note.
      if (++clockReads > interruptAfter) controller.abort();
      return NOW;
    },
    signal: controller.signal,
  });
  return { code, stdout, stderr, json: flags.includes('--json') && stdout ? JSON.parse(stdout) : { images: [], failed: [] } };
}

describe('atelier extract', () => {
  it('turns photos and videos into image elements, and a second run changes nothing', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    await makeVideo(join(folder, 'v.mp4'), 'testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];[a][b]concat=n=2');
    storeOf(folder, { n1: ['a.png', 'v.mp4'], n2: ['a.png'], n3: [] });

    const first = await extract(folder, ['--json']);
    expect(first.code).toBe(0);
    expect(first.json.failed).toEqual([]);
    expect(first.json.images.map((image) => image.note_id)).toEqual(['n1', 'n1', 'n1', 'n2']);
    for (const image of first.json.images) {
      expect(Object.keys(image)).toEqual([
        'element_id',
        'note_id',
        'source',
        'path',
        'width',
        'height',
        'time_s',
        'score',
        'parts',
        'text',
        'text_share',
        'colours',
        'ratio',
        'crop',
        'cuts_text',
        'cuts_face',
        'too_small',
        'duplicates',
      ]);
      expect(await sharp(image.path as string).metadata()).toMatchObject({
        format: 'jpeg',
        width: image.width,
        height: image.height,
      });
    }
    const photos = first.json.images.filter((image) => image.time_s === null);
    expect(photos.map((image) => image.source)).toEqual([join(folder, 'a.png'), join(folder, 'a.png')]);
    expect(new Set(photos.map((image) => image.element_id)).size).toBe(1);

    const runs = runsOfImages(folder);
    expect(await extract(folder, ['--json'])).toEqual(first);
    expect(runsOfImages(folder)).toEqual(runs);
  });

  it('cuts to ratios, reads text, and writes shots and sheets beside the store', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    await makeVideo(join(folder, 'v.mp4'), 'testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];[a][b]concat=n=2');
    storeOf(folder, { 'n/1': ['a.png', 'v.mp4'] });
    const flags = ['--json', '--ratios', '3:4,original', '--ocr', '--shots', 'out/shots.json', '--sheets', 'sheets'];

    const first = await extract(folder, flags);
    expect(first.code).toBe(0);
    const json = first.json as unknown as {
      images: { ratio: string; width: number; height: number; crop: { width: number; height: number } | null; text_share: number | null }[];
      sheets: string[];
    };
    expect(json.images.map(({ ratio }) => ratio).toSorted()).toEqual(['3:4', '3:4', '3:4', 'original', 'original', 'original']);
    for (const { ratio, width, height, crop, text_share } of json.images) {
      expect(text_share).toBeGreaterThanOrEqual(0);
      if (ratio === 'original') expect(crop).toBeNull();
      else {
        expect(crop).toMatchObject({ width, height });
        expect(Math.abs(width - 0.75 * height)).toBeLessThanOrEqual(1);
      }
    }
    const { videos } = JSON.parse(readFileSync(join(folder, 'out/shots.json'), 'utf8'));
    expect(videos).toMatchObject([{ note_id: 'n/1', source: join(folder, 'v.mp4'), boundaries: [{ kind: 'cut', first_frame: 50 }] }]);
    expect(json.sheets).toHaveLength(1);
    // A note's id is no path.
    expect(json.sheets[0]).toMatch(/\/sheets\/n_1-[0-9a-f]{8}\.png$/);
    const sheet = readFileSync(json.sheets[0] as string);
    expect((await sharp(sheet).metadata()).format).toBe('png');

    const second = await extract(folder, flags);
    expect(second.json).toEqual(first.json);
    expect(readFileSync(json.sheets[0] as string).equals(sheet)).toBe(true);
  });

  it('names images that another note nearly has', async () => {
    const folder = temporaryFolder();
    const picture = await makePicture(2);
    writeFileSync(join(folder, 'a.png'), picture);
    writeFileSync(join(folder, 'b.png'), await sharp(picture).resize(600).png().toBuffer());
    storeOf(folder, { n1: ['a.png'], n2: ['b.png'] });
    const { json, code } = await extract(folder, ['--json']);
    expect(code).toBe(0);
    const [one, two] = json.images;
    expect(one?.duplicates).toEqual([{ element_id: two?.element_id, note_id: 'n2' }]);
    expect(two?.duplicates).toEqual([{ element_id: one?.element_id, note_id: 'n1' }]);
  });

  it('passes over pictures full of text, and keeps of a crop the words that it shows', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'words.png'),
      await poster(['SUMMER SALE', 'EVERYTHING MUST GO', 'HALF PRICE TODAY', 'ALL SHOES AND BAGS'], 300),
    );
    writeFileSync(join(folder, 'few.png'), await poster(['NEW SHOES IN SPRING'], 700));
    storeOf(folder, { n1: ['words.png', 'few.png'] });
    const { json } = await extract(folder, ['--json', '--max-text', '12%', '--ratios', 'original,9:16']);
    const { images, rejected } = json as unknown as {
      images: { source: string; ratio: string; text: string[] }[];
      rejected: { source: string; reason: string }[];
    };
    expect(rejected.map(({ source }) => basename(source))).toEqual(['words.png']);
    expect(rejected[0]?.reason).toMatch(/^text covers \d+ %, at most 12 % is wanted$/);
    expect(new Map(images.map(({ source, ratio, text }) => [`${basename(source)} ${ratio}`, text]))).toEqual(
      new Map([
        ['few.png original', ['NEW SHOES IN SPRING']],
        ['few.png 9:16', []],
      ]),
    );
  });

  it('keeps a picture that has the ratio as it is, once', async () => {
    const folder = temporaryFolder();
    const jpeg = await sharp(await makePicture(2))
      .jpeg()
      .toBuffer();
    writeFileSync(join(folder, 'a.jpg'), jpeg);
    storeOf(folder, { n1: ['a.jpg'] });
    const { json } = await extract(folder, ['--json', '--ratios', 'original,3:2,1:1']);
    expect(json.images.map(({ ratio, width, height }) => [ratio, width, height]).toSorted()).toEqual([
      ['1:1', 600, 600],
      ['3:2', 900, 600],
    ]);
    const whole = json.images.find(({ ratio }) => ratio === '3:2')?.path;
    expect((await sharp(String(whole)).raw().toBuffer()).equals(await sharp(jpeg).raw().toBuffer())).toBe(true);
  });

  it('looks once at a film that several notes have', async () => {
    const folder = temporaryFolder();
    await makeVideo(join(folder, 'v.mp4'), 'testsrc2=s=320x180:r=25:d=2');
    writeFileSync(join(folder, 'w.mp4'), readFileSync(join(folder, 'v.mp4')));
    const counting = join(folder, 'ffmpeg');
    writeFileSync(counting, `#!/bin/sh\necho run >> '${join(folder, 'runs')}'\nexec '${await packagedFfmpeg()}' "$@"\n`, { mode: 0o755 });
    const runsFor = async (notes: Readonly<Record<string, readonly string[]>>): Promise<number> => {
      for (const name of ['a.db', 'a.db.files', 'runs']) rmSync(join(folder, name), { recursive: true, force: true });
      storeOf(folder, notes);
      expect((await extract(folder, ['--ffmpeg', 'ffmpeg'])).code).toBe(0);
      return readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length;
    };
    const once = await runsFor({ n1: ['v.mp4'] });
    expect(await runsFor({ n1: ['v.mp4'], n2: ['w.mp4'], n3: ['v.mp4'] })).toBe(once);
  });

  it('does the work again for changed media, other parameters or a lost file, and only then', async () => {
    const folder = temporaryFolder();
    for (const seed of [1, 2, 3]) writeFileSync(join(folder, `${seed}.png`), await makePicture(seed));
    storeOf(folder, { n1: ['1.png', '2.png', '3.png'] });
    const three = await extract(folder, ['--json']);
    expect(three.json.images).toHaveLength(3);

    const two = await extract(folder, ['--json', '--per-note', '2']);
    expect(two.json.images).toEqual(three.json.images.slice(0, 2));

    rmSync(two.json.images[0]?.path as string);
    expect(await extract(folder, ['--json', '--per-note', '2'])).toEqual(two);
    expect(existsSync(two.json.images[0]?.path as string)).toBe(true);

    writeFileSync(join(folder, '1.png'), await makePicture(4));
    const changed = await extract(folder, ['--json']);
    const idOf = (result: Result, name: string): unknown =>
      result.json.images.find((image) => String(image.source).endsWith(name))?.element_id;
    expect(idOf(changed, '2.png')).toBe(idOf(three, '2.png'));
    expect(idOf(changed, '1.png')).not.toBe(idOf(three, '1.png'));
  });

  it('tells of a stored picture that was damaged, goes on with the other notes, and makes it again', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.png`), await makePicture(name.charCodeAt(0)));
    storeOf(folder, { n1: ['a.png'], n2: ['b.png'], n3: ['c.png'] });
    const first = await extract(folder, ['--json']);
    const [cut, empty] = first.json.images.map(({ path }) => String(path)) as [string, string];
    // Its beginning and end are there.
    const bytes = readFileSync(cut);
    writeFileSync(cut, bytes.fill(0, 100, bytes.length - 2));
    truncateSync(empty, 0);
    const flags = ['--json', '--ratios', '1:1,original'];
    const damaged = await extract(folder, flags);
    expect(damaged.code).toBe(1);
    expect(damaged.json.failed).toEqual([
      { item: `n1 ${join(folder, 'a.png')}`, reason: expect.stringContaining('was damaged and is removed') },
    ]);
    expect(damaged.json.images.filter(({ ratio }) => ratio === '1:1').map((image) => image.note_id)).toEqual(['n2', 'n3']);
    const mended = await extract(folder, flags);
    expect(mended.code).toBe(0);
    expect(mended.json.images).toHaveLength(6);
    expect(statSync(empty).size).toBeGreaterThan(100);
    expect(statSync(cut).size).toBeGreaterThan(100);
  });

  it('names sheets of any note, and tells before the work where a file cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { [`${'草'.repeat(90)}/`]: ['a.png'] });
    expect((await extract(folder, ['--sheets', 'sheets'])).code).toBe(0);
    expect(readdirSync(join(folder, 'sheets'))).toEqual([expect.stringMatching(/^草{66}-[0-9a-f]{8}\.png$/)]);
    mkdirSync(join(folder, 'other'));
    for (const shots of ['other', 'a.png/shots.json']) {
      const { code, stderr } = await extract(folder, ['--shots', shots]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/--shots/);
    }
  });

  it('lists what failed, exits with 1, and tries it again', async () => {
    const folder = temporaryFolder();
    const outside = temporaryFolder();
    writeFileSync(join(folder, 'good.png'), await makePicture(1));
    writeFileSync(join(folder, 'broken.jpg'), 'no picture');
    writeFileSync(join(folder, 'broken.mp4'), 'no video');
    writeFileSync(join(outside, 'secret.png'), await makePicture(2));
    symlinkSync(join(outside, 'secret.png'), join(folder, 'link.png'));
    storeOf(folder, { n1: ['good.png', 'broken.jpg'], n2: ['missing.png'], n3: ['link.png', 'broken.mp4'] });

    const first = await extract(folder, ['--json']);
    expect(first.code).toBe(1);
    expect(first.json.images).toHaveLength(1);
    expect(first.json.failed.map((failure) => failure.item)).toEqual([
      `n1 ${join(folder, 'broken.jpg')}`,
      `n2 ${join(folder, 'missing.png')}`,
      `n3 ${join(folder, 'link.png')}`,
      `n3 ${join(folder, 'broken.mp4')}`,
    ]);
    const reasons = first.json.failed.map((failure) => failure.reason);
    expect(reasons).toEqual([
      expect.stringContaining('but the file holds text'),
      expect.stringContaining('but there is none'),
      expect.stringContaining('Expected a file inside'),
      expect.stringContaining('but the file holds text'),
    ]);
    expect(await extract(folder, ['--json'])).toEqual(first);

    writeFileSync(
      join(folder, 'broken.jpg'),
      await sharp(await makePicture(3))
        .jpeg()
        .toBuffer(),
    );
    const mended = await extract(folder, ['--json', '--notes', 'n1']);
    expect(mended.code).toBe(0);
    expect(mended.json.images).toHaveLength(2);
  });

  it('takes no photo that shows nothing', async () => {
    const folder = temporaryFolder();
    const plain = { width: 800, height: 600, channels: 4 } as const;
    await sharp({ create: { ...plain, background: '#000' } })
      .jpeg()
      .toFile(join(folder, 'black.jpg'));
    await sharp({ create: { ...plain, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toFile(join(folder, 'clear.png'));
    await sharp({ create: { ...plain, width: 1, height: 1, background: '#f00' } })
      .png()
      .toFile(join(folder, 'dot.png'));
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { n1: ['black.jpg', 'clear.png', 'dot.png', 'a.png'] });
    const { code, json } = await extract(folder, ['--json']);
    expect(code).toBe(0);
    expect(json.images.map(({ source }) => basename(String(source)))).toEqual(['a.png']);
    expect(json.rejected.map(({ reason }) => reason)).toEqual([
      'plain: it shows nothing',
      'plain: it shows nothing',
      'too small to show anything: 1 × 1 pixels',
    ]);
  });

  it('makes pictures and crops again of which a full disk left half', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { n1: ['a.png'] });
    const flags = ['--json', '--ratios', 'original,1:1'];
    const before = await extract(folder, flags);
    const files = before.json.images.map(({ path }) => String(path));
    const bytes = files.map((file) => readFileSync(file));
    for (const file of files) truncateSync(file, 2000);
    expect(await extract(folder, flags)).toEqual(before);
    expect(files.map((file) => readFileSync(file))).toEqual(bytes);
  });

  it('keeps the image of a file that is away, and takes the others anew', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.png`), await makePicture(name.charCodeAt(0)));
    storeOf(folder, { n1: ['a.png', 'b.png', 'c.png'] });
    const before = await extract(folder, ['--json', '--per-note', '2']);
    const best = String(before.json.images[0]?.source);
    renameSync(best, `${best}.away`);
    const away = await extract(folder, ['--json', '--per-note', '2']);
    expect(away.code).toBe(1);
    expect(away.json.images).toEqual(before.json.images);
    renameSync(`${best}.away`, best);
    const back = await extract(folder, ['--json', '--per-note', '2']);
    expect(back).toEqual(before);
  });

  it('knows a platform’s tolerance from that of a ratio', async () => {
    const folder = temporaryFolder();
    await sharp(await makePicture(1))
      .resize(1020, 1000, { fit: 'fill' })
      .toFile(join(folder, 'a.png'));
    storeOf(folder, { n1: ['a.png'] });
    const widths = async (...flags: string[]): Promise<unknown[]> =>
      (await extract(folder, ['--json', ...flags])).json.images.filter(({ ratio }) => ratio === '1:1').map((image) => image.width);
    expect(await widths('--platform', 'meta')).toEqual([1020]);
    expect(await widths('--ratios', '1:1,4:5')).toEqual([1000]);
    expect(await widths('--platform', 'meta')).toEqual([1020]);
  });

  it('keeps the images of a note whose media are away', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { n1: ['a.png'] });
    const before = await extract(folder, ['--json']);
    renameSync(join(folder, 'a.png'), join(folder, 'b.png'));
    const away = await extract(folder, ['--json']);
    expect(away.code).toBe(1);
    expect(away.json.images).toEqual(before.json.images);
  });

  it('takes only the notes asked for, and names those it does not have', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { n1: ['a.png'], n2: ['a.png'] });
    const result = await extract(folder, ['--json', '--notes', 'n2,n9']);
    expect(result.code).toBe(1);
    expect(result.json.images.map((image) => image.note_id)).toEqual(['n2']);
    expect(result.json.failed.map((failure) => failure.item)).toEqual(['n9']);
  });

  it('tells people what it made and where it lies', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), await makePicture(1));
    storeOf(folder, { n1: ['a.png'] });
    const { stdout } = await extract(folder);
    expect(stdout).toMatch(/^note\s+image\s+size\s+score\s+from\n/);
    expect(stdout).toContain('900×600');
    expect(stdout).toContain(`1 images of 1 notes in ${join(folder, 'a.db.files')}`);
  });

  it('cannot run with an ffmpeg that is not there, and says so', async () => {
    const folder = temporaryFolder();
    storeOf(folder, { n1: [] });
    const { code, stderr } = await extract(folder, ['--ffmpeg', 'nowhere/ffmpeg']);
    expect(code).toBe(2);
    expect(stderr).toContain(join(folder, 'nowhere/ffmpeg'));
  });

  it('can be interrupted and finished later', async () => {
    const folder = temporaryFolder();
    // As many media as there are cores are under way when the interrupt comes.
    const count = 3 * availableParallelism() + 3;
    const names = Array.from({ length: count }, (_, index) => `${index + 10}.png`);
    for (const [index, name] of names.entries()) writeFileSync(join(folder, name), await makePicture(index));
    storeOf(folder, Object.fromEntries(names.map((name) => [`n${name}`, [name]])));
    expect((await extract(folder, ['--json'], 2)).code).toBe(130);
    expect(runsOfImages(folder).length).toBeGreaterThan(0);
    expect(runsOfImages(folder).length).toBeLessThan(count);
    const finished = await extract(folder, ['--json']);
    expect(finished.json.images).toHaveLength(count);
    const clean = temporaryFolder();
    for (const name of names) writeFileSync(join(clean, name), readFileSync(join(folder, name)));
    storeOf(clean, Object.fromEntries(names.map((name) => [`n${name}`, [name]])));
    const once = await extract(clean, ['--json']);
    const ids = (result: Result): unknown[] => result.json.images.map((image) => [image.note_id, image.element_id, image.score]);
    expect(ids(finished)).toEqual(ids(once));
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { commandJson, temporaryFolder } from '../core/publish/command_line.ts';

interface Imported {
  readonly code: number;
  readonly ads: number;
  readonly creatives: number;
  readonly elements: number;
  readonly inserted: number;
  readonly unchanged: number;
  readonly skipped: readonly { readonly item: string; readonly reason: string }[];
}

interface CreativeRow {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly elements: Readonly<Record<string, string>>;
}

function importCreatives(folder: string, file: string, ...flags: readonly string[]): Promise<Imported> {
  return commandJson<Imported>(folder, ['import', 'creatives', file, ...flags]);
}

async function storedCreatives(folder: string): Promise<CreativeRow[]> {
  return (await commandJson<{ rows: CreativeRow[] }>(folder, ['list', 'creatives'])).rows;
}

async function storedElements(folder: string) {
  return (await commandJson<{ rows: { element_id: string; kind: string; content: string }[] }>(folder, ['list', 'elements'])).rows;
}

async function picture(path: string): Promise<void> {
  const pixels = Buffer.from(Array.from({ length: 300 * 400 * 3 }, (_, i) => (i * 31 + Math.floor(i / 900) * 17) % 256));
  await sharp(pixels, { raw: { width: 300, height: 400, channels: 3 } })
    .jpeg()
    .toFile(path);
}

describe('import creatives', () => {
  it('reads an elements object and element columns alike, and the same text is one element in every ad', async () => {
    const [json, csv] = [temporaryFolder(), temporaryFolder()];
    const creatives = [
      { ad_id: 'ad-1', creative_id: 'a', note_id: 'tea', elements: { title: '茶, "雾"', highlight: 'Nine' } },
      { ad_id: 'ad-2', creative_id: 'a', note_id: 'tea', elements: { title: '茶, "雾"' } },
    ];
    writeFileSync(join(json, 'c.jsonl'), creatives.map((creative) => JSON.stringify(creative)).join('\n'));
    writeFileSync(
      join(csv, 'c.csv'),
      'ad_id,creative_id,note_id,element.title,element.highlight\nad-1,a,tea,"茶, ""雾""",Nine\nad-2,a,tea,"茶, ""雾""",\n',
    );
    const counts = { code: 0, ads: 2, creatives: 2, elements: 2, inserted: 2, unchanged: 0, skipped: [] };
    expect(await importCreatives(json, 'c.jsonl')).toMatchObject(counts);
    expect(await importCreatives(csv, 'c.csv')).toMatchObject(counts);
    expect(await storedCreatives(csv)).toEqual(await storedCreatives(json));
    expect(await importCreatives(json, 'c.jsonl')).toMatchObject({ inserted: 0, unchanged: 2 });
    const [first, second] = await storedCreatives(json);
    expect(first?.elements.title).toBe(second?.elements.title);
  });

  it('takes a stored element by its id, and refuses one of another kind', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'one.jsonl'), JSON.stringify({ ad_id: 'ad', creative_id: 'a', elements: { title: 'Fog' } }));
    await importCreatives(folder, 'one.jsonl');
    const id = (await storedElements(folder))[0]?.element_id as string;
    writeFileSync(
      join(folder, 'two.jsonl'),
      [
        { ad_id: 'ad', creative_id: 'b', elements: { title: id } },
        { ad_id: 'ad', creative_id: 'c', elements: { highlight: id } },
      ]
        .map((creative) => JSON.stringify(creative))
        .join('\n'),
    );
    const { code, inserted, skipped } = await importCreatives(folder, 'two.jsonl');
    expect({ code, inserted, skipped }).toEqual({
      code: 1,
      inserted: 1,
      skipped: [{ item: 'ad/c', reason: expect.stringContaining('kind title') }],
    });
    expect((await storedCreatives(folder)).map(({ elements }) => elements.title)).toEqual([id, id]);
  });

  it('makes of a photo the very element that extract makes of it', async () => {
    const folder = temporaryFolder();
    await picture(join(folder, 'p.jpg'));
    writeFileSync(join(folder, 'notes.jsonl'), JSON.stringify({ note_id: 'n', title: 'T', media: ['p.jpg'] }));
    writeFileSync(join(folder, 'c.jsonl'), JSON.stringify({ ad_id: 'ad', creative_id: 'a', elements: { image: 'p.jpg' } }));
    await importCreatives(folder, 'c.jsonl');
    await commandJson(folder, ['import', 'notes', 'notes.jsonl']);
    const { images } = await commandJson<{ images: { element_id: string }[] }>(folder, ['extract']);
    expect(images).toHaveLength(1);
    expect((await storedCreatives(folder))[0]?.elements).toEqual({ image: images[0]?.element_id });
  });

  it('keeps the id of an image in another system as it is, even where the working directory has a file of that name', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'c.csv'), 'ad_id,creative_id,element.image\nad,a,package.json\n');
    expect(await importCreatives(folder, 'c.csv')).toMatchObject({ code: 0, inserted: 1 });
    expect(await storedElements(folder)).toMatchObject([{ kind: 'image', content: 'package.json' }]);
  });

  it('refuses a creative that has changed under its id, and keeps it as it was', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'c.csv'), 'ad_id,creative_id,element.title\nad,a,Fog\nad,b,Sun\n');
    await importCreatives(folder, 'c.csv');
    const before = await storedCreatives(folder);
    writeFileSync(join(folder, 'c.csv'), 'ad_id,creative_id,element.title\nad,a,Rain\nad,b,Sun\nad,c,Snow\n');
    const { code, inserted, unchanged, skipped } = await importCreatives(folder, 'c.csv');
    expect({ code, inserted, unchanged }).toEqual({ code: 1, inserted: 1, unchanged: 1 });
    expect(skipped).toEqual([{ item: 'ad/a', reason: expect.stringContaining('new id') }]);
    expect((await storedCreatives(folder)).slice(0, 2)).toEqual(before);
  });

  it.each([
    ['outside the folder', '../secret.jpg'],
    ['by an absolute path outside', '/etc/hostname.jpg'],
    ['that is not there', 'gone.jpg'],
    ['that is none', 'text.jpg'],
  ])('refuses a picture %s for its row only', async (_, path) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'in'));
    await picture(join(folder, 'secret.jpg'));
    writeFileSync(join(folder, 'in/text.jpg'), 'no picture');
    writeFileSync(join(folder, 'in/c.csv'), `ad_id,creative_id,element.title,element.image\nad,a,Fog,${path}\nad,b,Sun,\n`);
    const { code, inserted, skipped } = await importCreatives(folder, 'in/c.csv');
    expect({ code, inserted }).toEqual({ code: 1, inserted: 1 });
    expect(skipped.map(({ item }) => item)).toEqual(['ad/a']);
    expect((await storedCreatives(folder)).map(({ creative_id }) => creative_id)).toEqual(['b']);
  });

  it('lists rows without ids or elements by their line', async () => {
    const folder = temporaryFolder();
    const lines = [
      '{"ad_id": "ad", "creative_id": "a", "elements": {"title": "Fog"}}',
      '{"creative_id": "b", "elements": {"title": "Fog"}}',
      '{"ad_id": "ad", "elements": {"title": "Fog"}}',
      '{"ad_id": "ad", "creative_id": "d", "elements": {}}',
      '{"ad_id": "ad", "creative_id": "e", "elements": {"Title": "Fog"}}',
      '{"ad_id": "ad", "creative_id": "f", "elements": {"title": 3}}',
      'no json',
    ];
    writeFileSync(join(folder, 'c.jsonl'), lines.join('\n'));
    const { code, inserted, skipped } = await importCreatives(folder, 'c.jsonl');
    expect({ code, inserted }).toEqual({ code: 1, inserted: 1 });
    expect(skipped.map(({ item }) => Number(item.split(':').at(-1)))).toEqual([2, 3, 4, 5, 6, 7]);
  });
});

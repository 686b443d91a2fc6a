import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { saveModel } from '../../src/core/store/models.ts';
import { openStore } from '../../src/core/store/open.ts';
import { savePlans } from '../../src/core/store/plans.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';

type Row = Readonly<Record<string, unknown>>;

/** A store with two notes, three creatives of two ads, a word list and a log. */
async function filledStore(): Promise<string> {
  const folder = temporaryFolder();
  await sharp({ create: { width: 30, height: 40, channels: 3, background: 'teal' } }).toFile(join(folder, 'teal.png'));
  const notes = ['tea', 'train'].map((note_id) => JSON.stringify({ note_id, title: `A ${note_id}`, body: 'Long\nbody', lang: 'en' }));
  writeFileSync(join(folder, 'notes.jsonl'), notes.join('\n'));
  const creatives = [
    { ad_id: 'ad-tea', creative_id: 'b', note_id: 'tea', elements: { title: '茶山的雾', image: 'teal.png' } },
    { ad_id: 'ad-tea', creative_id: 'a', note_id: 'tea', elements: { title: 'Fog' } },
    { ad_id: 'ad-train', creative_id: 'a', note_id: 'train', elements: { title: 'Fog' } },
  ];
  writeFileSync(join(folder, 'creatives.jsonl'), creatives.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(join(folder, 'lexicon.csv'), 'term,type\n第一,banned\n上海,place\n');
  writeFileSync(join(folder, 'log.csv'), 'ts,ad_id,creative_id,click\n2026-01-01T00:00:00Z,ad-tea,a,1\n2026-01-03T00:00:00Z,ad-tea,b,0\n');
  for (const argv of [
    ['notes', 'notes.jsonl'],
    ['creatives', 'creatives.jsonl'],
    ['lexicon', 'lexicon.csv'],
    ['logs', 'log.csv', '--log', 'shop'],
  ]) {
    const { code, stderr } = await commandLine(folder, ['import', ...argv]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  return folder;
}

async function rowsOf(folder: string, what: string, ...flags: readonly string[]): Promise<readonly Row[]> {
  const { code, rows } = await commandJson<{ rows: Row[] }>(folder, ['list', what, ...flags]);
  expect(code).toBe(0);
  return rows;
}

describe('list', () => {
  it('lists notes with their texts and counts', async () => {
    const rows = await rowsOf(await filledStore(), 'notes', '--notes', 'tea');
    expect(rows).toMatchObject([{ note_id: 'tea', title: 'A tea', body: 'Long\nbody', lang: 'en', media: [], elements: 0 }]);
  });

  it('lists each element with every note it is shown for, and its text or file', async () => {
    const folder = await filledStore();
    const titles = await rowsOf(folder, 'elements', '--kind', 'title');
    expect(titles.map(({ content, note_id, creatives }) => [content, note_id, creatives])).toEqual(
      expect.arrayContaining([
        ['Fog', 'tea', 2],
        ['Fog', 'train', 2],
        ['茶山的雾', 'tea', 1],
      ]),
    );
    expect(titles).toHaveLength(3);
    const [image] = await rowsOf(folder, 'elements', '--kind', 'image');
    expect(image).toMatchObject({ note_id: 'tea', width: 30, height: 40 });
    expect(existsSync(String(image?.content))).toBe(true);
    expect(await rowsOf(folder, 'elements', '--ads', 'ad-train', '--notes', 'train')).toMatchObject([{ content: 'Fog' }]);
  });

  it('lists creatives with their elements in the order of ads and ids', async () => {
    const folder = await filledStore();
    const rows = await rowsOf(folder, 'creatives');
    expect(rows.map(({ ad_id, creative_id }) => `${ad_id}/${creative_id}`)).toEqual(['ad-tea/a', 'ad-tea/b', 'ad-train/a']);
    expect(rows[1]).toMatchObject({ note_id: 'tea', origin: 'imported', score: null, texts: { title: '茶山的雾' } });
    const ids = new Set((await rowsOf(folder, 'elements')).map(({ element_id }) => element_id));
    expect(Object.values(rows[1]?.elements as Row).every((id) => ids.has(id))).toBe(true);
    expect(await rowsOf(folder, 'creatives', '--ads', 'ad-train')).toHaveLength(1);
    expect(await rowsOf(folder, 'creatives', '--notes', 'tea')).toHaveLength(2);
  });

  it('lists ads, logs and terms', async () => {
    const folder = await filledStore();
    expect(await rowsOf(folder, 'ads')).toEqual([
      { ad_id: 'ad-tea', note_id: 'tea', creatives: 2 },
      { ad_id: 'ad-train', note_id: 'train', creatives: 1 },
    ]);
    expect(await rowsOf(folder, 'logs')).toEqual([
      { log: 'shop', rows: 2, first: '2026-01-01T00:00:00.000Z', last: '2026-01-03T00:00:00.000Z', impressions: 2, clicks: 1 },
    ]);
    expect(await rowsOf(folder, 'lexicon', '--kind', 'place')).toEqual([{ term: '上海', type: 'place' }]);
    expect(await rowsOf(folder, 'models')).toEqual([]);
    expect(await rowsOf(folder, 'queries')).toEqual([]);
    expect(await rowsOf(folder, 'brands')).toEqual([]);
  });

  it('shows the figures of models that tell them apart, and all of them as JSON', async () => {
    const folder = await filledStore();
    const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date() });
    const estimate = (value: number | null) => ({ value, ci_low: null, ci_high: null });
    const metrics = {
      tower: {
        rows: 9,
        auc: estimate(0.612345),
        log_loss: estimate(0.0987),
        gauc: estimate(null),
        segments: { head: { auc: estimate(0.9) } },
      },
      other: { reward: 1.5, distinct: 8, note: 'none' },
      third: {},
    };
    for (const [modelId, own] of Object.entries(metrics))
      saveModel(store, { modelId, kind: modelId, files: {}, metrics: own }, new Date(0), 1);
    store.db.close();
    const { stdout } = await commandLine(folder, ['list', 'models']);
    expect(stdout.split('\n').slice(1, 4)).toEqual([
      expect.stringMatching(/^other .* reward 1\.5, distinct 8$/),
      expect.stringMatching(/^third .* –$/),
      expect.stringMatching(/^tower .* log_loss 0\.0987, auc 0\.6123$/),
    ]);
    expect((await rowsOf(folder, 'models')).map((row) => row.metrics)).toEqual([metrics.other, metrics.third, metrics.tower]);
  });

  it('lists plans, the newest day first', async () => {
    const folder = await filledStore();
    const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date() });
    const row = {
      creativeId: 'a',
      state: 'new',
      share: 1,
      propensity: 1,
      bound: Number.POSITIVE_INFINITY,
      reward: null,
      ecoiShrunk: null,
      reason: 'never shown',
    } as const;
    for (const day of ['2026-01-04', '2026-01-05'])
      savePlans(store, day, [{ adId: 'ad-tea', state: 'explore', lambda: 1, creatives: [row], windows: [], transitions: [] }], 1);
    store.db.close();
    expect(await rowsOf(folder, 'plans', '--ads', 'ad-tea')).toMatchObject([
      {
        day: '2026-01-05',
        ad_id: 'ad-tea',
        ad_state: 'explore',
        creative_id: 'a',
        state: 'new',
        share: 1,
        bound: null,
        reason: 'never shown',
      },
      { day: '2026-01-04' },
    ]);
    expect(await rowsOf(folder, 'plans', '--ads', 'ad-train')).toEqual([]);
  });

  it('only reads: it is no run itself', async () => {
    const folder = await filledStore();
    const before = await rowsOf(folder, 'runs');
    expect(before.map(({ command, exit_code }) => [command, exit_code])).toEqual(
      ['notes', 'creatives', 'lexicon', 'logs'].map((what) => [`import ${what}`, 0]),
    );
    expect(await rowsOf(folder, 'runs')).toEqual(before);
  });

  it('shows people the first rows and says how many more there are', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'brands.csv'), ['name', ...Array.from({ length: 60 }, (_, index) => `brand ${index + 10}`)].join('\n'));
    await commandLine(folder, ['import', 'brands', 'brands.csv']);
    const lines = (await commandLine(folder, ['list', 'brands'])).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(52);
    expect(lines.at(-1)).toBe('… 10 more');
    expect((await commandLine(folder, ['list', 'brands', '--limit', '3'])).stdout).toBe('name\nbrand 10\nbrand 11\nbrand 12\n… 57 more\n');
    expect(await rowsOf(folder, 'brands')).toHaveLength(60);
    expect(await rowsOf(folder, 'brands', '--limit', '3')).toHaveLength(3);
  });

  it('refuses what it cannot list, a flag that does not narrow it, and a store that is not there', async () => {
    const folder = await filledStore();
    expect(await commandLine(folder, ['list', 'cats'])).toMatchObject({ code: 2 });
    const { code, stderr } = await commandLine(folder, ['list', 'runs', '--kind', 'x']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('received --kind') });
    expect(await commandLine(folder, ['list', 'notes', '-s', 'none.db'])).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
  });
});

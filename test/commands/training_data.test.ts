import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEntities, readExamples } from '../../src/commands/training_data.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Examples } from '../../src/core/models/features/field.ts';
import { openStore, type Store } from '../../src/core/store/open.ts';
import { commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { simulatedStore } from './simulated_store.ts';

const ALL = { logId: undefined, trainingShare: 0.8 };

function open(folder: string): Store {
  const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
  onTestFinished(() => void store.db.close());
  return store;
}

async function imported(files: Readonly<Record<string, string>>, ...commands: readonly (readonly string[])[]): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const argv of commands) {
    const { code, stderr } = await commandLine(folder, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  return folder;
}

function termsAt({ fields }: Pick<Examples, 'fields'>, row: number): Record<string, readonly string[] | undefined> {
  return Object.fromEntries(fields.map(({ name, codes, terms }) => [name, terms[codes[row] as number]]));
}

const LOG = `ts,ad_id,creative_id,scene,position,click,user_id,topic,device,price
2026-01-01T00:00:00Z,tea,t1,feed,2,1,u1,green,phone,3
2026-01-03T00:00:00Z,tea,t2,feed,1,0,u1,black,desk,4
2026-01-03T01:00:00Z,cup,c1,search,1,0,u2,green,desk,5
2026-01-03T02:00:00Z,tea,t1,feed,2,0,u2,green,desk,3
`;
const CREATIVES = [
  { ad_id: 'tea', creative_id: 't1', note_id: 'leaf', elements: { title: 'Green leaves?', image: 'picture-1' } },
  { ad_id: 'tea', creative_id: 't2', note_id: 'leaf', elements: { title: 'Black leaves', image: 'picture-1' } },
  { ad_id: 'tea', creative_id: 't3', note_id: 'leaf', elements: { title: 'White leaves of Acme', image: 'picture-2' } },
];
const FILES = {
  'log.csv': LOG,
  'creatives.jsonl': CREATIVES.map((line) => `${JSON.stringify(line)}\n`).join(''),
  'notes.jsonl': `${JSON.stringify({ note_id: 'leaf', title: 'A leaf', body: 'Of the tea by Acme.', category: 'drinks' })}\n`,
  'brands.csv': 'name\nAcme\n',
};
const IMPORTS = [
  ['import', 'notes', 'notes.jsonl'],
  ['import', 'creatives', 'creatives.jsonl'],
  ['import', 'brands', 'brands.csv'],
  ['import', 'logs', 'log.csv'],
] as const;

describe('readExamples', () => {
  it('joins the rows of a log with what the store knows of their ads and creatives', async () => {
    const { examples } = await readExamples(open(await imported(FILES, ...IMPORTS)), ALL);
    expect(examples.ads).toEqual(['cup', 'tea']);
    expect(examples.creatives).toEqual([
      { adId: 'cup', creativeId: 'c1', isStored: false },
      { adId: 'tea', creativeId: 't1', isStored: true },
      { adId: 'tea', creativeId: 't2', isStored: true },
      { adId: 'tea', creativeId: 't3', isStored: true },
    ]);
    expect([...examples.creative]).toEqual([1, 2, 0, 1]);
    expect([...examples.ad]).toEqual([1, 1, 0, 1]);
    expect(Array.from(examples.position, (index) => examples.positions[index])).toEqual([
      { scene: 'feed', position: 2 },
      { scene: 'feed', position: 1 },
      { scene: 'search', position: 1 },
      { scene: 'feed', position: 2 },
    ]);
    expect([...examples.clicks]).toEqual([1, 0, 0, 0]);
    expect([...(examples.user ?? [])]).toEqual([0, 0, 1, 1]);
    expect(termsAt(examples, 1)).toMatchObject({
      ad: ['tea'],
      note: ['leaf'],
      'note.category': ['drinks'],
      'note.entities': ['acme'],
      creative: ['tea|t2'],
      'title.words': ['black', 'leaves'],
      'title.style': ['plain'],
      'log.topic': ['black'],
      'log.device': ['desk'],
      'log.price': ['4'],
      scene: ['feed'],
      'user.clicks': ['1'],
      'cross.share': ['0/1'],
    });
    expect(termsAt(examples, 2)).toMatchObject({ note: [], 'title.words': [], 'user.clicks': ['0'], 'cross.match': ['none'] });
  });

  it('keeps the named ads only', async () => {
    const store = open(await imported(FILES, ...IMPORTS));
    const { examples } = await readExamples(store, { ...ALL, ads: ['tea'] });
    expect([examples.rows, examples.ads, examples.creatives.length]).toEqual([3, ['tea'], 3]);
    await expect(readExamples(store, { ...ALL, ads: ['unknown'] })).rejects.toThrow(
      'Expected ads of this store but there are none with the ids unknown.',
    );
  });

  it('puts a log that is not in order of time in order, with the same features', async () => {
    const [header, ...lines] = LOG.trimEnd().split('\n');
    const mixed = [header, lines[2], lines[3], lines[0], lines[1]].join('\n');
    const sorted = await readExamples(open(await imported(FILES, ...IMPORTS)), ALL);
    const { examples } = await readExamples(open(await imported({ ...FILES, 'log.csv': mixed }, ...IMPORTS)), ALL);
    expect([...(examples.order ?? [])]).toEqual([2, 3, 0, 1]);
    expect(sorted.examples.order).toBeUndefined();
    for (const row of [0, 1, 2, 3]) expect(termsAt(examples, examples.order?.[row] as number)).toEqual(termsAt(sorted.examples, row));
  });

  it('reads aggregated and undated rows', async () => {
    const csv = 'ad_id,creative_id,impressions,clicks,headline\na,x,1000,20,one\na,y,900,30,two\nb,z,10,0,three\n';
    const { examples } = await readExamples(open(await imported({ 'log.csv': csv }, ['import', 'logs', 'log.csv'])), ALL);
    expect([[...examples.clicks], [...(examples.impressions ?? [])], [...examples.ts]]).toEqual([
      [20, 30, 0],
      [1000, 900, 10],
      [-1, -1, -1],
    ]);
    expect(examples.fields.map(({ name, of }) => [name, of])).toEqual([
      ['ad', 'ad'],
      ['creative', 'creative'],
      ['log.headline', 'creative'],
    ]);
  });

  it('refuses a store without rows, and one with rows of both kinds', async () => {
    const none = open(await imported(FILES, ...IMPORTS.slice(0, 3)));
    await expect(readExamples(none, ALL)).rejects.toThrow(UserError);
    const files = { ...FILES, 'sums.csv': 'ad_id,creative_id,impressions,clicks\ntea,t1,10,1\n' };
    const both = open(await imported(files, ...IMPORTS, ['import', 'logs', 'sums.csv', '--log', 'sums']));
    await expect(readExamples(both, ALL)).rejects.toThrow(/Expected rows of one kind/);
  });

  it('gives a simulated world with interests the fields that find them, the same every time', async () => {
    const folder = await simulatedStore('--interests', '2');
    const [one, two] = [await readExamples(open(folder), ALL), await readExamples(open(folder), ALL)];
    expect(one).toEqual(two);
    expect(one.examples.rows).toBe(12_000);
    expect(one.spec.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['log.topic', 'user', 'cross.rate.topic', 'cross.cosine', 'hour']),
    );
    // A user's rate for a topic tells clicks apart: more are clicked where it is above the mean than where it is below.
    const { codes } = one.examples.fields.find(({ name }) => name === 'cross.rate.topic') as Examples['fields'][number];
    const ctr = (isIn: (code: number) => boolean): number => {
      const rows = Array.from(codes.keys()).filter((row) => isIn(codes[row] as number));
      return rows.reduce((sum, row) => sum + (one.examples.clicks[row] as number), 0) / rows.length;
    };
    const middle = 10; // "9": as expected, or not seen yet
    expect(ctr((code) => code > middle)).toBeGreaterThan(1.3 * ctr((code) => code < middle));
  });
});

describe('readEntities', () => {
  it('gives ads and creatives the terms that the rows have, and unseen creatives those of their content', async () => {
    const store = open(await imported(FILES, ...IMPORTS));
    const { examples, spec } = await readExamples(store, ALL);
    const entities = await readEntities(store, JSON.parse(JSON.stringify(spec)), ALL);
    expect([entities.ads, entities.creatives, [...entities.adOf]]).toEqual([examples.ads, examples.creatives, [0, 1, 1, 1]]);
    const ofEntities = examples.fields.filter(({ of }) => of !== 'row');
    expect(entities.fields).toEqual(ofEntities.map(({ name, side, isId, of, terms }) => ({ name, side, isId, of, terms })));
    const unseen = Object.fromEntries(entities.fields.filter(({ of }) => of === 'creative').map(({ name, terms }) => [name, terms[3]]));
    expect(unseen).toMatchObject({
      creative: ['tea|t3'],
      'title.words': ['white', 'leaves', 'acme'],
      'title.entities': ['acme'],
      'log.topic': [],
    });
  });

  it('cuts numbers at the edges of the spec, and gives no term for a column that the log does not have', async () => {
    const store = open(await imported(FILES, ...IMPORTS));
    const field = { side: 'right', isId: false, of: 'creative' } as const;
    const { fields } = await readEntities(
      store,
      [
        { ...field, name: 'log.price', source: { from: 'log', column: 'price', edges: [4] } },
        { ...field, name: 'log.gone', source: { from: 'log', column: 'gone' } },
      ],
      ALL,
    );
    expect(fields.map(({ terms }) => terms)).toEqual([
      [['q1'], ['q0'], ['q1'], []],
      [[], [], [], []],
    ]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { readNoteElements } from '../../src/core/store/elements.ts';
import { type Note, saveNotes } from '../../src/core/store/notes.ts';
import { openStore, type Store } from '../../src/core/store/open.ts';
import { beginRun } from '../../src/core/store/runs.ts';
import { saveLexiconTerms, saveQueries } from '../../src/core/store/terms.ts';
import type { Io } from '../../src/io.ts';

const now = new Date('2024-05-01T00:00:00Z');
let directory: string;

const SOUP: Note = {
  noteId: 'soup',
  title: 'Smoky Bean Soup',
  body: 'A thick, smoky soup from the mountains, full of beans and paprika.\n\n## Ingredients\n\n- 2 cups white beans\n- 2 carrots\n- 1 onion\n\n## Directions\n\n1. Fry the onion.\n2. Simmer with the beans.',
  lang: 'en',
  brand: '',
  category: '',
  createdAt: '',
  media: [],
};
const BEEF: Note = {
  ...SOUP,
  noteId: 'beef',
  title: '番茄牛腩煲的做法',
  body: '番茄牛腩煲是一道酸甜浓郁的家常炖菜，牛腩软烂入味，汤汁拌饭很香。牛腩富含蛋白质，番茄带来清爽的酸味。\n\n## 原料\n\n- 牛腩\n- 番茄\n- 洋葱\n\n## 操作\n\n1. 牛腩焯水\n2. 小火炖 60 分钟',
  lang: '',
};
const EMPTY: Note = { ...SOUP, noteId: 'empty', title: '', body: '' };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atelier-titles-'));
  withStore((store, runId) => saveNotes(store, [SOUP, BEEF], runId));
});
afterEach(() => rmSync(directory, { recursive: true }));

function withStore<T>(use: (store: Store, runId: number) => T): T {
  const store = openStore(join(directory, 'a.db'), { create: true, now });
  try {
    return use(store, beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: now }));
  } finally {
    store.db.close();
  }
}

interface Printed {
  readonly titles: readonly {
    readonly element_id: string;
    readonly note_id: string;
    readonly text: string;
    readonly score: number;
    readonly controls: Record<string, unknown>;
  }[];
  readonly rejected: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

async function titles(...flags: string[]): Promise<{ code: number; out: string; err: string; json: Printed }> {
  const { code, out, err } = await invoke(['titles', '--store', 'a.db', '--json', ...flags]);
  return { code, out, err, json: out.startsWith('{') ? JSON.parse(out) : { titles: [], rejected: {}, failed: [] } };
}

async function invoke(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io: Io = {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    isTerminal: false,
    environment: {},
    workingDirectory: directory,
    now: () => now,
    signal: new AbortController().signal,
  };
  return { code: await run([...argv], io), out, err };
}

describe('atelier titles', () => {
  it('writes three checked titles for each note and keeps them', async () => {
    const { code, json } = await titles();
    expect(code).toBe(0);
    expect(json.titles.map((title) => title.note_id)).toEqual(['beef', 'beef', 'beef', 'soup', 'soup', 'soup']);
    expect(json.titles[0]).toMatchObject({
      generator: 'extractive',
      paradigm: 'write',
      controls: { platform: 'generic', emoji: 'none', length: { min: 8, max: 30 } },
    });
    withStore((store) => {
      const kept = readNoteElements(store, 'soup', 'title');
      expect(kept.map((element) => element.text)).toEqual(
        json.titles.filter((title) => title.note_id === 'soup').map((title) => title.text),
      );
      expect(kept[0]?.source).toBe('extractive:write');
    });
  });

  it('does finished work once and prints the same again', async () => {
    const first = await titles('--emoji', 'some', '--platform', 'xiaohongshu');
    const elements = withStore((store) => readNoteElements(store, 'beef'));
    const second = await titles('--emoji', 'some', '--platform', 'xiaohongshu');
    expect(second.out).toBe(first.out);
    expect(withStore((store) => readNoteElements(store, 'beef'))).toEqual(elements);
    expect(Object.keys(first.json.rejected).length).toBeGreaterThan(0);
  });

  it('keeps the titles of other settings, and drops those of a text that changed', async () => {
    await titles();
    const questions = (await titles('--style', 'question')).json.titles.map((title) => title.text);
    withStore((store, runId) =>
      saveNotes(store, [{ ...SOUP, body: 'Beans simmered slowly with sage and lemon. Good with toast on rainy evenings.' }], runId),
    );
    const { json } = await titles();
    const soup = json.titles.filter((title) => title.note_id === 'soup').map((title) => title.text);
    expect(soup.join()).not.toMatch(/paprika|carrots/);
    withStore((store) => {
      const kept = readNoteElements(store, 'soup', 'title').map((element) => element.text ?? '');
      expect(new Set(kept)).toEqual(new Set([...soup, ...questions.filter((text) => /soup|bean|onion|carrot/i.test(text))]));
    });
  });

  it('writes a brand as it is written, also one that sounds like a claim, and before a question', async () => {
    for (const brand of ['adidas', '永久', 'Fleet™']) {
      const { code, json } = await titles('--brand', brand, '--style', 'question');
      expect(code, brand).toBe(0);
      for (const { text } of json.titles) expect(text).toContain(brand);
    }
    const { json } = await titles('--keywords', 'iPhone', '--notes', 'soup');
    for (const { text } of json.titles) expect(text).not.toContain('IPhone');
  });

  it.each([
    [['--keywords', '第一'], 'is a banned claim or term'],
    [['--keywords', '骑行,自行车,刹车', '--length', '2-6'], 'they take 7 and at most 6'],
    [['--platform', 'tiktok', '--brand', 'a#b'], 'tiktok takes'],
  ])('refuses %j, which no text can hold, before any note is read', async (flags, reason) => {
    const { code, err } = await titles(...flags);
    expect(code).toBe(2);
    expect(err).toContain(reason);
  });

  it('lists a note that cannot satisfy the controls, goes on with the rest, and exits with 1', async () => {
    withStore((store, runId) => saveNotes(store, [EMPTY], runId));
    const { code, json, err } = await titles();
    expect(code).toBe(1);
    expect(json.failed).toEqual([{ item: 'empty', reason: expect.stringContaining("the note's text gives no title") }]);
    expect(json.titles).toHaveLength(6);
    expect(err).toContain('failed: empty');
    const tight = await titles('--length', '1-2', '--notes', 'soup,nobody');
    expect(tight.code).toBe(1);
    expect(tight.json.failed.map(({ item }) => item)).toEqual(['nobody', 'soup']);
    expect(tight.json.failed[1]?.reason).toContain('"length"');
  });

  it('uses the store’s queries and banned terms', async () => {
    withStore((store, runId) => {
      saveQueries(
        store,
        [
          { query: '家常炖菜', frequency: 100 },
          { query: '足球比分', frequency: 9999 },
        ],
        runId,
      );
      saveLexiconTerms(store, [{ term: '软烂', type: 'banned' }], runId);
    });
    const { json } = await titles('--paradigm', 'rewrite', '--notes', 'beef');
    expect(json.titles.some((title) => title.text.includes('家常炖菜'))).toBe(true);
    expect(json.titles.map((title) => title.text).join()).not.toMatch(/足球|软烂/);
    expect(json.rejected.banned).toBeGreaterThan(0);
  });

  it('finds something to say about each of the twelve example notes in every mode', async () => {
    const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
    for (const [what, file] of [
      ['notes', 'notes'],
      ['queries', 'queries.csv'],
      ['lexicon', 'lexicon.csv'],
    ] as const)
      expect(await invoke(['import', what, join(fixtures, file), '--store', 'b.db'])).toMatchObject({ code: 0 });
    for (const flags of [
      ['--platform', 'xiaohongshu'],
      ['--paradigm', 'rewrite'],
      ['--platform', 'xiaohongshu', '--kind', 'highlight'],
    ]) {
      const { code, json } = await titles('--store', 'b.db', ...flags);
      expect(code).toBe(0);
      expect(new Set(json.titles.map((title) => title.note_id)).size).toBe(12);
      for (const { text } of json.titles) {
        expect(text).not.toMatch(/How to make A |Bring$|^(?:一[杯夜格])[｜：]|[，、][一二三四五六七八九十百]+$|[：:].*[：:]/);
        expect(text).not.toMatch(/in \d steps|about A |we said|I counted/);
      }
    }
  });

  it.each([
    [['--length', 'long'], 'Expected a range such as 8-20'],
    [['--length', '30-40', '--platform', 'xiaohongshu'], 'begins at 20 or less'],
    [['--emoji', 'some', '--platform', 'tiktok'], 'takes no emoji'],
    [['--kind', 'highlight', '--paradigm', 'rewrite'], 'no original to rewrite'],
    [['--generator', 'magic'], 'extractive'],
  ])('refuses %j and says what to do', async (flags, message) => {
    const { code, err } = await titles(...flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

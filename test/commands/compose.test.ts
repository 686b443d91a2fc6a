import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { creativeId } from '../../src/core/ids.ts';
import { readCreatives, saveAd, saveCreative } from '../../src/core/store/creatives.ts';
import { saveElement, saveNoteElements, textElement } from '../../src/core/store/elements.ts';
import { saveNotes } from '../../src/core/store/notes.ts';
import { openStore, type Store } from '../../src/core/store/open.ts';
import { beginRun, listRuns } from '../../src/core/store/runs.ts';
import { saveLexiconTerms } from '../../src/core/store/terms.ts';
import type { Io } from '../../src/io.ts';

const NOW = new Date('2026-03-01T00:00:00Z');
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atelier-compose-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Ad {
  readonly ad_id: string;
  readonly space: number;
  readonly method: string;
  readonly creatives: readonly { creative_id: string; elements: Record<string, string>; score: number }[];
  readonly distinct: number;
  readonly mean_hamming: number | null;
}

interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function compose(argv: readonly string[], io: Partial<Io> = {}): Promise<Printed> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(['compose', '--store', 'a.db', ...argv], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    isTerminal: false,
    environment: {},
    workingDirectory: directory,
    now: () => NOW,
    signal: new AbortController().signal,
    ...io,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

async function composeJson(...argv: readonly string[]): Promise<{
  code: number;
  scorer: string;
  ads: readonly Ad[];
  notes: readonly string[];
  failed: readonly { item: string; reason: string }[];
}> {
  const { code, stdout } = await compose(['--json', ...argv]);
  return { code, ...JSON.parse(stdout) };
}

function withStore<Result>(use: (store: Store, runId: number) => Result): Result {
  const store = openStore(join(directory, 'a.db'), { create: true, now: NOW });
  try {
    return use(store, beginRun(store, { command: 'test', arguments: [], seed: 1, version: '0', startedAt: NOW }));
  } finally {
    store.db.close();
  }
}

type Texts = Readonly<Record<string, readonly number[]>>;

/** A note with text elements, one for each score, named "KIND INDEX of NOTE". */
function addNote(noteId: string, kinds: Texts): void {
  const elements = Object.entries(kinds).flatMap(([kind, scores]) =>
    scores.map((score, index) => ({ ...textElement(kind, `${kind} ${index} of ${noteId}`), source: 'test', score, details: {} })),
  );
  withStore((store, runId) => {
    saveNotes(store, [{ noteId, title: '', body: '', lang: '', brand: '', category: '', createdAt: '', media: [] }], runId);
    saveNoteElements(store, noteId, elements, { task: 'test', key: 'k' }, runId);
  });
}

function importCreative(adId: string, noteId: string | null, id: string, texts: Readonly<Record<string, string>>): void {
  withStore((store, runId) => {
    const elements = Object.entries(texts).map(([kind, text]) => textElement(kind, text));
    for (const element of elements) saveElement(store, element, runId);
    saveAd(store, { adId, noteId });
    const ids = Object.fromEntries(elements.map(({ kind, elementId }) => [kind, elementId]));
    saveCreative(store, { adId, creativeId: id, origin: 'imported', score: null, scorer: null, elements: ids }, runId);
  });
}

const TEA: Texts = { image: [0.9, 0.5, 0.4], title: [0.8, 0.7, 0.3, 0.2], highlight: [0.6] };

describe('atelier compose', () => {
  it('composes different creatives of one element of every kind, scored by their mean, and stores them', async () => {
    addNote('tea', TEA);
    const { code, scorer, ads, failed } = await composeJson('--per-ad', '6');
    expect([code, scorer, failed]).toEqual([0, 'mean element score', []]);
    const [ad] = ads as [Ad];
    expect(ad).toMatchObject({ ad_id: 'tea', space: 12, method: 'exact', distinct: 6 });
    expect(ad.creatives).toHaveLength(6);
    const scoreOf = new Map(
      Object.entries(TEA).flatMap(([kind, scores]) =>
        scores.map((score, index) => [textElement(kind, `${kind} ${index} of tea`).elementId, score]),
      ),
    );
    for (const { creative_id, elements, score } of ad.creatives) {
      expect(Object.keys(elements).sort()).toEqual(['highlight', 'image', 'title']);
      expect(creative_id).toBe(creativeId('tea', elements));
      expect(score).toBeCloseTo(Object.values(elements).reduce((sum, id) => sum + (scoreOf.get(id) as number), 0) / 3, 14);
    }
    // The best image with the best title: all twelve are in the pool.
    expect(ad.creatives[0]?.score).toBeCloseTo((0.9 + 0.8 + 0.6) / 3, 14);
    const stored = withStore((store) => readCreatives(store, 'tea'));
    expect(stored.map(({ origin, scorer: by }) => [origin, by])).toEqual(stored.map(() => ['composed', 'mean element score']));
    expect(new Map(stored.map(({ creativeId: id, elements, score }) => [id, { elements, score }]))).toEqual(
      new Map(ad.creatives.map(({ creative_id, elements, score }) => [creative_id, { elements, score }])),
    );
  });

  it('leaves out texts that hold a term which was banned after they were written', async () => {
    addNote('tea', TEA);
    withStore((store, runId) => saveLexiconTerms(store, [{ term: 'title 0 of', type: 'banned' }], runId));
    const [ad] = (await composeJson('--per-ad', '12')).ads as [Ad];
    const banned = textElement('title', 'title 0 of tea').elementId;
    expect(ad.space).toBe(9);
    for (const { elements } of ad.creatives) expect(elements.title).not.toBe(banned);
  });

  it('says a thing once: a highlight that repeats a title is left out where there are others', async () => {
    addNote('tea', { title: [0.8, 0.7] });
    const highlights = (...texts: string[]): void =>
      withStore((store, runId) => {
        const made = texts.map((text) => ({ ...textElement('highlight', text), source: 'test', score: 0.5, details: {} }));
        saveNoteElements(store, 'tea', made, { task: 'test', key: texts.join(), replaceKind: 'highlight' }, runId);
      });
    highlights('Title 0 of tea!', 'Picked by hand');
    const [ad] = (await composeJson('--per-ad', '12')).ads as [Ad];
    expect(ad.space).toBe(2);
    for (const { elements } of ad.creatives) expect(elements.highlight).toBe(textElement('highlight', 'Picked by hand').elementId);
    highlights('Title 0 of tea!');
    expect((await composeJson('--per-ad', '12')).ads[0]?.space).toBe(2);
  });

  it('says how much the creatives of an ad differ', async () => {
    addNote('tea', TEA);
    const [ad] = (await composeJson('--per-ad', '4')).ads as [Ad];
    const pairs = ad.creatives.flatMap((one, i) =>
      ad.creatives
        .slice(0, i)
        .map((other) => Object.keys(one.elements).filter((kind) => one.elements[kind] !== other.elements[kind]).length / 3),
    );
    expect(ad.mean_hamming).toBeCloseTo(pairs.reduce((sum, share) => sum + share, 0) / pairs.length, 14);
    expect((await composeJson('--per-ad', '1')).ads[0]?.mean_hamming).toBeNull();
  });

  it('run again, prints and keeps the same; what it composed before is not an input', async () => {
    addNote('tea', TEA);
    addNote('lip', { image: [0.5, 0.5], title: [0.1, 0.2, 0.3] });
    const first = await compose(['--json']);
    const stored = withStore((store) => readCreatives(store));
    expect(await compose(['--json'])).toEqual(first);
    expect(withStore((store) => readCreatives(store))).toEqual(stored);
    // An image that a new extraction dropped does not come back through an old creative.
    const gone = textElement('image', 'image 1 of tea').elementId;
    withStore((store) => store.db.prepare('DELETE FROM note_elements WHERE element_id = ?').run(gone));
    const { ads } = await composeJson('--ads', 'tea');
    expect(ads[0]?.space).toBe(8);
    expect(ads[0]?.creatives.map(({ elements }) => elements.image)).not.toContain(gone);
  });

  it('composes each ad the same whatever others are composed beside it', async () => {
    addNote('tea', TEA);
    const alone = (await composeJson()).ads;
    addNote('lip', TEA);
    expect((await composeJson()).ads.filter(({ ad_id }) => ad_id === 'tea')).toEqual(alone);
  });

  it('keeps the imported creative where it composes the same one', async () => {
    importCreative('ad-tea', 'tea', 'old-2', { image: 'image 0 of tea', title: 'title 0 of tea' });
    importCreative('ad-tea', 'tea', 'old-1', { image: 'image 0 of tea', title: 'title 0 of tea' });
    addNote('tea', { image: [0.9, 0.2], title: [0.9, 0.2] });
    const { ads } = await composeJson('--per-ad', '4');
    expect(ads[0]?.creatives[0]?.creative_id).toBe('old-1');
    const stored = withStore((store) => readCreatives(store, 'ad-tea'));
    expect(stored.map(({ origin }) => origin).sort()).toEqual(['composed', 'composed', 'composed', 'imported', 'imported']);
  });

  it("uses the elements of imported creatives, scored as the mean of their kind's others", async () => {
    addNote('tea', { title: [0.8, 0.4] });
    importCreative('ad-tea', 'tea', 'old', { title: 'Bought elsewhere', image: 'picture-7' });
    const { ads } = await composeJson('--per-ad', '3');
    const scores = new Map(ads[0]?.creatives.map(({ elements, score }) => [elements.title, score]));
    // Title 0.6, the mean of 0.8 and 0.4; image 0.5, as no other image has a score.
    expect(scores.get(textElement('title', 'Bought elsewhere').elementId)).toBeCloseTo((0.6 + 0.5) / 2, 14);
    expect(ads[0]?.space).toBe(3);
  });

  it('lists an ad without elements and composes the others', async () => {
    addNote('empty', {});
    addNote('tea', TEA);
    const { code, ads, failed } = await composeJson();
    expect(code).toBe(1);
    expect(ads.map(({ ad_id }) => ad_id)).toEqual(['tea']);
    expect(failed).toEqual([{ item: 'empty', reason: expect.stringContaining('Run atelier extract or atelier titles first') }]);
    const last = withStore(listRuns).findLast(({ command }) => command === 'compose');
    expect(last).toMatchObject({ arguments: ['--json=true'], exit_code: 1, counts: { ads: 1, creatives: 8, failed: 1 } });
  });

  it('narrows to ads and to the ads of notes, and lists names it does not know', async () => {
    addNote('tea', TEA);
    addNote('lip', TEA);
    importCreative('ad-sun', 'sun', 'old', { title: 'Sun' });
    expect((await composeJson('--ads', 'lip,ad-sun')).ads.map(({ ad_id }) => ad_id)).toEqual(['ad-sun', 'lip']);
    expect((await composeJson('--notes', 'sun,tea')).ads.map(({ ad_id }) => ad_id)).toEqual(['ad-sun', 'tea']);
    const { code, ads, failed } = await composeJson('--ads', 'lip,nobody');
    expect([code, ads.length, failed.map(({ item }) => item)]).toEqual([1, 1, ['nobody']]);
  });

  it('composes at random when asked, other creatives for another seed', async () => {
    addNote('tea', { image: Array.from({ length: 40 }, () => 0.5), title: Array.from({ length: 40 }, () => 0.5) });
    const [one] = (await composeJson('--method', 'random')).ads as [Ad];
    expect(one).toMatchObject({ method: 'random', space: 1600, distinct: 8 });
    const ids = (ad: Ad | undefined) => ad?.creatives.map(({ creative_id }) => creative_id);
    expect(ids((await composeJson('--method', 'random')).ads[0])).toEqual(ids(one));
    expect(ids((await composeJson('--method', 'random', '--seed', '2')).ads[0])).not.toEqual(ids(one));
  });

  it('says that it draws where combinations are too many to score them all as asked', async () => {
    const scores = Array.from({ length: 60 }, (_, index) => index / 60);
    addNote('big', { highlight: scores, image: scores, title: scores });
    const { ads, notes } = await composeJson('--method', 'exact');
    expect(ads[0]).toMatchObject({ space: 216_000, method: 'policy', distinct: 8 });
    expect(notes).toContainEqual(expect.stringContaining('more than 100,000 combinations'));
  });

  it('and draws better ones than chance does, with a note that no generator is trained', async () => {
    const scores = Array.from({ length: 60 }, (_, index) => index / 60);
    addNote('big', { highlight: scores, image: scores, title: scores });
    const { code, ads, notes } = await composeJson('--random-share', '0');
    const [ad] = ads as [Ad];
    expect([code, notes]).toEqual([0, [expect.stringContaining('atelier train generator')]]);
    expect(ad).toMatchObject({ space: 216_000, method: 'policy', distinct: 8 });
    // The mean of three uniform scores has a standard deviation of 0.17 about 0.5.
    expect(ad.creatives.reduce((sum, { score }) => sum + score, 0) / 8).toBeGreaterThan(0.75);
    expect((await composeJson('--random-share', '0')).ads).toEqual(ads);
  });

  it('prints a table and the scorer for people', async () => {
    addNote('tea', TEA);
    const { stdout } = await compose(['--per-ad', '2']);
    expect(stdout.split('\n')).toEqual([
      'ad   space  method  creatives  by chance  best score  mean hamming',
      'tea     12  exact           2          0       0.767         0.667',
      '2 creatives of 1 ads',
      'scorer: mean element score',
      '',
    ]);
  });

  it('interrupted, has lost nothing: run again it ends as one clean run does', async () => {
    for (const note of ['a', 'b', 'c']) addNote(note, TEA);
    const clean = await compose(['--json']);
    const all = withStore((store) => readCreatives(store));
    withStore((store) => store.db.exec('DELETE FROM creatives; DELETE FROM ads'));
    let reads = 0;
    const signal = Object.defineProperty(new AbortController().signal, 'aborted', { get: () => ++reads > 2 });
    expect((await compose(['--json'], { signal })).code).toBe(130);
    expect(withStore((store) => new Set(readCreatives(store).map(({ adId }) => adId)).size)).toBe(2);
    expect(withStore(listRuns).findLast(({ command }) => command === 'compose')?.exit_code).toBe(130);
    expect(await compose(['--json'])).toEqual(clean);
    expect(withStore((store) => readCreatives(store))).toEqual(all);
  });

  it('exits with 2, and says what to do, without a store, on another kind of file, and for a flag it cannot use', async () => {
    expect(await compose([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--store') });
    writeFileSync(join(directory, 'a.db'), 'note_id,title\n');
    expect(await compose([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('another kind of file') });
    expect(readFileSync(join(directory, 'a.db'), 'utf8')).toBe('note_id,title\n');
    for (const flags of [
      ['--per-ad', '0'],
      ['--gamma', '-1'],
      ['--method', 'best'],
    ])
      expect((await compose(flags)).code).toBe(2);
  });
});

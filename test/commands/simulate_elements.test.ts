import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/ids.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable } from './simulated_store.ts';

interface ElementTruth {
  readonly favour: number;
  readonly elements: readonly { readonly kind: string; readonly element: string; readonly element_id: string; readonly effect: number }[];
  readonly pairs?: readonly { readonly a: string; readonly b: string; readonly effect: number }[];
  readonly ads: readonly {
    readonly ad_id: string;
    readonly ctr: number;
    readonly creatives: readonly { readonly creative_id: string; readonly ctr: number; readonly impressions?: number }[];
  }[];
}

interface CreativeLine {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly elements: Readonly<Record<string, string>>;
}

const FILES = ['logs.csv', 'creatives.jsonl', 'truth.json'] as const;

/** Simulates a world of combined creatives; the last of a flag given twice holds. */
async function simulate(...flags: readonly string[]) {
  const folder = temporaryFolder();
  const line = ['simulate', '--ads', '4', '--creatives', '9', '--impressions', '300', '--days', '2', '--out', 'world', ...flags];
  const { code, stderr, stdout } = await commandLine(folder, line);
  if (code !== 0) throw new Error(stderr);
  const [logs, creatives, truth] = FILES.map((name) => readFileSync(join(folder, 'world', name), 'utf8')) as [string, string, string];
  return {
    folder,
    stdout,
    bytes: [logs, creatives, truth].join('\0'),
    creatives: creatives
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as CreativeLine),
    truth: JSON.parse(truth) as ElementTruth,
  };
}

/** A creative's ln CTR by the truth: the ad's and the effects of its elements and of their pairs. */
function predictedLogCtr({ ads, elements, pairs = [] }: ElementTruth, { ad_id, elements: own }: CreativeLine): number {
  const among = (text: string): boolean => Object.values(own).includes(text);
  const effects = [
    ...elements.filter(({ kind, element }) => own[kind] === element).map(({ effect }) => effect),
    ...pairs.filter(({ a, b }) => among(a) && among(b)).map(({ effect }) => effect),
  ];
  return effects.reduce((sum, effect) => sum + effect, Math.log(ads.find((ad) => ad.ad_id === ad_id)?.ctr as number));
}

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (of: (pair: readonly [number, number]) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [x, y] = [mean(([a]) => a), mean(([, b]) => b)];
  return mean(([a, b]) => (a - x) * (b - y)) / Math.sqrt(mean(([a]) => (a - x) ** 2) * mean(([, b]) => (b - y) ** 2));
}

describe('simulate --elements', () => {
  it.each([
    { name: 'elements', flags: [] },
    { name: 'elements and pairs', flags: ['--pairs', '0.5'] },
    { name: 'favoured elements', flags: ['--favour', '1', '--pairs', '0.2'] },
    {
      name: 'everything else',
      flags: ['--logging', 'skewed', '--placement', '1', '--drift', '0.3', '--interests', '1', '--tension', '-0.5'],
    },
    { name: 'a policy that learns', flags: ['--logging', 'thompson', '--delay', '1h', '--pairs', '0.5'] },
  ])('has the effects of $name add up to the ln CTR of each creative', async ({ flags }) => {
    const { creatives, truth } = await simulate('--elements', '3x4', ...flags);
    const ctr = new Map(truth.ads.flatMap((ad) => ad.creatives.map((own) => [own.creative_id, own.ctr])));
    expect(creatives).toHaveLength(36);
    expect(new Set(creatives.map(({ ad_id, elements }) => JSON.stringify([ad_id, elements]))).size).toBe(36);
    // The sum of four or seven numbers below 10 in doubles.
    for (const creative of creatives)
      expect(predictedLogCtr(truth, creative)).toBeCloseTo(Math.log(ctr.get(creative.creative_id) as number), 12);
    expect(truth.elements).toHaveLength(12);
    expect(truth.pairs?.length).toBe(flags.includes('--pairs') ? 48 : undefined);
    for (const kind of ['title', 'image', 'highlight']) {
      const own = truth.elements.filter((element) => element.kind === kind);
      expect(own.reduce((sum, { effect }) => sum + effect, 0)).toBeCloseTo(0, 12);
    }
  });

  it('spreads ln CTR inside an ad as --spread says', async () => {
    const { truth } = await simulate('--elements', '6x30', '--pairs', '0.3', '--spread', '0.5', '--ads', '50', '--creatives', '40');
    const squares = truth.ads.map(({ creatives }) => {
      const logs = creatives.map(({ ctr }) => Math.log(ctr));
      const mean = logs.reduce((sum, own) => sum + own, 0) / logs.length;
      return logs.reduce((sum, own) => sum + (own - mean) ** 2, 0) / (logs.length - 1);
    });
    // The 6 × 29 free effects of elements leave the sd a relative error of .038, the 50 × 39 combinations one of .016; four of both.
    expect(Math.abs(Math.sqrt(squares.reduce((sum, own) => sum + own, 0) / 50) / 0.5 - 1)).toBeLessThan(0.165);
  });

  it('writes the same bytes for the same seed, and others for another', async () => {
    const bytesOf = async (...flags: readonly string[]): Promise<string> =>
      (await simulate('--elements', '2x5', '--favour', '1', '--pairs', '0.2', ...flags)).bytes;
    expect(await bytesOf()).toBe(await bytesOf('--seed', '1'));
    expect(await bytesOf()).not.toBe(await bytesOf('--seed', '2'));
  });

  it('changes no byte where it is not given', async () => {
    // As written before there were elements.
    expect(sha256((await simulate()).bytes)).toBe('9821723310888dcaf364f9da502e0243df14f6913001ba47afbd5b29cc7cbc9f');
    const rich = ['--logging', 'skewed', '--placement', '0.5', '--drift', '0.2', '--interests', '1', '--tension', '-0.5'];
    expect(sha256((await simulate(...rich)).bytes)).toBe('b4db5578812ee75105d3dd98b743f0c46ccd05cef8f239b9ed565fdb3bed77b1');
    expect(sha256((await simulate('--logging', 'thompson', '--exit')).bytes)).toBe(
      'e88aa5ec67ba731e5a86952b2d80998f818495cfe30915c00bbd7499411a54d5',
    );
  });

  it('confounds what an element is worth with the ads that favour it', async () => {
    const naive = async (...flags: readonly string[]) => {
      const { creatives, truth } = await simulate('--elements', '3x8', '--ads', '200', '--creatives', '16', ...flags);
      const ctr = new Map(truth.ads.flatMap((ad) => ad.creatives.map((own) => [own.creative_id, own.ctr])));
      const pairs = truth.elements.map(({ kind, element, effect }): [number, number] => {
        const own = creatives.filter(({ elements }) => elements[kind] === element);
        return [effect, Math.log(own.reduce((sum, { creative_id }) => sum + (ctr.get(creative_id) as number), 0) / own.length)];
      });
      return { effects: truth.elements, correlation: correlation(pairs) };
    };
    const [fair, favoured] = [await naive(), await naive('--favour', '1')];
    // CTRs as they are, without the noise of clicks: what is wrong with them is the ads.
    expect(fair.correlation).toBeGreaterThan(0.97);
    expect(favoured.correlation).toBeLessThan(0.8);
    expect(favoured.effects).toEqual(fair.effects);
  });

  it('names kinds and elements, and says how many combinations there are', async () => {
    const { creatives, truth, stdout } = await simulate('--elements', 'title:3,cover_text:1,image:12');
    expect(truth.elements.map(({ kind }) => kind)).toEqual([...Array(3).fill('title'), 'cover_text', ...Array(12).fill('image')]);
    for (const { elements } of creatives) expect(Object.keys(elements)).toEqual(['title', 'cover_text', 'image']);
    expect(truth.elements[3]?.effect).toBe(0);
    expect(stdout).toContain('elements all ads share: 3 title, 1 cover_text, 12 image (36 combinations)');
    expect(new Set((await simulate('--elements', '7x2')).truth.elements.map(({ kind }) => kind))).toContain('kind7');
  });

  it('tells the ids that elements have once they are imported', async () => {
    const { folder, truth } = await simulate('--elements', '3x3');
    const imported = await commandJson<{ readonly elements: number }>(folder, ['import', 'creatives', 'world/creatives.jsonl']);
    expect(imported).toMatchObject({ code: 0, creatives: 36, elements: 9 });
    const { rows } = await commandJson<{ rows: { element_id: string; content: string }[] }>(folder, ['list', 'elements']);
    expect(rows.map(({ element_id, content }) => [element_id, content]).sort()).toEqual(
      truth.elements.map(({ element_id, element }) => [element_id, element]).sort(),
    );
  });

  it('combines all there is, and what a policy that learns shows is what it says', async () => {
    const { folder, truth } = await simulate('--elements', '2x3', '--logging', 'ucb', '--impressions', '2000');
    const rows = csvTable(join(folder, 'world', 'logs.csv'));
    for (const { creatives } of truth.ads)
      for (const { creative_id, impressions } of creatives)
        expect(rows.filter((row) => row.creative_id === creative_id)).toHaveLength(impressions ?? -1);
  });

  it('refuses what cannot be, and flags that would change nothing', async () => {
    const folder = temporaryFolder();
    const line = ['simulate', '--ads', '2', '--creatives', '5', '--impressions', '20', '--out', 'world'];
    for (const [flags, message] of [
      [['--elements', '3y8'], 'Expected kinds x elements such as 3x8'],
      [['--elements', '3x0'], 'such as 3x8'],
      [['--elements', '0x3'], 'such as 3x8'],
      [['--elements', 'title:3,title:4'], 'different kinds'],
      [['--elements', 'Title:3'], 'small letters'],
      [['--elements', '3x8,image:2'], 'such as 3x8'],
      [['--elements', '51x2'], 'at most 50 kinds'],
      [['--elements', '2x6000'], '10,000 elements in all'],
      [['--elements', '2x2'], '--creatives of at most 4, the combinations of 2 title, 2 image, but received 5'],
      [['--elements', '1x8', '--pairs', '0.1'], 'two kinds of at least two elements each with --pairs'],
      [['--elements', '3x8', '--pairs', '1.1'], 'from 0 to 1'],
      [['--elements', '3x8', '--favour', '-1'], 'from 0 to 10'],
      [['--favour', '1'], '--elements with --favour but received none'],
      [['--pairs', '0', '--favour', '1'], '--elements with --favour, --pairs but received none'],
    ] as const)
      expect(await commandLine(folder, [...line, ...flags])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { type ModelServer, startModelServer } from '../core/text/remote/model_server.ts';

const GOOD = ['A filling meal for cold evenings', 'Thick, smoky and full of beans', 'Beans and paprika from the mountains'];
const BODY =
  'A thick, smoky soup from the mountains, full of beans and paprika. It is a filling meal for cold evenings. White beans make it creamy and thick.';

interface Printed {
  readonly titles: readonly { readonly text: string; readonly score: number }[];
  readonly failed: readonly unknown[];
}

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function storeWithNote(): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'notes.jsonl'), JSON.stringify({ note_id: 'soup', title: 'Mountain Soup', body: BODY, lang: 'en' }));
  await commandLine(folder, ['import', 'notes', 'notes.jsonl']);
  return folder;
}

/** Logs of 30 ads in which titles with one word were clicked five times as often as titles with another. */
async function importClicks(
  folder: string,
  liked: string,
  other: string,
  clicks: readonly [number, number] = [100, 20],
  pair?: readonly [good: string, bad: string],
): Promise<void> {
  const ads = Array.from({ length: 30 }, (_, index) => `ad-${index}`);
  const creatives = ads.flatMap((ad_id, index) => [
    { ad_id, creative_id: 'a', elements: { title: `The ${liked} of day ${index}` } },
    { ad_id, creative_id: 'b', elements: { title: `The ${other} of day ${index}` } },
  ]);
  if (pair) for (const [at, title] of pair.entries()) creatives.push({ ad_id: 'pair', creative_id: 'ab'.charAt(at), elements: { title } });
  writeFileSync(join(folder, 'creatives.jsonl'), creatives.map((line) => JSON.stringify(line)).join('\n'));
  const rows = ads.flatMap((ad) => [`${ad},a,1000,${clicks[0]}`, `${ad},b,1000,${clicks[1]}`]);
  if (pair) rows.push('pair,a,20000,1100', 'pair,b,20000,1000');
  writeFileSync(join(folder, 'log.csv'), `ad_id,creative_id,impressions,clicks\n${rows.join('\n')}\n`);
  for (const argv of [
    ['import', 'creatives', 'creatives.jsonl'],
    ['import', 'logs', 'log.csv'],
  ]) {
    const { code, stderr } = await commandLine(folder, argv);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
}

async function train(folder: string, estimator: string): Promise<void> {
  const { code, stderr } = await commandLine(folder, ['train', 'mil', '--estimator', estimator, '--quiet']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

async function titles(folder: string, ...flags: readonly string[]): Promise<Map<string, number>> {
  const { titles: all, failed } = await commandJson<Printed>(folder, ['titles', ...flags]);
  expect(failed).toEqual([]);
  return new Map(all.map(({ text, score }) => [text, score]));
}

const lead = (scores: ReadonlyMap<string, number>, of: string, over: string): number => (scores.get(of) ?? 0) - (scores.get(over) ?? 0);

describe('where logs tell what was clicked', () => {
  it.each([
    ['beans', 'evenings'],
    ['evenings', 'beans'],
  ])('titles with %s rank higher than before, and no model is asked again', async (liked, other) => {
    const folder = await storeWithNote();
    server = await startModelServer(() => ({ say: GOOD }));
    const flags = ['--generator', 'hf', '--endpoint', server.url];
    const before = await titles(folder, ...flags);
    await importClicks(folder, liked, other);
    const after = await titles(folder, ...flags);
    expect(server.requests).toHaveLength(1);
    expect([...after.keys()].toSorted()).toEqual(GOOD.toSorted());
    const clicked = GOOD.find((text) => text.includes(liked)) as string;
    const ignored = GOOD.find((text) => text.includes(other)) as string;
    expect(lead(after, clicked, ignored)).toBeGreaterThan(lead(before, clicked, ignored) + 0.02);
    for (const score of after.values()) expect(score).toBeGreaterThanOrEqual(0);
    for (const score of after.values()) expect(score).toBeLessThanOrEqual(1);
  });

  it('counts in the extractive generator too, and a run without new logs changes nothing', async () => {
    const folder = await storeWithNote();
    const before = await titles(folder, '--per-note', '30');
    await importClicks(folder, 'beans', 'evenings');
    const after = await titles(folder, '--per-note', '30');
    const mean = (scores: ReadonlyMap<string, number>, word: RegExp): number => {
      const found = [...scores].filter(([text]) => word.test(text)).map(([, score]) => score);
      return found.reduce((sum, score) => sum + score, 0) / found.length;
    };
    const gap = (scores: ReadonlyMap<string, number>): number => mean(scores, /beans/i) - mean(scores, /evenings/i);
    expect(gap(after)).toBeGreaterThan(gap(before));
    expect(await titles(folder, '--per-note', '30')).toEqual(after);
  });

  it('a handful of clicks counts for nothing', async () => {
    const folder = await storeWithNote();
    const before = await titles(folder);
    await importClicks(folder, 'beans', 'evenings', [2, 1]);
    expect(await titles(folder)).toEqual(before);
  });
});

describe('where a reward model predicts clicks', () => {
  it.each([
    ['beans', 'evenings'],
    ['evenings', 'beans'],
  ])('titles with %s, which it reads in their words, rank by logs and model together', async (liked, other) => {
    const folder = await storeWithNote();
    server = await startModelServer(() => ({ say: GOOD }));
    const flags = ['--generator', 'hf', '--endpoint', server.url];
    await importClicks(folder, liked, other);
    const before = await titles(folder, ...flags);
    await train(folder, 'gated');
    const after = await titles(folder, ...flags);
    expect(server.requests).toHaveLength(1);
    const clicked = GOOD.find((text) => text.includes(liked)) as string;
    const ignored = GOOD.find((text) => text.includes(other)) as string;
    expect(lead(after, clicked, ignored)).toBeGreaterThan(lead(before, clicked, ignored) + 0.01);
    expect(await titles(folder, ...flags)).toEqual(after);
  });

  it('a title that was shown ranks by its own clicks, whatever the estimator', async () => {
    const folder = await storeWithNote();
    const [shown, never] = GOOD as [string, string, string];
    await importClicks(folder, 'lamps', 'rugs', [60, 60], [shown, 'A plain text']);
    server = await startModelServer(() => ({ say: GOOD }));
    const flags = ['--generator', 'hf', '--endpoint', server.url];
    const before = await titles(folder, ...flags);
    await train(folder, 'additive');
    const after = await titles(folder, ...flags);
    expect(lead(after, shown, never)).toBeGreaterThan(lead(before, shown, never) + 0.005);
  });

  it('a model that never saw the kind counts for nothing', async () => {
    const folder = await storeWithNote();
    await importClicks(folder, 'beans', 'evenings');
    const before = await titles(folder, '--kind', 'highlight');
    await train(folder, 'additive');
    expect(await titles(folder, '--kind', 'highlight')).toEqual(before);
  });
});

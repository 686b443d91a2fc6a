import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../core/publish/command_line.ts';

/** Ads share 17 elements of 3 kinds whose effects are known; ads of a high CTR favour some of them. */
const ELEMENTS = ['--elements', 'title:8,image:6,highlight:3', '--favour', '1', '--spread', '0.4'];

interface ElementTruth {
  readonly elements: readonly { readonly kind: string; readonly element: string; readonly element_id: string; readonly effect: number }[];
}

/** A folder with a store of a simulated log of combined creatives, and what is done to it. */
export async function makeCombinedStore(
  { ads, impressions }: { readonly ads: number; readonly impressions: number },
  ...commands: readonly (readonly string[])[]
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-combined-'));
  const size = ['--ads', String(ads), '--creatives', '10', '--impressions', String(impressions), '--days', '4'];
  await runAll(folder, [
    ['simulate', ...size, ...ELEMENTS, '--out', 'world'],
    ['import', 'creatives', 'world/creatives.jsonl'],
    ['import', 'logs', 'world/logs.csv', '--log', 'sim'],
    ...commands,
  ]);
  return folder;
}

/** Runs command lines that must succeed. */
export async function runAll(folder: string, lines: readonly (readonly string[])[]): Promise<void> {
  for (const argv of lines) {
    const { code, stderr } = await commandLine(folder, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
}

/** Imports creatives, one object each: `{ad_id, creative_id, title, …}`. */
export async function addCreatives(folder: string, creatives: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const lines = creatives.map(({ ad_id, creative_id, ...elements }) => JSON.stringify({ ad_id, creative_id, elements }));
  writeFileSync(join(folder, 'more.jsonl'), `${lines.join('\n')}\n`);
  await runAll(folder, [['import', 'creatives', 'more.jsonl']]);
}

/** Imports a log of aggregated rows `[ad, creative, impressions, clicks]`. */
export async function addLog(folder: string, log: string, rows: readonly (readonly [string, string, number, number])[]): Promise<void> {
  const lines = rows.map(([ad, creative, impressions, clicks]) => `2026-01-02,${ad},${creative},${impressions},${clicks}`);
  writeFileSync(join(folder, 'more.csv'), `ts,ad_id,creative_id,impressions,clicks\n${lines.join('\n')}\n`);
  await runAll(folder, [['import', 'logs', 'more.csv', '--log', log]]);
}

export function readElementTruth(folder: string): ElementTruth {
  return JSON.parse(readFileSync(join(folder, 'world', 'truth.json'), 'utf8')) as ElementTruth;
}

/** Changes one byte in the middle of a file. */
export function damage(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(path, bytes);
}

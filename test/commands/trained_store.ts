import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/core/ids.ts';
import { commandLine, type Result, temporaryFolder } from '../core/publish/command_line.ts';

/** A training that takes a second. */
export const TRAIN = ['train', 'dual-tower', '--log', 'sim', '--batch', '64', '--dimension', '4', '--epochs', '25', '--threads', '1'];

/** A folder with a store of a simulated log of 3 ads with 4 creatives each, and what is done to it. */
export async function makeStore(...commands: readonly (readonly string[])[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-trained-'));
  for (const argv of [
    ['simulate', '--ads', '3', '--creatives', '4', '--impressions', '6000', '--days', '5', '--interests', '1', '--out', 'world'],
    ['import', 'creatives', 'world/creatives.jsonl'],
    ['import', 'logs', 'world/logs.csv', '--log', 'sim'],
    ...commands,
  ]) {
    const { code, stderr } = await commandLine(folder, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  return folder;
}

/** A copy of a folder, for one test. */
export function copyOf(folder: string): string {
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

export function removeStore(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The SHA-256 of every model's files, by name. */
export function modelFiles(folder: string): Record<string, Record<string, string>> {
  const models = join(folder, 'atelier.db.files', 'models');
  return Object.fromEntries(
    readdirSync(models).map((model) => [
      model,
      Object.fromEntries(readdirSync(join(models, model)).map((file) => [file, sha256(readFileSync(join(models, model, file)))])),
    ]),
  );
}

/** Runs a command line until it has looked `looks` times whether it was interrupted; then it is, or it dies without a chance to do anything. */
export async function stopped(folder: string, argv: readonly string[], looks: number, how: 'interrupted' | 'killed'): Promise<Result> {
  let seen = 0;
  const signal = {
    get aborted(): boolean {
      seen++;
      if (seen > looks && how === 'killed') throw new RangeError('killed');
      return seen > looks;
    },
  };
  return commandLine(folder, argv, { signal: signal as AbortSignal });
}

/** A store for one test that is not simulated. */
export async function storeOf(csv: string): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'log.csv'), csv);
  const { code, stderr } = await commandLine(folder, ['import', 'logs', 'log.csv', '--log', 'sim']);
  if (code !== 0) throw new Error(stderr);
  return folder;
}

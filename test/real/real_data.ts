import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../../src/cli.ts';

const FOLDER = process.env.ATELIER_REAL_DATA ?? resolve(import.meta.dirname, '../../../shared/data');

/** Whether the real data are on this machine; a suite that needs them says so once where they are not. */
export function hasRealData(): boolean {
  const found = existsSync(join(FOLDER, 'README.md'));
  if (!found) process.stdout.write('skipped: real data not found\n');
  return found;
}

export function realFile(...names: readonly string[]): string {
  return join(FOLDER, ...names);
}

/** Runs one command line with `--json` in a folder, in this process; the document with its exit code. */
export async function runJson<Document>(folder: string, ...argv: readonly string[]): Promise<Document & { readonly code: number }> {
  const { code, stdout, stderr } = await runText(folder, ...argv, '--json');
  if (stdout === '') throw new Error(`atelier ${argv.join(' ')} exited with ${code}: ${stderr}`);
  return { ...(JSON.parse(stdout) as Document), code };
}

export async function runText(folder: string, ...argv: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    isTerminal: false,
    environment: process.env,
    workingDirectory: folder,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** Counts of a suite, in its output. */
export function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

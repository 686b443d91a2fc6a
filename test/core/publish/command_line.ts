import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from '../../../src/cli.ts';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new folder, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-publish-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs one command line in a folder, in this process. */
export async function commandLine(
  folder: string,
  argv: readonly string[],
  world: { readonly environment?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<Result> {
  let stdout = '';
  let stderr = '';
  const code = await run(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    isTerminal: false,
    environment: world.environment ?? {},
    workingDirectory: folder,
    now: () => new Date('2026-03-01T00:00:00Z'),
    signal: world.signal ?? new AbortController().signal,
  });
  return { code, stdout, stderr };
}

/** The document of a command line with `--json`. */
export async function commandJson<Document>(folder: string, argv: readonly string[]): Promise<Document & { readonly code: number }> {
  const { code, stdout } = await commandLine(folder, [...argv, '--json']);
  return { ...(JSON.parse(stdout) as Document), code };
}

/** The document of a command line of the built program, a process of its own with all its threads. */
export function builtJson<Document>(folder: string, argv: readonly string[]): Document {
  const program = join(import.meta.dirname, '../../../bin/atelier.js');
  return JSON.parse(execFileSync(process.execPath, [program, ...argv, '--json', '--quiet'], { cwd: folder, encoding: 'utf8' })) as Document;
}

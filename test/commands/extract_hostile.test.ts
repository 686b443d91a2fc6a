import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../../src/cli.ts';
import { writeHostileFiles } from '../core/media/hostile_media.ts';
import { makePicture, temporaryFolder } from '../core/media/made_media.ts';

const NOBODY = 65_534;

interface Result {
  readonly code: number;
  readonly stdout: string;
}

async function atelier(folder: string, args: readonly string[]): Promise<Result> {
  let stdout = '';
  const code = await run([...args, '-s', 'a.db', '--json', '--quiet'], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: () => {},
    isTerminal: false,
    environment: {},
    workingDirectory: folder,
    now: () => new Date('2025-01-01T00:00:00Z'),
    signal: new AbortController().signal,
  });
  return { code, stdout };
}

/** Names of the programs this process has started and that still run. */
function runningChildren(): string[] {
  const names = execFileSync('ps', ['-o', 'comm=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return names.split('\n').filter((name) => name !== '' && name !== 'ps');
}

/** Permissions do not bind root, as whom tests in a container run; so the work is done as somebody else then. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Whether somebody else could run the program from where it lies. */
const OTHERS_MAY_RUN =
  process.geteuid?.() !== 0 || foldersAbove(import.meta.dirname).every((folder) => (statSync(folder).mode & 0o005) === 0o005);

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersAbove(above)];
}

/** An empty folder that takes the place of the machine's for temporary files. */
function watchedTemporaryFolder(): string {
  const folder = temporaryFolder();
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

describe('extract on hostile media', () => {
  it('refuses each alone with its reason, keeps the good photo, and does the same again', async () => {
    const folder = temporaryFolder();
    const note = join(folder, 'note');
    mkdirSync(note);
    const hostile = await writeHostileFiles(note, temporaryFolder());
    writeFileSync(join(note, 'good.png'), await makePicture(1));
    const media = ['good.png', ...hostile.map(({ name }) => name)];
    writeFileSync(join(note, 'notes.jsonl'), `${JSON.stringify({ note_id: 'n1', title: 'Salad', media })}\n`);
    const children = runningChildren();
    const temporary = watchedTemporaryFolder();
    const files = readdirSync(note);

    const imported = await atelier(folder, ['import', 'notes', join(note, 'notes.jsonl')]);
    expect(imported.code).toBe(0);
    expect(JSON.parse(imported.stdout).media).toBe(media.length);
    const first = await atelier(folder, ['extract', '--per-note', '20']);

    const { images, failed } = JSON.parse(first.stdout) as {
      images: { source: string }[];
      failed: { item: string; reason: string }[];
    };
    const reasons = new Map(failed.map(({ item, reason }) => [item, reason]));
    for (const { name, reason } of hostile) {
      const given = reasons.get(`n1 ${resolve(note, name)}`);
      if (reason === null) expect.soft(given, name).toBeUndefined();
      else expect.soft(given ?? 'no reason', name).toMatch(reason);
    }
    expect(images.map(({ source }) => source)).toContain(join(note, 'good.png'));
    expect(first.code).toBe(1);
    expect(runningChildren()).toEqual(children);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(note)).toEqual(files);
    expect(readdirSync(join(folder, 'a.db.files'), { recursive: true }).filter((name) => String(name).endsWith('.part'))).toEqual([]);
    expect(await atelier(folder, ['extract', '--per-note', '20'])).toEqual(first);
  });

  it.skipIf(!OTHERS_MAY_RUN)('names a folder it may not enter and a file it may not read, and goes on', async () => {
    const folder = temporaryFolder();
    const note = join(folder, 'note');
    mkdirSync(join(note, 'locked'), { recursive: true });
    for (const name of ['good.png', 'unreadable.png', 'locked/a.png']) writeFileSync(join(note, name), await makePicture(1));
    const media = ['good.png', 'unreadable.png', 'locked/a.png'];
    writeFileSync(join(note, 'notes.jsonl'), `${JSON.stringify({ note_id: 'n1', title: 'Salad', media })}\n`);
    chmodSync(join(note, 'unreadable.png'), 0);
    chmodSync(join(note, 'locked'), 0);
    chmodSync(folder, 0o777);

    const { code, stdout } = await asOrdinaryUser(async () => {
      await atelier(folder, ['import', 'notes', join(note, 'notes.jsonl')]);
      return atelier(folder, ['extract']);
    });
    chmodSync(join(note, 'locked'), 0o700);
    const { images, failed } = JSON.parse(stdout) as { images: unknown[]; failed: { item: string; reason: string }[] };
    expect(code).toBe(1);
    expect(images).toHaveLength(1);
    expect(failed).toEqual(
      ['unreadable.png', 'locked/a.png'].map((name) => ({
        item: `n1 ${join(note, name)}`,
        reason: `Expected a file at ${join(note, name)} but it cannot be read: permission denied. Allow this user to read it and to enter its folder.`,
      })),
    );
  });
});

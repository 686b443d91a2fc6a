import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { MIGRATIONS } from '../../../src/core/store/migrations.ts';
import { type OpenOptions, openStore } from '../../../src/core/store/open.ts';
import { beginRun, listRuns } from '../../../src/core/store/runs.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { NOW } from './temporary_store.ts';

/** The child runs what `make` built. */
const CHILD = fileURLToPath(new URL('./open_child.mjs', import.meta.url));
const PROCESSES = 24;

/** Opens and closes a store, and returns its schema as SQLite keeps it. */
function schemaOf(path: string, options: Partial<OpenOptions> = {}): unknown[] {
  const store = openStore(path, { create: true, now: NOW, ...options });
  const schema = store.db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  store.db.close();
  return schema;
}

function startChild(...argv: readonly string[]): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const child = spawn(process.execPath, [CHILD, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (output += bytes));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) };
}

describe('migrations', () => {
  it.each(MIGRATIONS.map((_, applied) => applied))(
    'upgrade a store that has %i of them to the same schema as a new one, and keep its rows',
    (applied) => {
      const folder = temporaryFolder();
      const path = join(folder, 'old.db');
      const old = openStore(path, { create: true, now: NOW, migrations: MIGRATIONS.slice(0, applied) });
      if (applied > 0) beginRun(old, { command: 'import notes', arguments: ['a'], seed: 1, version: '0', startedAt: NOW });
      old.db.close();
      expect(schemaOf(path)).toEqual(schemaOf(join(folder, 'new.db')));
      const upgraded = openStore(path, { create: false, now: NOW });
      expect(listRuns(upgraded).map((run) => run.command)).toEqual(applied > 0 ? ['import notes'] : []);
      upgraded.db.close();
    },
  );

  it('are each recorded once', () => {
    const path = join(temporaryFolder(), 'a.db');
    schemaOf(path);
    schemaOf(path);
    const db = new Database(path, { readonly: true });
    expect(db.prepare('SELECT name, applied_at FROM migrations ORDER BY name').all()).toEqual(
      MIGRATIONS.map(({ name }) => ({ name, applied_at: NOW.toISOString() })),
    );
    db.close();
  });

  it('leave nothing of a step that fails half-way', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.db');
    const broken = { name: '999_broken', sql: 'CREATE TABLE half_done (n INTEGER); INSERT INTO nowhere VALUES (1);' };
    expect(() => schemaOf(path, { migrations: [...MIGRATIONS, broken] })).toThrow('no such table: nowhere');
    expect(schemaOf(path)).toEqual(schemaOf(join(folder, 'new.db')));
  });

  it('leave nothing of a step that was running when its process was killed', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.db');
    const { child, ended } = startChild(path, 'slow');
    await untilLastStepRuns(path);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    expect(schemaOf(path)).toEqual(schemaOf(join(folder, 'new.db')));
  });
});

/** Waits until all known migrations are recorded and a process holds the lock for one more. */
async function untilLastStepRuns(path: string): Promise<void> {
  while (!(recordedMigrations(path) === MIGRATIONS.length && isLocked(path))) await sleep(20);
}

/** Undefined while there is no file or no table of migrations yet. */
function recordedMigrations(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare('SELECT count(*) FROM migrations').pluck().get() as number;
  } catch {
    return undefined;
  } finally {
    db.close();
  }
}

function isLocked(path: string): boolean {
  const db = new Database(path, { timeout: 0 });
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    db.close();
  }
}

describe('openStore', () => {
  it(`opens one new store in ${PROCESSES} processes at once`, async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.db');
    const results = await Promise.all(Array.from({ length: PROCESSES }, () => startChild(path).ended));
    expect(results).toEqual(results.map(() => ({ code: 0, output: 'opened' })));
    expect(schemaOf(path)).toEqual(schemaOf(join(folder, 'new.db')));
  });

  it('makes the folders of a new store, and refuses to make one where none is wanted', () => {
    const path = join(temporaryFolder(), 'deep', 'er', 'a.db');
    expect(() => openStore(path, { create: false, now: NOW })).toThrow(UserError);
    expect(existsSync(join(path, '..'))).toBe(false);
    expect(schemaOf(path)).not.toEqual([]);
  });

  it('takes an empty file as a new store', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'empty.db'), '');
    expect(schemaOf(join(folder, 'empty.db'))).toEqual(schemaOf(join(folder, 'new.db')));
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ["another program's SQLite file", foreignSqlite, /another kind of file/],
    ['a text file', (path) => writeFileSync(path, 'note_id,title\n1,a title\n'.repeat(100)), /another kind of file/],
    ['a short text file', (path) => writeFileSync(path, 'hello\n'), /another kind of file/],
    ['a store that a newer version wrote', newerStore, /written by a newer version of atelier \(it has 901_later\)/],
  ])('refuses %s and leaves every byte of it', (_, make, message) => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.db');
    make(path);
    const before = readFileSync(path);
    let thrown: unknown;
    try {
      openStore(path, { create: true, now: NOW });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as UserError).message).toMatch(message);
    expect((thrown as UserError).hint).toMatch(/--store/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.db']);
  });
});

function foreignSqlite(path: string): void {
  const db = new Database(path);
  db.exec("CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('a')");
  db.close();
}

function newerStore(path: string): void {
  openStore(path, {
    create: true,
    now: NOW,
    migrations: [...MIGRATIONS, { name: '901_later', sql: 'CREATE TABLE later (n INTEGER) STRICT' }],
  }).db.close();
}

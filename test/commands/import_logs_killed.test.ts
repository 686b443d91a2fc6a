import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countLogRows, readLogChunks } from '../../src/core/store/log_rows.ts';
import { findLog } from '../../src/core/store/logs.ts';
import { openStore } from '../../src/core/store/open.ts';
import { rollUpOf } from './stored_log.ts';

const BIN = resolve(import.meta.dirname, '../../bin/atelier.js');
/** More than one transaction of the writer, so that a kill can leave a part. */
const ROWS = 700_000;
const MANY_ROWS = 2_000_000;
const MEMORY_LIMIT_KB = 500 * 1024;

let folder: string;

/** A log in time order with ids, made without a random number: row i is the same in every file. */
function writeLog(path: string, rows: number): void {
  const file = openSync(path, 'w');
  writeSync(file, 'impression_id,ts,ad_id,creative_id,scene,position,propensity,click,view_time_s,user_id\n');
  const start = Date.UTC(2026, 0, 1);
  let text = '';
  for (let row = 0; row < rows; row++) {
    const click = row % 37 === 0;
    const ts = new Date(start + row * 500).toISOString();
    text += `i${row},${ts},ad-${row % 50},c${row % 7},feed,${1 + (row % 5)},0.${1 + (row % 9)},${click ? 1 : 0},${click ? row % 60 : ''},u${row % 100_003}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
}

/** The state of a log: rows of its chunks, a checksum of its ids in their order, and the roll-up. */
function stateOf(store: string) {
  const opened = openStore(join(folder, store), { create: false, now: new Date(0) });
  try {
    const log = findLog(opened, 'default') ?? 1;
    let checksum = 0n;
    let decoded = 0;
    for (const chunk of readLogChunks(opened, log, new Map())) {
      decoded += chunk.rows;
      for (const id of chunk.ids) checksum = BigInt.asUintN(64, checksum * 31n + id);
    }
    return { rows: countLogRows(opened, log), decoded, checksum, rollUp: rollUpOf(folder, 'default', store) };
  } finally {
    opened.db.close();
  }
}

/** A count of the store while another process writes to it; 0 before there is a table. */
function look(store: string, sql: string): number {
  if (!existsSync(join(folder, store))) return 0;
  let db: Database.Database | undefined;
  try {
    db = new Database(join(folder, store), { readonly: true });
    return db.prepare(sql).pluck().get() as number;
  } catch {
    return 0;
  } finally {
    db?.close();
  }
}

/** Imports in a process of its own and kills it as soon as the count is above 0; whether it was killed in time. */
async function killWhen(store: string, sql: string): Promise<boolean> {
  const child = spawn(process.execPath, [BIN, 'import', 'logs', 'log.csv', '--store', store, '--quiet'], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((done) => child.on('exit', (_, signal) => done(signal)));
  while (child.exitCode === null && look(store, sql) === 0) await setTimeout(1);
  child.kill('SIGKILL');
  return (await ended) === 'SIGKILL';
}

function importLog(store: string, file = 'log.csv') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'import', 'logs', file, '--store', store, '--json', '--quiet'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as { rows: number; inserted: number; duplicates: number };
}

beforeAll(() => {
  expect(existsSync(resolve(BIN, '../../dist/cli.js')), 'run make build first').toBe(true);
  folder = mkdtempSync(join(tmpdir(), 'atelier-killed-'));
  writeLog(join(folder, 'log.csv'), ROWS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an import of a log that was killed', () => {
  it.each([
    ['before its first rows were kept', 'SELECT count(*) FROM arms', 'early.db'],
    ['with a part of its rows kept', 'SELECT count(*) FROM log_chunks', 'half.db'],
  ])('%s ends, run again, in the state of one clean run', async (_, sql, store) => {
    if (!existsSync(join(folder, 'clean.db'))) expect(importLog('clean.db')).toMatchObject({ rows: ROWS, inserted: ROWS, duplicates: 0 });
    expect(await killWhen(store, sql)).toBe(true);
    const kept = look(store, 'SELECT coalesce(sum(rows), 0) FROM log_chunks');
    expect(kept).toBeLessThan(ROWS);
    if (store === 'half.db') expect(kept).toBeGreaterThan(0);
    expect(look(store, 'SELECT coalesce(sum(impressions), 0) FROM roll_up')).toBe(kept);
    expect(importLog(store)).toEqual(expect.objectContaining({ rows: ROWS, inserted: ROWS - kept, duplicates: kept }));
    const [state, clean] = [stateOf(store), stateOf('clean.db')];
    expect(state.rows).toBe(ROWS);
    expect(state.decoded).toBe(ROWS);
    expect(state).toEqual(clean);
    expect(look(store, 'SELECT count(*) FROM runs WHERE exit_code IS NULL')).toBe(1);
  });
});

describe('an import of two million rows', () => {
  it('keeps its memory under 500 MB', () => {
    writeLog(join(folder, 'many.csv'), MANY_ROWS);
    const script = `await import(process.argv[1]); console.error(process.resourceUsage().maxRSS);`;
    const argv = ['--input-type=module', '-e', script, BIN, 'import', 'logs', 'many.csv', '--store', 'many.db', '--json', '--quiet'];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ inserted: MANY_ROWS });
    process.stdout.write(`two million rows: ${Math.round(Number(stderr) / 1024)} MB at most\n`);
    expect(Number(stderr)).toBeGreaterThan(50 * 1024);
    expect(Number(stderr)).toBeLessThan(MEMORY_LIMIT_KB);
  });
});

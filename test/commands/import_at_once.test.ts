import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/core/store/open.ts';
import { commandJson, temporaryFolder } from '../core/publish/command_line.ts';

const ROWS = 150_000;
const BINARY = new URL('../../bin/atelier.js', import.meta.url).pathname;

function writeLog(folder: string, withIds: boolean): void {
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const cells = [`2026-01-0${1 + (i % 5)}T10:00:${String(i % 60).padStart(2, '0')}Z`, 'ad', `c${i % 7}`, i % 20 === 0 ? 1 : 0];
    return withIds ? [`i${i}`, ...cells].join(',') : cells.join(',');
  });
  const header = `${withIds ? 'impression_id,' : ''}ts,ad_id,creative_id,click`;
  writeFileSync(join(folder, 'log.csv'), `${[header, ...lines].join('\n')}\n`);
}

describe('two processes that import one log at once', () => {
  it.each([true, false])('add every row once (impression ids: %s)', async (withIds) => {
    const folder = temporaryFolder();
    writeLog(folder, withIds);
    const run = () => promisify(execFile)(process.execPath, [BINARY, 'import', 'logs', 'log.csv', '--quiet', '--json'], { cwd: folder });
    const reports = (await Promise.all([run(), run()])).map(({ stdout }) => JSON.parse(stdout) as { inserted: number; duplicates: number });
    expect(reports.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(ROWS);
    expect(reports.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(ROWS);
    const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
    expect(store.db.prepare('SELECT sum(impressions) FROM roll_up').pluck().get()).toBe(ROWS);
    store.db.close();
  });
});

describe('files of an import', () => {
  it('fail alone when others can be read, whatever is imported', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.jsonl'), '{"note_id":"n1","title":"One"}\n{"note_id":"n1","title":"Again"}\n');
    writeFileSync(join(folder, 'brands.csv'), 'name\nNordlight\n');
    const notes = await commandJson<{ code: number; notes: number; skipped: { item: string; reason: string }[] }>(folder, [
      'import',
      'notes',
      'gone.jsonl',
      'notes.jsonl',
    ]);
    expect(notes).toMatchObject({ code: 1, notes: 1 });
    expect(notes.skipped.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('an earlier note has it too'),
      expect.stringContaining('gone.jsonl'),
    ]);
    const brands = await commandJson<{ code: number; inserted: number }>(folder, ['import', 'brands', 'gone.csv', 'brands.csv']);
    expect(brands).toMatchObject({ code: 1, inserted: 1 });
  });

  it('may hold lines of megabytes, and later lines keep their numbers', async () => {
    const folder = temporaryFolder();
    const rows = [`2026-01-01,a,big,0,${'x'.repeat(3_000_000)}`, '2026-01-01,a,good,0,', '2026-01-01,a,bad,7,', '2026-01-01,a,good,1,'];
    writeFileSync(join(folder, 'log.csv'), `${['ts,ad_id,creative_id,click,note', ...rows].join('\n')}\n`);
    const report = await commandJson<{ code: number; inserted: number; rejected: number; rejects_file: string }>(folder, [
      'import',
      'logs',
      'log.csv',
    ]);
    expect(report).toMatchObject({ code: 1, inserted: 3, rejected: 1 });
    expect(readFileSync(report.rejects_file, 'utf8').split('\n')[1]).toMatch(/log\.csv,4,click,/);
  });
});

import { closeSync, existsSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type CheckResult, isAtLeast, runChecks } from '../../src/core/doctor/check.ts';
import { diskCheck, ffmpegCheck, fontsCheck, ocrCheck } from '../../src/core/doctor/machine.ts';
import { nodeCheck, sqliteCheck } from '../../src/core/doctor/modules.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';

async function doctor(folder: string): Promise<{ code: number; checks: ReadonlyMap<string, CheckResult> }> {
  const { code, checks } = await commandJson<{ checks: CheckResult[] }>(folder, ['doctor']);
  return { code, checks: new Map(checks.map((check) => [check.name, check])) };
}

describe('doctor', () => {
  it('finds this machine able to run everything, and makes no store', async () => {
    const folder = temporaryFolder();
    const { code, checks } = await doctor(folder);
    expect([...checks.keys()]).toEqual([
      'node',
      'sqlite',
      'duckdb',
      'sharp',
      'onnxruntime',
      'jieba',
      'ffmpeg',
      'ocr models',
      'chinese fonts',
      'disk',
      'store',
      'store files',
    ]);
    expect([...checks.values()].filter(({ ok, required }) => required && !ok)).toEqual([]);
    expect(code).toBe(0);
    expect(checks.get('store')?.detail).toContain('no store yet');
    expect(existsSync(join(folder, 'atelier.db'))).toBe(false);
  });

  it('shows one aligned line per check, and a hint under what is not ok', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'atelier.db'), 'a diary');
    const { code, stdout, stderr } = await commandLine(folder, ['doctor']);
    expect(code).toBe(1);
    const details = stdout.split('\n').filter((line) => /^[✓✗–]/.test(line));
    expect(details).toHaveLength(12);
    expect(details.find((line) => line.includes(' store '))).toMatch(/^✗ store {10}Expected an atelier store/);
    expect(stdout).toContain('Name a store of this tool');
    expect(stderr).toContain('failed: store: ');
  });

  it('says which files of the store are gone', async () => {
    const folder = temporaryFolder();
    await sharp({ create: { width: 30, height: 40, channels: 3, background: 'teal' } }).toFile(join(folder, 'teal.png'));
    writeFileSync(join(folder, 'c.jsonl'), JSON.stringify({ ad_id: 'ad', creative_id: 'c', elements: { image: 'teal.png' } }));
    await commandLine(folder, ['import', 'creatives', 'c.jsonl']);
    expect((await doctor(folder)).checks.get('store files')).toMatchObject({ ok: true });
    for (const name of readdirSync(join(folder, 'atelier.db.files'))) rmSync(join(folder, 'atelier.db.files', name), { recursive: true });
    const { code, checks } = await doctor(folder);
    expect(code).toBe(1);
    expect(checks.get('store')).toMatchObject({ ok: true });
    expect(checks.get('store files')).toMatchObject({ ok: false, detail: expect.stringMatching(/^1 of 1 files are gone: /) });
  });

  it('finds a damaged page in the store', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'brands.csv'), ['name', ...Array.from({ length: 20_000 }, (_, index) => `brand ${index}`)].join('\n'));
    await commandLine(folder, ['import', 'brands', 'brands.csv']);
    const path = join(folder, 'atelier.db');
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(8192, 0xff), 0, 8192, Math.floor(statSync(path).size / 2 / 4096) * 4096);
    closeSync(file);
    const { code, checks } = await doctor(folder);
    expect(code).toBe(1);
    expect(checks.get('store')).toMatchObject({ ok: false, hint: expect.stringContaining('Restore it from a copy') });
  });
});

describe('the checks', () => {
  it('go on after one that throws', async () => {
    const results = await runChecks([
      {
        name: 'broken',
        required: true,
        hint: 'mend it',
        find: () => {
          throw new Error('no such library');
        },
      },
      nodeCheck('20.19.0'),
    ]);
    expect(results).toEqual([
      { name: 'broken', ok: false, required: true, detail: 'no such library', hint: 'mend it' },
      { name: 'node', ok: true, required: true, detail: '20.19.0', hint: '' },
    ]);
  });

  it.each([
    ['20.19.0', true],
    ['20.18.9', false],
    ['22.0.0', true],
    ['9.99.0', false],
    ['20.19', true],
    ['20', false],
  ])('compare versions by their numbers: %s is at least 20.19: %s', (version, expected) => {
    expect(isAtLeast(version, '20.19')).toBe(expected);
  });

  it('say what is wrong with a machine that lacks something', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ppocr_keys_v1.txt'), '');
    const results = await runChecks([
      nodeCheck('18.20.0'),
      sqliteCheck(async () => '3.36.0'),
      ffmpegCheck({ FFMPEG_PATH: join(folder, 'ffmpeg') }),
      ocrCheck(folder),
      fontsCheck({ PATH: folder }),
      diskCheck(join(folder, 'new', 'a.db'), Number.POSITIVE_INFINITY),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false, false, false, false]);
    expect(results.filter(({ required }) => !required).map(({ name }) => name)).toEqual(['chinese fonts', 'disk']);
    expect(results.every(({ hint }) => hint.length > 10)).toBe(true);
    expect(results[3]?.detail).toContain('ppocr_keys_v1.txt');
  });
});

import { execFileSync } from 'node:child_process';
import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ROWS = 3_000_000;
const ROUNDS = 3;

/**
 * `import logs` beside sqlite3's own `.import` of the same CSV into one plain table. Ours also checks every value, codes
 * strings, refuses duplicates and sums the roll-up. Both are whole processes, and the file is in the page cache for both.
 */
export async function benchImportLogs(folder: string): Promise<BenchLine[]> {
  const atelier = (...argv: string[]): void => {
    execFileSync(process.execPath, ['bin/atelier.js', ...argv, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  atelier('simulate', '--ads', '50', '--creatives', '8', '--impressions', String(ROWS), '--out', folder);
  const csv = join(folder, 'logs.csv');
  for await (const _ of createReadStream(csv)) void _;
  const columns = 'impression_id, ts, ad_id, creative_id, scene, position, propensity, click, view_time_s, revenue, conversion, user_id';
  const [ours, sqlite] = await fastest(
    [
      () => {
        for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `ours.db${suffix}`), { force: true });
        atelier('import', 'logs', csv, '--store', join(folder, 'ours.db'));
      },
      () => {
        rmSync(join(folder, 'sqlite.db'), { force: true });
        execFileSync('sqlite3', [join(folder, 'sqlite.db'), `CREATE TABLE log (${columns})`, '.mode csv', `.import --skip 1 ${csv} log`]);
      },
    ],
    ROUNDS,
  );
  return [
    compareSpeeds(
      `import ${ROWS / 1e6} million log rows`,
      'rows/s',
      ROWS / (ours as number),
      ROWS / (sqlite as number),
      "sqlite3's .import into a plain table",
    ),
  ];
}

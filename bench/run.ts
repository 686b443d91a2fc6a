import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchClickLog } from './click_log.ts';
import { benchDualTower } from './dual_tower.ts';
import { benchExtract } from './extract.ts';
import { benchGenerator } from './generator.ts';
import { benchImportLogs } from './import_logs.ts';
import { benchRewards } from './rewards.ts';

const folder = mkdtempSync(join(tmpdir(), 'atelier-bench-'));
try {
  for (const bench of [benchImportLogs, benchClickLog, benchDualTower, benchExtract, benchRewards, benchGenerator]) {
    for (const line of await bench(folder)) console.log(JSON.stringify(line));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

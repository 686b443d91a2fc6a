import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchClickLog } from './click_log.ts';
import { benchDualTower } from './dual_tower.ts';
import { benchGenerator } from './generator.ts';
import { benchImportLogs } from './import_logs.ts';
import { benchNearDuplicates } from './near_duplicates.ts';
import { benchPhotos } from './photos.ts';
import { benchRewards } from './rewards.ts';
import { benchTitleRanking } from './title_ranking.ts';
import { benchTitles } from './titles.ts';
import { benchVideos } from './videos.ts';

const folder = mkdtempSync(join(tmpdir(), 'atelier-bench-'));
try {
  const benches = [
    ...[benchImportLogs, benchClickLog, benchDualTower, benchRewards, benchGenerator],
    ...[benchPhotos, benchVideos, benchNearDuplicates, benchTitles, benchTitleRanking],
  ];
  for (const bench of benches) {
    for (const line of await bench(folder)) console.log(JSON.stringify(line));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

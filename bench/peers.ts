import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareSpeeds, PEERS_PYTHON } from './bench_line.ts';
import { benchDualTower } from './dual_tower.ts';
import { benchOcr } from './ocr_peers.ts';
import { benchReplay } from './replay_peers.ts';
import { benchRewardPeer } from './rewards.ts';
import { benchScenes } from './scene_peers.ts';
import { benchUpworthy } from './upworthy.ts';
import { benchUpworthyRewards } from './upworthy_rewards.ts';

/** The training loop of a dual tower beside JAX's on the same architecture, optimisers and batches. */
async function benchTraining(): Promise<void> {
  const output = execFileSync(PEERS_PYTHON, ['-B', 'bench/peers/dual_tower.py', '--framework', 'jax', '--threads', '2'], {
    encoding: 'utf8',
  });
  const peer = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { version: string; rows_per_second: number };
  for (const line of await benchDualTower()) {
    if (line.unit === 'rows/s') print(compareSpeeds(line.bench, line.unit, line.ours, peer.rows_per_second, `jax ${peer.version}`));
  }
}

function print(line: unknown): void {
  console.log(JSON.stringify(line));
}

const data = process.env.ATELIER_REAL_DATA ?? '../shared/data';
const folder = mkdtempSync(join(tmpdir(), 'atelier-peers-'));
try {
  await benchTraining();
  for (const line of await benchRewardPeer(folder, PEERS_PYTHON)) print(line);
  for (const line of await benchScenes(folder, data, PEERS_PYTHON)) print(line);
  if (existsSync(data)) {
    for (const bench of [benchUpworthy, benchUpworthyRewards]) for (const line of await bench(folder, data, PEERS_PYTHON)) print(line);
    for (const line of await benchOcr(folder, data, PEERS_PYTHON)) print(line);
  } else console.error('skipped: real data not found');
  benchReplay(folder, print);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readClickData } from '../src/commands/click_data.ts';
import { readReplayData } from '../src/commands/replay_data.ts';
import { DEFAULT_CONFIG } from '../src/core/config.ts';
import { computeEcoi } from '../src/core/feedback/ecoi.ts';
import { runTasks } from '../src/core/feedback/replay_threads.ts';
import { createWorld, simulateImpressions, type World } from '../src/core/feedback/simulator.ts';
import { rankPoints, sweepPoints } from '../src/core/feedback/sweep.ts';
import { createRandom } from '../src/core/random.ts';
import { readLogColumns } from '../src/core/store/log_columns.ts';
import { LogWriter } from '../src/core/store/log_writer.ts';
import { armCodes, ensureLog, positionCodes } from '../src/core/store/logs.ts';
import { openStore, type Store } from '../src/core/store/open.ts';
import { beginRun } from '../src/core/store/runs.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const IMPRESSIONS = 10_000_000;
const FEWER_IMPRESSIONS = 2_000_000;
const ADS = 100;
const CREATIVES = 10;
const ROUNDS = 3;
const ECOI_LIMIT_S = 1;
const COLUMNS_AIM = 20_000_000;
const REPLAY_AIM = 2_000_000;
const BYTES_AIM = 40;
const SWEEP = [
  '0.01',
  '0.02',
  '0.03',
  '0.05',
  '0.07',
  '0.1',
  '0.15',
  '0.2',
  '0.3',
  '0.4',
  '0.5',
  '0.6',
  '0.7',
  '0.8',
  '0.9',
  '1',
  '1.5',
  '2',
  '3',
  '5',
];

/** What a log of ten million impressions costs to report on, to read back and to replay, beside the aims. */
export async function benchClickLog(folder: string): Promise<BenchLine[]> {
  const store = openStore(join(folder, 'clicks.db'), { create: true, now: new Date(0) });
  fillStore(store, IMPRESSIONS);
  const lines: BenchLine[] = [];

  const [ecoi] = await fastest([async () => computeEcoi((await readClickData(store, undefined)).input)], ROUNDS);
  lines.push(
    compareSpeeds('ecoi of 10 million impressions', 'reports/s', 1 / (ecoi as number), 1 / ECOI_LIMIT_S, `the limit of ${ECOI_LIMIT_S} s`),
  );

  const read = () => readLogColumns(store, undefined, ['ts', 'arm', 'position', 'click', 'propensity']);
  const [reading] = await fastest([read], ROUNDS);
  lines.push(compareSpeeds('reading five columns of a log back', 'rows/s', IMPRESSIONS / (reading as number), COLUMNS_AIM, 'the aim'));

  const data = await readReplayData(store, undefined, undefined);
  const inputs = { log: data.log, direct: data.direct, shares: undefined };
  const replayOf = (policy: string, sweep: readonly string[], exit: boolean, threads: number) => async () => {
    const points = sweepPoints(DEFAULT_CONFIG, sweep.length > 0 ? new Map([['alpha', sweep]]) : new Map(), policy, exit);
    const tasks = points.map(({ config }) => ({ policy, config, exit, batch: 1, seed: 1 }));
    const runs = await runTasks(inputs, tasks, { threads, signal: new AbortController().signal });
    rankPoints(
      data.log,
      points,
      runs.map((run) => [run]),
      'replay',
      1,
    );
  };
  for (const policy of ['uniform', 'ucb', 'ucb1', 'kl', 'thompson', 'epsilon-greedy']) {
    const [seconds] = await fastest([replayOf(policy, [], false, 1)], ROUNDS);
    lines.push(compareSpeeds(`replay of ${policy}, one core`, 'rows/s', IMPRESSIONS / (seconds as number), REPLAY_AIM, 'the aim'));
  }
  const [exit] = await fastest([replayOf('ucb', [], true, 1)], ROUNDS);
  lines.push(compareSpeeds('replay of ucb with exit, one core', 'rows/s', IMPRESSIONS / (exit as number), REPLAY_AIM, 'the aim'));
  const cores = availableParallelism();
  const [sweep] = await fastest([replayOf('ucb', SWEEP, false, cores)], 1);
  const swept = (SWEEP.length * IMPRESSIONS) / (sweep as number);
  lines.push(
    compareSpeeds(`sweep of ucb over 20 settings, ${cores} cores`, 'rows/s', swept, cores * REPLAY_AIM, 'the aim on as many cores'),
  );
  store.db.close();
  lines.push(replayMemory(folder));
  return lines;
}

/** How much more memory a replay of ten million rows takes than one of two, a row. */
function replayMemory(folder: string): BenchLine {
  const fewer = openStore(join(folder, 'fewer.db'), { create: true, now: new Date(0) });
  fillStore(fewer, FEWER_IMPRESSIONS);
  fewer.db.close();
  const [most, least] = ['clicks.db', 'fewer.db'].map((name) => {
    const argv = ['bench/peak_memory.mjs', 'replay', '--policy', 'ucb', '--seeds', '1', '--quiet', '--store', join(folder, name)];
    return Number(execFileSync(process.execPath, argv, { encoding: 'utf8' }));
  }) as [number, number];
  const bytes = (most - least) / (IMPRESSIONS - FEWER_IMPRESSIONS);
  return compareSpeeds('replay, rows in a gigabyte', 'rows/GB', 1e9 / bytes, 1e9 / BYTES_AIM, `the aim of ${BYTES_AIM} bytes a row`);
}

function fillStore(store: Store, impressions: number): void {
  const ads = Array.from({ length: ADS }, (_, ad) => ({
    adId: `ad-${ad}`,
    creativeIds: Array.from({ length: CREATIVES }, (_, c) => `c-${c}`),
  }));
  const world: World = createWorld({ ads, logging: 'uniform', placement: 0, random: createRandom(1) });
  const runId = beginRun(store, { command: 'bench', arguments: [], seed: 1, version: '0', startedAt: new Date(0) });
  const writer = new LogWriter(store, { logId: ensureLog(store, 'bench'), runId, unit: 'impression', idsGiven: true });
  const arms = ads.map(({ adId, creativeIds }) =>
    armCodes(
      store,
      creativeIds.map((creativeId) => [adId, creativeId]),
    ),
  );
  const positions = positionCodes(
    store,
    world.positions.map(({ scene, position }) => [scene, String(position)]),
  );
  let first = 0n;
  for (const batch of simulateImpressions(world, { impressions, start: new Date(0), days: 14, users: 500_000, seed: 1 })) {
    const from = first;
    writer.add({
      rows: batch.rows,
      ids: BigUint64Array.from({ length: batch.rows }, (_, row) => (from + BigInt(row)) * 0x9e3779b97f4a7c15n),
      users: BigUint64Array.from(batch.user, (user) => BigInt(user) * 0x9e3779b97f4a7c15n),
      ts: batch.ts,
      arms: Int32Array.from(batch.ad, (ad, row) => (arms[ad] as number[])[batch.creative[row] as number] as number),
      positions: Int32Array.from(batch.position, (position) => positions[position] as number),
      numbers: new Map([
        ['propensity', batch.propensity],
        ['click', Float64Array.from(batch.click)],
        ['view_time_s', batch.viewTime],
        ['revenue', batch.revenue],
      ]),
      features: new Map(),
    });
    first += BigInt(batch.rows);
  }
  writer.flush();
}

import { join } from 'node:path';
import { readClickData } from '../src/commands/click_data.ts';
import { computeEcoi } from '../src/core/feedback/ecoi.ts';
import { POLICIES } from '../src/core/feedback/policies/registry.ts';
import { replay } from '../src/core/feedback/replay.ts';
import { prepareReplayLog, type ReplayLog } from '../src/core/feedback/replay_log.ts';
import { createWorld, simulateImpressions, type World } from '../src/core/feedback/simulator.ts';
import { createRandom } from '../src/core/random.ts';
import { readLogColumns, readLogUsers } from '../src/core/store/log_columns.ts';
import { LogWriter } from '../src/core/store/log_writer.ts';
import { armCodes, ensureLog, positionCodes, readArms } from '../src/core/store/logs.ts';
import { openStore, type Store } from '../src/core/store/open.ts';
import { beginRun } from '../src/core/store/runs.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const IMPRESSIONS = 10_000_000;
const ADS = 100;
const CREATIVES = 10;
const ROUNDS = 3;
const ECOI_LIMIT_S = 1;
const COLUMNS_AIM = 20_000_000;
const REPLAY_AIMS = { uniform: 5_000_000, ucb: 2_000_000, ucb1: 2_000_000 } as const;

/** What a log of ten million impressions costs to report on, to read back and to replay, beside the aims. */
export async function benchClickLog(folder: string): Promise<BenchLine[]> {
  const store = openStore(join(folder, 'clicks.db'), { create: true, now: new Date(0) });
  fillStore(store);
  const lines: BenchLine[] = [];

  const [ecoi] = await fastest([async () => computeEcoi((await readClickData(store, undefined)).input)], ROUNDS);
  lines.push(
    compareSpeeds('ecoi of 10 million impressions', 'reports/s', 1 / (ecoi as number), 1 / ECOI_LIMIT_S, `the limit of ${ECOI_LIMIT_S} s`),
  );

  const read = () => readLogColumns(store, undefined, ['ts', 'arm', 'position', 'click', 'propensity']);
  const [reading] = await fastest([read], ROUNDS);
  lines.push(compareSpeeds('reading five columns of a log back', 'rows/s', IMPRESSIONS / (reading as number), COLUMNS_AIM, 'the aim'));

  const { rows, columns } = read();
  const adOfCode = new Map([...readArms(store)].map(([code, arm]) => [code, arm.adId]));
  const { log } = prepareReplayLog({ rows, ...columns, users: readLogUsers(store, undefined) }, adOfCode);
  for (const [name, aim] of Object.entries(REPLAY_AIMS)) {
    const [seconds] = await fastest([() => replayOnce(log, name)], ROUNDS);
    lines.push(compareSpeeds(`replay of ${name}`, 'rows/s', log.rows / (seconds as number), aim, 'the aim'));
  }
  store.db.close();
  return lines;
}

function replayOnce(log: ReplayLog, name: string): void {
  const policy = POLICIES[name];
  if (!policy) throw new Error(`no policy ${name}`);
  replay(log, {
    policy,
    seed: 1,
    exposureFactor: new Float64Array(64).fill(1),
    directModel: new Float64Array(log.arms).fill(0.02),
    batch: 1,
  });
}

function fillStore(store: Store): void {
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
  for (const batch of simulateImpressions(world, { impressions: IMPRESSIONS, start: new Date(0), days: 14, users: 500_000, seed: 1 })) {
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

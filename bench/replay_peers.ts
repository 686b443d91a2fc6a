import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compareSpeeds, PEERS_PYTHON } from './bench_line.ts';

const ROWS = 2_000_000;
const SEEDS_OF_SWEEP = 20;
/** Our policies beside what each peer calls the same; no peer has Bayes-UCB or KL-UCB, UCB1 is their nearest. */
const PAIRS = [
  { ours: 'ucb', peer: 'mabwiser', policy: 'ucb1' },
  { ours: 'ucb1', peer: 'mabwiser', policy: 'ucb1' },
  { ours: 'thompson', peer: 'mabwiser', policy: 'thompson' },
  { ours: 'thompson', peer: 'obp', policy: 'thompson' },
  { ours: 'epsilon-greedy', peer: 'obp', policy: 'egreedy' },
] as const;

interface PeerLine {
  readonly peer: string;
  readonly policy: string;
  readonly events_per_second: number;
}

interface Replayed {
  readonly events_per_second: number;
}

/** `atelier replay` beside MABWiser and Open Bandit Pipeline: the same log of one ad, the same policy, a core each. */
export function benchReplay(folder: string, print: (line: unknown) => void): void {
  const atelier = (...argv: string[]): string =>
    execFileSync(process.execPath, ['bin/atelier.js', ...argv, '--quiet'], { encoding: 'utf8', maxBuffer: 1e9 });
  const world = join(folder, 'world');
  const store = join(folder, 'log.db');
  const csv = join(world, 'logs.csv');
  atelier('simulate', '--ads', '1', '--creatives', '6', '--impressions', String(ROWS), '--out', world);
  atelier('import', 'logs', csv, '--store', store);
  for (const batch of ['1', '1000']) {
    const output = execFileSync(PEERS_PYTHON, ['-B', 'bench/peers/speed.py', csv, '--batch', batch], { encoding: 'utf8' });
    const peers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PeerLine);
    const speedOf = (...flags: string[]): number => {
      const json = atelier('replay', '--store', store, '--batch', batch, '--json', ...flags);
      return (JSON.parse(json) as Replayed).events_per_second;
    };
    const learning = batch === '1' ? 'learning by row' : `learning by ${batch} rows`;
    for (const { ours, peer, policy } of PAIRS) {
      const reference = peers.find((line) => line.peer === peer && line.policy === policy) as PeerLine;
      const speed = speedOf('--policy', ours, '--seeds', '1');
      print(compareSpeeds(`replay of ${ours}, ${learning}, one core`, 'rows/s', speed, reference.events_per_second, `${peer} ${policy}`));
    }
    const reference = peers.find(({ peer, policy }) => peer === 'mabwiser' && policy === 'ucb1') as PeerLine;
    const sweep = speedOf('--policy', 'ucb1', '--seeds', String(SEEDS_OF_SWEEP));
    const cores = availableParallelism();
    print(
      compareSpeeds(
        `${SEEDS_OF_SWEEP} runs of ucb1, ${learning}, ${cores} cores`,
        'rows/s',
        sweep,
        reference.events_per_second,
        'mabwiser ucb1, one run after the other',
      ),
    );
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const RUNS = 5;
const TIMES_NODE = 3;
/** Other tests run beside this one: what a process may wait for its turn. */
const SLACK_MS = 100;

/** Wall time of a process, in milliseconds. */
function timeOf(argv: readonly string[]): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return performance.now() - startedAt;
}

it('--help starts within three times what node itself takes', () => {
  expect(existsSync(resolve(ROOT, 'dist/cli.js')), 'run make build first').toBe(true);
  const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[(RUNS - 1) / 2] as number;
  // In turns, so that what else the machine does slows both.
  const times = Array.from({ length: RUNS }, () => [timeOf(['-e', '0']), timeOf([resolve(ROOT, 'bin/atelier.js'), '--help'])] as const);
  const [node, help] = [median(times.map(([time]) => time)), median(times.map(([, time]) => time))];
  expect(help, `node ${node.toFixed(0)} ms`).toBeLessThan(TIMES_NODE * node + SLACK_MS);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { openStore } from '../../src/core/store/open.ts';
import { listRuns, type RunRow } from '../../src/core/store/runs.ts';
import type { Io } from '../../src/io.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atelier-nightly-'));
  writeFileSync(join(directory, 'queries.csv'), 'query,frequency\ntea,3\nlip,5\n');
  writeFileSync(join(directory, 'brands.csv'), 'name\nHarbour\n');
  writeFileSync(join(directory, 'notes.csv'), 'note_id,title,body\na,A title,A body\n');
  writeFileSync(join(directory, 'bad.csv'), 'query,frequency\n,3\nsun,5\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a plan; the clock moves on by a quarter of a second at every look. */
async function nightly(plan: string, argv: readonly string[] = [], io: Partial<Io> = {}): Promise<Printed> {
  writeFileSync(join(directory, 'night.yaml'), plan);
  const out: string[] = [];
  const err: string[] = [];
  let clock = Date.UTC(2026, 2, 1);
  const code = await run(['nightly', '--plan', 'night.yaml', ...argv], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    isTerminal: false,
    environment: {},
    workingDirectory: directory,
    now: () => {
      clock += 250;
      return new Date(clock);
    },
    signal: new AbortController().signal,
    ...io,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

interface Step {
  readonly name: string;
  readonly state: string;
  readonly seconds: number | null;
  readonly exit_code: number | null;
  readonly output?: Record<string, unknown>;
}

async function nightlyJson(plan: string, argv: readonly string[] = [], io: Partial<Io> = {}) {
  const printed = await nightly(plan, ['--json', ...argv], io);
  return { ...printed, ...(JSON.parse(printed.stdout) as { steps: readonly Step[]; failed: readonly { item: string; reason: string }[] }) };
}

function runsOf(store: string): RunRow[] {
  const opened = openStore(join(directory, store), { create: false, now: new Date(0) });
  try {
    return listRuns(opened);
  } finally {
    opened.db.close();
  }
}

const GOOD = `
store: night/a.db
seed: 7
steps:
  - {name: queries, run: import queries queries.csv, say: The queries are in.}
  - {name: brands, run: [import, brands, brands.csv]}
`;

describe('atelier nightly', () => {
  it('runs the steps in order, tells where to look, and ends with a table', async () => {
    const { code, stdout } = await nightly(GOOD);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '[1/2] queries: import queries queries.csv',
      '2 rows, 2 new',
      'The queries are in.',
      '',
      '[2/2] brands: import brands brands.csv',
      '1 rows, 1 new',
      '',
      '   step     state  seconds',
      expect.stringMatching(/^1 {2}queries {2}done +\d\.\d$/),
      expect.stringMatching(/^2 {2}brands {3}done +\d\.\d$/),
      '',
    ]);
  });

  it('prints one JSON document with the documents of its steps, and headings as talk', async () => {
    const { code, steps, failed, stderr } = await nightlyJson(GOOD);
    expect([code, failed]).toEqual([0, []]);
    expect(steps).toEqual([
      {
        name: 'queries',
        state: 'done',
        seconds: expect.any(Number),
        exit_code: 0,
        output: { rows: 2, inserted: 2, skipped: [], rejects_file: null },
      },
      {
        name: 'brands',
        state: 'done',
        seconds: expect.any(Number),
        exit_code: 0,
        output: { rows: 1, inserted: 1, skipped: [], rejects_file: null },
      },
    ]);
    expect(stderr).toContain('[2/2] brands');
    expect((await nightly(GOOD, ['--json', '--quiet'])).stderr).toBe('');
  });

  it('gives its store and seed to the steps, and records them and itself', async () => {
    await nightly(GOOD);
    expect(runsOf('night/a.db').map(({ command, seed, exit_code, counts }) => ({ command, seed, exit_code, counts }))).toMatchObject([
      { command: 'nightly', seed: 7, exit_code: 0, counts: { steps: 2, done: 2 } },
      { command: 'import queries', seed: 7, exit_code: 0, counts: { inserted: 2 } },
      { command: 'import brands', seed: 7, exit_code: 0, counts: { inserted: 1 } },
    ]);
  });

  it("lets its own flags win over the plan's, and a step's over both", async () => {
    await nightly(`${GOOD}  - {run: import queries queries.csv -s other.db --seed=3}\n`, ['--store', 'mine.db', '--seed', '9']);
    expect(runsOf('mine.db').map(({ command, seed }) => [command, seed])).toEqual([
      ['nightly', 9],
      ['import queries', 9],
      ['import brands', 9],
    ]);
    expect(runsOf('other.db').map(({ command, seed }) => [command, seed])).toEqual([['import queries', 3]]);
  });

  it('run again, does no work twice', async () => {
    await nightly(GOOD);
    const { steps } = await nightlyJson(GOOD);
    expect(steps.map(({ output }) => output?.inserted)).toEqual([0, 0]);
  });

  it('goes on after a step with failed items, and exits with 1', async () => {
    const { code, steps, failed } = await nightlyJson(`
store: a.db
steps:
  - {name: bad, run: import queries bad.csv}
  - {name: good, run: import brands brands.csv}
`);
    expect(code).toBe(1);
    expect(steps.map(({ state, exit_code }) => [state, exit_code])).toEqual([
      ['finished with failures', 1],
      ['done', 0],
    ]);
    expect(failed).toEqual([{ item: 'bad', reason: 'finished with failures, exit code 1' }]);
  });

  it.each([
    ['cannot run', 'import queries nowhere.csv', /nowhere\.csv/],
    ['is no command', 'imprt queries queries.csv', /unknown command/],
  ])('stops at a step that %s, prints what was done, and exits with 2', async (_, line, reason) => {
    const plan = `
store: a.db
steps:
  - {name: first, run: import queries queries.csv}
  - {name: second, run: ${line}}
  - {name: third, run: import brands brands.csv}
`;
    const { code, steps, failed, stderr } = await nightlyJson(plan);
    expect(code).toBe(2);
    expect(steps.map(({ name, state, exit_code }) => [name, state, exit_code])).toEqual([
      ['first', 'done', 0],
      ['second', 'stopped', 2],
      ['third', 'not run', null],
    ]);
    expect(failed).toEqual([{ item: 'second', reason: expect.stringMatching(reason) }]);
    expect(stderr).toContain('The step "second" could not run');
    expect(runsOf('a.db').find(({ command }) => command === 'nightly')?.exit_code).toBe(2);
    expect((await nightly(plan)).stdout).toMatch(/\n3 {2}third {3}not run +–\n$/);
  });

  it.each([
    ['cannot run', 'score', 2, /dual-tower model/],
    ['is no command', 'scoer', 2, /unknown command/],
  ])('gives up an optional step that %s, does the rest and exits with 1', async (_, line, exitCode, reason) => {
    const plan = `
store: a.db
steps:
  - {name: first, run: import queries queries.csv}
  - {name: second, run: ${line}, say: All are scored., optional: true}
  - {name: third, run: import brands brands.csv}
`;
    const { code, steps, failed } = await nightlyJson(plan);
    expect(code).toBe(1);
    expect(steps.map(({ name, state, exit_code }) => [name, state, exit_code])).toEqual([
      ['first', 'done', 0],
      ['second', 'given up', exitCode],
      ['third', 'done', 0],
    ]);
    expect(failed).toEqual([{ item: 'second', reason: expect.stringMatching(reason) }]);
    const { stdout } = await nightly(plan);
    expect(stdout).toMatch(/\n2 {2}second {2}given up +\d/);
    expect(stdout).not.toContain('All are scored.');
  });

  it('stops at an interrupt in an optional step', async () => {
    const controller = new AbortController();
    const stderr = () => controller.abort();
    const plan = 'store: a.db\nsteps:\n  - {run: import notes notes.csv, optional: true}\n  - {run: import brands brands.csv}\n';
    const { code, steps } = await nightlyJson(plan, [], { signal: controller.signal, stderr });
    expect([code, steps.map(({ state }) => state)]).toEqual([130, ['interrupted', 'not run']]);
  });

  it.each([
    ['during a step', 'import notes notes.csv', 'interrupted', 130],
    ['between steps', 'import queries queries.csv', 'done', 0],
  ])('interrupted %s, prints what was done and exits with 130', async (_, line, state, exitCode) => {
    const controller = new AbortController();
    // Notes are saved only while nobody interrupts; a short list of queries is saved all the same.
    const stderr = (text: string) => {
      if (text.startsWith('[1/2]')) controller.abort();
    };
    const plan = `store: a.db\nsteps:\n  - {name: first, run: ${line}}\n  - {name: second, run: import brands brands.csv}\n`;
    const { code, steps } = await nightlyJson(plan, [], { signal: controller.signal, stderr });
    expect(code).toBe(130);
    expect(steps.map((step) => [step.state, step.exit_code])).toEqual([
      [state, exitCode],
      ['not run', null],
    ]);
    expect(runsOf('a.db').find(({ command }) => command === 'nightly')?.exit_code).toBe(130);
  });

  it('refuses a wrong plan with its line before it opens a store or runs a step', async () => {
    const { code, stdout, stderr } = await nightly('store: a.db\nsteps:\n  - run: import queries queries.csv\n  - rnu: extract\n');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('night.yaml:4:5: Expected a step with name, say, run, optional but received "rnu".');
    expect(() => runsOf('a.db')).toThrow('there is none');
  });

  it('says which plan it cannot read', async () => {
    mkdirSync(join(directory, 'folder'));
    expect(await nightly(GOOD, ['--plan', 'folder'])).toMatchObject({ code: 2, stderr: expect.stringContaining('folder') });
    expect(await nightly(GOOD, ['--plan', 'nowhere.yaml'])).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere.yaml') });
  });
});

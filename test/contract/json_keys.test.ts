import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, type Result } from '../core/publish/command_line.ts';
import { differences, type Shape } from './shape.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FAILURE: Shape = { item: 'string', reason: 'string' };
const ESTIMATE: Shape = { value: 'number?', ci_low: 'number?', ci_high: 'number?' };
const REPORT: Shape = {
  positions: [
    { scene: 'string?', position: 'number?', impressions: 'number', clicks: 'number', ctr: 'number?', exposure_factor: 'number?' },
  ],
  creatives: [
    {
      ad_id: 'string',
      creative_id: 'string',
      impressions: 'number',
      clicks: 'number',
      ctr: 'number?',
      coec: 'number?',
      ecoi: 'number?',
      ecoi_shrunk: 'number?',
      ci_low: 'number?',
      ci_high: 'number?',
      effective_impressions: 'number',
      comparable: 'boolean',
    },
  ],
  dispersion: 'number',
};
const TITLES: Shape = {
  titles: [
    { element_id: 'string', note_id: 'string', text: 'string', generator: 'string', paradigm: 'string', score: 'number', controls: {} },
  ],
  rejected: { '*': 'number' },
};
const REPLAY: Shape = {
  policy: 'string',
  rounds: 'number',
  matched: 'number',
  coverage: 'number',
  effective_sample_size: 'number',
  estimators: { replay: ESTIMATE, ips: ESTIMATE, snips: ESTIMATE, dm: ESTIMATE, dr: ESTIMATE },
  events_per_second: 'number',
};

const COMPOSED: Shape = {
  scorer: 'string',
  label: 'string?',
  generator: 'string?',
  random_share: 'number',
  ads: [
    {
      ad_id: 'string',
      space: 'number',
      space_exact: 'boolean',
      method: 'string',
      reward_calls: 'number',
      creatives: [
        {
          creative_id: 'string',
          elements: { '*': 'string' },
          score: 'number',
          ci_low: 'number?',
          ci_high: 'number?',
          random: 'boolean',
          propensity: 'number',
        },
      ],
      distinct: 'number',
      mean_hamming: 'number?',
    },
  ],
  notes: 'list',
  failed: [FAILURE],
};
const CREDITS: Shape = {
  model: { model_id: 'string', estimator: 'string', label: 'string', log: 'string?', phi: 'number', seed: 'number' },
  log_changed: 'boolean',
  failed: 'list',
};
const CREDIT: Shape = {
  ad_id: 'string?',
  kind: 'string',
  element_id: 'string',
  content: 'string?',
  credit: 'number',
  multiplier: 'number',
  ci_low: 'number',
  ci_high: 'number',
  impressions: 'number',
  clicks: 'number',
  expected: 'number',
  evidence: 'string',
};
const COMPARISON: Shape = {
  rows: 'number',
  effective_impressions: 'number',
  outcomes: 'number',
  log_loss: { '*': ESTIMATE },
  differences: { '*': ESTIMATE },
};

const METRICS: Shape = {
  auc: ESTIMATE,
  gauc: ESTIMATE,
  log_loss: ESTIMATE,
  calibration_error: ESTIMATE,
  calibration: [{ mean_prediction: 'number', ctr: 'number', ci_low: 'number', ci_high: 'number' }],
  nsctr: ESTIMATE,
};

/** Every command line of the contract, in an order in which each finds what it needs, with one item that fails where it can. */
const COMMANDS: readonly { readonly line: string; readonly code: 0 | 1; readonly shape: Shape }[] = [
  { line: 'import notes fixtures/notes bad/notes.csv', code: 1, shape: { notes: 'number', media: 'number', skipped: [FAILURE] } },
  {
    line: 'import creatives fixtures/creatives.jsonl bad/creatives.csv',
    code: 1,
    shape: { ads: 'number', creatives: 'number', elements: 'number', skipped: [FAILURE] },
  },
  {
    line: 'import logs fixtures/logs.csv.gz --log demo',
    code: 0,
    shape: { rows: 'number', inserted: 'number', duplicates: 'number', rejected: 'number', rejects_file: 'string?' },
  },
  {
    line: 'import logs bad/logs.csv --log other',
    code: 1,
    shape: { rows: 'number', inserted: 'number', duplicates: 'number', rejected: 'number', rejects_file: 'string' },
  },
  { line: 'import queries fixtures/queries.csv', code: 0, shape: { rows: 'number', inserted: 'number' } },
  { line: 'import brands fixtures/brands.csv', code: 0, shape: { rows: 'number', inserted: 'number' } },
  { line: 'import lexicon fixtures/lexicon.csv', code: 0, shape: { rows: 'number', inserted: 'number' } },
  {
    line: 'extract --per-note 2',
    code: 1,
    shape: {
      images: [
        {
          element_id: 'string',
          note_id: 'string',
          source: 'string',
          path: 'string',
          width: 'number',
          height: 'number',
          time_s: 'number?',
          score: 'number',
          parts: { '*': 'number' },
          text_share: 'number?',
          ratio: 'string',
        },
      ],
      failed: [FAILURE],
    },
  },
  { line: 'titles --notes tea,lip,nobody', code: 1, shape: { ...TITLES, failed: [FAILURE] } },
  { line: 'titles --paradigm rewrite --notes tea,lip', code: 0, shape: { ...TITLES, failed: 'list' } },
  { line: 'titles --kind highlight --notes tea,lip', code: 0, shape: TITLES },
  { line: 'compose --per-ad 3 --ads tea,ad-tea,ad-lip,nobody', code: 1, shape: COMPOSED },
  { line: 'ecoi --log demo', code: 0, shape: REPORT },
  { line: 'ecoi --by position --csv OUT/positions.csv', code: 0, shape: REPORT },
  {
    line: 'train dual-tower --log demo --epochs 1 --batch 64 --dimension 4',
    code: 0,
    shape: {
      model_id: 'string',
      path: 'string',
      rows: 'number',
      metrics: { ...METRICS, segments: { head: {}, tail: {}, unseen: {} } },
      samples_per_second: 'number',
    },
  },
  {
    line: 'train mil --log demo --threads 1',
    code: 0,
    shape: {
      model_id: 'string',
      path: 'string',
      log: 'string?',
      label: 'string',
      rows: 'number',
      ads: 'number',
      elements: 'number',
      kinds: ['string'],
      creatives_without_elements: 'number',
      metrics: {
        estimator: 'string',
        held_out: COMPARISON,
        segments: { '*': COMPARISON },
        unseen_elements: 'number',
        phi: 'number',
        prior_sd: { '*': 'number' },
        has_pairs: 'boolean',
      },
      notes: 'list',
      samples_per_second: 'number',
      failed: 'list',
    },
  },
  { line: 'attribute', code: 0, shape: { ...CREDITS, elements: [CREDIT] } },
  {
    line: 'attribute --by ad --ads ad-tea,nobody',
    code: 1,
    shape: { ...CREDITS, elements: [{ ...CREDIT, ad_id: 'string' }], failed: [FAILURE] },
  },
  {
    line: 'attribute --by creative --csv OUT/creatives.csv',
    code: 0,
    shape: {
      ...CREDITS,
      creatives: [
        {
          ad_id: 'string',
          creative_ids: ['string'],
          link: 'number',
          ad_effect: 'number',
          baseline: 'number',
          impressions: 'number',
          clicks: 'number',
          elements: [{ kind: 'string', element_id: 'string', content: 'string?', credit: 'number' }],
        },
      ],
    },
  },
  {
    line: 'attribute --control 2',
    code: 0,
    shape: { ...CREDITS, elements: [CREDIT], control: { permutations: 'number', judged: 'number', called: 'number', share: 'number?' } },
  },
  {
    line: 'train generator --steps 5 --threads 1',
    code: 0,
    shape: {
      model_id: 'string',
      path: 'string',
      reward_model: 'string',
      rows: 'number',
      ads: 'number',
      kinds: ['string'],
      metrics: { reward: 'number', entropy: 'number', distinct: 'number', before: {}, steps: 'number', warm_steps: 'number' },
      notes: 'list',
      samples_per_second: 'number',
      failed: 'list',
    },
  },
  { line: 'compose --method policy --ads tea,ad-tea,ad-lip,nobody', code: 1, shape: COMPOSED },
  {
    line: 'score',
    code: 0,
    shape: {
      model_id: 'string',
      left_runs: 'number',
      right_rows: 'number',
      creatives: [{ ad_id: 'string', creative_id: 'string', p_ad: 'number', p: 'number' }],
    },
  },
  {
    line: 'select --log demo --out OUT/plan.csv',
    code: 0,
    shape: {
      ads: [
        {
          ad_id: 'string',
          state: 'string',
          lambda: 'number',
          creatives: [
            {
              creative_id: 'string',
              state: 'string',
              share: 'number',
              propensity: 'number',
              index: 'number?',
              reward: 'number?',
              ecoi_shrunk: 'number?',
              reason: 'string',
            },
          ],
        },
      ],
    },
  },
  { line: 'replay --policy ucb --log demo', code: 0, shape: REPLAY },
  { line: 'replay --policy ucb1 --log demo --batch 100', code: 0, shape: REPLAY },
  { line: 'replay --policy kl --log demo', code: 0, shape: REPLAY },
  { line: 'replay --policy thompson --log demo', code: 0, shape: REPLAY },
  { line: 'replay --policy epsilon-greedy --log demo', code: 0, shape: REPLAY },
  { line: 'replay --policy logged --log demo', code: 0, shape: REPLAY },
  { line: 'replay --policy ucb --log demo --exit --sweep exit.stability=0.05,0.1 --seeds 2', code: 0, shape: REPLAY },
  { line: 'replay --policy uniform --log demo --batch 1d', code: 0, shape: REPLAY },
  { line: 'export --platform generic --out OUT/set', code: 0, shape: { files: ['string'], violations: 'list' } },
  { line: 'export --log demo --out OUT/demo.parquet', code: 0, shape: { files: ['string'] } },
  { line: 'simulate --ads 2 --creatives 3 --impressions 500 --out OUT/world', code: 0, shape: { files: ['string'], truth_file: 'string' } },
  {
    line: 'nightly --plan OUT/night.yaml',
    code: 1,
    shape: { steps: [{ name: 'string', state: 'string', seconds: 'number' }], failed: [FAILURE] },
  },
  { line: 'list notes', code: 0, shape: { rows: [{ note_id: 'string', title: 'string' }] } },
  { line: 'list elements', code: 0, shape: { rows: [{ element_id: 'string', kind: 'string', content: 'string', note_id: 'string?' }] } },
  { line: 'list creatives', code: 0, shape: { rows: [{ creative_id: 'string', ad_id: 'string', elements: { '*': 'string' } }] } },
  {
    line: 'list models',
    code: 0,
    shape: { rows: [{ model_id: 'string', kind: 'string', path: 'string', created_at: 'string', run_id: 'number' }] },
  },
  {
    line: 'list runs',
    code: 0,
    shape: { rows: [{ run_id: 'number', command: 'string', seed: 'number', version: 'string', started_at: 'string' }] },
  },
  { line: 'doctor', code: 0, shape: { checks: [{ name: 'string', ok: 'boolean', detail: 'string', hint: 'string' }] } },
];

/** Commands of several commands. */
const GROUPS = ['import', 'train'];

/** The command of a command line. */
function nameOf(line: string): string {
  const [first = '', second = ''] = line.split(' ');
  return GROUPS.includes(first) ? `${first} ${second}` : first;
}

let folder: string;

/** A command line on the store of this suite, in the project's folder. */
function atelier(line: string, ...flags: readonly string[]): Promise<Result> {
  const words = line.split(' ').map((word) => word.replace('OUT/', `${folder}/`).replace('bad/', `${folder}/bad-`));
  const argv = [...words, ...flags];
  return commandLine(ROOT, argv.includes('--store') ? argv : [...argv, '--store', join(folder, 'contract.db')]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-contract-'));
  writeFileSync(join(folder, 'bad-notes.csv'), 'note_id,title,body,media\nbroken,Title,,gone.jpg\n,No id,,\n');
  writeFileSync(join(folder, 'bad-creatives.csv'), 'ad_id,creative_id,element.title\nad-x,,No id\n');
  writeFileSync(join(folder, 'bad-logs.csv'), 'ts,ad_id,creative_id,click\n2026-01-01,ad-x,a,1\n2026-01-01,ad-x,b,7\n');
  writeFileSync(
    join(folder, 'night.yaml'),
    `steps:\n  - {name: bad, run: "import logs ${folder}/bad-logs.csv"}\n  - {name: report, run: ecoi}\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the contract of --json', () => {
  it.each(COMMANDS)('atelier $line: keys, types and exit code $code, one document on stdout', async ({ line, code, shape }) => {
    const { code: received, stdout, stderr } = await atelier(line, '--json');
    expect(received, stderr).toBe(code);
    expect(differences(JSON.parse(stdout), shape)).toEqual([]);
  });

  it.each(COMMANDS)('atelier $line: a document and nothing on stderr with --quiet', async ({ line, code, shape }) => {
    const { code: received, stdout, stderr } = await atelier(line, '--json', '--quiet');
    expect({ code: received, stderr }).toEqual({ code, stderr: '' });
    expect(differences(JSON.parse(stdout), shape)).toEqual([]);
  });

  it.each(COMMANDS)('atelier $line: text for people without --json', async ({ line, code }) => {
    const { code: received, stdout } = await atelier(line, '--quiet');
    expect(received).toBe(code);
    expect(stdout.trim()).not.toBe('');
    expect(stdout).not.toMatch(/\bundefined\b|\[object Object\]|\bNaN\b/);
  });

  it('has every command of the program', async () => {
    const words = (help: string): string[] =>
      [...(help.split('Commands:')[1]?.matchAll(/^ {2}([a-z-]+)/gm) ?? [])]
        .map(([, word]) => word as string)
        .filter((word) => word !== 'help');
    const commands = words((await commandLine(ROOT, ['--help'])).stdout);
    const nested = await Promise.all(
      GROUPS.map(async (group) => words((await commandLine(ROOT, [group, '--help'])).stdout).map((name) => `${group} ${name}`)),
    );
    expect([...new Set(COMMANDS.map(({ line }) => nameOf(line)))].sort()).toEqual(
      [...commands.filter((name) => !GROUPS.includes(name)), ...nested.flat()].sort(),
    );
  });
});

describe('the record of runs', () => {
  interface Run {
    readonly command: string;
    readonly arguments: string[];
    readonly seed: number;
    readonly exit_code: number | null;
    readonly finished_at: string | null;
  }
  const runs = async (store: string): Promise<Run[]> => JSON.parse((await atelier('list runs', '--json', '--store', store)).stdout).rows;

  it('has each command with its arguments, seed and exit code', async () => {
    const store = join(folder, 'runs.db');
    await atelier('import queries fixtures/queries.csv', '--store', store, '--seed', '7');
    await atelier('import logs bad/logs.csv', '--store', store, '--quiet');
    await atelier('import notes bad/nowhere', '--store', store);
    expect(
      (await runs(store)).map(({ command, seed, exit_code, finished_at }) => [command, seed, exit_code, finished_at !== null]),
    ).toEqual([
      ['import queries', 7, 0, true],
      ['import logs', 1, 1, true],
      ['import notes', 1, 2, true],
    ]);
    expect((await runs(store))[0]?.arguments).toEqual(['fixtures/queries.csv', '--seed=7']);
  });
});

describe('what cannot run', () => {
  it.each([
    ['an unknown command', 'imprt notes fixtures/notes', /unknown command/],
    ['an unknown flag', 'titles --emojis none', /unknown option '--emojis'/],
    ['an unknown policy', 'replay --policy best', /ucb, ucb1, kl, thompson, epsilon-greedy, uniform, logged/],
    ['an unknown generator', 'titles --generator magic', /extractive/],
    ['an unknown listing', 'list everything', /notes, elements/],
    ['an unknown log', 'ecoi --log nope', /one of the logs .*demo/],
    ['a number that is none', 'compose --per-ad many', /whole number/],
    ['a number out of range', 'compose --per-ad 0', /at least 1/],
    ['a missing argument', 'import notes', /missing required argument/],
    ['a missing flag', 'simulate --ads 2', /--out/],
    ['a map that is none', 'import logs fixtures/logs.csv.gz --map click', /from=to/],
    ['a store that is not there', 'ecoi --store OUT/none.db', /none\.db/],
    ['a store that is another file', 'list notes --store OUT/bad-notes.csv', /bad-notes\.csv/],
  ])('%s exits with 2, an empty stdout and a hint', async (_, line, hint) => {
    const { code, stdout, stderr } = await atelier(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(hint);
  });

  it('leaves no store behind where a command only reads', async () => {
    await atelier('ecoi', '--store', join(folder, 'new.db'));
    expect(readdirSync(folder)).not.toContain('new.db');
  });
});

describe('--help', () => {
  const names = [...new Set(COMMANDS.map(({ line }) => nameOf(line)))];

  it.each(names)('of %s has its common flags and an example that names it', async (name) => {
    const { code, stdout, stderr } = await commandLine(ROOT, [...name.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const flag of ['--store', '--json', '--quiet', '--seed']) expect(stdout).toContain(flag);
    expect(stdout).toContain(`Example:\n  $ atelier ${name} `);
  });
});

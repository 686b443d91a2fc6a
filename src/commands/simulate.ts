import { once } from 'node:events';
import { createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { throwIfInterrupted, UserError } from '../core/errors.ts';
import { elementsAt } from '../core/feedback/element_world.ts';
import type { OnPolicySummary } from '../core/feedback/on_policy.ts';
import type { Selection } from '../core/feedback/selection.ts';
import {
  type ImpressionOptions,
  LOGGING_POLICIES,
  type LoggingPolicy,
  type SimulatedAd,
  type SimulatedBatch,
  type SimulatedCreative,
  type World,
} from '../core/feedback/simulator.ts';
import type { Run } from '../core/feedback/simulator_truth.ts';
import { readConfig } from './config_file.ts';
import {
  action,
  type CliContext,
  count,
  createCommand,
  parseDay,
  parseNumber,
  parsePositiveInteger,
  percent,
  type Session,
} from './shared.ts';
import { parseElements, readElementFlags, tellElements } from './simulate_elements.ts';

/** Policies that learn while they write the log; a test compares them with core/feedback/policies/registry.ts. */
export const LEARNING_POLICIES = ['ucb', 'ucb1', 'kl', 'thompson', 'epsilon-greedy'] as const;
type LearningPolicy = (typeof LEARNING_POLICIES)[number];

const RANDOM_SHARE = 0.05;
const MS_OF = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

interface Options {
  readonly ads: number;
  readonly creatives: number;
  readonly impressions: number;
  readonly days: number;
  readonly start: string;
  readonly logging: LoggingPolicy | LearningPolicy;
  readonly placement: number;
  readonly spread: number;
  readonly drift: number;
  readonly delay: number;
  readonly tension: number;
  readonly interests: number;
  readonly users?: number;
  readonly elements?: ReadonlyMap<string, number>;
  readonly favour?: number;
  readonly pairs?: number;
  readonly exit?: boolean;
  readonly randomShare?: number;
  readonly config?: string;
  readonly out: string;
}

export function simulateCommand(context: CliContext): Command {
  return createCommand(
    'simulate',
    'a click log from a known world, and its truth',
    'atelier simulate --ads 20 --creatives 6 --impressions 200000 --out out/world',
  )
    .option('--ads <n>', 'ads', parsePositiveInteger, 20)
    .option('--creatives <n>', 'creatives of each ad', parsePositiveInteger, 6)
    .option('--impressions <n>', 'impressions in all', parsePositiveInteger, 100_000)
    .option('--days <n>', 'days they are spread over', parsePositiveInteger, 14)
    .option('--start <day>', 'first day, YYYY-MM-DD', parseDay, '2026-01-01')
    .addOption(
      new Option(
        '--logging <policy>',
        'how creatives were chosen when the log was written: by fixed propensities, or by a policy that learns',
      )
        .choices([...LOGGING_POLICIES, ...LEARNING_POLICIES])
        .default('uniform'),
    )
    .option(
      '--placement <x>',
      'how much better creatives got better positions: 0 not at all, 1 strongly (fixed propensities)',
      parseNumber,
      0,
    )
    .option('--spread <x>', 'standard deviation of ln CTR between the creatives of an ad', parseNumber, 0.25)
    .option('--drift <x>', "standard deviation of each creative's ln CTR over time", parseBetween(0, 10), 0)
    .option(
      '--delay <time>',
      'mean time until an outcome is known, such as 30m, 6h or 1d; a policy that learns waits for it',
      parseDelay,
      0,
    )
    .option(
      '--tension <x>',
      'correlation of CTR and view time inside an ad: -1 the most clicked is the least viewed',
      parseBetween(-1, 1),
      0,
    )
    .option('--users <n>', 'users who see them (a twentieth of the impressions when not given)', parsePositiveInteger)
    .option('--interests <x>', 'how much users differ in the topics they click: 0 not at all, 1 strongly', parseBetween(0, 10), 0)
    .option(
      '--elements <sizes>',
      'elements all ads share and combine their creatives from, whose effects add up to ln CTR: 3x8 (kinds x elements of each), or title:8,image:12',
      parseElements,
    )
    .option(
      '--favour <x>',
      'how much ads of a high CTR favour certain elements, whatever these are worth: 0 not at all (default), 1 strongly (with --elements)',
      parseBetween(0, 10),
    )
    .option(
      '--pairs <x>',
      'share of the variance of ln CTR inside an ad that pairs of elements have: 0 (default) to 1 (with --elements)',
      parseBetween(0, 1),
    )
    .option('--exit', 'a policy that learns stops exploring an ad when its leader is certain')
    .option('--random-share <x>', `share a policy that learns leaves to chance (default: ${RANDOM_SHARE})`, parseBetween(0, 1))
    .option('--config <file>', 'settings of reward, policy and exit in YAML, of a policy that learns')
    .requiredOption('--out <dir>', 'folder for logs.csv, creatives.jsonl and truth.json')
    .action(action<Options>(context, simulate));
}

function parseBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    if (value < min || value > max) throw new InvalidArgumentError(`Expected a number from ${min} to ${max} but received "${text}".`);
    return value;
  };
}

function parseDelay(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  if (text !== '0' && number === '') throw new InvalidArgumentError(`Expected a time such as 30m, 6h or 1d but received "${text}".`);
  return text === '0' ? 0 : Number(number) * MS_OF[unit as keyof typeof MS_OF];
}

async function simulate(session: Session<Options>) {
  const { createRandom } = await import('../core/random.ts');
  const { createWorld, simulateImpressions } = await import('../core/feedback/simulator.ts');
  const { describeWorld } = await import('../core/feedback/simulator_truth.ts');
  const { writeWhole } = await import('./csv_file.ts');
  const { options, seed } = session;
  const { impressions, days, logging } = options;
  const learning = LEARNING_POLICIES.find((name) => name === logging);
  checkFlags(options, learning !== undefined);
  const elements = readElementFlags(options);
  const world = createWorld({
    ...options,
    elements,
    ads: nameAds(options),
    logging: logging === 'skewed' ? 'skewed' : 'uniform',
    random: createRandom(seed),
  });
  const start = new Date(`${options.start}T00:00:00Z`);
  const period = { impressions, start, days, users: options.users ?? Math.max(1, Math.round(impressions / 20)), seed };
  const learner = learning && (await startLearner(session, learning, world, period));

  const directory = session.path(options.out);
  mkdirSync(directory, { recursive: true });
  const [logs, creatives, truth] = ['logs.csv', 'creatives.jsonl', 'truth.json'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const { clicks, summary } = await writeLog(session, world, learner?.batches ?? simulateImpressions(world, period), logs);
  const run = learner && summary && { summary, selection: learner.selection() };
  writeWhole(
    creatives,
    world.ads.flatMap((ad) => ad.creatives.map((_, creative) => `${JSON.stringify(creativeLine(world, ad, creative))}\n`)).join(''),
  );
  writeWhole(truth, `${JSON.stringify({ seed, impressions, clicks, logging, ...describeWorld(world, period, run) }, null, 2)}\n`);
  return {
    json: { files: [logs, creatives], truth_file: truth, impressions, clicks, ...(run && { ...describeRun(run), config: learner.config }) },
    text: [
      `${count(impressions)} impressions with ${count(clicks)} clicks of ${count(options.ads)} ads: ${logs}`,
      ...(elements ? [tellElements(elements)] : []),
      ...(run ? tellRun(logging, run, options.ads) : []),
      `creatives: ${creatives}`,
      `the truth: ${truth}`,
    ],
    counts: { impressions, clicks },
  };
}

/** Flags that would change nothing are refused. */
function checkFlags({ logging, placement, exit, randomShare, config }: Options, isLearning: boolean): void {
  const given = isLearning
    ? [placement !== 0 && '--placement']
    : [exit && '--exit', randomShare !== undefined && '--random-share', config !== undefined && '--config'];
  const odd = given.filter((flag) => flag);
  if (odd.length === 0) return;
  const expected: readonly string[] = isLearning ? LOGGING_POLICIES : LEARNING_POLICIES;
  throw new UserError(`Expected --logging to be one of ${expected.join(', ')} with ${odd.join(', ')} but received ${logging}.`);
}

function nameAds(options: Options) {
  return Array.from({ length: options.ads }, (_, ad) => {
    const adId = `ad-${String(ad + 1).padStart(4, '0')}`;
    return {
      adId,
      creativeIds: Array.from({ length: options.creatives }, (_, creative) => `${adId}-c${String(creative + 1).padStart(2, '0')}`),
    };
  });
}

/** The batches of a log that a policy writes while it learns, the settings it heeds and, afterwards, how it stands. */
async function startLearner(session: Session<Options>, name: LearningPolicy, world: World, period: ImpressionOptions) {
  const { describeConfig } = await import('../core/config.ts');
  const { simulateOnPolicy } = await import('../core/feedback/on_policy.ts');
  const { POLICIES } = await import('../core/feedback/policies/registry.ts');
  const { createSelection } = await import('../core/feedback/selection.ts');
  const { options } = session;
  const config = await readConfig(session);
  const registered = POLICIES[name];
  if (!registered) throw new Error(`policy ${name} is not registered`);
  let selection: Selection | undefined;
  const batches = simulateOnPolicy(world, {
    ...period,
    randomShare: options.randomShare ?? RANDOM_SHARE,
    policy: (given) => {
      selection = createSelection({ ...given, create: registered.create, config, exit: options.exit === true });
      return selection;
    },
  });
  return { batches, config: describeConfig(config), selection: () => selection as Selection };
}

/** Writes the batches as they come; a run of a policy sums up at its end. */
async function writeLog(
  session: Session<Options>,
  world: World,
  batches: Generator<SimulatedBatch, OnPolicySummary | undefined>,
  path: string,
) {
  const { formatBatch, simulatedColumns } = await import('../core/feedback/simulator_csv.ts');
  // Under its own name only once it is whole: a part of a log looks like a log.
  const partial = `${path}.partial`;
  const stream = createWriteStream(partial);
  stream.write(`${simulatedColumns(world)}\n`);
  let done = 0;
  let clicks = 0;
  let next = batches.next();
  for (; !next.done; next = batches.next()) {
    const batch = next.value;
    throwIfInterrupted(session.signal);
    if (!stream.write(formatBatch(world, batch, done))) await once(stream, 'drain');
    done += batch.rows;
    for (const click of batch.click) clicks += click;
    session.onProgress({ task: 'simulate', done, total: session.options.impressions, unit: 'impressions' });
  }
  stream.end();
  await finished(stream);
  renameSync(partial, path);
  return { clicks, summary: next.value };
}

/** Creatives of an ad share titles and images, so that elements can be told apart from combinations. */
function creativeLine({ elements }: World, { adId, creatives }: SimulatedAd, creative: number): Record<string, unknown> {
  const { creativeId, combination } = creatives[creative] as SimulatedCreative;
  const titles = Math.ceil(Math.sqrt(creatives.length));
  return {
    ad_id: adId,
    creative_id: creativeId,
    elements:
      elements && combination
        ? elementsAt(elements, combination)
        : { title: `${adId} title ${(creative % titles) + 1}`, image: `${adId}-image-${Math.floor(creative / titles) + 1}` },
  };
}

function describeRun({ summary }: Run): Record<string, number | null> {
  const { oracleClicks, expectedClicks, loss, clicks, meanViewTime, expectedViewTime, revenue } = summary;
  return {
    oracle_clicks: oracleClicks,
    expected_clicks: expectedClicks,
    loss,
    mean_view_time_s: clicks > 0 ? meanViewTime : null,
    expected_view_time_s: expectedViewTime,
    revenue,
  };
}

function tellRun(name: string, { summary, selection }: Run, ads: number): string[] {
  const { loss, expectedClicks, oracleClicks, clicks, meanViewTime, expectedViewTime } = summary;
  const exploiting = Array.from({ length: ads }, (_, ad) => selection.phase(ad)).filter((phase) => phase === 'exploit').length;
  const lines = [
    `${name}: ${percent(loss, 1)} of the oracle's clicks lost: ${count(expectedClicks)} expected, ${count(oracleClicks)} with the best creative for each impression`,
    `mean view time after a click: ${clicks > 0 ? `${meanViewTime.toFixed(1)} s` : 'none'} (${expectedViewTime.toFixed(1)} s expected)`,
  ];
  return exploiting > 0 ? [...lines, `${count(exploiting)} of ${count(ads)} ads show their leader only`] : lines;
}

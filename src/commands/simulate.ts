import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { throwIfInterrupted } from '../core/errors.ts';
import { LOGGING_POLICIES, type LoggingPolicy } from '../core/feedback/simulator.ts';
import { action, type CliContext, count, createCommand, parseDay, parseNumber, parsePositiveInteger, type Session } from './shared.ts';

interface Options {
  readonly ads: number;
  readonly creatives: number;
  readonly impressions: number;
  readonly days: number;
  readonly start: string;
  readonly logging: LoggingPolicy;
  readonly placement: number;
  readonly spread: number;
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
      new Option('--logging <policy>', 'how creatives were chosen when the log was written').choices(LOGGING_POLICIES).default('uniform'),
    )
    .option('--placement <x>', 'how much better creatives got better positions: 0 not at all, 1 strongly', parseNumber, 0)
    .option('--spread <x>', 'standard deviation of ln CTR between the creatives of an ad', parseNumber, 0.25)
    .requiredOption('--out <dir>', 'folder for logs.csv, creatives.jsonl and truth.json')
    .action(action<Options>(context, simulate));
}

async function simulate(session: Session<Options>) {
  const { createRandom } = await import('../core/random.ts');
  const { createWorld, simulateImpressions } = await import('../core/feedback/simulator.ts');
  const { describeWorld, formatBatch, SIMULATED_COLUMNS } = await import('../core/feedback/simulator_csv.ts');
  const { writeWhole } = await import('./csv_file.ts');
  const { options, seed } = session;
  const ads = Array.from({ length: options.ads }, (_, ad) => {
    const adId = `ad-${String(ad + 1).padStart(4, '0')}`;
    return {
      adId,
      creativeIds: Array.from({ length: options.creatives }, (_, creative) => `${adId}-c${String(creative + 1).padStart(2, '0')}`),
    };
  });
  const world = createWorld({
    ads,
    logging: options.logging,
    placement: options.placement,
    spread: options.spread,
    random: createRandom(seed),
  });
  const directory = session.path(options.out);
  mkdirSync(directory, { recursive: true });
  const [logs, creatives, truth] = ['logs.csv', 'creatives.jsonl', 'truth.json'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const stream = createWriteStream(logs);
  stream.write(`${SIMULATED_COLUMNS}\n`);
  let done = 0;
  let clicks = 0;
  const users = Math.max(1, Math.round(options.impressions / 20));
  const { impressions, days } = options;
  const start = new Date(`${options.start}T00:00:00Z`);
  for (const batch of simulateImpressions(world, { impressions, start, days, users, seed })) {
    throwIfInterrupted(session.signal);
    if (!stream.write(formatBatch(world, batch, done))) await once(stream, 'drain');
    done += batch.rows;
    for (const click of batch.click) clicks += click;
    session.onProgress({ task: 'simulate', done, total: impressions, unit: 'impressions' });
  }
  stream.end();
  await finished(stream);
  writeWhole(
    creatives,
    ads
      .flatMap(({ adId, creativeIds }) =>
        creativeIds.map((creativeId, i) => `${JSON.stringify(creativeLine(adId, creativeId, i, options.creatives))}\n`),
      )
      .join(''),
  );
  writeWhole(truth, `${JSON.stringify({ seed, impressions, clicks, ...describeWorld(world) }, null, 2)}\n`);
  return {
    json: { files: [logs, creatives], truth_file: truth, impressions: done, clicks },
    text: [
      `${count(done)} impressions with ${count(clicks)} clicks of ${count(ads.length)} ads: ${logs}`,
      `creatives: ${creatives}`,
      `the truth: ${truth}`,
    ],
    counts: { impressions: done, clicks },
  };
}

/** Creatives of an ad share titles and images, so that elements can be told apart from combinations. */
function creativeLine(adId: string, creativeId: string, index: number, creatives: number): Record<string, unknown> {
  const titles = Math.ceil(Math.sqrt(creatives));
  return {
    ad_id: adId,
    creative_id: creativeId,
    elements: { title: `${adId} title ${(index % titles) + 1}`, image: `${adId}-image-${Math.floor(index / titles) + 1}` },
  };
}

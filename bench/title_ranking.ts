import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readClickData } from '../src/commands/click_data.ts';
import { loadReading } from '../src/commands/content_reading.ts';
import { openRewardModel } from '../src/commands/reward_scoring.ts';
import { clickScore, predictLifts } from '../src/commands/title_clicks.ts';
import { readTextLifts } from '../src/commands/title_lifts.ts';
import { hash64 } from '../src/core/hash.ts';
import { withDuckDb } from '../src/core/ingest/duckdb.ts';
import { estimateOf, resampleClusters } from '../src/core/models/metrics/cluster_bootstrap.ts';
import { readUsedElements } from '../src/core/store/creative_content.ts';
import { readCreatives } from '../src/core/store/creatives.ts';
import { openStore, type Store } from '../src/core/store/open.ts';
import { understandNote } from '../src/core/text/note_text.ts';
import { lengthFor } from '../src/core/text/platforms.ts';
import { loadSegmenters } from '../src/core/text/segment.ts';
import { scoreText, withClicks } from '../src/core/text/titles.ts';

const HELD_OUT = 5n; // one test in five
const REPLICATES = 1000;
const PRIOR = 0.7; // of every headline: an editor wrote them all
const RANKERS = [
  'as titles ranks',
  'click statistics and reward model',
  'click statistics',
  'reward model',
  'length alone',
  'coin',
] as const;

interface Headline {
  readonly text: string;
  readonly clicks: number;
  readonly impressions: number;
}

/**
 * Among the headlines of one of Upworthy's A/B tests: the share of pairs that a ranking puts in the order of their click
 * rates, on held-out tests, with a 95 % interval from resampled tests. A tie of the ranking counts half. For the ranking of
 * `titles` as a whole the article's opening stands for the note.
 */
export async function benchTitleRanking(folder: string): Promise<object[]> {
  const packages = join(process.env.ATELIER_REAL_DATA ?? resolve('../shared/data'), 'upworthy', 'packages.csv.gz');
  if (!existsSync(packages)) return [];
  const path = join(folder, 'upworthy_titles.db');
  const atelier = (...argv: string[]) => execFileSync(process.execPath, ['bin/atelier.js', ...argv, '--store', path, '--quiet']);
  atelier('import', 'creatives', packages, '--map', 'test_id=ad_id,arm=creative_id,headline=element.title,image_id=element.image');
  atelier('import', 'logs', packages, '--map', 'test_id=ad_id,arm=creative_id');
  const store = openStore(path, { create: false, now: new Date() });
  try {
    const isHeldOut = (adId: string): boolean => hash64(adId) % HELD_OUT === 0n;
    const byTest = [...(await headlinesByTest(store))];
    const tests = byTest.filter(([adId, own]) => isHeldOut(adId) && own.length > 1).map(([, own]) => own);
    const learntFrom = byTest.flatMap(([adId]) => (isHeldOut(adId) ? [] : [adId]));
    const lifts = await readTextLifts(store, 'title', [], (adId) => !isHeldOut(adId));
    atelier('train', 'mil', '--estimator', 'gated', '--ads', learntFrom.join(','));
    const predicted = await predictHeadlines(store, tests);
    const clicksOf = (text: string): number => lifts?.scoreOf(text) ?? 0;
    const predictionOf = (text: string): number => predicted.get(text) ?? 0;
    const scored = await scoreHeadlines(packages, byTest, (text) => clickScore([clicksOf(text), predictionOf(text)]));
    const scores: Record<(typeof RANKERS)[number], (text: string) => number> = {
      'as titles ranks': (text) => scored.get(text) ?? 0,
      'click statistics and reward model': (text) => clicksOf(text) + predictionOf(text),
      'click statistics': clicksOf,
      'reward model': predictionOf,
      'length alone': (text) => text.length,
      coin: () => 0,
    };
    return RANKERS.map((ranker) => {
      const counts = tests.map((headlines) => countPairs(headlines, scores[ranker]));
      const accuracy = (weights: Uint8Array) => {
        const [right, pairs] = counts.reduce(
          ([r, p], count, test) => [r + (weights[test] as number) * count.right, p + (weights[test] as number) * count.pairs],
          [0, 0] as [number, number],
        );
        return { accuracy: right / pairs };
      };
      const resampled = resampleClusters(tests.length, accuracy, { seed: 1, replicates: REPLICATES });
      const { value, ciLow, ciHigh } = estimateOf(resampled, 'accuracy', null);
      return {
        bench: 'pairs of headlines of one Upworthy test in the order of their click rates, held-out tests',
        ranking: ranker,
        accuracy: rounded(value),
        ci_low: rounded(ciLow),
        ci_high: rounded(ciHigh),
        pairs: counts.reduce((sum, { pairs }) => sum + pairs, 0),
        tests: tests.length,
      };
    });
  } finally {
    store.db.close();
  }
}

/** What the newest reward model predicts of each headline beside the others of its test; the headlines are without a note. */
async function predictHeadlines(store: Store, tests: readonly (readonly Headline[])[]): Promise<Map<string, number>> {
  const model = await openRewardModel(store, undefined);
  const reading = await loadReading(store, [], tests.flat());
  const predicted = new Map<string, number>();
  for (const headlines of tests) {
    const texts = headlines.map(({ text }) => text);
    const lifts = await predictLifts(model, 'title', undefined, texts, reading);
    for (const [at, text] of texts.entries()) predicted.set(text, lifts[at] as number);
  }
  return predicted;
}

/** The score that `titles` would give each headline for the opening of its article. */
async function scoreHeadlines(
  packages: string,
  tests: readonly (readonly [string, readonly Headline[]])[],
  clicksOf: (text: string) => number,
): Promise<Map<string, number>> {
  const ledes = new Map<string, string>();
  await withDuckDb(async (connection) => {
    const rows = await connection.runAndReadAll('SELECT test_id, any_value(lede) FROM read_csv($1, all_varchar = true) GROUP BY 1', [
      packages,
    ]);
    for (const [test, lede] of rows.getRows()) ledes.set(String(test), String(lede ?? ''));
  });
  const segmenters = await loadSegmenters(new Set(['en']), []);
  const controls = {
    keywords: [],
    length: lengthFor('generic', 'title', 'en', undefined),
    emoji: 'none',
    brand: null,
    style: null,
    platform: 'generic',
  } as const;
  const request = { kind: 'title', paradigm: 'write', controls, queries: [] } as const;
  const scored = new Map<string, number>();
  for (const [test, headlines] of tests) {
    const note = understandNote({ noteId: test, title: '', body: ledes.get(test) ?? '', lang: 'en' }, segmenters, new Set());
    for (const { text } of headlines) {
      const score = scoreText(text, PRIOR, note, request, segmenters.en);
      scored.set(text, withClicks({ text, prior: PRIOR, score }, clicksOf(text)).score);
    }
  }
  return scored;
}

async function headlinesByTest(store: Store): Promise<Map<string, Headline[]>> {
  const { input, arms } = await readClickData(store, undefined);
  const used = readUsedElements(store);
  const textOf = new Map(
    readCreatives(store).map(({ adId, creativeId, elements }) => [`${adId}\0${creativeId}`, used.get(elements.title ?? '')?.text ?? '']),
  );
  const sums = new Map<string, Map<string, { clicks: number; impressions: number }>>();
  for (let cell = 0; cell < input.impressions.length; cell++) {
    const { adId, creativeId } = arms[input.creative[cell] as number] as (typeof arms)[number];
    const text = textOf.get(`${adId}\0${creativeId}`) ?? '';
    const test = sums.get(adId) ?? new Map<string, { clicks: number; impressions: number }>();
    const sum = test.get(text) ?? { clicks: 0, impressions: 0 };
    test.set(text, {
      clicks: sum.clicks + (input.clicks[cell] as number),
      impressions: sum.impressions + (input.impressions[cell] as number),
    });
    sums.set(adId, test);
  }
  return new Map([...sums].map(([adId, test]) => [adId, [...test].map(([text, sum]) => ({ text, ...sum }))]));
}

/** Pairs of unequal click rates, and how many of them the scores order alike. */
function countPairs(headlines: readonly Headline[], scoreOf: (text: string) => number): { right: number; pairs: number } {
  let right = 0;
  let pairs = 0;
  for (const [at, a] of headlines.entries()) {
    for (const b of headlines.slice(at + 1)) {
      const difference = a.clicks * b.impressions - b.clicks * a.impressions;
      if (difference === 0) continue;
      pairs += 1;
      const order = (scoreOf(a.text) - scoreOf(b.text)) * difference;
      right += order > 0 ? 1 : order < 0 ? 0 : 0.5;
    }
  }
  return { right, pairs };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(4));
}

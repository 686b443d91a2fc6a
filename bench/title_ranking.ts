import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readClickData } from '../src/commands/click_data.ts';
import { readTextLifts } from '../src/commands/title_lifts.ts';
import { hash64 } from '../src/core/hash.ts';
import { estimateOf, resampleClusters } from '../src/core/models/metrics/cluster_bootstrap.ts';
import { readUsedElements } from '../src/core/store/creative_content.ts';
import { readCreatives } from '../src/core/store/creatives.ts';
import { openStore } from '../src/core/store/open.ts';

const HELD_OUT = 5n; // one test in five
const REPLICATES = 1000;
const RANKERS = ['click statistics', 'length alone', 'coin'] as const;

interface Headline {
  readonly text: string;
  readonly clicks: number;
  readonly impressions: number;
}

/**
 * Among the headlines of one of Upworthy's A/B tests: the share of pairs that a ranking puts in the order of their click
 * rates, on held-out tests, with a 95 % interval from resampled tests. A tie of the ranking counts half.
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
    const lifts = await readTextLifts(store, 'title', [], (adId) => !isHeldOut(adId));
    const tests = [...(await headlinesByTest(store))].filter(([adId, own]) => isHeldOut(adId) && own.length > 1).map(([, own]) => own);
    const scores: Record<(typeof RANKERS)[number], (text: string) => number> = {
      'click statistics': (text) => lifts?.scoreOf(text) ?? 0,
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

async function headlinesByTest(store: Parameters<typeof readCreatives>[0]): Promise<Map<string, Headline[]>> {
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

import { describe, expect, it } from 'vitest';
import { type Estimator, figureOf, totalOf } from '../../src/core/feedback/estimators.ts';
import { createPlanPolicy } from '../../src/core/feedback/policies/plan.ts';
import { runReplay } from '../../src/core/feedback/replay.ts';
import { readCsvRecords, splitCsvRecord } from '../../src/core/ingest/csv_records.ts';
import { type MadeRow, makeLog, replayed, replayOptions } from '../core/feedback/made_logs.ts';
import { OPEN_BANDIT_REFERENCE } from '../core/feedback/open_bandit_reference.ts';
import { hasRealData, realFile, tell } from './real_data.ts';

const ITEMS = 34;
const TARGETS = {
  uniform: Array.from({ length: ITEMS }, () => 1 / ITEMS),
  skewed: Array.from({ length: ITEMS }, (_, item) => (1 + (item % 5)) / 100),
} as const;

/** Impressions of a sample, all of one ad whose arms are the items. */
async function readRows(log: string): Promise<MadeRow[]> {
  const records: string[][] = [];
  for await (const { bytes } of readCsvRecords(realFile('open-bandit', log, 'men.csv.gz'), ',')) {
    records.push(splitCsvRecord(bytes.toString('utf8'), ',') ?? []);
  }
  const names = records.shift() ?? [];
  const field = (record: readonly string[], name: string): string => record[names.indexOf(name)] as string;
  return records.map((record) => ({
    ts: Date.parse(field(record, 'timestamp')),
    arm: Number(field(record, 'item_id')),
    position: Number(field(record, 'position')),
    click: Number(field(record, 'click')),
    propensity: Number(field(record, 'propensity_score')),
  }));
}

describe.skipIf(!hasRealData())('the estimators on the Open Bandit samples', () => {
  describe.each(['random', 'bts'] as const)('of %s', (log) => {
    it.each(['uniform', 'skewed'] as const)('agree with Open Bandit Pipeline for the %s target', async (target) => {
      const rows = await readRows(log);
      const clicks = new Float64Array(ITEMS);
      const impressions = new Float64Array(ITEMS);
      for (const { arm, click } of rows) {
        clicks[arm] = (clicks[arm] as number) + click;
        impressions[arm] = (impressions[arm] as number) + 1;
      }
      const directModel = clicks.map((count, item) => (count + 1) / ((impressions[item] as number) + 200));
      const made = makeLog(rows, new Array<string>(ITEMS).fill('men'));
      // The model was fitted to the log: its error widens dm's interval and must not move its value.
      const directWeight = impressions.map((count) => 1 / (count + 200));
      const run = runReplay(made, replayOptions(made, { policy: replayed(createPlanPolicy, TARGETS[target]), directModel, directWeight }));
      const reference = OPEN_BANDIT_REFERENCE[log][target];
      for (const [name, value] of Object.entries(reference)) {
        const own = figureOf(totalOf(run.sums), name as Estimator);
        tell(`${log} ${target} ${name}: ${own}, ${(own / value - 1).toExponential(1)} from obp`);
        expect(Math.abs(own / value - 1)).toBeLessThan(1e-9);
      }
    });
  });
});

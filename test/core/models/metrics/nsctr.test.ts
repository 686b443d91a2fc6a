import { describe, expect, it } from 'vitest';
import { heldOutMetrics } from '../../../../src/core/models/metrics/held_out_metrics.ts';
import type { HeldOutRows } from '../../../../src/core/models/metrics/held_out_rows.ts';
import { matchRows, nsctrFigures } from '../../../../src/core/models/metrics/nsctr.ts';
import { createRandom } from '../../../../src/core/random.ts';

/** Three ads of 40, 40 and 20 impressions; the model's first choice is creative 0 of the first, 1 of the second, unknown of the third. */
const ROWS: HeldOutRows = {
  ad: [0, 0, 1, 1, 2],
  cluster: [0, 1, 0, 1, 0],
  shown: [0, 2, 1, 1, 3],
  clicks: [6, 4, 1, 3, 5],
  impressions: [30, 10, 10, 30, 20],
  propensity: [0.5, 0.25, 0.2, 0.6, 1],
};
const TOP = [0, 0, 1, 1, -1];
const ADS = { clicks: Float64Array.of(10, 4, 5), impressions: Float64Array.of(40, 40, 20) };
const ALL = Uint8Array.of(1, 1);

describe('NSCTR', () => {
  it('weighs the click rate of matched rows by the ad’s share of impressions', () => {
    const { propensity: _, ...uncorrected } = ROWS;
    const matched = matchRows(uncorrected, TOP, ROWS.shown as number[]);
    const figures = nsctrFigures(matched, ADS, ALL);
    // .2 of the first ad, .1 of the second, 40 : 40.
    expect(figures.nsctr).toBeCloseTo(0.15, 14);
    expect(figures.loggedCtr).toBeCloseTo(14 / 80, 14);
    expect(figures.nsctrRatio).toBeCloseTo(12 / 14, 14);
    expect(matched.corrected).toBe(false);
  });

  it('weighs matched rows by 1 / propensity where the log has it', () => {
    const matched = matchRows(ROWS, TOP, ROWS.shown as number[]);
    // Of the second ad (1/.2 + 3/.6) / (10/.2 + 30/.6) = .1; of the first the weights cancel.
    expect(nsctrFigures(matched, ADS, ALL).nsctr).toBeCloseTo(0.15, 14);
    const uneven = matchRows({ ...ROWS, propensity: [0.5, 0.25, 0.1, 1, 1] }, TOP, ROWS.shown as number[]);
    // (1/.1 + 3) / (10/.1 + 30) = .1 again, so shift the clicks: (3/.1 + 1) / 130.
    expect(nsctrFigures({ ...uneven, clicks: Float64Array.of(6, 3, 1) }, ADS, ALL).nsctr).toBeCloseTo((0.2 + 31 / 130) / 2, 14);
    expect(uneven.corrected).toBe(true);
  });

  it('is not corrected where a matched row lacks its propensity', () => {
    const matched = matchRows({ ...ROWS, propensity: [0.5, Number.NaN, 0.2, Number.NaN, 1] }, TOP, ROWS.shown as number[]);
    expect(matched.corrected).toBe(false);
    expect([...matched.weight]).toEqual([1, 1, 1]);
    expect(matchRows({ ...ROWS, propensity: [0.5, Number.NaN, 0.2, 0.6, 1] }, TOP, ROWS.shown as number[]).corrected).toBe(true);
  });

  it('leaves out ads without a matched row', () => {
    const matched = matchRows(ROWS, [0, 0, -1, 2, -1], ROWS.shown as number[]);
    expect(nsctrFigures(matched, ADS, ALL)).toMatchObject({ nsctr: 0.2, loggedCtr: 0.25 });
    const result = heldOutMetrics(ROWS, { predictions: [0.1, 0.1, 0.1, 0.1, 0.1], top: [0, 0, -1, 2, -1] }, { seed: 1 }).nsctr;
    expect(result).toMatchObject({ matchedRows: 1, matchedImpressions: 30, impressionShare: 0.4, largestWeight: 2 });
    expect(result?.effectiveSampleSize).toBeCloseTo(30, 10);
    expect(result?.nsctr).toEqual({
      value: null,
      ciLow: null,
      ciHigh: null,
      reason: 'an effective sample of 50 matched impressions is needed but it is 30',
    });
    expect(nsctrFigures(matchRows(ROWS, [-1, -1, -1, -1, -1], ROWS.shown as number[]), ADS, ALL).nsctr).toBeNaN();
  });

  it('has an upper end of 3 / effective sample where no matched impression was clicked', () => {
    const rows = { ...ROWS, clicks: [0, 4, 0, 0, 5], impressions: [60, 20, 20, 60, 40] };
    const result = heldOutMetrics(rows, { predictions: [0.1, 0.1, 0.1, 0.1, 0.1], top: TOP }, { seed: 1 }).nsctr;
    // v = 80/60 in the first ad; in the second 80/200 of weights 5 and 80/200 of 5/3: 160² / (60·(4/3)² + 20·2² + 60·(2/3)²).
    const sample = 160 ** 2 / (60 * (4 / 3) ** 2 + 20 * 4 + (60 * 4) / 9);
    expect(result?.effectiveSampleSize).toBeCloseTo(sample, 8);
    expect(result?.nsctr.value).toBe(0);
    expect(result?.nsctr.ciHigh).toBeCloseTo(3 / sample, 10);
    expect(result?.ratio.ciHigh).toBeCloseTo(3 / sample / (4 / 160), 10);
  });

  it('is null where first choices are not given', () => {
    expect(heldOutMetrics(ROWS, { predictions: [0.1, 0.1, 0.1, 0.1, 0.1] }, { seed: 1 }).nsctr).toBeNull();
  });
});

// Half of the users click twice as often, and to them the log shows creative 0 with .8 instead of .2: what it shows to whom is not
// by chance, so rows that match are not like others.
const CTR = [
  [0.2, 0.15],
  [0.1, 0.075],
];
const SHOWN_TO = [
  [0.8, 0.2],
  [0.2, 0.8],
];
const TRUTH = 0.15;
const LOGS = 200;

describe(`on ${LOGS} logs that choose by the user`, () => {
  const results = Array.from({ length: LOGS }, (_, seed) => {
    const random = createRandom(seed, 1);
    const n = 3_000;
    const [ad, cluster, shown] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
    const [clicks, propensity] = [new Uint8Array(n), new Float64Array(n)];
    for (let row = 0; row < n; row++) {
      const user = random.below(300);
      const taste = SHOWN_TO[user % 2] as number[];
      const creative = random.uniform() < (taste[0] as number) ? 0 : 1;
      ad[row] = random.below(2);
      cluster[row] = user;
      shown[row] = creative;
      propensity[row] = taste[creative] as number;
      clicks[row] = random.uniform() < (CTR[user % 2]?.[creative] as number) ? 1 : 0;
    }
    const output = { predictions: new Float64Array(n).fill(0.1), top: new Int32Array(n) };
    const withPropensity = heldOutMetrics({ ad, cluster, shown, clicks, propensity }, output, { seed }).nsctr;
    const without = heldOutMetrics({ ad, cluster, shown, clicks }, output, { seed }).nsctr;
    return { withPropensity, without };
  });

  it('the 95 % interval holds the click rate of the model’s choice in 90 to 99 % of them', () => {
    const held = results.filter(({ withPropensity }) => {
      const { ciLow, ciHigh } = withPropensity?.nsctr ?? { ciLow: null, ciHigh: null };
      return (ciLow ?? 1) <= TRUTH && TRUTH <= (ciHigh ?? 0);
    }).length;
    // 200 logs know a coverage of 95 % to 1.5 %.
    expect(held / LOGS).toBeGreaterThanOrEqual(0.9);
    expect(held / LOGS).toBeLessThanOrEqual(0.99);
  });

  it('without propensities the mean is that of the users who saw it, and it says so', () => {
    const mean = (values: readonly (number | null | undefined)[]): number =>
      values.reduce<number>((sum, v) => sum + (v ?? 0), 0) / values.length;
    // .8·.2 + .2·.1; a standard error of one log is about .009, of 200 .0007: four of it.
    expect(Math.abs(mean(results.map(({ without }) => without?.nsctr.value)) - 0.18)).toBeLessThan(0.003);
    expect(Math.abs(mean(results.map(({ withPropensity }) => withPropensity?.nsctr.value)) - TRUTH)).toBeLessThan(0.003);
    expect(results[0]?.without?.corrected).toBe(false);
    expect(results[0]?.withPropensity?.corrected).toBe(true);
  });
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth, simulatedStore } from './simulated_store.ts';

interface Report {
  readonly code: number;
  readonly positions: readonly Readonly<Record<string, string | number | null>>[];
  readonly creatives: readonly Readonly<Record<string, string | number | boolean | null>>[];
  readonly dispersion: number;
  readonly shrinkage: { k: number; mean: number; within_noise: boolean } | null;
  readonly components: number;
}

const POSITION_KEYS = ['scene', 'position', 'impressions', 'clicks', 'ctr', 'exposure_factor'];
const CREATIVE_KEYS = [
  'ad_id',
  'creative_id',
  'impressions',
  'clicks',
  'ctr',
  'coec',
  'ecoi',
  'ecoi_shrunk',
  'ci_low',
  'ci_high',
  'effective_impressions',
  'comparable',
];

/** A store with aggregated rows: α = .02 and .04, b = .5 and 1.5, the better creative mostly at the worse position. */
async function confoundedStore(): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'rows.csv'),
    [
      'ad_id,creative_id,scene,position,impressions,clicks',
      'a,low,feed,1,2000,20',
      'a,low,feed,2,6000,180',
      'a,high,feed,1,6000,120',
      'a,high,feed,2,2000,120',
    ].join('\n'),
  );
  expect(await commandLine(folder, ['import', 'logs', 'rows.csv'])).toMatchObject({ code: 0 });
  return folder;
}

describe('ecoi', () => {
  it('reports every creative and position of a log, with the keys of the contract', async () => {
    const folder = await simulatedStore();
    const report = await commandJson<Report>(folder, ['ecoi', '--log', 'sim']);
    expect(report.code).toBe(0);
    const truth = readTruth(folder);
    expect(report.creatives).toHaveLength(12);
    for (const row of report.creatives) expect(Object.keys(row)).toEqual(CREATIVE_KEYS);
    for (const row of report.positions) expect(Object.keys(row)).toEqual(POSITION_KEYS);
    expect(report.positions.map(({ scene, position }) => [scene, position])).toEqual(
      truth.positions.map(({ scene, position }) => [scene, position]),
    );
    const sum = (key: string): number => report.creatives.reduce((total, row) => total + Number(row[key]), 0);
    expect([sum('impressions'), sum('clicks')]).toEqual([truth.impressions, truth.clicks]);
    expect(sum('effective_impressions')).toBeCloseTo(truth.impressions, 6);
    expect(report.dispersion).toBeGreaterThanOrEqual(1);
    expect(report.components).toBe(1);
  });

  it('orders the creatives of an ad by their shrunk value', async () => {
    const { creatives } = await commandJson<Report>(await simulatedStore(), ['ecoi']);
    const sorted = [...creatives].sort((a, b) =>
      a.ad_id === b.ad_id ? Number(b.ecoi_shrunk) - Number(a.ecoi_shrunk) : String(a.ad_id) < String(b.ad_id) ? -1 : 1,
    );
    expect(creatives).toEqual(sorted);
  });

  it('corrects a table computed by hand, from aggregated rows without a time', async () => {
    const { creatives, positions } = await commandJson<Report>(await confoundedStore(), ['ecoi']);
    expect(creatives.map(({ creative_id, ctr }) => [creative_id, ctr])).toEqual([
      ['high', 0.03],
      ['low', 0.025],
    ]);
    expect(creatives.map(({ ecoi }) => Math.round(Number(ecoi) * 1e8) / 1e8)).toEqual([0.04, 0.02]);
    expect(positions.map(({ exposure_factor }) => Math.round(Number(exposure_factor) * 1e8) / 1e8)).toEqual([0.5, 1.5]);
  });

  it('writes the table as CSV', async () => {
    const folder = await confoundedStore();
    const { creatives, positions } = await commandJson<Report>(folder, ['ecoi', '--csv', 'creatives.csv']);
    await commandLine(folder, ['ecoi', '--by', 'position', '--csv', 'out/positions.csv']);
    const written = csvTable(join(folder, 'creatives.csv'));
    expect(Object.keys(written[0] ?? {})).toEqual(CREATIVE_KEYS);
    expect(written.map((row) => Number(row.ecoi_shrunk))).toEqual(creatives.map((row) => row.ecoi_shrunk));
    const places = csvTable(join(folder, 'out', 'positions.csv'));
    expect(Object.keys(places[0] ?? {})).toEqual(POSITION_KEYS);
    expect(places.map((row) => Number(row.exposure_factor))).toEqual(positions.map((row) => row.exposure_factor));
  });

  it('narrows the table to ads, and measures positions on all', async () => {
    const folder = await simulatedStore();
    const all = await commandJson<Report>(folder, ['ecoi']);
    const one = await commandJson<Report>(folder, ['ecoi', '--ads', 'ad-0002']);
    expect(one.creatives).toEqual(all.creatives.filter((row) => row.ad_id === 'ad-0002'));
    expect(one.positions).toEqual(all.positions);
  });

  it('prints for people what it would give machines', async () => {
    const folder = await confoundedStore();
    const { stdout } = await commandLine(folder, ['ecoi']);
    expect(stdout).toMatch(/high +8,000 +240 +3\.00% +4\.00%/);
    expect((await commandLine(folder, ['ecoi', '--by', 'position'])).stdout).toMatch(/feed +2 +8,000 +300 +3\.75% +1\.500/);
  });

  it('has nothing to compare without clicks, and says so', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), 'ad_id,creative_id,impressions,clicks\na,x,1000,0\na,y,0,0\n');
    await commandLine(folder, ['import', 'logs', 'rows.csv']);
    const { creatives, shrinkage } = await commandJson<Report>(folder, ['ecoi']);
    expect(shrinkage).toBeNull();
    expect(creatives).toMatchObject([
      { creative_id: 'x', ecoi: 0, ci_low: 0, ci_high: 0.003 },
      { creative_id: 'y', ecoi: null, ecoi_shrunk: null, ci_high: null },
    ]);
    expect((await commandLine(folder, ['ecoi'])).stdout).toContain('No clicks');
  });

  it('refuses a log or a store that is not there', async () => {
    const folder = await confoundedStore();
    expect(await commandLine(folder, ['ecoi', '--log', 'none'])).toMatchObject({ code: 2, stderr: expect.stringContaining('none') });
    expect(await commandLine(folder, ['ecoi', '-s', 'none.db'])).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
  });
});

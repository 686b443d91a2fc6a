import type { Command } from 'commander';
import { Option } from 'commander';
import { readClickData } from './click_data.ts';
import { type CliContext, count, createCommand, parseList, percent, type StoreSession, storeAction, table, unknownIds } from './shared.ts';

const ROWS_SHOWN = 40;
const CREATIVE_COLUMNS = [
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
] as const;
const POSITION_COLUMNS = ['scene', 'position', 'impressions', 'clicks', 'ctr', 'exposure_factor'] as const;

interface Options {
  readonly log?: string;
  readonly by: 'creative' | 'position';
  readonly csv?: string;
  readonly ads?: string[];
}

export function ecoiCommand(context: CliContext): Command {
  return createCommand('ecoi', 'position-corrected CTR of every creative, with intervals', 'atelier ecoi --log demo --csv ecoi.csv')
    .option('--log <name>', 'one log (all logs when not given)')
    .addOption(new Option('--by <what>', 'what the table and the CSV list').choices(['creative', 'position']).default('creative'))
    .option('--csv <file>', 'write the table as CSV')
    .option('--ads <a,b>', 'only these ads; positions are measured on all', parseList)
    .action(storeAction<Options>(context, 'existing', ecoi));
}

async function ecoi(session: StoreSession<Options>) {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { store, options } = session;
  const data = await readClickData(store, findLog(store, options.log));
  const report = computeEcoi(data.input);
  const positions = report.positions.map((row, index) => ({
    scene: data.positions[index]?.scene || null,
    position: data.positions[index]?.position || null,
    impressions: row.impressions,
    clicks: row.clicks,
    ctr: row.ctr,
    exposure_factor: row.exposureFactor,
  }));
  const creatives = report.creatives
    .map((row, index) => ({
      ad_id: data.arms[index]?.adId as string,
      creative_id: data.arms[index]?.creativeId as string,
      impressions: row.impressions,
      clicks: row.clicks,
      ctr: row.ctr,
      coec: row.coec,
      ecoi: row.ecoi,
      ecoi_shrunk: row.ecoiShrunk,
      ci_low: row.ciLow,
      ci_high: row.ciHigh,
      effective_impressions: row.effectiveImpressions,
      comparable: row.comparable,
    }))
    .filter((row) => !options.ads || options.ads.includes(row.ad_id))
    .sort(
      (a, b) => compareText(a.ad_id, b.ad_id) || (b.ecoi_shrunk ?? -1) - (a.ecoi_shrunk ?? -1) || compareText(a.creative_id, b.creative_id),
    );
  positions.sort((a, b) => compareText(a.scene ?? '', b.scene ?? '') || (a.position ?? 0) - (b.position ?? 0));
  const { shrinkage, dispersion } = report;
  const json = {
    log: options.log ?? null,
    positions,
    creatives,
    dispersion: dispersion.phi,
    dispersion_df: dispersion.degreesOfFreedom,
    shrinkage: shrinkage ? { k: shrinkage.k, mean: shrinkage.m, within_noise: shrinkage.atBound } : null,
    components: report.components,
    rounds: report.rounds,
  };
  const text = [...(options.by === 'position' ? positionTable(positions) : creativeTable(creatives)), '', ...notes(json)];
  if (options.csv !== undefined) {
    const { writeCsv } = await import('./csv_file.ts');
    const path = session.path(options.csv);
    if (options.by === 'position') writeCsv(path, positions, POSITION_COLUMNS);
    else writeCsv(path, creatives, CREATIVE_COLUMNS);
    text.push(`written: ${path}`);
  }
  return {
    json,
    text,
    failures: unknownIds('an ad', options.ads, data.ads),
    counts: { creatives: creatives.length, positions: positions.length },
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface CreativeRow {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly ctr: number | null;
  readonly ecoi: number | null;
  readonly ecoi_shrunk: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly comparable: boolean;
}

function creativeTable(rows: readonly CreativeRow[]): string[] {
  const lines = rows
    .slice(0, ROWS_SHOWN)
    .map((row) => [
      row.ad_id,
      row.creative_id,
      count(row.impressions),
      count(row.clicks),
      percent(row.ctr),
      percent(row.ecoi),
      percent(row.ecoi_shrunk),
      `${percent(row.ci_low)} – ${percent(row.ci_high)}`,
      row.comparable ? '' : 'not comparable',
    ]);
  const header = ['ad', 'creative', 'impressions', 'clicks', 'CTR', 'ECOI', 'shrunk', '95 % interval', ''];
  const more = rows.length > ROWS_SHOWN ? [`… ${rows.length - ROWS_SHOWN} more; --csv or --json lists them all`] : [];
  return [...table(header, lines, [2, 3, 4, 5, 6]), ...more];
}

function positionTable(
  rows: readonly {
    scene: string | null;
    position: number | null;
    impressions: number;
    clicks: number;
    ctr: number | null;
    exposure_factor: number | null;
  }[],
): string[] {
  const lines = rows.map((row) => [
    row.scene ?? '–',
    String(row.position ?? '–'),
    count(row.impressions),
    count(row.clicks),
    percent(row.ctr),
    row.exposure_factor?.toFixed(3) ?? '–',
  ]);
  return table(['scene', 'position', 'impressions', 'clicks', 'CTR', 'exposure factor'], lines, [1, 2, 3, 4, 5]);
}

function notes(report: {
  dispersion: number;
  dispersion_df: number;
  shrinkage: { k: number; mean: number; within_noise: boolean } | null;
  components: number;
}): string[] {
  const { shrinkage } = report;
  const lines: string[] = [];
  if (!shrinkage) lines.push('No clicks: nothing can be compared yet.');
  else if (shrinkage.within_noise) lines.push('The differences between creatives are within noise.');
  else lines.push(`Shrunk towards ${percent(shrinkage.mean)} with the weight of ${shrinkage.k.toFixed(1)} clicks.`);
  if (report.dispersion_df > 0)
    lines.push(`Over-dispersion φ = ${report.dispersion.toFixed(2)} (df ${count(report.dispersion_df)}); intervals are widened by it.`);
  if (report.components > 1)
    lines.push(`The log falls into ${report.components} parts without common positions: compare creatives inside a part only.`);
  return lines;
}

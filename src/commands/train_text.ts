import type { Estimate } from '../core/feedback/evaluation.ts';
import type { Evaluation } from '../core/models/dual_tower/evaluation.ts';
import { isPreferred, type StoredPrior } from '../core/models/dual_tower/metadata.ts';
import type { Split } from '../core/models/dual_tower/split.ts';
import type { Examples } from '../core/models/features/field.ts';
import type { HeldOutMetrics } from '../core/models/metrics/held_out_metrics.ts';
import type { metricDifferences } from '../core/models/metrics/metric_differences.ts';
import type { Nsctr } from '../core/models/metrics/nsctr.ts';
import { count, percent, table } from './shared.ts';

/** One training of an ablation; `differences`: this model's figures minus those of all parts. */
export interface AblationRow {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly differences: Readonly<Record<'all' | 'unseen', ReturnType<typeof metricDifferences>>> | null;
}

function estimateJson({ value, ciLow, ciHigh, reason }: Estimate) {
  return { value, ci_low: ciLow, ci_high: ciHigh, ...(reason !== null && { reason }) };
}

function metricsJson(metrics: HeldOutMetrics) {
  const { nsctr } = metrics;
  return {
    rows: metrics.rows,
    impressions: metrics.impressions,
    clicks: metrics.clicks,
    clusters: metrics.clusters,
    auc: estimateJson(metrics.auc),
    gauc: estimateJson(metrics.gauc),
    one_class_ads: { ads: metrics.oneClassAds.ads, impression_share: metrics.oneClassAds.impressionShare },
    log_loss: estimateJson(metrics.logLoss),
    normalised_entropy: estimateJson(metrics.normalisedEntropy),
    calibration_ratio: estimateJson(metrics.calibrationRatio),
    calibration_error: estimateJson(metrics.calibrationError),
    calibration: metrics.calibration.map(({ meanPrediction, ciLow, ciHigh, ...bin }) => ({
      ...bin,
      mean_prediction: meanPrediction,
      ci_low: ciLow,
      ci_high: ciHigh,
    })),
    nsctr: nsctr && {
      ...estimateJson(nsctr.nsctr),
      logged_ctr: estimateJson(nsctr.loggedCtr),
      ratio: estimateJson(nsctr.ratio),
      corrected: nsctr.corrected,
      matched_impressions: nsctr.matchedImpressions,
      impression_share: nsctr.impressionShare,
      effective_sample_size: nsctr.effectiveSampleSize,
    },
  };
}

/** Held-out metrics as the command's JSON and the model's metadata have them. */
export function evaluationJson({ all, segments, clusters }: Evaluation) {
  return {
    ...metricsJson(all),
    resampled: clusters,
    segments: Object.fromEntries(Object.entries(segments).map(([name, metrics]) => [name, metricsJson(metrics)])),
  };
}

export function differenceJson({ name, evaluation, differences }: AblationRow) {
  const { all, segments } = evaluation;
  return {
    name,
    auc: estimateJson(all.auc),
    gauc: estimateJson(all.gauc),
    log_loss: estimateJson(all.logLoss),
    tail_auc: estimateJson(segments.tail.auc),
    unseen_auc: estimateJson(segments.unseen.auc),
    differences: differences && {
      auc: estimateJson(differences.all.auc),
      gauc: estimateJson(differences.all.gauc),
      log_loss: estimateJson(differences.all.logLoss),
      unseen_auc: estimateJson(differences.unseen.auc),
      unseen_log_loss: estimateJson(differences.unseen.logLoss),
    },
  };
}

interface Told {
  readonly modelId: string;
  readonly path: string;
  readonly examples: Examples;
  readonly split: Split;
  readonly evaluation: Evaluation;
  readonly prior: StoredPrior | null;
  readonly trained: { readonly steps: number; readonly rowsPerSecond: number | null };
  readonly ablations: readonly AblationRow[];
}

export function tellTraining({ modelId, path, examples, split, evaluation, prior, trained, ablations }: Told): string[] {
  const fieldsOf = (side: 'left' | 'right'): number => examples.fields.filter((field) => field.side === side).length;
  const parts: [string, HeldOutMetrics][] = [['all', evaluation.all], ...Object.entries(evaluation.segments)];
  const speed = trained.rowsPerSecond === null ? ', all of an earlier run' : ` at ${count(trained.rowsPerSecond)} rows/s`;
  return [
    `${modelId}: trained on ${count(split.train.length + split.validation.length)} rows of ${count(examples.rows)}, ${count(trained.steps)} steps${speed}`,
    `fields: ${fieldsOf('left')} of the left tower (ad and context), ${fieldsOf('right')} of the right tower (creative)`,
    ...examples.notes.map((note) => `note: ${note}`),
    '',
    `Held out: ${count(evaluation.all.impressions)} impressions, ${count(evaluation.all.clicks)} clicks; 95 % intervals from resampled ${evaluation.clusters}`,
    '',
    ...table(
      ['creatives', 'impressions', 'AUC', 'GAUC', 'log-loss', 'clicks predicted/seen'],
      parts.map(([name, metrics]) => [
        name,
        count(metrics.impressions),
        interval(metrics.auc, 3),
        interval(metrics.gauc, 3),
        interval(metrics.logLoss, 5),
        interval(metrics.calibrationRatio, 2),
      ]),
      [1],
    ),
    ...whyNot(parts),
    '',
    'Calibration by deciles of the prediction:',
    ...table(
      ['predicted', 'clicked', '95 % interval', 'impressions'],
      evaluation.all.calibration.map((bin) => [
        percent(bin.meanPrediction),
        percent(bin.ctr),
        `${percent(bin.ciLow)} to ${percent(bin.ciHigh)}`,
        count(bin.impressions),
      ]),
      [0, 1, 3],
    ),
    '',
    ...(evaluation.all.nsctr ? [nsctrLine(evaluation.all.nsctr)] : []),
    prior === null ? 'prior: no held-out click, so a prediction cannot be weighed' : priorLine(prior),
    ...(ablations.length > 0 ? ['', ...ablationTable(ablations)] : []),
    '',
    `written: ${path}`,
  ];
}

/** Why a part of the creatives has no figures. */
function whyNot(parts: readonly (readonly [string, HeldOutMetrics])[]): string[] {
  return parts.flatMap(([name, { auc, impressions }]) =>
    auc.reason !== null && impressions > 0 ? [`${name} cannot be evaluated: ${auc.reason}`] : [],
  );
}

function nsctrLine({ nsctr, loggedCtr, corrected }: Nsctr): string {
  if (nsctr.reason !== null) return `NSCTR cannot be evaluated: ${nsctr.reason}`;
  const how = corrected ? '' : ' (no propensities: not corrected)';
  return `NSCTR ${interval(nsctr, 5)}, the log's own CTR ${interval(loggedCtr, 5)}${how}`;
}

function priorLine(prior: StoredPrior): string {
  const preferred = isPreferred(prior) ? 'held-out clicks prefer it to one mean for all' : 'held-out clicks prefer one mean for all';
  return `prior: a prediction is worth ${prior.strength.toFixed(1)} clicks of evidence; ${preferred}`;
}

function ablationTable(rows: readonly AblationRow[]): string[] {
  return [
    'What each part is worth: the model without it, minus the model with all parts',
    '',
    ...table(
      ['parts', 'AUC', 'log-loss', 'AUC, unseen creatives', 'log-loss, unseen creatives'],
      rows.map(({ name, evaluation: { all, segments }, differences }) =>
        differences
          ? [
              name,
              change(differences.all.auc, 4),
              change(differences.all.logLoss, 5),
              change(differences.unseen.auc, 4),
              change(differences.unseen.logLoss, 5),
            ]
          : [name, interval(all.auc, 4), interval(all.logLoss, 5), interval(segments.unseen.auc, 4), interval(segments.unseen.logLoss, 5)],
      ),
    ),
  ];
}

/** A difference with its sign. */
function change({ value, ciLow, ciHigh, reason }: Estimate, digits: number): string {
  if (reason !== null) return '–';
  const signed = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(digits)}`;
  return `${signed(value)} [${signed(ciLow)}, ${signed(ciHigh)}]`;
}

function interval({ value, ciLow, ciHigh, reason }: Estimate, digits: number): string {
  if (reason !== null) return '–';
  return `${value.toFixed(digits)} [${ciLow.toFixed(digits)}, ${ciHigh.toFixed(digits)}]`;
}

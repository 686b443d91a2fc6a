import type { Estimate } from '../../feedback/evaluation.ts';
import { estimateOf, resampleClusters } from '../metrics/cluster_bootstrap.ts';
import type { Bags, Family } from './bags.ts';
import { BAG_SEGMENTS, type HeldOutBags } from './hold_out.ts';

const REPLICATES = 500;
const LEAST_UNSEEN = 8;
/** Nats that held-out rows must prefer another predictor by: less is rounding. */
const LEAST_PREFERENCE = 1;
/** With fewer, resampling cannot show how far a loss may be off. */
const LEAST_OUTCOMES = 5;
/** Predictions are kept away from 0, so that one certain and wrong one does not make a loss infinite. */
const LEAST = 1e-9;

/** Losses of predictors on the same rows, and their differences. */
export interface LossComparison {
  readonly rows: number;
  readonly exposure: number;
  readonly outcomes: number;
  /** What was resampled for the intervals, and how many of them there were. */
  readonly clusters: number;
  readonly resampled: Clusters['word'];
  /** Nats an effective impression (for amounts: of the Poisson likelihood). */
  readonly losses: Readonly<Record<string, Estimate>>;
  /** Loss of the first minus that of the second, each minus those before it: `b_minus_a`. */
  readonly differences: Readonly<Record<string, Estimate>>;
}

/** Rows that vary together. */
interface Clusters {
  /** [rows]: index of the row's cluster. */
  readonly of: Int32Array;
  readonly count: number;
  readonly word: 'ads' | 'elements';
}

interface CompareOptions {
  readonly family: Family;
  readonly seed: number;
  readonly clusters?: Clusters;
}

/** Predicted means [rows] by the name of what predicts them. */
export type Predictions = Readonly<Record<string, Float64Array>>;

/**
 * Negative log-likelihood of held-out outcomes, per effective impression: `−[c ln p + (E − c) ln(1 − p)]` of counts,
 * `E·μ − y ln μ` of amounts; 95 % intervals from resampled clusters.
 * @param clusters what varies together: an ad's rows, unless given
 */
export function compareLosses(
  heldOut: Bags,
  rows: Int32Array,
  predictions: Predictions,
  { family, seed, clusters = { of: heldOut.ad, count: heldOut.ads.length, word: 'ads' } }: CompareOptions,
): LossComparison {
  const names = Object.keys(predictions);
  const compared = names.flatMap((name, i) => names.slice(0, i).map((other) => [name, other] as const));
  const exposure = new Float64Array(clusters.count);
  const losses = new Map(names.map((name) => [name, new Float64Array(clusters.count)]));
  let outcomes = 0;
  for (const row of rows) {
    const at = clusters.of[row] as number;
    const [c, n] = [heldOut.outcomes[row] as number, heldOut.exposure[row] as number];
    exposure[at] = (exposure[at] as number) + n;
    outcomes += c;
    for (const name of names) {
      const own = losses.get(name) as Float64Array;
      own[at] = (own[at] as number) + lossOf(c, n, (predictions[name] as Float64Array)[row] as number, family);
    }
  }
  const shown = exposure.reduce((count, own) => count + (own > 0 ? 1 : 0), 0);
  const total = exposure.reduce((sum, own) => sum + own, 0);
  const statistics = (weights: Uint8Array): Record<string, number> => {
    const divisor = weighted(exposure, weights);
    const means = Object.fromEntries(names.map((name) => [name, weighted(losses.get(name) as Float64Array, weights) / divisor]));
    const differences = compared.map(([name, other]) => [`${name}_minus_${other}`, (means[name] as number) - (means[other] as number)]);
    return { ...means, ...Object.fromEntries(differences) };
  };
  const resampled = resampleClusters(clusters.count, statistics, { seed, replicates: REPLICATES });
  const reason = reasonNot({ exposure: total, outcomes, shown }, family, clusters.word);
  return {
    rows: rows.length,
    exposure: total,
    outcomes,
    clusters: shown,
    resampled: clusters.word,
    losses: Object.fromEntries(names.map((name) => [name, estimateOf(resampled, name, reason)])),
    differences: Object.fromEntries(
      compared.map(([name, other]) => [`${name}_minus_${other}`, estimateOf(resampled, `${name}_minus_${other}`, reason)]),
    ),
  };
}

/** Whether rows of elements that training never saw count when predictors are chosen. */
export function judgesUnseen({ unseenElements }: HeldOutBags): boolean {
  return unseenElements >= LEAST_UNSEEN;
}

/**
 * The first predictor, unless a later one has less loss by more than φ nats. Rows of elements that training never saw count only where there are at least so many such
 * elements: what one or two of them tell is luck.
 */
export function chooseByLoss<Name extends string>(
  split: HeldOutBags,
  predictions: Readonly<Record<Name, Float64Array>>,
  family: Family,
  phi: number,
): Name {
  const last = judgesUnseen(split) ? BAG_SEGMENTS.length - 1 : BAG_SEGMENTS.indexOf('new combination');
  const [first, ...others] = Object.keys(predictions) as Name[];
  const loss = new Map<Name, number>();
  for (const name of Object.keys(predictions) as Name[]) {
    let sum = 0;
    split.segment.forEach((segment, row) => {
      if (segment < 0 || segment > last) return;
      const { outcomes, exposure } = split.heldOut;
      sum += lossOf(outcomes[row] as number, exposure[row] as number, predictions[name][row] as number, family);
    });
    loss.set(name, sum);
  }
  const lossOfName = (name: Name): number => loss.get(name) as number;
  return others.reduce((best, next) => (lossOfName(next) < lossOfName(best) - LEAST_PREFERENCE * phi ? next : best), first as Name);
}

/**
 * The comparison on all held-out rows, and on those of each segment; elements that training never saw are resampled
 * themselves, as a hundred ads that show the same one say no more of others.
 */
export function compareBySegment(split: HeldOutBags, predictions: Predictions, family: Family, seed: number) {
  const rowsWhere = (isWanted: (segment: number) => boolean): Int32Array =>
    Int32Array.from(split.segment.keys()).filter((row) => isWanted(split.segment[row] as number));
  const unseen: Clusters = { of: split.unseenElement, count: split.heldOut.elements.length, word: 'elements' };
  const [seenCombination, newCombination, unseenElement] = BAG_SEGMENTS.map((name, index) => {
    const clusters = name === 'unseen element' ? { clusters: unseen } : {};
    return compareLosses(
      split.heldOut,
      rowsWhere((segment) => segment === index),
      predictions,
      { family, seed, ...clusters },
    );
  });
  return {
    all: compareLosses(
      split.heldOut,
      rowsWhere((segment) => segment >= 0),
      predictions,
      { family, seed },
    ),
    segments: { seenCombination, newCombination, unseenElement } as Readonly<
      Record<'seenCombination' | 'newCombination' | 'unseenElement', LossComparison>
    >,
  };
}

/** Why these rows cannot be evaluated; an amount has no least number of clicks. */
function reasonNot(
  { exposure, outcomes, shown }: { exposure: number; outcomes: number; shown: number },
  family: Family,
  word: string,
): string | null {
  if (family === 'binomial') {
    if (outcomes < LEAST_OUTCOMES) return `${LEAST_OUTCOMES} outcomes are needed but there are ${outcomes}`;
    if (exposure - outcomes < LEAST_OUTCOMES)
      return `${LEAST_OUTCOMES} impressions without an outcome are needed but there are ${exposure - outcomes}`;
  }
  return shown < 2 ? `an interval needs 2 ${word} to resample but there are ${shown}` : null;
}

function lossOf(outcomes: number, exposure: number, mean: number, family: Family): number {
  const p = Math.max(LEAST, mean);
  if (family === 'poisson') return exposure * p - outcomes * Math.log(p);
  return -outcomes * Math.log(p) - (exposure - outcomes) * Math.log1p(-Math.min(p, 1 - LEAST));
}

function weighted(values: Float64Array, weights: Uint8Array): number {
  return values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
}

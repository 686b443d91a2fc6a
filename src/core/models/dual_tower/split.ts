import { UserError } from '../../errors.ts';
import { hash64 } from '../../hash.ts';
import { cutBetweenMoments } from '../features/context.ts';
import type { Examples } from '../features/field.ts';

/** What is held out: the last part of the time, or a part of each ad's creatives. */
export const SPLITS = ['time', 'creatives'] as const;
export type SplitKind = (typeof SPLITS)[number];

/** Which examples are for what; row numbers in order of time. */
export interface Split {
  readonly train: Int32Array;
  /** Decides when training stops. */
  readonly validation: Int32Array;
  /** Seen by nothing before it is predicted. */
  readonly heldOut: Int32Array;
}

/** Part of what is not held out that decides when to stop. */
const VALIDATION_SHARE = 0.1;

/**
 * Splits by time: the last `share` of the rows are held out, the last tenth of the others is for validation; rows of one moment stay
 * together where that leaves each part at least half of its rows. Or by creatives:
 * those with the smallest hashes of their ids are held out, the next are for validation; every ad keeps one to train on.
 * @throws UserError when a row has no time, or there is too little to split
 */
export function splitExamples(examples: Examples, kind: SplitKind, share: number, seed: number): Split {
  const split = kind === 'time' ? splitByTime(examples, share) : splitByCreatives(examples, share, seed);
  for (const [name, rows] of Object.entries(split)) {
    if (rows.length > 0) continue;
    throw new UserError(
      `Expected rows for each of training, validation and holdout but ${name} has none of ${examples.rows}.`,
      kind === 'time' ? 'Import a longer log, or hold out creatives: --split creatives.' : 'Import a log of more creatives.',
    );
  }
  return split;
}

function splitByTime(examples: Examples, share: number): Split {
  const { rows, ts } = examples;
  const order = examples.order ?? Int32Array.from({ length: rows }, (_, i) => i);
  if ((ts[order[0] as number] as number) < 0) {
    throw new UserError(
      'Expected rows with times to hold out the last of them but some have none.',
      'Hold out creatives: --split creatives.',
    );
  }
  const known = cutBetweenMoments(ts, order, Math.round(rows * (1 - share)));
  const trained = cutBetweenMoments(ts, order, Math.round(known * (1 - VALIDATION_SHARE)), known);
  return { train: order.slice(0, trained), validation: order.slice(trained, known), heldOut: order.slice(known) };
}

function splitByCreatives({ rows, ad, creative, creatives, order }: Examples, share: number, seed: number): Split {
  const shown = new Uint8Array(creatives.length);
  const adOf = new Int32Array(creatives.length);
  for (let row = 0; row < rows; row++) {
    shown[creative[row] as number] = 1;
    adOf[creative[row] as number] = ad[row] as number;
  }
  const draws = Float64Array.from(creatives, ({ adId, creativeId }) => draw(`${adId}|${creativeId}`, seed));
  // The one with the largest hash stays, or nothing would be known of its ad.
  const kept = new Map<number, number>();
  const shownOnes = [...shown.keys()].filter((index) => shown[index] === 1);
  const ranked = shownOnes.sort((a, b) => (draws[a] as number) - (draws[b] as number) || a - b);
  for (const index of ranked) kept.set(adOf[index] as number, index);
  const free = ranked.filter((index) => kept.get(adOf[index] as number) !== index);
  const below = (limit: number): number => free.filter((index) => (draws[index] as number) < limit).length;
  // At least one for each purpose, however few there are.
  const heldOut = Math.min(Math.max(1, below(share)), free.length - 1);
  const seen = Math.max(heldOut + 1, below(share + (1 - share) * VALIDATION_SHARE));
  const part = new Uint8Array(creatives.length);
  free.forEach((index, rank) => {
    part[index] = rank < heldOut ? 2 : rank < seen ? 1 : 0;
  });
  const rowsOf = (wanted: number): Int32Array =>
    (order ?? Int32Array.from({ length: rows }, (_, i) => i)).filter((row) => part[creative[row] as number] === wanted);
  return { train: rowsOf(0), validation: rowsOf(1), heldOut: rowsOf(2) };
}

/** A number in [0, 1) that hangs on the key and the seed alone. */
function draw(key: string, seed: number): number {
  return Number(hash64(`${seed}|${key}`) % 1_000_003n) / 1_000_003;
}

import { UserError } from '../../errors.ts';

/** With fewer clicks, or fewer impressions without one, resampling cannot show how far a figure may be off. */
const MIN_OF_CLASS = 5;
const MIN_CLUSTERS = 2;

/** Held-out rows: single impressions or counts. All columns are of the same length. */
export interface HeldOutRows {
  readonly clicks: ArrayLike<number>;
  /** Undefined: each row is one impression. */
  readonly impressions?: ArrayLike<number> | undefined;
  /** Index of the row's ad, from 0. */
  readonly ad: ArrayLike<number>;
  /** What is resampled as a whole: index, from 0, of the row's user where users are known, else of its day or of the row itself. */
  readonly cluster: ArrayLike<number>;
  /** Index of the shown creative. */
  readonly shown?: ArrayLike<number> | undefined;
  /** The logging policy's probability of the shown creative. */
  readonly propensity?: ArrayLike<number> | undefined;
}

/** What a model says of the rows. */
export interface ModelOutput {
  /** Probability of a click. */
  readonly predictions: ArrayLike<number>;
  /** Index of the creative that the model puts first among the candidates; −1 where that is unknown. */
  readonly top?: ArrayLike<number> | undefined;
}

/** What the metrics of rows rest on. */
export interface HeldOutSize {
  readonly rows: number;
  readonly impressions: number;
  readonly clicks: number;
  /** Clusters and ads that have impressions. */
  readonly clusters: number;
  readonly ads: number;
}

/** How much the metrics of these rows rest on; rows without an impression count as rows alone. */
export function sizeOf(rows: HeldOutRows): HeldOutSize {
  let [clicks, impressions] = [0, 0];
  const clusters = new Uint8Array(indexCount(rows.cluster));
  const ads = new Uint8Array(indexCount(rows.ad));
  for (let row = 0; row < rows.clicks.length; row++) {
    const count = impressionsAt(rows, row);
    if (count === 0) continue;
    clicks += rows.clicks[row] as number;
    impressions += count;
    clusters[rows.cluster[row] as number] = 1;
    ads[rows.ad[row] as number] = 1;
  }
  const ones = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0);
  return { rows: rows.clicks.length, impressions, clicks, clusters: ones(clusters), ads: ones(ads) };
}

/** Why nothing can be evaluated on so few rows; null where it can. */
export function tooFew({ impressions, clicks, clusters }: HeldOutSize): string | null {
  if (clicks < MIN_OF_CLASS) return `${MIN_OF_CLASS} clicks are needed but there are ${clicks}`;
  if (impressions - clicks < MIN_OF_CLASS) {
    return `${MIN_OF_CLASS} impressions without a click are needed but there are ${impressions - clicks}`;
  }
  if (clusters < MIN_CLUSTERS) return `an interval needs ${MIN_CLUSTERS} users, days or rows to resample but there is ${clusters}`;
  return null;
}

/** Impressions of a row: 1 where the rows have no counts. */
export function impressionsAt(rows: HeldOutRows, row: number): number {
  return rows.impressions === undefined ? 1 : (rows.impressions[row] as number);
}

/** One more than the greatest index of a column; 0 for none. */
export function indexCount(column: ArrayLike<number>): number {
  let count = 0;
  for (let row = 0; row < column.length; row++) count = Math.max(count, (column[row] as number) + 1);
  return count;
}

/**
 * Refuses rows that no metric is defined on.
 * @throws UserError for a prediction outside [0, 1], as of a model with NaN weights, and for more clicks than impressions
 * @throws RangeError for columns of unequal length and for an ad or cluster that is no index
 */
export function checkRows(rows: HeldOutRows, { predictions, top }: ModelOutput): void {
  const { clicks, impressions, ad, cluster, shown, propensity } = rows;
  for (const [name, column] of Object.entries({ clicks, impressions, ad, cluster, shown, propensity, predictions, top })) {
    if (column !== undefined && column.length !== clicks.length) {
      throw new RangeError(`Expected ${clicks.length} values of ${name} but received ${column.length}.`);
    }
  }
  for (let row = 0; row < clicks.length; row++) {
    const prediction = predictions[row] as number;
    if (!(prediction >= 0 && prediction <= 1)) {
      throw new UserError(
        `Expected predictions from 0 to 1 but received ${prediction} in held-out row ${row}.`,
        'Train the model again, with a lower learning rate if its weights are not numbers.',
      );
    }
    if (!((clicks[row] as number) >= 0 && (clicks[row] as number) <= impressionsAt(rows, row))) {
      throw new UserError(
        `Expected from 0 to ${impressionsAt(rows, row)} clicks but received ${clicks[row]} in held-out row ${row}.`,
        'Import the log again without the rows that have more clicks than impressions.',
      );
    }
    if (!((ad[row] as number) >= 0 && (cluster[row] as number) >= 0)) {
      throw new RangeError(`Expected an ad and a cluster but received ${ad[row]} and ${cluster[row]} in held-out row ${row}.`);
    }
  }
}

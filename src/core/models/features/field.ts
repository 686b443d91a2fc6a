export type FieldCodes = Uint8Array | Uint16Array | Int32Array;
export type Side = 'left' | 'right';

/** Terms of every ad or of every creative: what is known without looking at a row. */
export interface EntityField {
  /** 'ad', 'title.words', 'log.topic', … */
  readonly name: string;
  /** The tower it feeds. */
  readonly side: Side;
  /** An id: its embedding is subject to adaptive dropout. */
  readonly isId: boolean;
  readonly of: 'ad' | 'creative';
  /** By ad or creative index; an empty list: missing. */
  readonly terms: readonly (readonly string[])[];
}

/** One categorical feature of rows: code per row → list of terms. */
export interface Field {
  readonly name: string;
  readonly side: Side;
  readonly isId: boolean;
  /** What the codes stand for. */
  readonly of: 'ad' | 'creative' | 'row';
  /** Code of each row; for 'ad' and 'creative' the shared arrays of ad and creative indices. */
  readonly codes: FieldCodes;
  /** Terms of each code; an empty list: missing. Several terms are averaged by the model. */
  readonly terms: readonly (readonly string[])[];
}

/** Where a field's terms come from: the store's notes and creatives, a column of the log, or what the rows say together. */
type FieldSource =
  | { readonly from: 'content' }
  /** `edges`: lower ends of the second, third, … bin of a number; without them every value is a term. */
  | { readonly from: 'log'; readonly column: string; readonly edges?: readonly number[] }
  | { readonly from: 'rows' };

/** How a field is made, as a model's metadata keeps it. */
export interface FieldSpec {
  readonly name: string;
  readonly side: Side;
  readonly isId: boolean;
  readonly of: 'ad' | 'creative' | 'row';
  readonly source: FieldSource;
}

export interface CreativeKey {
  readonly adId: string;
  readonly creativeId: string;
  /** It is among the store's creatives; otherwise only a log knows it. */
  readonly isStored: boolean;
}

/** Ads and creatives in the order of their ids, and what is known of them. */
export interface Entities {
  readonly ads: readonly string[];
  readonly creatives: readonly CreativeKey[];
  /** Ad index of each creative. */
  readonly adOf: Int32Array;
  readonly fields: readonly EntityField[];
}

/** Rows of a click log with their features. */
export interface Examples {
  readonly rows: number;
  /** Ad ids by ad index. */
  readonly ads: readonly string[];
  /** By creative index; stored creatives that were never logged are there too. */
  readonly creatives: readonly CreativeKey[];
  /** Ad and creative index of each row. */
  readonly ad: Int32Array;
  readonly creative: Int32Array;
  /** Index into `positions`. */
  readonly position: Uint8Array | Uint16Array;
  readonly positions: readonly { readonly scene: string; readonly position: number }[];
  readonly clicks: Uint8Array | Float32Array;
  /** Undefined: one impression a row. */
  readonly impressions: Float32Array | undefined;
  /** Milliseconds since 1970 UTC; −1 undated. */
  readonly ts: Float64Array;
  /** Dense user index, −1 where not given; undefined when the log has no users. */
  readonly user: Int32Array | undefined;
  /** NaN where not given; undefined when the log has none. */
  readonly propensity: Float32Array | undefined;
  /** Row numbers in order of time, equal times in the order of the log; undefined when the rows are so already. */
  readonly order: Int32Array | undefined;
  readonly fields: readonly Field[];
  /** What was left out and why. */
  readonly notes: readonly string[];
}

/** The smallest array that holds codes from 0 to `largest`. */
export function createCodes(rows: number, largest: number): FieldCodes {
  if (largest < 256) return new Uint8Array(rows);
  return largest < 65_536 ? new Uint16Array(rows) : new Int32Array(rows);
}

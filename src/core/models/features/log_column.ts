import { createCodes, type FieldCodes } from './field.ts';
import { binOf, distinctValues, fewValues, quantileEdges } from './quantile_bins.ts';

/** A column of the log as categories: code per row, 0 where not given; `terms[0]` is ''. */
export interface LogColumn {
  readonly name: string;
  readonly codes: FieldCodes;
  readonly terms: readonly string[];
  /** Whether the values are texts. */
  readonly isText: boolean;
  /** Of a number that was cut into bins. */
  readonly edges?: readonly number[];
  /** What is constant: the numbers before they are cut into bins, or the codes. */
  readonly raw: Float64Array | FieldCodes;
}

/** A column as it was read: numbers, NaN where not given, or codes of texts, 0 where not given. */
export type RawColumn =
  | { readonly type: 'number'; readonly values: Float64Array }
  | { readonly type: 'text'; readonly codes: FieldCodes; readonly texts: readonly string[] };

/** The rows from whose values bins are made: the first `count` in the order of time. */
export interface TrainingPart {
  readonly order: Int32Array | undefined;
  readonly count: number;
}

/** A column's values as categories: texts as they are, numbers of at most 16 values too, other numbers in quantile bins. */
export function categorise(name: string, column: RawColumn, training: TrainingPart): LogColumn {
  if (column.type === 'text') return textColumn(name, column.codes, column.texts);
  const { values } = column;
  const few = fewValues(values);
  return few ? valueColumn(name, values, few) : binColumn(name, values, quantileEdges(values, training.order, training.count));
}

/** The same column of another log: a number is cut at the given edges; without edges its values are its terms. */
export function categoriseAt(name: string, column: RawColumn, edges: readonly number[] | undefined): LogColumn {
  if (column.type === 'text') return textColumn(name, column.codes, column.texts);
  const { values } = column;
  return edges ? binColumn(name, values, edges) : valueColumn(name, values, distinctValues(values));
}

function textColumn(name: string, codes: FieldCodes, terms: readonly string[]): LogColumn {
  return { name, codes, terms, isText: true, raw: codes };
}

function valueColumn(name: string, values: Float64Array, distinct: readonly number[]): LogColumn {
  const codes = createCodes(values.length, distinct.length);
  // The place of a value among the distinct ones: how many are not above it.
  for (let row = 0; row < values.length; row++) codes[row] = Number.isNaN(values[row]) ? 0 : binOf(values[row] as number, distinct);
  return { name, codes, terms: ['', ...distinct.map(String)], isText: false, raw: values };
}

function binColumn(name: string, values: Float64Array, edges: readonly number[]): LogColumn {
  const codes = createCodes(values.length, edges.length + 1);
  for (let row = 0; row < values.length; row++) codes[row] = Number.isNaN(values[row]) ? 0 : 1 + binOf(values[row] as number, edges);
  return {
    name,
    codes,
    terms: ['', ...Array.from({ length: edges.length + 1 }, (_, bin) => `q${bin}`)],
    isText: false,
    edges,
    raw: values,
  };
}

/** What a column's values belong to: every ad has one, every creative has one, or they differ from row to row. */
export function ownerOf(
  { raw, isText }: LogColumn,
  ad: Int32Array,
  ads: number,
  creative: Int32Array,
  creatives: number,
): 'ad' | 'creative' | 'row' {
  if (isConstantWithin(raw, isText, ad, ads)) return 'ad';
  return isConstantWithin(raw, isText, creative, creatives) ? 'creative' : 'row';
}

/** Whether rows of the same group that have a value all have the same. */
function isConstantWithin(values: ArrayLike<number>, isText: boolean, group: Int32Array, groups: number): boolean {
  const found = new Float64Array(groups).fill(Number.NaN);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (isText ? value === 0 : Number.isNaN(value)) continue;
    const before = found[group[row] as number] as number;
    if (Number.isNaN(before)) found[group[row] as number] = value;
    else if (before !== value) return false;
  }
  return true;
}

/** Code of each group's last given value, 0 where it has none. */
export function codesWithin(codes: FieldCodes, group: Int32Array, groups: number): Int32Array {
  const result = new Int32Array(groups);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== 0) result[group[row] as number] = codes[row] as number;
  return result;
}

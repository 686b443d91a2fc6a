import { type Cells, EmbeddingTable } from '../../learn/embedding_table.ts';
import type { Tensor } from '../../learn/session.ts';
import { createRandom } from '../../random.ts';
import type { FieldCodes } from '../features/field.ts';
import {
  type CodedField,
  countCodes,
  countRows,
  countUsedTerms,
  type HashedField,
  hashFields,
  holds,
  type RowCounts,
  type TermHash,
  tableRows,
} from './hashed_fields.ts';

/** What decides about a tower's embeddings. */
export interface TowerOptions {
  /** Floats of an embedding. */
  readonly dimension: number;
  /** At most 2^hashBits table rows. */
  readonly hashBits: number;
  /** Examples of a batch. */
  readonly batchRows: number;
  /** n₀ of adaptive dropout; 0: none. */
  readonly dropoutHalf: number;
  /** Weight of the L2 penalty of a row of one training impression; a row of n has 1/n of it. */
  readonly l2: number;
  readonly seed: number;
}

/** A field's table rows with the code of every example of the log. */
type ExampleField = HashedField & { readonly codes: FieldCodes };

/** Embeddings start evenly spread over ±this. */
const FIRST_WEIGHT = 0.05;

/** One tower's fields and its table: ids go in, the embeddings of a batch come out, and gradients go back. */
export class Tower {
  readonly hash: TermHash;
  readonly counts: RowCounts;
  readonly table: EmbeddingTable;
  readonly fields: readonly ExampleField[];
  /** π(n) of each row: the probability that an id of n training impressions keeps its own embedding in a training step. */
  private readonly keep: Float32Array;
  private readonly options: TowerOptions;
  private readonly stream: number;
  private readonly found: Int32Array;

  /** @param stream tells the two towers' random numbers apart */
  constructor(
    fields: readonly CodedField[],
    rows: Int32Array,
    impressions: Float32Array | undefined,
    options: TowerOptions,
    stream: number,
  ) {
    const { dimension, hashBits, batchRows, dropoutHalf, l2, seed } = options;
    const counts = fields.map((field) => countCodes(field, rows, impressions));
    this.options = options;
    this.stream = stream;
    this.found = new Int32Array(batchRows * fields.length);
    this.hash = { seed, rows: tableRows(countUsedTerms(fields, counts), hashBits), fields: fields.length };
    this.counts = countRows(fields, this.hash, counts);
    const hashed = hashFields(fields, this.hash, (term) => holds(this.counts.known, term));
    this.fields = hashed.map((field, i) => ({ ...field, codes: (fields[i] as CodedField).codes }));
    this.table = new EmbeddingTable({
      rows: this.hash.rows,
      dimension,
      cells: batchRows * fields.length,
      ids: batchRows * hashed.reduce((sum, { width }) => sum + Math.max(1, width), 0),
    });
    this.table.initialise(FIRST_WEIGHT, fields.length, createRandom(seed, stream));
    // The first float is a first-order weight: it begins by saying nothing.
    for (let row = 0; row < this.hash.rows; row++) this.table.weights[row * dimension] = 0;
    const n = this.counts.impressions;
    this.table.decay.set(n.map((count) => l2 / Math.max(1, count)));
    this.keep = Float32Array.from(n, (count) => (dropoutHalf > 0 ? count / (count + dropoutHalf) : 1));
  }

  /**
   * Sets what an id field's values add to the logit at first.
   * @param weights of each code of the field
   */
  startAt(field: string, weights: Float64Array): void {
    const found = this.fields.find(({ name }) => name === field);
    if (!found) return;
    weights.forEach((weight, code) => {
      for (let i = found.starts[code] as number; i < (found.starts[code + 1] as number); i++) {
        const row = found.ids[i] as number;
        if (row !== found.unknown) this.table.weights[row * this.table.dimension] = weight;
      }
    });
  }

  /**
   * Looks up the embeddings of a batch.
   * @param rows examples of the log; negative: padding, without terms
   * @param step of training, whose number decides which ids drop out; none: all keep their embeddings
   */
  lookUp(rows: Int32Array, step?: number): Tensor {
    const { fields, table } = this;
    const isTraining = step !== undefined && this.options.dropoutHalf > 0;
    fillCells(
      table.cells,
      this.found,
      fields,
      rows,
      isTraining ? { keep: this.keep, key: mix(mix(this.options.seed ^ this.stream) ^ step) } : undefined,
    );
    table.pool(rows.length * fields.length);
    return { data: table.pooled, dims: [this.options.batchRows, fields.length, table.dimension] };
  }

  /** Where the gradient with respect to the looked-up embeddings is written before {@link update}. */
  get gradient(): Tensor {
    return { data: this.table.gradient, dims: [this.options.batchRows, this.fields.length, this.table.dimension] };
  }

  update(rate: number): void {
    this.table.update(this.options.batchRows * this.fields.length, rate);
  }
}

/** Which ids drop out in a step: a number for each place, not a sequence, so it does not hang on what came before. */
interface Dropout {
  readonly keep: Float32Array;
  readonly key: number;
}

const NO_TERMS = -2;

/**
 * Looks up the only table row of each cell, field by field: one field's codes and rows fit in a cache, those of all do not.
 * −1 where a code has none or several, −2 for padding.
 */
function findOnly(found: Int32Array, fields: readonly ExampleField[], rows: Int32Array): void {
  for (let f = 0; f < fields.length; f++) {
    const { codes, only } = fields[f] as ExampleField;
    for (let k = 0, cell = f; k < rows.length; k++, cell += fields.length) {
      const row = rows[k] as number;
      found[cell] = row < 0 ? NO_TERMS : (only[codes[row] as number] as number);
    }
  }
}

/** Writes the table rows of a batch; an id becomes its field's UNK row with probability 1 − π(n) where there is dropout. */
function fillCells(
  { ids, ends }: Cells,
  found: Int32Array,
  fields: readonly ExampleField[],
  rows: Int32Array,
  dropout: Dropout | undefined,
): void {
  const dropped = (field: ExampleField, id: number, at: number): boolean =>
    dropout !== undefined && field.isId && mix(dropout.key ^ at) >= (dropout.keep[id] as number) * 2 ** 32;
  findOnly(found, fields, rows);
  let at = 0;
  let cell = 0;
  for (let k = 0; k < rows.length; k++) {
    for (let f = 0; f < fields.length; f++, cell++) {
      const field = fields[f] as ExampleField;
      const id = found[cell] as number;
      if (id >= 0) {
        ids[at] = dropped(field, id, at) ? field.unknown : id;
        at++;
      } else if (id !== NO_TERMS) {
        const code = field.codes[rows[k] as number] as number;
        const end = field.starts[code + 1] as number;
        for (let i = field.starts[code] as number; i < end; i++, at++) {
          const one = field.ids[i] as number;
          ids[at] = dropped(field, one, at) ? field.unknown : one;
        }
      }
      ends[cell] = at;
    }
  }
}

/** MurmurHash3's finaliser (Appleby 2011): 32 bits that look random. */
function mix(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

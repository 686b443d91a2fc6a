import { UserError } from '../../../errors.ts';
import { readModelHeader } from '../../../learn/onnx_file.ts';
import { createSession, type Session, type Tensor, type Tensors } from '../../../learn/session.ts';
import type { GatedShape } from './network.ts';
import { type Coding, createCoding, type Vocabulary } from './vocabulary.ts';

/** What elements and ads are about, as terms 'field=value' such as 'words=crispy'. */
export interface GatedFeatures {
  /** By element of the bags. */
  readonly elementTerms: readonly (readonly string[])[];
  /** By ad of the bags. */
  readonly adTerms: readonly (readonly string[])[];
}

/** What the ONNX file of a network does not say: plain JSON. */
export interface GatedMetadata {
  readonly vocabulary: Vocabulary;
  readonly shape: GatedShape;
  readonly hasPairs: boolean;
}

/** An element in the context of an ad. */
export interface DescribedItem {
  /** Index into the model's kinds. */
  readonly kind: number;
  readonly elementId: string;
  readonly terms: readonly string[];
  /** Terms of the ad; none: no context. */
  readonly context: readonly string[];
}

/** What the network says of items. */
export interface Description {
  readonly kind: Int32Array;
  /** g and a, [items]. */
  readonly contribution: Float64Array;
  readonly attention: Float64Array;
  /** Centred pair vectors, [items × rank]; empty, and rank 0, where the model has no pairs. */
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly rank: number;
}

const NETWORK_FILE = 'network.onnx';
const MOST_ITEMS = 16_384;
const RETRAIN = 'Train the model again: atelier train mil.';

/** A gated network ready to describe elements. */
export class GatedModel {
  readonly metadata: GatedMetadata;
  private readonly bytes: Uint8Array;
  private readonly session: Session;
  private readonly coding: Coding;
  private readonly source: string;

  private constructor(metadata: GatedMetadata, bytes: Uint8Array, session: Session, source: string) {
    this.metadata = metadata;
    this.bytes = bytes;
    this.session = session;
    this.coding = createCoding(metadata.vocabulary);
    this.source = source;
  }

  /**
   * @param files network.onnx among them
   * @throws UserError where network.onnx is missing, or no ONNX model of this version
   */
  static async open(
    metadata: GatedMetadata,
    files: Readonly<Record<string, Uint8Array>>,
    source: string,
    threads = 1,
  ): Promise<GatedModel> {
    const bytes = files[NETWORK_FILE];
    const file = `${source}/${NETWORK_FILE}`;
    if (bytes === undefined) throw new UserError(`Expected ${file} but it is not there.`, RETRAIN);
    readModelHeader(bytes, file);
    return new GatedModel(metadata, bytes, await createSession(bytes, { threads, source: file }), file);
  }

  /** The model as what {@link GatedModel.open} takes. */
  encode(): { readonly metadata: GatedMetadata; readonly files: Readonly<Record<string, Uint8Array>> } {
    return { metadata: this.metadata, files: { [NETWORK_FILE]: this.bytes } };
  }

  get hasPairs(): boolean {
    return this.metadata.hasPairs;
  }

  /**
   * Describes elements in contexts. Contributions and attentions are those of unknown ids, of what the content says alone,
   * unless `ids` are to be known; pair vectors are of the ids that are known.
   * @throws UserError for a kind that the model does not have, and where its numbers are not finite
   */
  async describe(items: readonly DescribedItem[], ids: 'known' | 'unknown' = 'unknown'): Promise<Description> {
    const n = items.length;
    const rank = this.hasPairs ? this.metadata.shape.rank : 0;
    const found = {
      kind: Int32Array.from(items, ({ kind }) => kind),
      contribution: new Float64Array(n),
      attention: new Float64Array(n),
      left: new Float64Array(n * rank),
      right: new Float64Array(n * rank),
    };
    const { kinds } = this.metadata.vocabulary;
    const foreign = found.kind.find((kind) => kinds[kind] === undefined);
    if (foreign !== undefined)
      throw new UserError(`Expected kinds ${kinds.join(', ')} of ${this.source} but received number ${foreign}.`, RETRAIN);
    for (let first = 0; first < n; first += MOST_ITEMS) {
      const outputs = await this.session.run(this.feeds(items.slice(first, first + MOST_ITEMS), ids));
      for (const [name, width] of [
        ['contribution', 1],
        ['attention', 1],
        ['left', rank],
        ['right', rank],
      ] as const) {
        if (width === 0) continue;
        const values = outputs[name]?.data as Float32Array | undefined;
        if (!values?.every(Number.isFinite))
          throw new UserError(`Expected finite numbers ${name} of ${this.source} but received others.`, RETRAIN);
        found[name].set(values, first * width);
      }
    }
    return { ...found, rank };
  }

  /**
   * What described items of one combination, of different kinds, add to the link: `Σ g_s + Σ_{s<t} ⟨left_s, right_t⟩`.
   * @param places of the items
   */
  linkOf({ kind, contribution, left, right, rank }: Description, places: ArrayLike<number>): number {
    let link = 0;
    for (let a = 0; a < places.length; a++) {
      const i = places[a] as number;
      link += contribution[i] as number;
      for (let b = 0; b < places.length; b++) {
        const j = places[b] as number;
        if ((kind[i] as number) >= (kind[j] as number)) continue;
        for (let r = 0; r < rank; r++) link += (left[i * rank + r] as number) * (right[j * rank + r] as number);
      }
    }
    return link;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private feeds(items: readonly DescribedItem[], ids: 'known' | 'unknown'): Tensors {
    const { coding } = this;
    const { elementFields, adFields } = this.metadata.shape;
    const elements = new Distinct<DescribedItem>();
    const contexts = new Distinct<readonly string[]>();
    const element = indices(items.map((item) => elements.place(item, item.kind, item.elementId, item.terms)));
    const context = indices(items.map((item) => contexts.place(item.context, item.context)));
    const rows = elements.values.map(({ kind, elementId }) => coding.idRow(kind, elementId));
    return {
      element,
      context,
      use_ids: { data: Float32Array.of(ids === 'known' ? 1 : 0), dims: [] },
      kind: indices(elements.values.map(({ kind }) => kind)),
      id: indices(rows.map((row) => Math.max(0, row))),
      known: { data: Float32Array.from(rows, (row) => (row < 0 ? 0 : 1)), dims: [rows.length] },
      ...(elementFields > 0 &&
        padded(
          'terms',
          'shares',
          elements.values.map(({ kind, terms }) => coding.termRows(kind, terms)),
        )),
      ...(adFields > 0 &&
        padded(
          'context_terms',
          'context_shares',
          contexts.values.map((terms) => coding.adTermRows(terms)),
        )),
    };
  }
}

/** Numbers distinct values in the order they come; what they are told apart by is compared by identity. */
class Distinct<T> {
  readonly values: T[] = [];
  private readonly root = new Map<unknown, unknown>();

  place(value: T, ...keys: readonly unknown[]): number {
    let map = this.root;
    for (const key of keys.slice(0, -1)) {
      const next = (map.get(key) as Map<unknown, unknown> | undefined) ?? new Map<unknown, unknown>();
      map.set(key, next);
      map = next;
    }
    const last = keys.at(-1);
    const known = map.get(last) as number | undefined;
    if (known !== undefined) return known;
    map.set(last, this.values.length);
    return this.values.push(value) - 1;
  }
}

function indices(data: readonly number[]): Tensor {
  return { data: BigInt64Array.from(data, BigInt), dims: [data.length] };
}

/** Table rows by field as one padded list each; `shares`: one over the number of rows of the field. */
function padded(terms: string, shares: string, lists: readonly (readonly (readonly number[])[])[]): Tensors {
  const slots = lists.reduce(
    (most, fields) =>
      Math.max(
        most,
        fields.reduce((sum, rows) => sum + rows.length, 0),
      ),
    1,
  );
  const ids = new BigInt64Array(lists.length * slots);
  const weights = new Float32Array(lists.length * slots);
  lists.forEach((fields, i) => {
    let at = i * slots;
    for (const rows of fields) {
      for (const row of rows) {
        ids[at] = BigInt(row);
        weights[at++] = 1 / rows.length;
      }
    }
  });
  const dims = [lists.length, slots];
  return { [terms]: { data: ids, dims }, [shares]: { data: weights, dims } };
}

import { UserError } from '../../errors.ts';
import type { Graph, Value } from '../../learn/graph.ts';
import { readModelHeader } from '../../learn/onnx_file.ts';
import { sigmoid } from '../../learn/ops/activation.ts';
import { add, mul } from '../../learn/ops/arithmetic.ts';
import { matmul } from '../../learn/ops/linear.ts';
import { gather, reshape } from '../../learn/ops/shape.ts';
import { type Layout, type Parameters, requireFinite } from '../../learn/parameters.ts';
import { createSession, type Session, type Tensors } from '../../learn/session.ts';
import { compileForward } from '../../learn/training_step.ts';
import { type HashedField, hashFields, holds, type TermField, type TermHash } from './hashed_fields.ts';
import { shifted } from './logit_shift.ts';
import { HIDDEN_STATE, leftTower, type NetworkShape, rightTower } from './network.ts';

/** One tower's inputs, as a model's metadata keeps them. */
export interface ServedSide {
  readonly hash: TermHash;
  /** In the order of the tower's input; `slots`: most terms of a field, more are left out. */
  readonly fields: readonly {
    readonly name: string;
    readonly isId: boolean;
    readonly of: 'ad' | 'creative' | 'row';
    readonly slots: number;
  }[];
  /** Hashes of the terms that training saw, ascending. */
  readonly known: BigUint64Array;
}

/** A tower's inputs: `ids` [n, slots] are table rows, `shares` [n, slots] one over the number of a field's terms, 0 where none. */
function pooledEmbeddings(g: Graph, table: Float32Array, side: ServedSide, dimension: number): Value {
  const slots = slotsOf(side);
  const ids = g.input('ids', 'int64', ['batch', slots]);
  const shares = g.input('shares', 'float', ['batch', slots]);
  const rows = gather(g, g.constant(table, [side.hash.rows, dimension], 'table'), ids);
  const owner = new Float32Array(side.fields.length * slots);
  let slot = 0;
  side.fields.forEach((field, index) => {
    owner.fill(1, index * slots + slot, index * slots + slot + field.slots);
    slot += field.slots;
  });
  // A matrix of ones and zeros sums up the slots of each field.
  const owned = g.constant(owner, [side.fields.length, slots], 'owner');
  return matmul(g, owned, mul(g, rows, reshape(g, shares, ['batch', slots, 1])));
}

function slotsOf({ fields }: ServedSide): number {
  return fields.reduce((sum, { slots }) => sum + slots, 0);
}

export interface TrainedTowers {
  readonly shape: NetworkShape;
  readonly layout: Layout;
  readonly parameters: Float32Array;
  readonly left: { readonly side: ServedSide; readonly table: Float32Array };
  readonly right: { readonly side: ServedSide; readonly table: Float32Array };
}

/**
 * The two ONNX files of a model.
 *
 * `left`: `ids`, `shares` [batch, …] → `hidden` [batch, 64], `logit` and `p_ad` [batch].
 * `right`: `ids`, `shares` [batch, …] of one ad's creatives, `hidden` [1, 64] and `logit` [1] of the ad → `p` and `delta` [batch].
 * @throws UserError when a weight is not finite
 */
export function towerFiles({ shape, layout, parameters, left, right }: TrainedTowers): { left: Uint8Array; right: Uint8Array } {
  for (const { table } of [left, right]) requireFinite(table, 'the embeddings');
  const buildLeft = (g: Graph, p: Parameters) => {
    const { hidden, logit } = leftTower(g, p, shape, pooledEmbeddings(g, left.table, left.side, shape.dimension));
    return { hidden, logit, p_ad: sigmoid(g, logit) };
  };
  const buildRight = (g: Graph, p: Parameters) => {
    const hidden = g.input('hidden', 'float', [1, HIDDEN_STATE]);
    const logit = g.input('logit', 'float', [1]);
    const embeddings = pooledEmbeddings(g, right.table, right.side, shape.dimension);
    const delta = rightTower(g, p, shape, embeddings, { hidden, logit });
    return { p: sigmoid(g, add(g, delta, logit)), delta };
  };
  return {
    left: compileForward(buildLeft, layout, parameters, { tower: 'left' }),
    right: compileForward(buildRight, layout, parameters, { tower: 'right' }),
  };
}

/** Terms of what is scored, one list per field of each tower in the order of its inputs. */
export interface ScoredFields {
  /** By context: an ad, in circumstances that may be given. */
  readonly left: readonly (readonly (readonly string[])[])[];
  /** By creative. */
  readonly right: readonly (readonly (readonly string[])[])[];
}

export interface AdScores {
  readonly adCtr: number;
  /** Click probability of each creative asked for. */
  readonly ctr: Float32Array;
}

/** Added to the logits of p_ad and p, so that predictions in average circumstances add up to clicks. */
export interface LogitShift {
  readonly ad: number;
  readonly click: number;
}

const NO_SHIFT: LogitShift = { ad: 0, click: 0 };

/** A dual tower ready to predict for the ads and creatives whose terms it was given. */
export class ServedModel {
  /** Runs of the left tower, and creatives that the right tower was run on. */
  leftRuns = 0;
  rightRows = 0;
  private readonly left: ServedTower;
  private readonly right: ServedTower;
  private readonly source: string;
  private readonly shift: LogitShift;

  private constructor(left: ServedTower, right: ServedTower, source: string, shift: LogitShift) {
    this.left = left;
    this.right = right;
    this.source = source;
    this.shift = shift;
  }

  /** @throws UserError when a file is no ONNX model, or one of another version */
  static async open(
    files: { readonly left: Uint8Array; readonly right: Uint8Array },
    sides: { readonly left: ServedSide; readonly right: ServedSide },
    fields: ScoredFields,
    options: { readonly threads: number; readonly source: string; readonly shift?: LogitShift },
  ): Promise<ServedModel> {
    const { threads, source, shift = NO_SHIFT } = options;
    const open = async (tower: 'left' | 'right'): Promise<ServedTower> => {
      const file = `${source}/${tower}.onnx`;
      readModelHeader(files[tower], file);
      const session = await createSession(files[tower], { threads, source: file });
      return new ServedTower(session, sides[tower], fields[tower]);
    };
    return new ServedModel(await open('left'), await open('right'), source, shift);
  }

  /**
   * One run of the left tower on a context, one of the right tower on creatives of its ad.
   * @param context index into the left fields' terms; `creatives`: indices into the right fields' terms
   * @throws UserError when the model's numbers are not finite
   */
  async score(context: number, creatives: readonly number[]): Promise<AdScores> {
    const { hidden, logit, p_ad: adCtr } = await this.left.run([context]);
    this.leftRuns++;
    if (!hidden || !logit || !adCtr) throw new UserError(`Expected outputs hidden, logit and p_ad of ${this.source}/left.onnx.`, RETRAIN);
    const { p } = creatives.length > 0 ? await this.right.run(creatives, { hidden, logit }) : { p: NO_CREATIVES };
    this.rightRows += creatives.length;
    if (!p) throw new UserError(`Expected an output p of ${this.source}/right.onnx.`, RETRAIN);
    const ctr = (p.data as Float32Array).map((value) => shifted(value, this.shift.click));
    const ofAd = shifted(adCtr.data[0] as number, this.shift.ad);
    if (!Number.isFinite(ofAd) || !ctr.every(Number.isFinite)) {
      throw new UserError(`Expected finite predictions of ${this.source} but received others.`, RETRAIN);
    }
    return { adCtr: ofAd, ctr };
  }

  async close(): Promise<void> {
    await this.left.close();
    await this.right.close();
  }
}

const RETRAIN = 'Train the model again: atelier train dual-tower.';
const NO_CREATIVES = { data: new Float32Array(0), dims: [0] };

/** One tower ready to run on the entities whose terms it was given. */
class ServedTower {
  private readonly session: Session;
  private readonly fields: readonly (HashedField & { readonly slots: number; readonly isOfRow: boolean })[];
  private readonly slots: number;

  constructor(session: Session, side: ServedSide, terms: readonly (readonly (readonly string[])[])[]) {
    this.session = session;
    this.slots = slotsOf(side);
    const fields = side.fields.map((field, i): TermField => ({ ...field, terms: terms[i] ?? [] }));
    const hashed = hashFields(fields, side.hash, (hash) => holds(side.known, hash));
    this.fields = hashed.map((field, i) => ({ ...field, slots: side.fields[i]?.slots ?? 0, isOfRow: side.fields[i]?.of === 'row' }));
  }

  run(entities: readonly number[], more: Tensors = {}): ReturnType<Session['run']> {
    const n = entities.length;
    const ids = new BigInt64Array(n * this.slots);
    const shares = new Float32Array(n * this.slots);
    entities.forEach((entity, i) => {
      let slot = i * this.slots;
      for (const { starts, ids: own, slots, isOfRow, unknown } of this.fields) {
        const first = starts[entity] as number;
        const terms = Math.min(slots, (starts[entity + 1] as number) - first);
        for (let term = 0; term < terms; term++) {
          ids[slot + term] = BigInt(own[first + term] as number);
          shares[slot + term] = 1 / terms;
        }
        // Circumstances that are not given are those of an average impression.
        if (terms === 0 && isOfRow) {
          ids[slot] = BigInt(unknown);
          shares[slot] = 1;
        }
        slot += slots;
      }
    });
    const dims = [n, this.slots];
    return this.session.run({ ids: { data: ids, dims }, shares: { data: shares, dims }, ...more });
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

import { UserError } from '../../../errors.ts';
import { Graph } from '../../../learn/graph.ts';
import { encodeModel } from '../../../learn/onnx_file.ts';
import { adam } from '../../../learn/optimisers.ts';
import { initialise, type Layout, layout, parameterValues, requireFinite } from '../../../learn/parameters.ts';
import { createSession, type Session, type Tensor, type Tensors } from '../../../learn/session.ts';
import { Training } from '../../../learn/training.ts';
import { compileStep } from '../../../learn/training_step.ts';
import { createRandom } from '../../../random.ts';
import type { Bags, Family } from '../bags.ts';
import { profileOffsets } from './ad_offsets.ts';
import { Batches } from './batches.ts';
import { EntityTable } from './entity_table.ts';
import type { GatedFeatures } from './gated_model.ts';
import { type GatedShape, gatedLoss, gatedParameters, rowEffects, rowInputs } from './network.ts';
import { buildVocabulary, createCoding, type Vocabulary } from './vocabulary.ts';

const WEIGHTS_STREAM = 31;
const ELEMENTS_STREAM = 32;
const ADS_STREAM = 33;
const DROPOUT_STREAM = 34;

const DIMENSION = 16;
const GATE_UNITS = 8;
const RANK = 4;
/** Learning rates of Adam on the dense weights and of Adagrad on the embeddings. */
const DENSE_RATE = 0.01;
const EMBEDDING_RATE = 0.06;
/** An id of n effective impressions is kept with probability n/(n + n₀) in pairs, and half as often in contributions. */
const DROPOUT_HALF = 100;
/** Contributions are served without ids: half the time they are trained so. */
const MAIN_KEEP = 0.5;
/** Prior standard deviation of an embedding's numbers: with |u| near 1.4 that of a term's effect is about .35. */
const EMBEDDING_SD = 0.25;
/** Losses are scaled as if there were an outcome every 50 impressions: the table's first squares fit gradients of that size. */
const REFERENCE_RATE = 0.02;
const MOST_PREDICTED = 8192;

export interface TrainerOptions {
  readonly train: Int32Array;
  readonly family: Family;
  /** [ads]: where the ads' offsets start. */
  readonly adOffsets: Float64Array;
  /** φ: outcomes count as 1/φ as many. */
  readonly phi: number;
  /** Rows of a step. */
  readonly batchRows: number;
  readonly seed: number;
  readonly threads: number;
}

/** Means by kind that pair vectors are centred at. */
export interface Centre {
  readonly content: Float32Array;
  readonly id: Float32Array;
}

/** All numbers that a prediction hangs on. */
export interface GatedWeights {
  readonly dense: Float32Array;
  readonly elements: Float32Array;
  readonly ads: Float32Array;
}

/** A gated network under training, on the rows of some bags. */
export class GatedTrainer {
  readonly vocabulary: Vocabulary;
  readonly shape: GatedShape;
  readonly layout: Layout;
  hasPairs = false;
  private readonly bags: Bags;
  private readonly options: TrainerOptions;
  private readonly elements: EntityTable;
  private readonly ads: EntityTable;
  private readonly batches: Batches;
  /** [elements]: exposure in training rows. */
  private readonly exposure: Float64Array;
  private readonly scale: number;
  private training: Training | undefined;
  private forward: { readonly plain: Session; readonly pairs: Session } | undefined;

  private constructor(bags: Bags, features: GatedFeatures, options: TrainerOptions) {
    const { train, seed, batchRows, phi } = options;
    const kinds = bags.kinds.length;
    this.bags = bags;
    this.options = options;
    this.vocabulary = buildVocabulary(bags, features, train);
    const coding = createCoding(this.vocabulary);
    this.shape = {
      kinds,
      elementFields: coding.elementFields.length,
      adFields: coding.adFields.length,
      dimension: DIMENSION,
      gateUnits: GATE_UNITS,
      rank: RANK,
    };
    this.layout = layout(gatedParameters(this.shape, bags.ads.length));
    const idRows = bags.elements.map(({ kind, elementId }) => coding.idRow(kind, elementId));
    const cells = bags.elements.map(({ kind }, index) => {
      const id = idRows[index] as number;
      return [id < 0 ? [] : [id], ...coding.termRows(kind, features.elementTerms[index] ?? [])];
    });
    this.elements = new EntityTable(
      cells,
      1 + coding.elementFields.length,
      Math.max(1, coding.elementRows),
      DIMENSION,
      createRandom(seed, ELEMENTS_STREAM),
    );
    const adCells = bags.ads.map((_, index) => coding.adTermRows(features.adTerms[index] ?? []));
    this.ads = new EntityTable(adCells, coding.adFields.length, Math.max(1, coding.adRows), DIMENSION, createRandom(seed, ADS_STREAM));
    const { exposure, elementRows, adRows, outcomes } = countTraining(bags, train);
    this.exposure = exposure;
    const known = Float32Array.from(idRows, (row) => (row < 0 ? 0 : 1));
    const dropout = {
      keep: known.map((isKnown, element) => (isKnown * (exposure[element] as number)) / ((exposure[element] as number) + DROPOUT_HALF)),
      share: MAIN_KEEP,
      random: createRandom(seed, DROPOUT_STREAM),
    };
    this.batches = new Batches(bags, { elements: this.elements, ads: this.ads, known, dropout });
    const total = outcomes / REFERENCE_RATE;
    this.scale = (total * batchRows) / train.length;
    const decayOf = (rows: number): number => {
      // Only rows that a batch touches decay: rare ones decay more each time.
      const touched = Math.min(1, (rows * batchRows) / train.length);
      return touched > 0 ? phi / (EMBEDDING_SD ** 2 * total * touched) : 0;
    };
    this.elements.table.decay.set(this.elements.weighRows(elementRows).map(decayOf));
    this.ads.table.decay.set(this.ads.weighRows(adRows).map(decayOf));
  }

  static async open(bags: Bags, features: GatedFeatures, options: TrainerOptions): Promise<GatedTrainer> {
    const trainer = new GatedTrainer(bags, features, options);
    const weights = initialise(trainer.layout, createRandom(options.seed, WEIGHTS_STREAM));
    weights.set(options.adOffsets, trainer.offsetsAt);
    trainer.training = await trainer.openTraining(weights);
    const { threads } = options;
    trainer.forward = {
      plain: await createSession(forwardBytes(trainer.shape, trainer.layout, false), { threads, source: 'the forward graph' }),
      pairs: await createSession(forwardBytes(trainer.shape, trainer.layout, true), { threads, source: 'the forward graph' }),
    };
    return trainer;
  }

  /** Goes on with pair terms, or without. */
  async setPairs(hasPairs: boolean): Promise<void> {
    const weights = this.weights.dense;
    await this.training?.close();
    this.hasPairs = hasPairs;
    this.training = await this.openTraining(weights);
  }

  /** One step on a batch of rows; returns the loss before it. */
  async step(rows: Int32Array, share: number): Promise<number> {
    const { feeds, elements, ads } = this.batches.of(rows, 'dropout');
    const into: Tensors = {
      'gradient:elements': this.elements.gradient(elements.length),
      ...(this.shape.adFields > 0 && { 'gradient:contexts': this.ads.gradient(ads.length) }),
    };
    const targets = {
      outcomes: vector(Float32Array.from(rows, (row) => this.bags.outcomes[row] as number)),
      ad: { data: BigInt64Array.from(rows, (row) => BigInt(this.bags.ad[row] as number)), dims: [rows.length] },
    };
    const { loss } = await (this.training as Training).step({ ...feeds, ...targets }, DENSE_RATE * share, into);
    this.elements.update(elements.length, EMBEDDING_RATE * share);
    if (this.shape.adFields > 0) this.ads.update(ads.length, EMBEDDING_RATE * share);
    return loss;
  }

  /** What the elements of rows add to the link, without the ads' offsets, [rows]; ids that are known are taken so, or none is. */
  async effects(rows: Int32Array, ids: 'known' | 'unknown' = 'known'): Promise<Float64Array> {
    const found = new Float64Array(rows.length);
    const centre = this.hasPairs ? this.centre() : undefined;
    const { plain, pairs } = this.forward as { plain: Session; pairs: Session };
    const dims = [1, this.shape.kinds, DIMENSION];
    const more: Tensors = {
      parameters: vector(this.dense),
      ...(centre && { centre_id: { data: centre.id, dims } }),
      ...(centre && this.shape.elementFields > 0 && { centre_content: { data: centre.content, dims } }),
    };
    for (let first = 0; first < rows.length; first += MOST_PREDICTED) {
      const part = rows.subarray(first, first + MOST_PREDICTED);
      const { effects } = await (centre ? pairs : plain).run({ ...this.batches.of(part, ids).feeds, ...more });
      found.set(effects?.data as Float32Array, first);
    }
    return found;
  }

  /** Replaces the ads' offsets by the best ones given the elements' effects on the training rows. */
  async profile(): Promise<void> {
    const { train, family, phi } = this.options;
    const found = profileOffsets(this.bags, train, await this.effects(train), this.offsets, { family, phi });
    const state = (this.training as Training).state();
    state.parameters.set(found, this.offsetsAt);
    (this.training as Training).restore(state);
  }

  get offsets(): Float64Array {
    return Float64Array.from(this.dense.subarray(this.offsetsAt, this.offsetsAt + this.bags.ads.length));
  }

  /** Copies of the weights as they are. */
  get weights(): GatedWeights {
    const [elements, ads] = [this.elements.table.weights.slice(), this.ads.table.weights.slice()];
    requireFinite(elements, 'the embeddings of elements');
    requireFinite(ads, 'the embeddings of ads');
    requireFinite(this.dense, 'the weights');
    return { dense: this.dense.slice(), elements, ads };
  }

  /** Sets the weights; the optimisers keep their state. */
  setWeights({ dense, elements, ads }: GatedWeights): void {
    const training = this.training as Training;
    training.restore({ ...training.state(), parameters: dense });
    this.elements.table.weights.set(elements);
    this.ads.table.weights.set(ads);
  }

  /** Means by kind of content and of known ids, weighted by exposure in training rows, [kinds, d] each. */
  centre(): Centre {
    const { elements } = this.bags;
    const { kinds, elementFields } = this.shape;
    const { data } = this.elements.lookUp(Int32Array.from(elements, (_, index) => index)) as { data: Float32Array };
    const centre = { content: new Float64Array(kinds * DIMENSION), id: new Float64Array(kinds * DIMENSION) };
    const totals = new Float64Array(kinds);
    for (const [index, { kind }] of elements.entries()) {
      const weight = this.exposure[index] as number;
      totals[kind] = (totals[kind] as number) + weight;
      for (let cell = 0; cell <= elementFields; cell++) {
        const sums = cell === 0 ? centre.id : centre.content;
        for (let i = 0; i < DIMENSION; i++) {
          const at = kind * DIMENSION + i;
          sums[at] = (sums[at] as number) + weight * (data[(index * (1 + elementFields) + cell) * DIMENSION + i] as number);
        }
      }
    }
    const mean = (sums: Float64Array): Float32Array =>
      Float32Array.from(sums, (sum, i) => sum / Math.max(1e-12, totals[Math.floor(i / DIMENSION)] as number));
    return { content: mean(centre.content), id: mean(centre.id) };
  }

  async close(): Promise<void> {
    await this.training?.close();
    await this.forward?.plain.close();
    await this.forward?.pairs.close();
  }

  private get dense(): Float32Array {
    return (this.training as Training).weights;
  }

  private get offsetsAt(): number {
    return this.layout.total - this.bags.ads.length;
  }

  private openTraining(weights: Float32Array): Promise<Training> {
    const { shape, scale, hasPairs } = this;
    const { family, threads } = this.options;
    const step = compileStep({
      layout: this.layout,
      optimiser: adam(),
      build: (g, p) => gatedLoss(g, p, shape, { family, hasPairs, scale }),
      wrtInputs: ['elements', ...(shape.adFields > 0 ? ['contexts'] : [])],
    });
    return Training.open(step, weights, { threads, source: 'the training graph' });
  }
}

function vector(data: Float32Array): Tensor {
  return { data, dims: [data.length] };
}

function forwardBytes(shape: GatedShape, plan: Layout, hasPairs: boolean): Uint8Array {
  const g = new Graph();
  const parameters = parameterValues(g, plan, g.input('parameters', 'float', [plan.total]));
  const inputs = rowInputs(g, shape);
  const centre = (name: string) => g.input(name, 'float', [1, shape.kinds, shape.dimension]);
  const pairs = hasPairs
    ? ({ id: centre('centre_id'), content: shape.elementFields > 0 ? centre('centre_content') : undefined } as const)
    : 'none';
  g.output('effects', rowEffects(g, parameters, shape, inputs, pairs));
  return encodeModel(g);
}

/** What training rows say of elements and ads: exposure, and numbers of rows. */
function countTraining({ kinds, elements, ads, ad, members, outcomes, exposure }: Bags, train: Int32Array) {
  const shown = new Float64Array(elements.length);
  const [elementRows, adRows] = [new Float64Array(elements.length), new Float64Array(ads.length)];
  let sum = 0;
  for (const row of train) {
    sum += outcomes[row] as number;
    adRows[ad[row] as number] = (adRows[ad[row] as number] as number) + 1;
    for (const element of members.subarray(row * kinds.length, (row + 1) * kinds.length)) {
      if (element < 0) continue;
      shown[element] = (shown[element] as number) + (exposure[row] as number);
      elementRows[element] = (elementRows[element] as number) + 1;
    }
  }
  if (sum <= 0) throw new UserError(`Expected rows with outcomes to train on but received ${train.length} rows without any.`);
  return { exposure: shown, elementRows, adRows, outcomes: sum };
}

import { UserError } from '../../errors.ts';
import { fitShrinkage } from '../../feedback/shrinkage.ts';
import { Graph } from '../../learn/graph.ts';
import { encodeModel } from '../../learn/onnx_file.ts';
import { adam } from '../../learn/optimisers.ts';
import { initialise, type Layout, layout, parameterValues, requireFinite } from '../../learn/parameters.ts';
import { createSession, type Session, type Tensor } from '../../learn/session.ts';
import { Training } from '../../learn/training.ts';
import { compileStep } from '../../learn/training_step.ts';
import { createRandom } from '../../random.ts';
import type { Examples } from '../features/field.ts';
import { exposureFactors } from './exposure.ts';
import { ofSide } from './hashed_fields.ts';
import { batchInputs, buildLoss, type NetworkShape, networkParameters, towerLogits } from './network.ts';
import type { DualTowerOptions } from './options.ts';
import { Tower } from './tower.ts';

const WEIGHTS_STREAM = 11;
const LEFT_STREAM = 12;
const RIGHT_STREAM = 13;
const LEAST_SHARE = 1e-6;

/** Two towers and what trains them, on the rows of one log. */
export class DualTowerTrainer {
  readonly shape: NetworkShape;
  readonly layout: Layout;
  readonly left: Tower;
  readonly right: Tower;
  /** b_p by position index. */
  readonly exposure: Float64Array;
  private readonly examples: Examples;
  private readonly options: DualTowerOptions;
  private readonly training: Training;
  private readonly forward: Session;
  private readonly offsets: Float64Array;
  private readonly batch: { readonly offset: Float32Array; readonly clicks: Float32Array; readonly impressions: Float32Array };

  private constructor(parts: {
    examples: Examples;
    options: DualTowerOptions;
    shape: NetworkShape;
    layout: Layout;
    left: Tower;
    right: Tower;
    exposure: Float64Array;
    training: Training;
    forward: Session;
  }) {
    this.examples = parts.examples;
    this.options = parts.options;
    this.shape = parts.shape;
    this.layout = parts.layout;
    this.left = parts.left;
    this.right = parts.right;
    this.exposure = parts.exposure;
    this.training = parts.training;
    this.forward = parts.forward;
    this.offsets = parts.exposure.map(Math.log);
    const { batchRows } = parts.options;
    this.batch = {
      offset: new Float32Array(batchRows),
      clicks: new Float32Array(batchRows),
      impressions: new Float32Array(batchRows),
    };
  }

  /**
   * @param rows the training rows: they decide exposure factors, mean CTR and what is known of ids
   * @throws UserError when they have one class only
   */
  static async open(examples: Examples, rows: Int32Array, options: DualTowerOptions, threads: number): Promise<DualTowerTrainer> {
    const { batchRows, seed, senet, hiddenState, dimension } = options;
    const meanCtr = meanRate(examples, rows);
    const exposure = exposureFactors(examples, rows);
    const left = new Tower(ofSide(examples.fields, 'left'), rows, examples.impressions, options, LEFT_STREAM);
    const right = new Tower(ofSide(examples.fields, 'right'), rows, examples.impressions, options, RIGHT_STREAM);
    left.startAt('ad', adWeights(examples, rows, exposure));
    const shape = { leftFields: left.fields.length, rightFields: right.fields.length, dimension, senet, hiddenState };
    const plan = layout(networkParameters(shape, meanCtr));
    const step = compileStep({
      layout: plan,
      optimiser: adam(),
      build: (g, p) => buildLoss(g, p, shape, batchRows),
      wrtInputs: ['left', 'right'],
    });
    const training = await Training.open(step, initialise(plan, createRandom(seed, WEIGHTS_STREAM)), {
      threads,
      source: 'the training graph',
    });
    const forward = await createSession(forwardBytes(shape, plan, batchRows), { threads, source: 'the forward graph' });
    return new DualTowerTrainer({ examples, options, shape, layout: plan, left, right, exposure, training, forward });
  }

  /** Steps done so far. */
  get steps(): number {
    return this.training.steps;
  }

  /** One step on a batch of examples; negative numbers are padding. Returns the loss before it. */
  async step(rows: Int32Array, rateShare: number): Promise<number> {
    const { batch, training, left, right, options } = this;
    const at = training.steps + 1;
    this.fillTargets(rows);
    const feeds = {
      left: left.lookUp(rows, at),
      right: right.lookUp(rows, at),
      offset: vector(batch.offset),
      clicks: vector(batch.clicks),
      impressions: vector(batch.impressions),
    };
    const into = { 'gradient:left': left.gradient, 'gradient:right': right.gradient };
    const { loss } = await training.step(feeds, options.denseRate * rateShare, into);
    left.update(options.embeddingRate * rateShare);
    right.update(options.embeddingRate * rateShare);
    return loss;
  }

  /** Predicted click probabilities of examples: at their positions, p and p_ad. */
  async predict(rows: Int32Array): Promise<{ readonly click: Float32Array; readonly ad: Float32Array }> {
    const { batch, left, right, forward, training, options } = this;
    const result = { click: new Float32Array(rows.length), ad: new Float32Array(rows.length) };
    const padded = new Int32Array(options.batchRows);
    for (let first = 0; first < rows.length; first += options.batchRows) {
      const part = rows.subarray(first, first + options.batchRows);
      padded.fill(-1).set(part);
      this.fillTargets(padded);
      const outputs = await forward.run({
        left: left.lookUp(padded),
        right: right.lookUp(padded),
        offset: vector(batch.offset),
        parameters: vector(training.weights),
      });
      for (const name of ['click', 'ad'] as const) {
        const logits = outputs[name]?.data as Float32Array;
        for (let i = 0; i < part.length; i++) result[name][first + i] = 1 / (1 + Math.exp(-(logits[i] as number)));
      }
    }
    return result;
  }

  async close(): Promise<void> {
    await this.training.close();
    await this.forward.close();
  }

  /** Log-loss of examples in nats an impression. */
  async loss(rows: Int32Array): Promise<number> {
    const { clicks, impressions } = this.examples;
    const { click } = await this.predict(rows);
    let [loss, shown] = [0, 0];
    rows.forEach((row, i) => {
      const p = Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, click[i] as number));
      const n = impressions ? (impressions[row] as number) : 1;
      loss -= (clicks[row] as number) * Math.log(p) + (n - (clicks[row] as number)) * Math.log1p(-p);
      shown += n;
    });
    return loss / shown;
  }

  private fillTargets(rows: Int32Array): void {
    const { examples, batch, offsets } = this;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const isReal = row >= 0;
      batch.offset[i] = isReal ? (offsets[examples.position[row] as number] as number) : 0;
      batch.clicks[i] = isReal ? (examples.clicks[row] as number) : 0;
      batch.impressions[i] = isReal ? (examples.impressions ? (examples.impressions[row] as number) : 1) : 0;
    }
  }

  /** All numbers that the next step depends on, by name. */
  vectors(): Readonly<Record<string, Float32Array>> {
    const { parameters, optimiser } = this.training.state();
    const { left, right } = this;
    return {
      parameters,
      ...Object.fromEntries(optimiser.map((vector, i) => [`optimiser.${i}`, vector])),
      'left.weights': left.table.weights,
      'left.squares': left.table.squares,
      'right.weights': right.table.weights,
      'right.squares': right.table.squares,
    };
  }

  /**
   * Goes on from the {@link vectors} of a trainer of the same examples and options after so many steps.
   * @throws UserError when they are of other sizes, or not finite
   */
  restore(step: number, vectors: Readonly<Record<string, Float32Array>>): void {
    const named = (name: string): Float32Array => vectors[name] ?? new Float32Array(0);
    const optimiser = this.training.state().optimiser.map((_, i) => named(`optimiser.${i}`));
    this.training.restore({ step, parameters: named('parameters'), optimiser });
    for (const side of ['left', 'right'] as const) {
      const { weights, squares } = this[side].table;
      copyInto(weights, named(`${side}.weights`));
      copyInto(squares, named(`${side}.squares`));
    }
  }

  /** The dense weights as they are now, valid until the next step. */
  get weights(): Float32Array {
    return this.training.weights;
  }
}

function copyInto(target: Float32Array, source: Float32Array): void {
  if (source.length !== target.length) {
    throw new UserError(
      `Expected a checkpoint of a table of ${target.length} numbers but received ${source.length}.`,
      'Start anew with --fresh.',
    );
  }
  requireFinite(source, 'the checkpoint');
  target.set(source);
}

function vector(data: Float32Array): Tensor {
  return { data, dims: [data.length] };
}

function forwardBytes(shape: NetworkShape, plan: Layout, batchRows: number): Uint8Array {
  const g = new Graph();
  const parameters = parameterValues(g, plan, g.input('parameters', 'float', [plan.total]));
  const { ad, click } = towerLogits(g, parameters, shape, batchInputs(g, shape, batchRows));
  g.output('ad', ad);
  g.output('click', click);
  return encodeModel(g);
}

/**
 * ln(shrunk CTR / mean CTR) of each ad: where its first-order weight starts, so that no step is spent on what counting gives.
 * 0 without a training row.
 */
function adWeights({ ad, ads, clicks, impressions, position }: Examples, rows: Int32Array, exposure: Float64Array): Float64Array {
  const [clicked, effective] = [new Float64Array(ads.length), new Float64Array(ads.length)];
  for (const row of rows) {
    const index = ad[row] as number;
    const shown = impressions ? (impressions[row] as number) : 1;
    clicked[index] = (clicked[index] as number) + (clicks[row] as number);
    effective[index] = (effective[index] as number) + shown * (exposure[position[row] as number] as number);
  }
  const prior = fitShrinkage(clicked, effective);
  if (!prior) return new Float64Array(ads.length);
  const { k, m } = prior;
  return clicked.map((c, a) => Math.log((c + k) / ((effective[a] as number) + k / m) / m));
}

function meanRate({ clicks, impressions }: Examples, rows: Int32Array): number {
  let [clicked, shown] = [0, 0];
  for (const row of rows) {
    clicked += clicks[row] as number;
    shown += impressions ? (impressions[row] as number) : 1;
  }
  if (clicked === 0 || clicked === shown) {
    const [found, hint] =
      clicked === 0
        ? [
            'no impression was clicked',
            'Import a longer log, or see whether its column of clicks was taken for another: import logs --map.',
          ]
        : ['every impression was clicked', 'Import the impressions without a click too.'];
    throw new UserError(`Expected impressions with and without clicks to train on but ${found} (${shown} impressions).`, hint);
  }
  return Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, clicked / shown));
}

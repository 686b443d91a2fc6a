import { UserError } from '../errors.ts';
import { requireFinite } from './parameters.ts';
import { createSession, type Session, type SessionOptions, type Tensor, type Tensors } from './session.ts';
import { type CompiledStep, stateInput, updatedOutput } from './training_step.ts';

/** Everything that a killed training needs to go on: weights and optimiser state [total] after `step` steps. */
export interface TrainingState {
  readonly step: number;
  readonly parameters: Float32Array;
  readonly optimiser: readonly Float32Array[];
}

export interface StepResult {
  readonly loss: number;
  /** Every output of the step: the build's own, the input gradients, the updated weights. */
  readonly outputs: Tensors;
}

function stateName(i: number): string {
  return i === 0 ? 'parameters' : stateInput(i - 1);
}

/** A training under way: the weights, the optimiser's state and the session that takes them a step further. */
export class Training {
  readonly #session: Session;
  /** Weights, then the optimiser's state vectors, all [total]. */
  #vectors: Float32Array[];
  #step = 0;

  private constructor(session: Session, compiled: CompiledStep, weights: Float32Array) {
    this.#session = session;
    this.#vectors = [Float32Array.from(weights), ...compiled.optimiser.init(weights.length)];
  }

  /** Opens a session for a compiled step, starting at the given weights [total]. */
  static async open(compiled: CompiledStep, weights: Float32Array, options: SessionOptions): Promise<Training> {
    if (weights.length !== compiled.layout.total) {
      throw new Error(`Expected ${compiled.layout.total} weights but received ${weights.length}`);
    }
    return new Training(await createSession(compiled.bytes, options), compiled, weights);
  }

  /** Steps done so far. */
  get steps(): number {
    return this.#step;
  }

  /** The weights after the last step. */
  get weights(): Float32Array {
    return this.#vectors[0] ?? new Float32Array();
  }

  /**
   * One step on a batch; extra outputs named in `into` are written there. The weights stay as they were
   * where it throws UserError because the loss is no finite number.
   */
  async step(feeds: Tensors, learningRate: number, into: Tensors = {}): Promise<StepResult> {
    const vectors = this.#vectors.map((data, i) => [stateName(i), { data, dims: [data.length] }] as const);
    const scalar = (x: number): Tensor => ({ data: Float32Array.of(x), dims: [] });
    const scalars = { step: scalar(this.#step + 1), learning_rate: scalar(learningRate) };
    const results = await this.#session.run({ ...feeds, ...Object.fromEntries(vectors), ...scalars }, into);
    const vector = (name: string): Float32Array => results[name]?.data as Float32Array;
    const loss = Number(vector('loss')[0]);
    if (!Number.isFinite(loss)) {
      const hint = 'Look for numbers that are not finite in the data, or lower the learning rate.';
      throw new UserError(`Expected a finite loss in step ${this.#step + 1} but received ${loss}`, hint);
    }
    this.#vectors = vectors.map(([name]) => vector(updatedOutput(name)));
    this.#step += 1;
    return { loss, outputs: results };
  }

  /** A copy of the state, for a checkpoint; throws UserError where training has left the finite numbers. */
  state(): TrainingState {
    for (const vector of this.#vectors) requireFinite(vector, `the state after step ${this.#step}`);
    const [parameters = new Float32Array(), ...optimiser] = this.#vectors.map((vector) => vector.slice());
    return { step: this.#step, parameters, optimiser };
  }

  /** Goes on from a state of the same model and optimiser; throws UserError where its sizes are others or a weight is not finite. */
  restore({ step, parameters, optimiser }: TrainingState): void {
    const vectors = [parameters, ...optimiser];
    const lengths = (xs: readonly Float32Array[]): string => xs.map((x) => x.length).join(', ');
    const hint = 'Start the training anew, without the checkpoint.';
    if (lengths(vectors) !== lengths(this.#vectors)) {
      throw new UserError(`Expected a checkpoint with vectors of ${lengths(this.#vectors)} numbers but received ${lengths(vectors)}`, hint);
    }
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new UserError(`Expected the number of steps done in the checkpoint but received ${step}`, hint);
    }
    for (const vector of vectors) requireFinite(vector, 'the checkpoint');
    this.#vectors = vectors.map((vector) => vector.slice());
    this.#step = step;
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

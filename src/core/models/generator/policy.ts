import { UserError } from '../../errors.ts';
import type { Graph } from '../../learn/graph.ts';
import { initialise, type Layout, layout } from '../../learn/parameters.ts';
import { compileForward } from '../../learn/training_step.ts';
import { createRandom } from '../../random.ts';
import type { ModelFiles } from '../model_file.ts';
import { decisionInputs, decisionLogProbabilities, FEATURES, type PolicyShape, policyParameters } from './network.ts';
import type { CombinationReward } from './reward.ts';
import type { CombinationSpace } from './space.ts';

/** An ad to generate combinations for. */
export interface GeneratorAd {
  readonly adId: string;
  /** [kinds]: names, in the order of the reward table. */
  readonly kinds: readonly string[];
  /** [n] */
  readonly elementIds: readonly string[];
  readonly space: CombinationSpace;
  readonly reward: CombinationReward;
}

/** What a policy says of itself, beside its weights. */
export interface PolicyMetadata {
  readonly kinds: readonly string[];
  readonly elements: readonly string[];
  readonly features: readonly string[];
}

const WEIGHTS_FILE = 'generator.f32';
const ONNX_FILE = 'generator.onnx';
const WEIGHTS_STREAM = 31;

/** A pointer policy: the names it has embeddings for, and its weights. */
export class PointerPolicy {
  /** Kinds and elements with an embedding of their own. */
  readonly kinds: readonly string[];
  readonly elements: readonly string[];
  readonly weights: Float32Array;
  readonly layout: Layout;
  private readonly parameters: ReadonlyMap<string, Float32Array>;
  private readonly kindRow: ReadonlyMap<string, number>;
  private readonly elementRow: ReadonlyMap<string, number>;

  constructor(kinds: readonly string[], elements: readonly string[], weights: Float32Array) {
    this.kinds = kinds;
    this.elements = elements;
    this.layout = layout(policyParameters({ kinds: kinds.length, elements: elements.length }));
    if (weights.length !== this.layout.total) {
      throw new UserError(
        `Expected ${this.layout.total} weights of a generator but received ${weights.length}.`,
        'Train it again: atelier train generator.',
      );
    }
    this.weights = weights;
    this.parameters = new Map(this.layout.parameters.map(({ name, offset, length }) => [name, weights.subarray(offset, offset + length)]));
    this.kindRow = rowsOf(kinds);
    this.elementRow = rowsOf(elements);
  }

  /** The policy that training starts from: Boltzmann in gain and lookahead; good for ads when nothing was trained. */
  static untrained(kinds: readonly string[] = [], elements: readonly string[] = [], seed = 1): PointerPolicy {
    const plan = layout(policyParameters({ kinds: kinds.length, elements: elements.length }));
    return new PointerPolicy(kinds, elements, initialise(plan, createRandom(seed, WEIGHTS_STREAM)));
  }

  /** The same policy with other weights [total]. */
  withWeights(weights: Float32Array): PointerPolicy {
    return new PointerPolicy(this.kinds, this.elements, weights);
  }

  get shape(): PolicyShape {
    return { kinds: this.kinds.length, elements: this.elements.length };
  }

  /** [kinds]: rows of the kinds' embeddings, 0 where it has none. */
  kindRows(names: readonly string[]): Int32Array {
    return Int32Array.from(names, (name) => this.kindRow.get(name) ?? 0);
  }

  /** [n]: rows of the elements' embeddings, 0 where it has none. */
  elementRows(elementIds: readonly string[]): Int32Array {
    return Int32Array.from(elementIds, (id) => this.elementRow.get(id) ?? 0);
  }

  /** A parameter's weights, row by row. */
  parameter(name: string): Float32Array {
    const found = this.parameters.get(name);
    if (!found) throw new Error(`Expected a parameter of the policy but received ${name}`);
    return found;
  }

  /** The decision graph as ONNX with dynamic axes, the weights as little-endian float32, and what stands beside them. */
  encode(): { readonly metadata: PolicyMetadata; readonly files: ModelFiles } {
    const { kinds, elements, weights } = this;
    const dims = { ads: 'ads', candidates: 'candidates', decisions: 'decisions' };
    const onnx = compileForward(
      (g: Graph, p) => ({ log_probability: decisionLogProbabilities(g, p, decisionInputs(g, dims)) }),
      this.layout,
      weights,
      { kinds: JSON.stringify(kinds), features: JSON.stringify(FEATURES) },
    );
    const bytes = Uint8Array.from(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
    return { metadata: { kinds, elements, features: FEATURES }, files: { [ONNX_FILE]: onnx, [WEIGHTS_FILE]: bytes } };
  }

  /** @throws UserError where the files are not those of a policy of this version */
  static open({ kinds, elements, features }: PolicyMetadata, files: ModelFiles): PointerPolicy {
    if (features.join() !== FEATURES.join()) {
      throw new UserError(
        `Expected a generator with the features ${FEATURES.join(', ')} but received one with ${features.join(', ')}.`,
        'Train it again: atelier train generator.',
      );
    }
    const bytes = Uint8Array.from(files[WEIGHTS_FILE] ?? []);
    return new PointerPolicy(kinds, elements, new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4)));
  }
}

function rowsOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, i) => [name, i + 1]));
}

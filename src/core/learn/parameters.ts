import { UserError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Graph, Value } from './graph.ts';
import { reshape, split } from './ops/shape.ts';

/**
 * How a parameter starts: glorot is uniform in ±√(6 / (in + out)) (Glorot & Bengio 2010), he is normal with
 * variance 2 / in (He et al. 2015), in and out being the last two axes.
 */
type Initialisation = 'zeros' | 'ones' | 'glorot' | 'he' | { readonly constant: number } | { readonly normal: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initialisation;
}

interface Parameter extends ParameterSpec {
  readonly offset: number;
  readonly length: number;
}

/** Where each parameter lies in the one vector that holds them all. */
export interface Layout {
  readonly parameters: readonly Parameter[];
  readonly total: number;
}

/** Lays the parameters one after the other. */
export function layout(specs: readonly ParameterSpec[]): Layout {
  const parameters: Parameter[] = [];
  let total = 0;
  for (const spec of specs) {
    const length = spec.shape.reduce((product, dim) => product * dim, 1);
    parameters.push({ ...spec, offset: total, length });
    total += length;
  }
  return { parameters, total };
}

function sampler({ shape, init }: ParameterSpec, random: Random): () => number {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = shape.at(-2) ?? fanOut;
  if (init === 'zeros') return () => 0;
  if (init === 'ones') return () => 1;
  if (init === 'he') return () => Math.sqrt(2 / fanIn) * random.normal();
  if (init === 'glorot') return () => Math.sqrt(6 / (fanIn + fanOut)) * (2 * random.uniform() - 1);
  return 'constant' in init ? () => init.constant : () => init.normal * random.normal();
}

/** Starting weights [total], drawn in the order of the layout. */
export function initialise(plan: Layout, random: Random): Float32Array {
  const weights = new Float32Array(plan.total);
  for (const parameter of plan.parameters) {
    const draw = sampler(parameter, random);
    for (let i = 0; i < parameter.length; i++) weights[parameter.offset + i] = draw();
  }
  return weights;
}

/** Throws UserError where a number is not finite; `what` names the vector. */
export function requireFinite(vector: Float32Array, what: string): void {
  const at = vector.findIndex((x) => !Number.isFinite(x));
  if (at === -1) return;
  throw new UserError(`Expected finite numbers in ${what} but received ${vector[at]} at ${at}`, 'Train again with a lower learning rate.');
}

/** One where weight decay applies, the matrices, and zero for vectors and scalars (biases, normalisation), as [total]. */
export function matrixMask(plan: Layout): Float32Array {
  const mask = new Float32Array(plan.total);
  for (const { shape, offset, length } of plan.parameters) if (shape.length > 1) mask.fill(1, offset, offset + length);
  return mask;
}

/** The values of a model's parameters by name: views of the flat vector while training, constants where it is served. */
export class Parameters {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  get(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`Expected one of the parameters ${[...this.#values.keys()].join(', ')} but received ${name}`);
    return value;
  }
}

/** The parameters as parts of one vector [total] of the graph; gradients flow back into the vector. */
export function parameterValues(g: Graph, plan: Layout, flat: Value): Parameters {
  const parts = split(
    g,
    flat,
    plan.parameters.map(({ length }) => length),
    0,
  );
  return new Parameters(new Map(plan.parameters.map(({ name, shape }, i) => [name, reshape(g, parts[i] ?? flat, shape)])));
}

/** The parameters as constants of the graph, from trained weights [total]; throws UserError where one is not finite. */
export function constantParameters(g: Graph, plan: Layout, weights: Float32Array): Parameters {
  if (weights.length !== plan.total) throw new Error(`Expected ${plan.total} weights but received ${weights.length}`);
  requireFinite(weights, 'the weights');
  const constant = ({ name, shape, offset, length }: Parameter): Value =>
    g.constant(weights.subarray(offset, offset + length), shape, name);
  return new Parameters(new Map(plan.parameters.map((parameter) => [parameter.name, constant(parameter)])));
}

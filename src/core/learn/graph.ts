/** The length of one axis; a string names a length known only when the graph runs, e.g. 'batch'. */
export type Dim = number | string;
export type ElementType = 'float' | 'int64' | 'int32' | 'bool';
export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** A tensor of the graph: an input, a constant or the output of a node. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[];
}

/** Whole numbers are written as ints, `{ float }` as a float, a list as ints. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/**
 * The gradient of the loss with respect to one input of a node, from the gradients with respect to the node's outputs; of the
 * input's rank, and of its shape or of length 1 along axes on which it does not vary.
 */
export type GradientRule = (...outputGradients: Value[]) => Value;

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** One rule per input; undefined where no gradient flows. */
  readonly rules: readonly (GradientRule | undefined)[];
}

export interface Initializer {
  readonly value: Value;
  readonly data: TensorData;
}

interface NodeOptions {
  readonly type?: ElementType;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly rules?: readonly (GradientRule | undefined)[];
}

/** Constants up to this many elements (scalars, axes, shapes) are stored once, however often they are asked for. */
const SHARED_CONSTANT_ELEMENTS = 16;

function elementType(data: TensorData): ElementType {
  if (data instanceof Float32Array) return 'float';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Int32Array ? 'int32' : 'bool';
}

/** A graph under construction: a list of nodes in the order they run, each with the rules of its gradient. */
export class Graph {
  readonly inputs: Value[] = [];
  readonly initializers: Initializer[] = [];
  readonly nodes: GraphNode[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  readonly #names = new Set<string>();
  readonly #sharedConstants = new Map<string, Value>();
  #serial = 0;

  #claim(name: string): string {
    if (this.#names.has(name)) throw new Error(`Expected a new name but received ${name}, which the graph has already`);
    this.#names.add(name);
    return name;
  }

  #fresh(prefix: string): string {
    this.#serial += 1;
    return this.#claim(`${prefix}_${this.#serial}`);
  }

  /** A tensor that every run is fed with. */
  input(name: string, type: ElementType, shape: readonly Dim[]): Value {
    const value = { name: this.#claim(name), type, shape };
    this.inputs.push(value);
    return value;
  }

  /** A tensor stored in the file; Uint8Array stands for bool. `data` is read when the file is written, not now. */
  constant(data: TensorData, shape: readonly number[], name?: string): Value {
    const elements = shape.reduce((product, dim) => product * dim, 1);
    if (elements !== data.length) throw new Error(`Expected ${elements} elements for shape [${shape}] but received ${data.length}`);
    const type = elementType(data);
    // Object.is tells -0 from 0 where a string does not.
    const shareable = name === undefined && data.length <= SHARED_CONSTANT_ELEMENTS && !data.some((x) => Object.is(x, -0));
    const key = shareable ? `${type}[${shape}]${data.join()}` : '';
    const known = shareable ? this.#sharedConstants.get(key) : undefined;
    if (known !== undefined) return known;
    const value = { name: name === undefined ? this.#fresh('constant') : this.#claim(name), type, shape };
    this.initializers.push({ value, data });
    if (shareable) this.#sharedConstants.set(key, value);
    return value;
  }

  /** A float constant of shape []. */
  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), []);
  }

  /** An int64 constant of shape [n]: axes, shapes, lengths. */
  integers(xs: readonly number[]): Value {
    return this.constant(BigInt64Array.from(xs, BigInt), [xs.length]);
  }

  /** A node with one output of the given shape; the type is the first input's unless stated. */
  node(op: string, inputs: readonly Value[], shape: readonly Dim[], options: NodeOptions = {}): Value {
    const [output] = this.nodeWithOutputs(op, inputs, [shape], options);
    if (output === undefined) throw new Error(`Expected an output of ${op}`);
    return output;
  }

  /** A node with several outputs, one per shape, all of one type. */
  nodeWithOutputs(op: string, inputs: readonly Value[], shapes: readonly (readonly Dim[])[], options: NodeOptions = {}): Value[] {
    const type = options.type ?? inputs[0]?.type ?? 'float';
    const outputs = shapes.map((shape) => ({ name: this.#fresh(op), type, shape }));
    this.nodes.push({ op, inputs, outputs, attributes: options.attributes ?? {}, rules: options.rules ?? [] });
    return outputs;
  }

  /** Makes a value an output of the graph under a name of its own. */
  output(name: string, value: Value): void {
    this.outputs.push({ name: this.#claim(name), value });
  }
}

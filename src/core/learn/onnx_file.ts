import { UserError } from '../errors.ts';
import type { Attribute, Graph, GraphNode, Initializer, Value } from './graph.ts';
import { ATTRIBUTE_TYPE, DATA_TYPE, IR_VERSION, ModelHeader, ModelProto, OPSET } from './onnx_schema.ts';

const PRODUCER = 'atelier';

function attributeMessage(name: string, attribute: Attribute): Record<string, unknown> {
  if (typeof attribute === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: attribute };
  if (typeof attribute === 'string') return { name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(attribute) };
  if ('float' in attribute) return { name, type: ATTRIBUTE_TYPE.float, f: attribute.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: attribute };
}

function valueMessage(name: string, value: Value): Record<string, unknown> {
  const dim = value.shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: DATA_TYPE[value.type], shape: { dim } } } };
}

function initializerMessage({ value, data }: Initializer): Record<string, unknown> {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name: value.name, dataType: DATA_TYPE[value.type], dims: value.shape, rawData };
}

/** The nodes that the outputs depend on, in order, and the names of every value they read. */
function reachable(graph: Graph): { nodes: GraphNode[]; read: Set<string> } {
  const read = new Set(graph.outputs.map(({ value }) => value.name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    const live = node.outputs.some((output) => read.has(output.name));
    if (live) for (const input of node.inputs) read.add(input.name);
    return live;
  });
  return { nodes: nodes.reverse(), read };
}

/** The graph as the bytes of an ONNX file, without the nodes and constants that no output needs. */
export function encodeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const { nodes, read } = reachable(graph);
  const node = nodes.map(({ op, inputs, outputs, attributes }) => ({
    name: outputs[0]?.name,
    opType: op,
    input: inputs.map((x) => x.name),
    output: outputs.map((x) => x.name),
    attribute: Object.entries(attributes).map(([name, attribute]) => attributeMessage(name, attribute)),
  }));
  const named = graph.outputs.map(({ name, value }) => ({ name, opType: 'Identity', input: [value.name], output: [name], attribute: [] }));
  return ModelProto.encode({
    irVersion: IR_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    producerName: PRODUCER,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: PRODUCER,
      node: [...node, ...named],
      initializer: graph.initializers.filter(({ value }) => read.has(value.name)).map(initializerMessage),
      input: graph.inputs.map((value) => valueMessage(value.name, value)),
      output: graph.outputs.map(({ name, value }) => valueMessage(name, value)),
    },
  }).finish();
}

export interface ModelHeaderFields {
  readonly irVersion: number;
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
}

interface DecodedHeader {
  readonly irVersion?: number;
  readonly opsetImport?: readonly { readonly domain?: string; readonly version?: number }[];
  readonly metadataProps?: readonly { readonly key?: string; readonly value?: string }[];
}

function decodeHeader(bytes: Uint8Array): DecodedHeader {
  try {
    return ModelHeader.toObject(ModelHeader.decode(bytes), { longs: Number }) as DecodedHeader;
  } catch {
    return {};
  }
}

/**
 * Versions and metadata of an ONNX file, read without its weights.
 * Throws UserError where the bytes are no ONNX model or one of another format or operator set version; `source` names them there.
 */
export function readModelHeader(bytes: Uint8Array, source = 'the model'): ModelHeaderFields {
  const { irVersion, opsetImport = [], metadataProps = [] } = decodeHeader(bytes);
  const opset = opsetImport.find(({ domain = '' }) => domain === '')?.version;
  const hint = 'Train the model again with this version of atelier.';
  if (irVersion === undefined || opset === undefined) {
    throw new UserError(`Expected an ONNX model in ${source} but received ${bytes.length} bytes that are none`, hint);
  }
  if (irVersion !== IR_VERSION || opset !== OPSET) {
    const received = `IR version ${irVersion}, opset ${opset}`;
    throw new UserError(`Expected an ONNX model of IR version ${IR_VERSION}, opset ${OPSET} in ${source} but received ${received}`, hint);
  }
  return { irVersion, opset, metadata: Object.fromEntries(metadataProps.map(({ key = '', value = '' }) => [key, value])) };
}

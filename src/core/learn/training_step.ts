import { gradients } from './gradients.ts';
import { Graph, type Value } from './graph.ts';
import { encodeModel } from './onnx_file.ts';
import { clipByGlobalNorm, type Optimiser } from './optimisers.ts';
import { constantParameters, type Layout, type Parameters, parameterValues } from './parameters.ts';

export interface StepDefinition {
  readonly layout: Layout;
  readonly optimiser: Optimiser;
  /** Adds the model's inputs, its forward pass and its scalar loss to the graph. */
  readonly build: (g: Graph, p: Parameters) => { readonly loss: Value; readonly outputs?: Readonly<Record<string, Value>> };
  /** Inputs whose gradients are wanted, e.g. embeddings that are updated outside the graph; output `gradient:<input>`. */
  readonly wrtInputs?: readonly string[];
  /** Largest Euclidean norm of the gradient with respect to the parameters. */
  readonly clipNorm?: number;
}

/** One whole training step as an ONNX model. */
export interface CompiledStep {
  readonly bytes: Uint8Array;
  readonly layout: Layout;
  readonly optimiser: Optimiser;
}

export const stateInput = (i: number): string => `state_${i}`;
export const updatedOutput = (name: string): string => `updated:${name}`;
export const gradientOutput = (name: string): string => `gradient:${name}`;

/**
 * Compiles forward pass, loss, gradients and optimiser step into one model. Inputs: the build's own, `parameters` [total],
 * `state_0` … [total], `step` [] and `learning_rate` []. Outputs: `loss` [], `updated:parameters`, `updated:state_0` …,
 * `gradient:<input>` for each of `wrtInputs`, and the build's own.
 */
export function compileStep({ layout, optimiser, build, wrtInputs = [], clipNorm }: StepDefinition): CompiledStep {
  const g = new Graph();
  const flat = g.input('parameters', 'float', [layout.total]);
  const state = optimiser.init(layout.total).map((_, i) => g.input(stateInput(i), 'float', [layout.total]));
  const step = g.input('step', 'float', []);
  const learningRate = g.input('learning_rate', 'float', []);
  const { loss, outputs = {} } = build(g, parameterValues(g, layout, flat));
  const inputs = wrtInputs.map((name) => {
    const input = g.inputs.find((value) => value.name === name);
    if (input === undefined) throw new Error(`Expected an input of the graph in wrtInputs but received ${name}`);
    return input;
  });
  const [flatGradient = flat, ...inputGradients] = gradients(g, loss, [flat, ...inputs]);
  const gradient = clipNorm === undefined ? flatGradient : clipByGlobalNorm(g, flatGradient, clipNorm);
  const updated = optimiser.update(g, { parameters: flat, gradient, state, step, learningRate });
  g.output('loss', loss);
  g.output(updatedOutput('parameters'), updated.parameters);
  updated.state.forEach((value, i) => {
    g.output(updatedOutput(stateInput(i)), value);
  });
  inputGradients.forEach((value, i) => {
    g.output(gradientOutput(wrtInputs[i] ?? ''), value);
  });
  for (const [name, value] of Object.entries(outputs)) g.output(name, value);
  return { bytes: encodeModel(g), layout, optimiser };
}

/** A model with its trained weights [total] inside, as the ONNX bytes that are served; `build` gives the outputs by name. */
export function compileForward(
  build: (g: Graph, p: Parameters) => Readonly<Record<string, Value>>,
  layout: Layout,
  weights: Float32Array,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const g = new Graph();
  for (const [name, value] of Object.entries(build(g, constantParameters(g, layout, weights)))) g.output(name, value);
  return encodeModel(g, metadata);
}

import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { reasonOf, UserError } from '../errors.ts';
import type { TensorData } from './graph.ts';

/** Elements in row-major order and the length of each axis; Uint8Array stands for bool. */
export interface Tensor {
  readonly data: TensorData;
  readonly dims: readonly number[];
}

export type Tensors = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  /** Threads inside one operation; with one thread the same inputs give the same bits. */
  readonly threads: number;
  /** What the model is called in an error, e.g. its path. */
  readonly source?: string;
  /** Whether memory is kept for the next run; not where every run has other sizes, of which each would keep its own. Default true. */
  readonly keepsMemory?: boolean;
}

/** An ONNX model ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Every output of the model; the thread is busy until the run has finished. An output named in `into` is written
   * there in place. Feeds and `into` may lie in a WebAssembly memory, but not in shared memory.
   */
  run(feeds: Tensors, into?: Tensors): Promise<Tensors>;
  close(): Promise<void>;
}

function runtimeType(data: TensorData): 'float32' | 'int64' | 'int32' | 'bool' {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Int32Array ? 'int32' : 'bool';
}

/** Loads a model on the CPU; throws UserError where the runtime refuses it, and later where it refuses a run. */
export async function createSession(
  bytes: Uint8Array,
  { threads, source = 'the model', keepsMemory = true }: SessionOptions,
): Promise<Session> {
  const runtime = await import('onnxruntime-node');
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: keepsMemory,
    logSeverityLevel: 3,
  };
  const session = await runtime.InferenceSession.create(bytes, options).catch((thrown: unknown) => {
    throw new UserError(`Expected a model that onnxruntime can load in ${source} but received one it refuses: ${reasonOf(thrown)}`);
  });
  const wrap = (tensors: Tensors): Record<string, RuntimeTensor> => {
    const entries = Object.entries(tensors);
    return Object.fromEntries(entries.map(([name, { data, dims }]) => [name, new runtime.Tensor(runtimeType(data), data, dims)]));
  };
  const allOutputs = Object.fromEntries(session.outputNames.map((name) => [name, null]));
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into = {}) {
      try {
        const results = await session.run(wrap(feeds), { ...allOutputs, ...wrap(into) });
        return { ...(results as unknown as Tensors), ...into };
      } catch (thrown) {
        throw new UserError(`Expected inputs that ${source} can run on but received others: ${reasonOf(thrown)}`);
      }
    },
    close: () => session.release(),
  };
}

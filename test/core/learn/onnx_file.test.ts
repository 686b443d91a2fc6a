import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { Graph } from '../../../src/core/learn/graph.ts';
import { encodeModel, readModelHeader } from '../../../src/core/learn/onnx_file.ts';
import { IR_VERSION, ModelProto, OPSET } from '../../../src/core/learn/onnx_schema.ts';
import { add, exp, mul } from '../../../src/core/learn/ops/arithmetic.ts';

function affine(): Graph {
  const g = new Graph();
  const x = g.input('x', 'float', ['batch', 2]);
  g.output('y', add(g, mul(g, x, g.constant(Float32Array.of(2, -3), [2], 'weights')), g.scalar(0.5)));
  return g;
}

interface Decoded {
  graph: { node: { opType: string }[]; initializer?: { name: string; rawData: Uint8Array }[] };
}

function decode(bytes: Uint8Array): Decoded {
  return ModelProto.toObject(ModelProto.decode(bytes)) as Decoded;
}

describe('an ONNX file', () => {
  it('runs in a plain session of the runtime', async () => {
    const session = await InferenceSession.create(encodeModel(affine()));
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 1, 0, -1), [2, 2]) });
    expect(Array.from(y?.data as Float32Array)).toEqual([2.5, -2.5, 0.5, 3.5]);
    expect(y?.dims).toEqual([2, 2]);
    await session.release();
  });

  it('states its versions and gives its metadata back', () => {
    const metadata = { model: 'dual-tower', features: '{"seed": 1}', empty: '', 中文: '标题 ✨' };
    expect(readModelHeader(encodeModel(affine(), metadata))).toEqual({ irVersion: IR_VERSION, opset: OPSET, metadata });
  });

  it('has the same bytes every time', () => {
    expect(encodeModel(affine())).toEqual(encodeModel(affine()));
  });

  it('keeps weights as little-endian raw data', () => {
    const weights = decode(encodeModel(affine())).graph.initializer?.find(({ name }) => name === 'weights');
    expect(Array.from(weights?.rawData ?? [])).toEqual([0, 0, 0, 64, 0, 0, 64, 192]);
  });

  it('holds nothing that no output needs, and a small constant once', () => {
    const g = affine();
    exp(g, g.input('unused', 'float', [3]));
    g.constant(new Float32Array(100), [100], 'unused_weights');
    expect(g.scalar(0.5)).toBe(g.scalar(0.5));
    expect(g.scalar(-0)).not.toBe(g.scalar(0));
    const { graph } = decode(encodeModel(g));
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Mul', 'Add', 'Identity']);
    expect(graph.initializer).toHaveLength(2);
  });

  it('refuses bytes that are no ONNX model', () => {
    const whole = encodeModel(affine());
    for (const bytes of [
      new Uint8Array(),
      new TextEncoder().encode('{"weights": [1, 2]}'),
      new Uint8Array(64).fill(255),
      whole.slice(0, 1),
    ]) {
      expect(() => readModelHeader(bytes, 'tower.onnx')).toThrow(UserError);
      expect(() => readModelHeader(bytes, 'tower.onnx')).toThrow(`Expected an ONNX model in tower.onnx but received ${bytes.length} bytes`);
    }
  });

  it('refuses a file cut short', () => {
    const whole = encodeModel(affine(), { model: 'dual-tower' });
    expect(() => readModelHeader(whole.slice(0, whole.length - 9), 'tower.onnx')).toThrow(UserError);
  });

  it('refuses a model of another version', () => {
    const other = (irVersion: number, version: number): Uint8Array =>
      ModelProto.encode({ irVersion, opsetImport: [{ domain: '', version }], metadataProps: [], graph: { name: 'other' } }).finish();
    const message = (bytes: Uint8Array) => () => readModelHeader(bytes, 'tower.onnx');
    expect(message(other(IR_VERSION + 1, OPSET))).toThrow(
      `IR version ${IR_VERSION}, opset ${OPSET} in tower.onnx but received IR version 10, opset 20`,
    );
    expect(message(other(IR_VERSION, OPSET - 1))).toThrow('but received IR version 9, opset 19');
    expect(message(other(IR_VERSION, OPSET))).not.toThrow();
  });
});

describe('a graph', () => {
  it('refuses a name twice and data of another length than its shape', () => {
    const g = affine();
    expect(() => g.input('x', 'float', [1])).toThrow('Expected a new name but received x');
    expect(() => g.output('y', g.scalar(1))).toThrow('Expected a new name but received y');
    expect(() => g.constant(Float32Array.of(1, 2), [3])).toThrow('Expected 3 elements for shape [3] but received 2');
  });
});

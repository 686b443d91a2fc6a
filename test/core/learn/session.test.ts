import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { Graph } from '../../../src/core/learn/graph.ts';
import { encodeModel } from '../../../src/core/learn/onnx_file.ts';
import { square } from '../../../src/core/learn/ops/arithmetic.ts';
import { greater } from '../../../src/core/learn/ops/logic.ts';
import { createSession } from '../../../src/core/learn/session.ts';
import { floats } from './central_differences.ts';

function squares(): Uint8Array {
  const g = new Graph();
  const x = g.input('x', 'float', ['batch']);
  g.output('square', square(g, x));
  g.output('positive', greater(g, x, g.scalar(0)));
  return encodeModel(g);
}

describe('a session', () => {
  it('gives every output as a typed array with its lengths', async () => {
    const session = await createSession(squares(), { threads: 1 });
    expect([session.inputNames, session.outputNames]).toEqual([['x'], ['square', 'positive']]);
    const { square: y, positive } = await session.run({ x: floats([1, -2, 3]) });
    expect([y?.data, y?.dims]).toEqual([Float32Array.of(1, 4, 9), [3]]);
    expect(positive?.data).toEqual(Uint8Array.of(1, 0, 1));
    await session.close();
  });

  it('reads from and writes into a WebAssembly memory in place', async () => {
    const session = await createSession(squares(), { threads: 1 });
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const input = new Float32Array(buffer, 64, 2);
    const output = new Float32Array(buffer, 128, 2);
    input.set([3, -4]);
    const results = await session.run({ x: { data: input, dims: [2] } }, { square: { data: output, dims: [2] } });
    expect(Array.from(output)).toEqual([9, 16]);
    expect(results.square?.data).toBe(output);
    expect(results.positive?.data).toEqual(Uint8Array.of(1, 0));
    await session.close();
  });

  it('says what it cannot load', async () => {
    const create = createSession(Uint8Array.of(1, 2, 3), { threads: 1, source: 'left.onnx' });
    await expect(create).rejects.toThrow(UserError);
    await expect(create).rejects.toThrow('Expected a model that onnxruntime can load in left.onnx but received one it refuses');
  });

  it('says what it cannot run on', async () => {
    const session = await createSession(squares(), { threads: 1, source: 'left.onnx' });
    await expect(session.run({})).rejects.toThrow("Expected inputs that left.onnx can run on but received others: input 'x' is missing");
    await expect(session.run({ x: floats([1, 2], [1, 2]) })).rejects.toThrow(UserError);
    await expect(session.run({ x: { data: Int32Array.of(1), dims: [1] } })).rejects.toThrow(UserError);
    expect((await session.run({ x: floats([2]) })).square?.data).toEqual(Float32Array.of(4));
    await session.close();
  });
});

import { describe, expect, it } from 'vitest';
import { dequantise, readFaceWeights } from '../../../../src/core/media/faces/weights.ts';

describe('dequantise', () => {
  const entries = [
    { name: 'a', shape: [1, 2], quantization: { scale: 0.5, min: -1 } },
    { name: 'b', shape: [1], quantization: { scale: 2, min: 10 } },
  ];

  it('turns bytes into numbers in the order of the manifest', () => {
    const weights = dequantise(entries, Uint8Array.of(0, 4, 3));
    expect([...weights]).toEqual([
      ['a', { shape: [1, 2], data: Float32Array.of(-1, 1) }],
      ['b', { shape: [1], data: Float32Array.of(16) }],
    ]);
  });

  it.each([2, 4])('refuses %i bytes for 3', (length) => {
    expect(() => dequantise(entries, new Uint8Array(length))).toThrow(`Expected 3 bytes of face weights but received ${length}`);
  });
});

describe('readFaceWeights', () => {
  it('finds every tensor of the network in the installed package', async () => {
    const weights = await readFaceWeights();
    expect(weights.get('conv0/filters')?.shape).toEqual([3, 3, 3, 16]);
    expect(weights.get('conv8/bias')?.shape).toEqual([25]);
    expect(weights.size).toBe(19);
  });
});

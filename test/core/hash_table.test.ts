import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashTable } from '../../src/core/hash_table.ts';

const half = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0xffffffff, 0x80000000));
const operation = fc.oneof(
  { weight: 20, arbitrary: fc.record({ set: fc.tuple(half, half), value: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

describe('HashTable', () => {
  it('behaves like a Map', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), fc.tuple(half, half), (operations, absent) => {
        const table = new HashTable();
        const map = new Map<string, number>();
        const touched = new Set<readonly [number, number]>([absent]);
        for (const step of operations) {
          if (step === 'clear') {
            table.clear();
            map.clear();
          } else {
            table.set(...step.set, step.value);
            map.set(step.set.join(), step.value);
            touched.add(step.set);
          }
          expect(table.size).toBe(map.size);
        }
        for (const key of touched) expect(table.get(...key)).toBe(map.get(key.join()) ?? -1);
      }),
    );
  });

  it.each([
    ['consecutive codes', (i: number): [number, number] => [i, 0]],
    ['consecutive days of consecutive codes', (i: number): [number, number] => [i >>> 12, (i & 4095) * 65_536]],
    ['keys that differ in their high bits only', (i: number): [number, number] => [(i << 20) >>> 0, i >>> 12]],
  ])('keeps 100,000 keys while it grows: %s', (_, key) => {
    const table = new HashTable(10);
    for (let i = 0; i < 100_000; i++) table.set(...key(i), i);
    expect(table.size).toBe(100_000);
    for (let i = 0; i < 100_000; i++) if (table.get(...key(i)) !== i) throw new Error(`key ${i} is lost`);
    expect(table.get(123_456_789, 987_654)).toBe(-1);
  });
});

import { describe, expect, it } from 'vitest';
import { digestExamples } from '../../../../src/core/models/dual_tower/digest.ts';
import type { Examples, Field } from '../../../../src/core/models/features/field.ts';
import { smallExamples } from './made_examples.ts';

const SETTINGS = { seed: 1, epochs: 3 };

function withField(index: number, change: Partial<Field>): Partial<Examples> {
  return { fields: smallExamples().fields.map((field, i) => (i === index ? { ...field, ...change } : field)) };
}

describe('the digest of a training', () => {
  it('is the same for the same examples and settings', () => {
    const digest = digestExamples(smallExamples(), SETTINGS);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digestExamples(smallExamples(), { ...SETTINGS })).toBe(digest);
    expect(digestExamples(smallExamples({ notes: ['left out: x'] }), SETTINGS)).toBe(digest);
  });

  const small = smallExamples();
  it.each<[string, Partial<Examples>]>([
    ['a click', { clicks: Uint8Array.of(1, 0, 0, 0, 1, 0, 1, 1) }],
    ['an ad', { ad: Int32Array.of(0, 0, 1, 1, 0, 0, 1, 0) }],
    ['a creative', { creative: Int32Array.of(0, 1, 2, 3, 0, 1, 3, 3) }],
    ['a position', { position: Uint8Array.of(1, 1, 0, 1, 0, 1, 0, 1) }],
    ['counts of impressions', { impressions: new Float32Array(8).fill(1) }],
    ['a time', { ts: small.ts.with(7, 9) }],
    ['the order', { order: Int32Array.of(1, 0, 2, 3, 4, 5, 6, 7) }],
    ["an ad's id", { ads: ['a', 'c'] }],
    ["a creative's id", { creatives: small.creatives.map((key, i) => (i === 4 ? { ...key, creativeId: 'b4' } : key)) }],
    ['a term', withField(3, { terms: [['tea', 'times'], ['tea'], [], ['time', 'out', 'now'], ['tea', 'never']] })],
    ['which list a term is in', withField(3, { terms: [['tea'], ['time', 'tea'], [], ['time', 'out', 'now'], ['tea', 'never']] })],
    ['the value of a row', withField(1, { codes: Uint8Array.of(1, 2, 1, 2, 1, 1, 2, 2) })],
    ['a name', withField(1, { name: 'weekday' })],
    ['a tower', withField(1, { side: 'right' })],
    ['what an id is', withField(1, { isId: true })],
    ['a field less', { fields: small.fields.slice(0, 3) }],
    ['the order of the fields', { fields: small.fields.toReversed() }],
  ])('changes with %s', (_, change) => {
    expect(digestExamples(smallExamples(change), SETTINGS)).not.toBe(digestExamples(small, SETTINGS));
  });

  it('changes with a setting', () => {
    expect(digestExamples(small, { ...SETTINGS, seed: 2 })).not.toBe(digestExamples(small, SETTINGS));
  });
});

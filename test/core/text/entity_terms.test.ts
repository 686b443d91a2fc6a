import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntityFinder } from '../../../src/core/text/entity_terms.ts';

describe('createEntityFinder', () => {
  it('finds terms in either case, each once, in the order of the text', () => {
    const find = createEntityFinder(['Green Tea', 'noodles', '口红']);
    expect(find('Noodles, green tea and NOODLES')).toEqual(['noodles', 'green tea']);
    expect(find('这支枫糖色口红太会了')).toEqual(['口红']);
  });

  it('takes the longest at a place', () => {
    expect(createEntityFinder(['tea', 'tea house', '牛肉', '牛肉面'])('a tea house for 牛肉面')).toEqual(['tea house', '牛肉面']);
  });

  it('finds Latin terms as whole words only', () => {
    const find = createEntityFinder(['tea', '4k']);
    expect(find('steak teapot team 14k')).toEqual([]);
    expect(find('tea, 4k茶')).toEqual(['tea', '4k']);
  });

  it('does not look for single characters or blanks', () => {
    expect(createEntityFinder(['a', ' ', '', '茶'])('a 茶')).toEqual([]);
  });

  it('finds every term in a text that is nothing but that term', () => {
    const term = fc.string({ minLength: 2 }).map((text) => text.trim().toLowerCase());
    fc.assert(
      fc.property(fc.array(term), term, (others, own) => {
        fc.pre(own.length >= 2 && own.toLowerCase() === own);
        expect(createEntityFinder([...others, own])(own)).toContain(own);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { contextTerms } from '../../../../src/core/models/dual_tower/contexts.ts';
import { hashTerm } from '../../../../src/core/models/dual_tower/hashed_fields.ts';
import type { Entities, FieldSpec } from '../../../../src/core/models/features/field.ts';

const SPEC: readonly FieldSpec[] = [
  { name: 'ad', side: 'left', isId: true, of: 'ad', source: { from: 'content' } },
  { name: 'hour', side: 'left', isId: false, of: 'row', source: { from: 'rows' } },
  { name: 'log.price', side: 'left', isId: false, of: 'row', source: { from: 'log', column: 'price', edges: [10, 20] } },
  { name: 'user', side: 'left', isId: true, of: 'row', source: { from: 'rows' } },
  { name: 'user.clicks', side: 'left', isId: false, of: 'row', source: { from: 'rows' } },
  { name: 'cross.rate.topic', side: 'left', isId: false, of: 'row', source: { from: 'rows' } },
  { name: 'creative', side: 'right', isId: true, of: 'creative', source: { from: 'content' } },
  { name: 'cross.match', side: 'right', isId: false, of: 'row', source: { from: 'rows' } },
  { name: 'title.words', side: 'right', isId: false, of: 'creative', source: { from: 'content' } },
];
const ENTITIES: Entities = {
  ads: ['a', 'b'],
  creatives: ['a1', 'b1', 'b2'].map((creativeId) => ({ adId: creativeId.slice(0, 1), creativeId, isStored: true })),
  adOf: Int32Array.of(0, 1, 1),
  fields: [
    { name: 'ad', side: 'left', isId: true, of: 'ad', terms: [['a'], ['b']] },
    { name: 'creative', side: 'right', isId: true, of: 'creative', terms: [['a1'], ['b1'], ['b2']] },
  ],
};

/** What training has seen of circumstances. */
const SEEN: readonly (readonly [string, string])[] = [
  ...['9', '20'].map((hour) => ['hour', hour] as const),
  ...['q0', 'q1', 'q2'].map((bin) => ['log.price', bin] as const),
  ['user', 'u1'],
  ['user.clicks', '0'],
];

function sideOf(side: 'left' | 'right', spec = SPEC) {
  const fields = spec.filter((field) => field.side === side).map(({ name, isId, of }) => ({ name, isId, of, slots: 1 }));
  const hash = { seed: 1, rows: 10, fields: fields.length };
  return { hash, fields, known: BigUint64Array.from(SEEN, ([name, term]) => hashTerm(hash, name, term)).sort() };
}

const SIDES = { left: sideOf('left'), right: sideOf('right') };

function terms(...contexts: readonly Readonly<Record<string, string>>[]) {
  return contextTerms(
    SPEC,
    SIDES,
    ENTITIES,
    contexts.map((context) => new Map(Object.entries(context))),
  );
}

describe('the terms of contexts', () => {
  it('are those of all ads in the first context, then in the next', () => {
    expect(terms({ hour: '9' }, { hour: '20', 'log.price': '15' }).left).toEqual([
      [['a'], ['b'], ['a'], ['b']],
      [['9'], ['9'], ['20'], ['20']],
      [[], [], ['q1'], ['q1']],
      ...Array.from({ length: 3 }, () => [[], [], [], []]),
    ]);
  });

  it('are none for circumstances that are not given, and for content that is not known', () => {
    const { left, right } = terms({});
    expect(left).toEqual([[['a'], ['b']], ...Array.from({ length: 5 }, () => [[], []])]);
    expect(right).toEqual([
      [['a1'], ['b1'], ['b2']],
      [[], [], []],
      [[], [], []],
    ]);
  });

  it.each([
    ['9', 'q0'],
    ['10', 'q1'],
    ['-3', 'q0'],
    ['20', 'q2'],
    ['1e9', 'q2'],
  ])('put the number %s into the bin %s', (value, bin) => {
    expect(terms({ 'log.price': value }).left[2]?.[0]).toEqual([bin]);
  });

  it.each(['cheap', '', ' ', 'NaN', 'Infinity'])('refuse "%s" for a number', (value) => {
    expect(() => terms({ 'log.price': value })).toThrow(UserError);
    expect(() => terms({ 'log.price': value })).toThrow(`Expected a context with a number for log.price but received "${value}".`);
  });

  it('refuse fields that the left tower does not have, or that belong to the ad', () => {
    for (const name of ['weekday', 'ad', 'cross.match']) {
      expect(() => terms({ hour: '9' }, { [name]: 'x' })).toThrow(`Expected a context of hour, log.price but received ${name}.`);
    }
  });

  it("refuse what hangs on a user's past, or on the creative shown", () => {
    for (const [name, value] of [
      ['user', 'u1'],
      ['user.clicks', '0'],
      ['cross.rate.topic', '9'],
    ] as const) {
      expect(() => terms({ [name]: value })).toThrow(`Expected a context of hour, log.price but received ${name}.`);
    }
  });

  it('refuse a value that training has not seen', () => {
    expect(() => terms({ hour: '9' }, { hour: '7' })).toThrow(UserError);
    expect(() => terms({ hour: '9' }, { hour: '7' })).toThrow(
      'Expected a context with a value of hour that training has seen but received "7".',
    );
    // Seen, but of another field.
    expect(() => terms({ hour: 'q1' })).toThrow('Expected a context with a value of hour that training has seen but received "q1".');
  });

  it('refuse any where the model has no circumstances', () => {
    const spec = SPEC.filter(({ of }) => of !== 'row');
    const sides = { left: sideOf('left', spec), right: sideOf('right', spec) };
    expect(() => contextTerms(spec, sides, ENTITIES, [new Map([['hour', '9']])])).toThrow(
      /no context, as the model knows of no circumstances, but received hour/,
    );
  });
});

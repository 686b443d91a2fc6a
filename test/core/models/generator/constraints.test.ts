import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { constrainedSpace, parseConstraints, unknownInConstraints } from '../../../../src/core/models/generator/constraints.ts';

const GROUPS = [
  { kind: 'image', elementIds: ['i1', 'i2'] },
  { kind: 'title', elementIds: ['t1', 't2', 't3'] },
];
const spaceOf = (document: unknown, adId = 'A') => constrainedSpace(parseConstraints(document, 'c.yaml'), adId, GROUPS);

function errorOf(run: () => unknown): UserError {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('expected a UserError');
}

describe('constrainedSpace', () => {
  it('allows everything without constraints', () => {
    for (const document of [undefined, null, {}]) expect(spaceOf(document).count).toBe(6);
  });

  it('leaves out forbidden pairs, and what is not required of a required kind', () => {
    expect(spaceOf({ forbid: [['i1', 't1']] }).count).toBe(5);
    expect(spaceOf({ require: ['t2'] }).count).toBe(2);
    expect(spaceOf({ forbid: [['t2', 'i1']], require: ['t2'] }).count).toBe(1);
    expect(spaceOf({ at_most: { t3: 0 } }).count).toBe(4);
  });

  it('ignores elements that the ad does not have, and pairs of one kind', () => {
    const document = {
      forbid: [
        ['i1', 'other'],
        ['i1', 'i2'],
      ],
      require: ['another'],
      at_most: { third: 1 },
    };
    expect(spaceOf(document).count).toBe(6);
  });

  it('puts the rules of an ad beside those for all, and its at_most before theirs', () => {
    const document = {
      forbid: [['i1', 't1']],
      at_most: { default: 3, t1: 2 },
      ads: { A: { forbid: [['i2', 't2']], at_most: { t2: 1 } }, B: { at_most: 5 } },
    };
    expect(spaceOf(document).count).toBe(4);
    expect([...spaceOf(document).mostUses]).toEqual([3, 3, 2, 1, 3]);
    expect(spaceOf(document, 'B').count).toBe(5);
    expect([...spaceOf(document, 'B').mostUses]).toEqual([5, 5, 5, 5, 5]);
    expect([...spaceOf({ at_most: 4 }, 'C').mostUses]).toEqual([4, 4, 4, 4, 4]);
  });

  it.each([
    [
      'two required elements of one kind',
      { require: ['t1', 't3'] },
      'Expected at most one required title for ad A but received t1 and t3.',
      'require',
    ],
    [
      'a required pair that is forbidden',
      { require: ['i1', 't1'], forbid: [['t1', 'i1']] },
      'but t1 and i1 are a forbidden pair.',
      'forbid',
    ],
    [
      'a required element that may never be used',
      { require: ['t1'], at_most: { t1: 0 } },
      'Expected the required title t1 to be allowed for ad A but its at_most is 0.',
      'at_most',
    ],
    [
      'a kind without an allowed element',
      { at_most: { i1: 0, i2: 0 } },
      'leave ad A a combination but they leave none: at_most 0 for i1, i2.',
      'more elements',
    ],
    [
      'pairs that leave nothing',
      {
        require: ['t1'],
        forbid: [
          ['i1', 't1'],
          ['i2', 't1'],
        ],
      },
      'they leave none: forbidden pairs i1 + t1, i2 + t1; required t1.',
      'Remove some',
    ],
  ])('names the elements of %s, and what to change', (_, document, message, hint) => {
    const error = errorOf(() => spaceOf(document));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});

describe('parseConstraints', () => {
  it('takes ids of digits, which YAML reads as numbers', () => {
    expect(parseConstraints({ forbid: [[12, 'a']] }, 'c.yaml').all.forbid).toEqual([['12', 'a']]);
  });

  it.each([
    [[], 'c.yaml: Expected forbid, require, at_most and ads but received []'],
    [{ forbids: [] }, 'c.yaml: Expected one of forbid, require, at_most but received forbids.'],
    [{ forbid: ['a', 'b'] }, 'c.yaml: forbid: Expected a list of pairs of element ids but received "a".'],
    [{ forbid: [['a', 'a']] }, 'c.yaml: forbid: Expected two different element ids but received ["a","a"].'],
    [{ forbid: [['a', 'b', 'c']] }, 'Expected two different element ids but received ["a","b","c"].'],
    [{ require: 'a' }, 'c.yaml: require: Expected a list of element ids but received "a".'],
    [{ require: [{}] }, 'c.yaml: require: Expected an element id but received {}.'],
    [{ at_most: { a: 1.5 } }, 'c.yaml: at_most.a: Expected a whole number of creatives but received 1.5.'],
    [{ at_most: '3' }, 'c.yaml: at_most: Expected a whole number, or one by element id but received "3".'],
    [{ at_most: -1 }, 'c.yaml: at_most: Expected a whole number of creatives but received -1.'],
    [{ ads: { A: { ads: {} } } }, 'c.yaml: ads.A: Expected one of forbid, require, at_most but received ads.'],
    [{ ads: { A: 3 } }, 'c.yaml: ads.A: Expected forbid, require, at_most but received 3.'],
  ])('refuses %j', (document, message) => {
    expect(errorOf(() => parseConstraints(document, 'c.yaml')).message).toContain(message);
  });
});

describe('unknownInConstraints', () => {
  it('names elements and ads that are not known', () => {
    const constraints = parseConstraints(
      { forbid: [['i1', 'x1']], require: ['x2'], at_most: { x3: 1 }, ads: { A: {}, Z: { require: ['x4'] } } },
      'c.yaml',
    );
    const known = { elementIds: new Set(['i1']), adIds: new Set(['A']) };
    expect(unknownInConstraints(constraints, known)).toEqual([
      'Expected elements of this store in the constraints but received x1, x2, x3, x4: ignored.',
      'Expected ads of this store in the constraints but received Z: ignored.',
    ]);
    expect(
      unknownInConstraints(parseConstraints({ forbid: [['i1', 'i1x']] }, 'c'), { ...known, elementIds: new Set(['i1', 'i1x']) }),
    ).toEqual([]);
  });
});

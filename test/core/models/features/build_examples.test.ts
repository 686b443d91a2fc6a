import { describe, expect, it } from 'vitest';
import { buildExamples, type LogRows } from '../../../../src/core/models/features/build_examples.ts';
import type { Entities, Field } from '../../../../src/core/models/features/field.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-01-05T00:00:00Z');

const ENTITIES: Entities = {
  ads: ['a', 'b'],
  creatives: ['a1', 'a2', 'b1', 'b2'].map((creativeId) => ({ adId: creativeId[0] as string, creativeId, isStored: true })),
  adOf: Int32Array.of(0, 0, 1, 1),
  fields: [
    { name: 'ad', side: 'left', isId: true, of: 'ad', terms: [['a'], ['b']] },
    { name: 'note.lang', side: 'left', isId: false, of: 'ad', terms: [['en'], ['en']] },
    { name: 'creative', side: 'right', isId: true, of: 'creative', terms: [['a1'], ['a2'], ['b1'], ['b2']] },
    { name: 'title.words', side: 'right', isId: false, of: 'creative', terms: [['tea'], ['tea', 'time'], [], ['time']] },
  ],
};

const CREATIVE = [0, 1, 2, 0, 1, 2];

function texts(...values: string[]) {
  const distinct = ['', ...new Set(values.filter((value) => value !== ''))];
  return { type: 'text', codes: Uint8Array.from(values, (value) => distinct.indexOf(value)), texts: distinct } as const;
}

/** Six rows of three creatives; the fourth was never shown. */
function logOf(columns: Readonly<Record<string, ReturnType<LogRows['feature']>>> = {}, more: Partial<LogRows> = {}): LogRows {
  return {
    rows: 6,
    ad: Int32Array.from(CREATIVE, (creative) => ENTITIES.adOf[creative] as number),
    creative: Int32Array.from(CREATIVE),
    position: Uint8Array.of(0, 1, 0, 1, 0, 1),
    positions: [
      { scene: 'feed', position: 1 },
      { scene: 'search', position: 1 },
    ],
    ts: Float64Array.from({ length: 6 }, (_, row) => START + 2 * row * DAY),
    clicks: Uint8Array.of(1, 0, 0, 1, 0, 0),
    impressions: undefined,
    users: { of: Int32Array.of(0, 0, 1, 0, 1, -1), count: 2, low: Uint32Array.of(10, 11), high: Uint32Array.of(1, 2) },
    propensity: undefined,
    features: Object.keys(columns),
    feature: (name) => columns[name] as ReturnType<LogRows['feature']>,
    ...more,
  };
}

function build(columns: Readonly<Record<string, ReturnType<LogRows['feature']>>> = {}, more: Partial<LogRows> = {}, trainingShare = 1) {
  const { examples, spec } = buildExamples(logOf(columns, more), ENTITIES, trainingShare);
  const field = (name: string): Field => {
    const found = examples.fields.find((each) => each.name === name);
    if (!found) throw new Error(`no field ${name} among ${examples.fields.map((each) => each.name).join(', ')}`);
    return found;
  };
  const termsOf = (name: string): (readonly string[] | undefined)[] => Array.from(field(name).codes, (code) => field(name).terms[code]);
  return { examples, spec, field, termsOf, names: examples.fields.map(({ name }) => name) };
}

describe('buildExamples', () => {
  it('gives the columns of the log to what they belong to', () => {
    const { field, termsOf, names } = build({
      brand: texts('x', 'x', 'y', 'x', 'x', 'y'),
      topic: texts('food', 'home', 'food', 'food', 'home', ''),
      device: texts('phone', 'desk', 'phone', 'desk', '', 'desk'),
    });
    expect(field('log.brand')).toMatchObject({ side: 'left', of: 'ad', terms: [['x'], ['y']] });
    expect(field('log.topic')).toMatchObject({ side: 'right', of: 'creative', terms: [['food'], ['home'], ['food'], []] });
    expect(field('log.device')).toMatchObject({ side: 'left', of: 'row' });
    expect(termsOf('log.device')).toEqual([['phone'], ['desk'], ['phone'], ['desk'], [], ['desk']]);
    expect(termsOf('cross.with.device.topic')[0]).toEqual(['phone|food']);
    expect(names).toEqual(expect.arrayContaining(['cross.rate.topic', 'cross.rate.brand', 'user.interest.1']));
  });

  it('shares the arrays of ad and creative indices', () => {
    const { examples, field } = build();
    expect(field('ad').codes).toBe(examples.ad);
    expect(field('title.words').codes).toBe(examples.creative);
  });

  it('names users by the hash of their id', () => {
    const { field, termsOf } = build();
    expect(field('user')).toMatchObject({ isId: true, side: 'left', of: 'row' });
    expect(termsOf('user')).toEqual([['1.a'], ['1.a'], ['2.b'], ['1.a'], ['2.b'], []]);
    expect(termsOf('user.clicks').flat()).toEqual(['0', '1', '0', '1', '0', 'none']);
  });

  it('leaves out what is the same everywhere, and says so', () => {
    const { names, examples } = build({
      campaign: texts('c', 'c', 'c', 'c', 'c', 'c'),
      empty: { type: 'number', values: new Float64Array(6).fill(Number.NaN) },
    });
    expect(names).not.toContain('log.campaign');
    expect(names).not.toContain('note.lang');
    expect(examples.notes).toEqual([
      "left out, the log's column campaign has one value",
      "left out, the log's column empty has one value",
      'left out, the same everywhere: note.lang',
    ]);
  });

  it('keeps the ids of a single ad and creative', () => {
    const single: Entities = {
      ads: ['a'],
      creatives: [{ adId: 'a', creativeId: 'c', isStored: true }],
      adOf: Int32Array.of(0),
      fields: [
        { name: 'ad', side: 'left', isId: true, of: 'ad', terms: [['a']] },
        { name: 'creative', side: 'right', isId: true, of: 'creative', terms: [['c']] },
      ],
    };
    const log = { ...logOf(), ad: new Int32Array(6), creative: new Int32Array(6), users: undefined };
    const { examples } = buildExamples(log, single, 1);
    // All rows are of midnight, so the hour tells nothing.
    expect(examples.fields.map(({ name }) => name)).toEqual(['ad', 'creative', 'scene', 'weekday']);
  });

  it('has no fields of users for a log without users', () => {
    const { names, examples } = build({ topic: texts('food', 'home', 'food', 'food', 'home', 'food') }, { users: undefined });
    expect(names.filter((name) => /^user|^cross/.test(name))).toEqual([]);
    expect(examples.user).toBeUndefined();
  });

  it('cuts numbers into bins by the first part in time, however the rows stand', () => {
    const values = Float64Array.from({ length: 40 }, (_, row) => row);
    const times = Float64Array.from({ length: 40 }, (_, row) => START + (40 - row) * DAY);
    const creative = Int32Array.from({ length: 40 }, (_, row) => row % 3);
    const { spec } = build(
      { age: { type: 'number', values } },
      {
        rows: 40,
        ts: times,
        creative,
        ad: Int32Array.from(creative, (own) => ENTITIES.adOf[own] as number),
        position: new Uint8Array(40),
        clicks: new Uint8Array(40),
        users: undefined,
      },
      0.5,
    );
    const source = spec.find(({ name }) => name === 'log.age')?.source;
    expect(source).toMatchObject({ from: 'log', column: 'age' });
    if (source?.from !== 'log') throw new Error('no edges');
    expect(source.edges?.every((edge) => edge >= 20)).toBe(true);
  });

  it('describes every field, in their order, in plain JSON', () => {
    const { spec, names } = build({ topic: texts('food', 'home', 'food', 'food', 'home', 'food') });
    expect(spec.map(({ name }) => name)).toEqual(names);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(Object.fromEntries(spec.map(({ name, source }) => [name, source.from]))).toMatchObject({
      creative: 'content',
      'log.topic': 'log',
      'cross.match': 'rows',
    });
  });
});

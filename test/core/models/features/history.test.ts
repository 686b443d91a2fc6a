import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aspects, collectAspects } from '../../../../src/core/models/features/aspects.ts';
import { timeOrder } from '../../../../src/core/models/features/context.ts';
import { rateCode } from '../../../../src/core/models/features/count_buckets.ts';
import type { Field } from '../../../../src/core/models/features/field.ts';
import { historyFields } from '../../../../src/core/models/features/history.ts';

interface Event {
  readonly time: number;
  readonly user: number;
  readonly creative: number;
  readonly click: number;
}

const TOPICS = ['food', 'food', 'home', 'travel', 'home', undefined];
// The last creative has no aspect at all.
const WORDS = [['noodles'], ['noodles', 'tea'], ['tea'], [], ['noodles', 'tea'], []];
const MEAN_RATE = 0.1;

function topics(withColumn = true): Aspects {
  const columns = withColumn ? [{ name: 'topic', side: 'right' as const, values: TOPICS }] : [];
  const words = { name: 'title.words', side: 'right' as const, isId: false, of: 'creative' as const, terms: WORDS };
  return collectAspects(6, columns, [words]);
}

function fieldsFor(events: readonly Event[], aspects = topics()): Field[] {
  const ts = Float64Array.from(events, ({ time }) => time);
  return historyFields(
    {
      rows: events.length,
      ts,
      order: timeOrder(ts),
      user: Int32Array.from(events, ({ user }) => user),
      users: 1 + Math.max(-1, ...events.map(({ user }) => user)),
      creative: Int32Array.from(events, ({ creative }) => creative),
      clicks: Uint8Array.from(events, ({ click }) => click),
      impressions: undefined,
      meanRate: MEAN_RATE,
    },
    aspects,
  );
}

/** What a field says of each row. */
function termsOf(fields: readonly Field[], name: string): (string | undefined)[] {
  const field = fields.find((each) => each.name === name);
  if (!field) throw new Error(`no field ${name}`);
  return Array.from(field.codes, (code) => field.terms[code]?.[0]);
}

/** All fields of each row. */
function described(events: readonly Event[]): Record<string, string | undefined>[] {
  const fields = fieldsFor(events);
  return events.map((_, row) => Object.fromEntries(fields.map(({ name, codes, terms }) => [name, terms[codes[row] as number]?.[0]])));
}

const at = (time: number, user: number, creative: number, click: number): Event => ({ time, user, creative, click });

describe('historyFields', () => {
  // Topic and words of the creatives: 0 food noodles, 1 food noodles tea, 2 home tea, 3 travel, 4 home noodles tea, 5 none.
  const log = [
    at(1, 0, 0, 1),
    at(2, 0, 1, 0),
    at(3, 1, 2, 0),
    at(4, 0, 2, 1),
    at(5, 0, 4, 1),
    at(6, 0, 3, 0),
    at(7, 0, 5, 0),
    at(8, -1, 0, 1),
  ];
  const fields = fieldsFor(log);

  it('counts earlier clicks of the same user', () => {
    expect(termsOf(fields, 'user.clicks')).toEqual(['0', '1', '0', '1', '2', '3', '3', 'none']);
  });

  it('names the aspects clicked most, none before the first click', () => {
    expect(termsOf(fields, 'user.interest.1')).toEqual([
      'none',
      'topic=food',
      'none',
      'topic=food',
      'topic=food',
      'title.words=noodles', // two clicks on noodles, tea and home each
      'title.words=noodles',
      'none',
    ]);
    expect(termsOf(fields, 'user.interest.2').slice(0, 5)).toEqual([
      'none',
      'title.words=noodles',
      'none',
      'title.words=noodles',
      'title.words=noodles',
    ]);
  });

  it("counts the creative's aspects that the user has clicked", () => {
    expect(termsOf(fields, 'cross.match')).toEqual(['none', '2', 'none', '0', '3+', '0', 'none', 'none']);
  });

  it('cuts the cosine into 16 buckets', () => {
    // Row 1: (food, noodles) · (food, noodles, tea) = 2 / √(2·3) = 0.816 → 13.
    // Row 4: one click each on food, noodles, home, tea; home, noodles, tea: 3 / √(4·3) = 0.866 → 13.
    expect(termsOf(fields, 'cross.cosine')).toEqual(['none', '13', 'none', '0', '13', '0', 'none', 'none']);
  });

  it('gives the share of clicks on the first aspect as two counts', () => {
    expect(termsOf(fields, 'cross.share')).toEqual(['none', '1/1', 'none', '0/1', '1/2', '0/3', 'none', 'none']);
  });

  it('gives rates of all rows and of those with the same topic, over the mean', () => {
    const rate = (clicks: number, impressions: number): string => String(rateCode(clicks, MEAN_RATE * impressions) - 1);
    const before = [rate(0, 0), rate(1, 1), rate(0, 0), rate(1, 2), rate(2, 3), rate(3, 4), rate(3, 5), 'none'];
    expect(termsOf(fields, 'user.rate')).toEqual(before);
    const ofTopic = [rate(0, 0), rate(1, 1), rate(0, 0), rate(0, 0), rate(1, 1), rate(0, 0), 'none', 'none'];
    expect(termsOf(fields, 'cross.rate.topic')).toEqual(ofTopic);
  });

  it('hashes the strongest interest with the first aspect: the same pair gives the same term', () => {
    const pair = termsOf(fields, 'cross.pair');
    expect(pair.map((term) => term === 'none')).toEqual([true, false, true, false, false, false, true, true]);
    expect(pair[3]).toBe(pair[4]); // food × home
    expect(new Set([pair[1], pair[3], pair[5]]).size).toBe(3);
  });

  it('follows the first aspect where no column says what creatives are about', () => {
    const names = fieldsFor(log, topics(false)).map(({ name }) => name);
    expect(names).toContain('cross.rate.aspect');
    const none = collectAspects(6, [], []);
    expect(fieldsFor(log, none).map(({ name }) => name)).toEqual(['user.clicks', 'user.rate']);
  });

  it('counts clicks and impressions of aggregated rows', () => {
    const [clicks] = historyFields(
      {
        rows: 2,
        ts: Float64Array.of(1, 2),
        order: undefined,
        user: new Int32Array(2),
        users: 1,
        creative: new Int32Array(2),
        clicks: Float32Array.of(3, 0),
        impressions: Float32Array.of(40, 10),
        meanRate: MEAN_RATE,
      },
      topics(),
    );
    expect(clicks?.terms[clicks.codes[1] as number]).toEqual(['3']);
  });

  const event = fc.record({
    time: fc.integer({ min: 0, max: 12 }),
    user: fc.integer({ min: -1, max: 2 }),
    creative: fc.nat(5),
    click: fc.nat(1),
  });
  const events = fc.array(event, { minLength: 1, maxLength: 40 });

  it('does not see a row itself, nor rows of the same time or later', () => {
    fc.assert(
      fc.property(events, fc.nat(12), fc.array(event, { maxLength: 10 }), (rows, now, others) => {
        const until = rows.filter(({ time }) => time <= now);
        const changed = [
          ...until.map((each) => (each.time === now ? { ...each, click: 1 - each.click } : each)),
          ...others.map((each) => ({ ...each, time: each.time + now })),
        ];
        expect(described(changed).slice(0, until.length)).toEqual(described(until));
      }),
    );
  });

  it('does not depend on the order in which rows of different times stand', () => {
    fc.assert(
      fc.property(fc.uniqueArray(event, { selector: ({ time }) => time, minLength: 1 }), (rows) => {
        const sorted = [...rows].sort((a, b) => a.time - b.time);
        const bySorted = new Map(described(sorted).map((row, index) => [sorted[index]?.time, row]));
        expect(described(rows)).toEqual(rows.map(({ time }) => bySorted.get(time)));
      }),
    );
  });

  it('says nothing of other users', () => {
    fc.assert(
      fc.property(events, events, (rows, others) => {
        const own = rows.map((each) => ({ ...each, user: 3 }));
        const mixed = [...own, ...others];
        expect(described(mixed).slice(0, own.length)).toEqual(described(own));
      }),
    );
  });
});

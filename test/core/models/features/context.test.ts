import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarFields, daysOf, sceneField, timeOrder } from '../../../../src/core/models/features/context.ts';
import type { Field } from '../../../../src/core/models/features/field.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.parse('2026-01-05T00:00:00Z');

function termsOf(field: Field | undefined): (string | undefined)[] {
  return Array.from(field?.codes ?? [], (code) => field?.terms[code]?.[0]);
}

describe('timeOrder', () => {
  it('is undefined for rows in order of time, equal times included', () => {
    expect(timeOrder(Float64Array.of(-1, 3, 3, 5))).toBeUndefined();
    expect(timeOrder(new Float64Array(0))).toBeUndefined();
  });

  it('puts rows in order of time, equal times in the order of the log', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 2 }), (times) => {
        const rows = times.map((_, row) => row);
        const expected = [...rows].sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
        expect([...(timeOrder(Float64Array.from(times)) ?? rows)]).toEqual(expected);
      }),
    );
  });
});

describe('daysOf', () => {
  it('counts days since 1970, −1 for undated rows', () => {
    expect(daysOf(Float64Array.of(0, DAY - 1, DAY, -1))).toEqual(Int32Array.of(0, 0, 1, -1));
  });
});

describe('calendarFields', () => {
  it('gives the hour where the log spans more than a day and the weekday where it spans more than a week', () => {
    expect(calendarFields(Float64Array.of(MONDAY, MONDAY + DAY))).toEqual([]);
    expect(calendarFields(Float64Array.of(MONDAY, MONDAY + 2 * DAY)).map(({ name }) => name)).toEqual(['hour']);
    const [hour, weekday] = calendarFields(Float64Array.of(MONDAY + HOUR, MONDAY + 8 * DAY - 1, -1, MONDAY + 2 * DAY));
    expect(termsOf(hour)).toEqual(['1', '23', undefined, '0']);
    expect(termsOf(weekday)).toEqual(['mon', 'mon', undefined, 'wed']);
  });

  it('has neither for an undated log', () => {
    expect(calendarFields(Float64Array.of(-1, -1))).toEqual([]);
  });
});

describe('sceneField', () => {
  it('gives positions of one scene one term, and none where there is no scene', () => {
    expect(termsOf(sceneField(Uint8Array.of(0, 1, 2, 3), ['', 'feed', 'search', 'feed']))).toEqual([undefined, 'feed', 'search', 'feed']);
  });
});

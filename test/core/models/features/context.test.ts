import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarFields, cutBetweenMoments, daysOf, sceneField, timeOrder } from '../../../../src/core/models/features/context.ts';
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

describe('cutBetweenMoments', () => {
  it('goes to the nearest change of time, to the earlier of two that are as near', () => {
    const ts = Float64Array.of(1, 1, 1, 1, 2, 2, 2, 3, 3, 3);
    expect([4, 5, 6, 7].map((wanted) => cutBetweenMoments(ts, undefined, wanted))).toEqual([4, 4, 7, 7]);
    expect(cutBetweenMoments(Float64Array.of(1, 1, 2, 2, 3, 3), undefined, 3)).toBe(2);
    expect(
      cutBetweenMoments(
        ts.toReversed(),
        Int32Array.from({ length: 10 }, (_, i) => 9 - i),
        6,
      ),
    ).toBe(7);
  });

  it('takes the wanted number where one side would keep less than half of its rows, and all rows when all are wanted', () => {
    expect(cutBetweenMoments(Float64Array.of(1, 2, 2, 2, 2, 2, 2, 2, 2, 2), undefined, 6)).toBe(6);
    expect(cutBetweenMoments(Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 2), undefined, 6)).toBe(6);
    expect(cutBetweenMoments(new Float64Array(10), undefined, 6)).toBe(6);
    expect(cutBetweenMoments(Float64Array.of(1, 2, 3), undefined, 3)).toBe(3);
  });

  it('leaves each side at least half of its rows, and no moment on both where a change allows that', () => {
    const logs = fc.array(fc.nat(6), { minLength: 2, maxLength: 40 }).map((times) => Float64Array.from(times).sort());
    fc.assert(
      fc.property(logs, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (ts, share) => {
        const wanted = Math.round(share * ts.length);
        const cut = cutBetweenMoments(ts, undefined, wanted);
        const isAllowed = (at: number): boolean => at >= wanted / 2 && ts.length - at >= (ts.length - wanted) / 2;
        expect(isAllowed(cut)).toBe(true);
        const changes = [...ts.keys()].filter((at) => at > 0 && ts[at] !== ts[at - 1] && isAllowed(at));
        const distances = changes.map((at) => Math.abs(at - wanted));
        if (wanted > 0 && wanted < ts.length) expect(Math.abs(cut - wanted)).toBe(changes.length > 0 ? Math.min(...distances) : 0);
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

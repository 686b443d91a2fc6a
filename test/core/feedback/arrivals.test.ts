import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../src/core/feedback/arrivals.ts';

describe('Arrivals', () => {
  it('hands out everything that has arrived and nothing else, by time and then in the order it was sent', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), fc.array(fc.nat(25), { minLength: 1, maxLength: 8 }), (times, stops) => {
        const arrivals = new Arrivals<number>();
        const underWay: { at: number; item: number }[] = [];
        let item = 0;
        for (const [i, by] of [...stops, 20].entries()) {
          // Some are sent between one stop and the next.
          for (; item < (times.length * (i + 1)) / (stops.length + 1); item++) {
            arrivals.send(times[item] as number, item);
            underWay.push({ at: times[item] as number, item });
          }
          const due = underWay.filter(({ at }) => at <= by).sort((a, b) => a.at - b.at || a.item - b.item);
          for (const { item } of due) expect(arrivals.receive(by)).toBe(item);
          expect(arrivals.receive(by)).toBeUndefined();
          underWay.splice(0, underWay.length, ...underWay.filter(({ at }) => at > by));
        }
        expect(underWay).toEqual([]);
      }),
    );
  });
});

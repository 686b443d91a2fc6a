import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserStates } from '../../../../src/core/models/features/user_states.ts';

const SLOTS = 10;

function strongest(states: UserStates, user: number): readonly [number, number] {
  const into = { first: 0, second: 0 };
  states.strongest(user, into);
  return [into.first, into.second];
}

describe('UserStates', () => {
  it('counts what each user was shown and clicked, in all and by aspect', () => {
    const states = new UserStates(2, 5);
    states.addTotals(1, 1, 0);
    states.addTotals(1, 3, 1);
    states.add(1, 4, 1, 0);
    states.add(1, 4, 2, 1);
    expect([states.impressions(1), states.clicks(1), states.impressions(0), states.clicks(0)]).toEqual([4, 1, 0, 0]);
    const slot = states.slotOf(1, 4);
    expect([states.impressionsIn(slot), states.clicksIn(slot)]).toEqual([3, 1]);
    expect(states.slotOf(0, 4)).toBe(-1);
    expect([states.impressionsIn(-1), states.clicksIn(-1)]).toEqual([0, 0]);
  });

  it('names the two aspects clicked most, the one kept for longest of equal ones, and none that was only shown', () => {
    const states = new UserStates(1, 5);
    expect(strongest(states, 0)).toEqual([-1, -1]);
    states.add(0, 3, 9, 0);
    states.add(0, 1, 1, 1);
    expect(strongest(states, 0)).toEqual([1, -1]);
    states.add(0, 2, 1, 1);
    expect(strongest(states, 0)).toEqual([1, 2]);
    states.add(0, 2, 1, 1);
    expect(strongest(states, 0)).toEqual([2, 1]);
  });

  it('compares clicks with aspects: two clicks on one and one on another, against the first and a third', () => {
    const states = new UserStates(1, 5);
    states.add(0, 0, 2, 2);
    states.add(0, 1, 1, 1);
    // (2, 1, 0) · (1, 0, 1) / (√5 · √2)
    expect(states.compare(0, Int32Array.of(0, 3), 0, 2)).toEqual({ matches: 1, cosine: 2 / Math.sqrt(10) });
    expect(states.compare(0, Int32Array.of(3, 4), 0, 2)).toEqual({ matches: 0, cosine: 0 });
    expect(states.compare(0, Int32Array.of(4, 0, 1, 4), 1, 3)).toMatchObject({ matches: 2 });
  });

  it('makes room for a clicked aspect where it has the fewest clicks and impressions, and never for one only shown', () => {
    const states = new UserStates(1, 20);
    for (let aspect = 0; aspect < SLOTS; aspect++) states.add(0, aspect, 1 + (aspect === 3 ? 0 : aspect), aspect === 5 ? 0 : 1);
    states.add(0, 15, 1, 0); // takes the place of 5, which nobody clicked
    states.add(0, 16, 1, 1); // takes the place of 15
    states.add(0, 17, 1, 0); // finds only clicked ones
    states.add(0, 18, 1, 1); // takes the place of 0: one click, one impression, before 3 and 16
    const kept = Array.from({ length: 20 }, (_, aspect) => aspect).filter((aspect) => states.slotOf(0, aspect) >= 0);
    expect(kept).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 16, 18]);
  });

  it('counts exactly while a user has no more aspects than slots, whatever the others do', () => {
    const event = fc.record({ user: fc.nat(2), aspect: fc.nat(SLOTS - 1), clicks: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const states = new UserStates(3, SLOTS);
        for (const { user, aspect, clicks } of events) states.add(user, aspect, 1, clicks);
        for (let user = 0; user < 3; user++) {
          for (let aspect = 0; aspect < SLOTS; aspect++) {
            const own = events.filter((each) => each.user === user && each.aspect === aspect);
            const slot = states.slotOf(user, aspect);
            expect(states.impressionsIn(slot)).toBe(own.length);
            expect(states.clicksIn(slot)).toBe(own.reduce((sum, { clicks }) => sum + clicks, 0));
          }
        }
      }),
    );
  });
});

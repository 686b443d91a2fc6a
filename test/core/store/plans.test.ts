import { describe, expect, it } from 'vitest';
import { PLAN_EVENTS, PLAN_PHASES, type PlanRow, savePlans } from '../../../src/core/store/plans.ts';
import { readPlanShares } from '../../../src/core/store/shares.ts';
import { temporaryStore } from './temporary_store.ts';

const CREATIVE = { state: 'live', propensity: 0.5, bound: 1, reward: null, ecoiShrunk: null, reason: 'tried' } as const;
const WINDOW = {
  window: 1,
  firstDay: '2026-01-01',
  lastDay: '2026-01-02',
  impressions: 500,
  clicks: 12,
  views: 9,
  viewTime: 14.5,
  lambda: 0.25,
  phase: 'explore',
  leader: 'a',
} as const;
const EXIT = { window: 2, event: 'exit', creativeId: 'a', reason: 'stable and enough', numbers: { loss: 0.004, range: 0.02 } } as const;

function planOf(adId: string, shares: Readonly<Record<string, number>>, history: Partial<PlanRow> = {}): PlanRow {
  const creatives = Object.entries(shares).map(([creativeId, share]) => ({ ...CREATIVE, creativeId, share }));
  return { adId, state: 'explore', lambda: 0, creatives, windows: [], transitions: [], ...history };
}

describe('savePlans', () => {
  it('keeps windows and transitions with the plan, in their order, and the same again when saved again', () => {
    const { store, runId } = temporaryStore();
    const undated = { ...WINDOW, window: 2, firstDay: '', lastDay: '', viewTime: null, phase: 'exploit', leader: null } as const;
    const reopen = { window: 3, event: 'reopen', creativeId: null, reason: 'a creative is new', numbers: {} } as const;
    const plan = planOf('ad', { a: 1 }, { windows: [WINDOW, undated], transitions: [reopen, EXIT] });
    const read = () => ({
      windows: store.db.prepare('SELECT * FROM plan_windows ORDER BY day, ad_id, window').all(),
      transitions: store.db.prepare('SELECT * FROM plan_transitions ORDER BY day, ad_id, seq').all(),
    });
    savePlans(store, '2026-03-01', [plan], runId);
    const key = { day: '2026-03-01', ad_id: 'ad' };
    const common = { ...key, impressions: 500, clicks: 12, views: 9, lambda: 0.25 };
    const first = {
      windows: [
        { ...common, window: 1, first_day: '2026-01-01', last_day: '2026-01-02', view_time_s: 14.5, phase: 'explore', leader: 'a' },
        { ...common, window: 2, first_day: '', last_day: '', view_time_s: null, phase: 'exploit', leader: null },
      ],
      transitions: [
        { ...key, seq: 1, window: 3, event: 'reopen', creative_id: null, reason: 'a creative is new', numbers: '{}' },
        { ...key, seq: 2, window: 2, event: 'exit', creative_id: 'a', reason: 'stable and enough', numbers: '{"loss":0.004,"range":0.02}' },
      ],
    };
    expect(read()).toEqual(first);
    savePlans(store, '2026-03-01', [plan], runId);
    expect(read()).toEqual(first);
    savePlans(store, '2026-03-02', [planOf('ad', { a: 1 }, { windows: [WINDOW] }), planOf('other', { b: 1 })], runId);
    expect(read().windows).toHaveLength(3);
    savePlans(store, '2026-03-01', [planOf('ad', { a: 1 }, { transitions: [EXIT] })], runId);
    expect(read().windows).toMatchObject([{ day: '2026-03-02' }]);
    expect(read().transitions).toMatchObject([{ day: '2026-03-01', seq: 1, event: 'exit' }]);
  });

  it('knows every phase and event of its lists and no other', () => {
    const { store, runId } = temporaryStore();
    const save = (history: Partial<PlanRow>) => savePlans(store, '2026-03-01', [planOf('ad', {}, history)], runId);
    save({
      windows: PLAN_PHASES.map((phase, index) => ({ ...WINDOW, window: index + 1, phase })),
      transitions: PLAN_EVENTS.map((event) => ({ ...EXIT, event })),
    });
    const wrong = 'finished' as string;
    expect(() => save({ windows: [{ ...WINDOW, phase: wrong as 'explore' }] })).toThrow('CHECK constraint');
    expect(() => save({ transitions: [{ ...EXIT, event: wrong as 'exit' }] })).toThrow('CHECK constraint');
    expect(() => save({ windows: [{ ...WINDOW, window: 0 }] })).toThrow('CHECK constraint');
    expect(() => save({ windows: [{ ...WINDOW, lambda: -1 }] })).toThrow('CHECK constraint');
  });

  it('leaves the earlier plan where one of its rows is refused', () => {
    const { store, runId } = temporaryStore();
    savePlans(store, '2026-03-01', [planOf('ad', { a: 1 }, { windows: [WINDOW] })], runId);
    const bad = planOf('ad', { a: 0.5, b: 0.5 }, { windows: [WINDOW, WINDOW] });
    expect(() => savePlans(store, '2026-03-01', [bad], runId)).toThrow('UNIQUE constraint');
    expect(readPlanShares(store).shares).toEqual(new Map([['ad', new Map([['a', 1]])]]));
    expect(store.db.prepare('SELECT count(*) FROM plan_windows').pluck().get()).toBe(1);
  });
});

describe('readPlanShares', () => {
  it("gives the shares of a day's plans, or of each ad's newest, and the newest day among them", () => {
    const { store, runId } = temporaryStore();
    expect(readPlanShares(store)).toEqual({ day: null, shares: new Map() });
    savePlans(store, '2026-03-02', [planOf('old', { z: 1 }), planOf('ad', { a: 0.25, b: 0.75 })], runId);
    savePlans(store, '2026-03-03', [planOf('ad', { b: 0.5, c: 0.5 })], runId);
    savePlans(store, '2026-03-01', [planOf('ad', { a: 1 })], runId);
    const old = new Map([['z', 1]]);
    const newest = new Map([
      ['b', 0.5],
      ['c', 0.5],
    ]);
    const second = new Map([
      ['a', 0.25],
      ['b', 0.75],
    ]);
    const sharesOf = (...shares: [string, Map<string, number>][]) => new Map(shares);
    expect(readPlanShares(store)).toEqual({ day: '2026-03-03', shares: sharesOf(['ad', newest], ['old', old]) });
    expect(readPlanShares(store, '2026-03-02')).toEqual({ day: '2026-03-02', shares: sharesOf(['ad', second], ['old', old]) });
    expect(readPlanShares(store, '2026-03-03')).toEqual({ day: '2026-03-03', shares: sharesOf(['ad', newest]) });
    expect(readPlanShares(store, '2026-02-28')).toEqual({ day: null, shares: new Map() });
  });
});

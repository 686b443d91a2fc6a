import { describe, expect, it } from 'vitest';
import { completePropensities, prepareReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { type MadeRow, MS_PER_DAY, makeLog, rawLog } from './made_logs.ts';

describe('prepareReplayLog', () => {
  it('puts the arms of an ad together and leaves out those without a row', () => {
    const rows = [5, 2, 9, 5].map((arm, ts): MadeRow => ({ ts, arm, click: 0 }));
    const ads = new Map([
      [2, 'b'],
      [3, 'a'],
      [5, 'a'],
      [9, 'b'],
    ]);
    const { log, armCodes, sorted } = prepareReplayLog(rawLog(rows), ads);
    expect(armCodes).toEqual([5, 2, 9]);
    expect([...log.firstArm]).toEqual([0, 1, 3]);
    expect([...log.adOf]).toEqual([0, 1, 1]);
    expect([...log.arm]).toEqual([0, 1, 2, 0]);
    expect(log).toMatchObject({ rows: 4, arms: 3, ads: 2, users: undefined });
    expect(sorted).toBe(true);
  });

  it('puts rows in time order, equal times in the order of the log, with all their columns', () => {
    const rows: MadeRow[] = [
      { ts: 30, arm: 0, click: 1, position: 3, propensity: 0.1 },
      { ts: 10, arm: 1, click: 0, position: 2, propensity: 0.2 },
      { ts: 30, arm: 1, click: 0, position: 1, propensity: 0.3 },
      { ts: 20, arm: 0, click: 1, position: 0, propensity: 0.4 },
    ];
    const { log, sorted } = prepareReplayLog(
      rawLog(rows, [100, 101, 102, 103]),
      new Map([
        [0, 'a'],
        [1, 'a'],
      ]),
    );
    expect(sorted).toBe(false);
    expect([...log.ts]).toEqual([10, 20, 30, 30]);
    expect([...log.arm]).toEqual([1, 0, 0, 1]);
    expect([...log.click]).toEqual([0, 1, 1, 0]);
    expect([...log.position]).toEqual([2, 0, 3, 1]);
    expect([...log.propensity]).toEqual([0.2, 0.4, 0.1, 0.3]);
    expect([...(log.users ?? [])]).toEqual([101n, 103n, 100n, 102n]);
  });

  it('takes more creatives than a function takes arguments', () => {
    const ads = new Map(Array.from({ length: 300_000 }, (_, code) => [code, `ad-${code % 7}`]));
    expect(prepareReplayLog(rawLog([{ ts: 0, arm: 299_999, click: 0 }]), ads).armCodes).toEqual([299_999]);
  });
});

describe('completePropensities', () => {
  it('estimates a propensity by the share of the arm in its ad, position and day', () => {
    const row = (day: number, position: number, arm: number, propensity?: number): MadeRow => ({
      ts: day * MS_PER_DAY,
      arm,
      position,
      click: 0,
      ...(propensity === undefined ? {} : { propensity }),
    });
    const log = makeLog(
      [
        row(0, 1, 0),
        row(0, 1, 0),
        row(0, 1, 1),
        row(0, 1, 2), // another ad
        row(0, 2, 1), // another position
        row(1, 1, 0), // another day
        row(1, 1, 1),
        row(1, 1, 1, 0.9), // given, and counted for the others
      ],
      ['a', 'a', 'b'],
    );
    const { propensity, estimated } = completePropensities(log);
    expect([...propensity]).toEqual([2 / 3, 2 / 3, 1 / 3, 1, 1, 1 / 3, 2 / 3, 0.9]);
    expect(estimated).toBe(7);
  });

  it('leaves given propensities as they are', () => {
    const log = makeLog([{ ts: 0, arm: 0, click: 0, propensity: 0.3 }], ['a']);
    expect(completePropensities(log)).toEqual({ propensity: log.propensity, estimated: 0 });
  });
});

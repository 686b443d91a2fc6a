import { describe, expect, it } from 'vitest';
import { prepareReplayLog, type RawLog, type ReplayLog } from '../../../src/core/feedback/replay_log.ts';
import { type MadeRow, MS_PER_DAY, makeLog, rawLog } from './made_logs.ts';

const ADS = new Map([
  [2, 'b'],
  [3, 'a'],
  [5, 'a'],
  [9, 'b'],
]);

describe('prepareReplayLog', () => {
  it('puts the arms of an ad together and leaves out those without a row', () => {
    const rows = [5, 2, 9, 5].map((arm, ts): MadeRow => ({ ts, arm, click: 0 }));
    const { log, armCodes, sorted } = prepareReplayLog(rawLog(rows), ADS);
    expect(armCodes).toEqual([5, 2, 9]);
    expect([...log.firstArm]).toEqual([0, 1, 3]);
    expect([...log.adOf]).toEqual([0, 1, 1]);
    expect([...log.arm]).toEqual([0, 1, 2, 0]);
    expect(log).toMatchObject({ rows: 4, arms: 3, ads: 2, days: 1, viewTime: undefined, revenue: undefined, candidates: undefined });
    expect(sorted).toBe(true);
  });

  it('leaves out rows of arms whose ad is not named, with all their columns', () => {
    const rows = [5, 7, 2, 40, 3].map(
      (arm, i): MadeRow => ({
        ts: i,
        arm,
        click: i % 2,
        position: i,
        propensity: (1 + i) / 10,
        user: 100 + i,
        viewTime: i,
        revenue: 10 * i,
      }),
    );
    const { log } = prepareReplayLog(rawLog(rows), ADS);
    expect(log.rows).toBe(3);
    expect([...log.arm]).toEqual([1, 2, 0]);
    expect([log.ts, log.position, log.viewTime].map((column) => [...(column as Float32Array)])).toEqual(Array(3).fill([0, 2, 4]));
    expect([...log.click]).toEqual([0, 0, 0]);
    expect([...log.propensity]).toEqual([0.1, 0.3, 0.5]);
    expect([...log.cluster]).toEqual([100, 102, 104]);
    expect([...(log.revenue ?? [])]).toEqual([0, 20, 40]);
  });

  it('puts rows in time order, equal times in the order of the log, with all their columns', () => {
    const rows: MadeRow[] = [
      { ts: 30, arm: 3, click: 1, position: 3, propensity: 0.1, user: 0, viewTime: 7, revenue: 0.5 },
      { ts: 10, arm: 5, click: 0, position: 2, propensity: 0.2, user: 1 },
      { ts: 30, arm: 5, click: 0, position: 1, propensity: 0.3, user: 2 },
      { ts: 20, arm: 3, click: 1, position: 0, propensity: 0.4, user: 3, viewTime: 9, revenue: 0.25 },
    ];
    const { log, sorted } = prepareReplayLog(rawLog(rows), ADS);
    expect(sorted).toBe(false);
    expect([...log.ts]).toEqual([10, 20, 30, 30]);
    expect([...log.arm]).toEqual([1, 0, 0, 1]);
    expect([...log.click]).toEqual([0, 1, 1, 0]);
    expect([...log.position]).toEqual([2, 0, 3, 1]);
    expect([...log.propensity]).toEqual([0.2, 0.4, 0.1, 0.3]);
    expect([...log.cluster]).toEqual([1, 3, 0, 2]);
    expect([...(log.viewTime ?? [])]).toEqual([Number.NaN, 9, 7, Number.NaN]);
    expect([...(log.revenue ?? [])]).toEqual([Number.NaN, 0.25, 0.5, Number.NaN]);
  });

  it('has no view time and no revenue where none was measured', () => {
    const rows = [2, 9].map((arm, ts): MadeRow => ({ ts, arm, click: 1, viewTime: Number.NaN, revenue: Number.NaN }));
    expect(prepareReplayLog(rawLog(rows), ADS).log).toMatchObject({ viewTime: undefined, revenue: undefined });
  });

  it('takes more creatives than a function takes arguments', () => {
    const ads = new Map(Array.from({ length: 300_000 }, (_, code) => [code, `ad-${code % 7}`]));
    expect(prepareReplayLog(rawLog([{ ts: 0, arm: 299_999, click: 0 }]), ads).armCodes).toEqual([299_999]);
  });

  it('names the first and last day of each arm, and the least propensity of each ad', () => {
    const rows = [
      { ts: 0, arm: 0, propensity: 0.5 },
      { ts: MS_PER_DAY, arm: 1, propensity: 0.25 },
      { ts: 3 * MS_PER_DAY, arm: 0, propensity: 0.75 },
      { ts: 3 * MS_PER_DAY + 5, arm: 2, propensity: 0.9 },
    ].map((row): MadeRow => ({ ...row, click: 0 }));
    const log = makeLog(rows, ['a', 'a', 'b']);
    expect([[...log.firstDay], [...log.lastDay], log.days]).toEqual([[0, 1, 3], [3, 1, 3], 3]);
    expect([...log.leastPropensity]).toEqual([0.25, 0.9]);
  });

  it('resamples users where they are known, days where there are many, stretches of time else', () => {
    const rows = Array.from(
      { length: 600 },
      (_, i): MadeRow => ({ ts: (i * MS_PER_DAY) / 20, arm: i % 2, click: 0, propensity: 0.5, user: i % 40 }),
    );
    const withoutUsers = rows.map(({ user, ...row }): MadeRow => row);
    const clustersOf = ({ clusterBy, clusterCount }: ReplayLog) => [clusterBy, clusterCount];
    expect(clustersOf(makeLog(rows, ['a', 'a']))).toEqual(['user', 40]);
    expect(clustersOf(makeLog(withoutUsers, ['a', 'a']))).toEqual(['day', 30]);
    expect(clustersOf(makeLog(withoutUsers.slice(0, 300), ['a', 'a']))).toEqual(['stretch of time', 300]);
    const long = Array.from({ length: 5_000 }, (_, ts): MadeRow => ({ ts, arm: 0, click: 0, propensity: 1 }));
    const { cluster, clusterCount } = makeLog(long, ['a']);
    expect([cluster[4], cluster[5], cluster[4_999], clusterCount]).toEqual([0, 1, 999, 1_000]);
  });

  it('keeps the columns where they are, in shared memory too, as plain data', () => {
    const raw = rawLog([2, 9, 3].map((arm, ts): MadeRow => ({ ts, arm, click: 1, viewTime: 3 })));
    const shared = Object.fromEntries(
      Object.entries(raw).map(([name, value]) => {
        if (!ArrayBuffer.isView(value)) return [name, value];
        const column = new (value.constructor as Float64ArrayConstructor)(new SharedArrayBuffer(value.byteLength));
        column.set(value as Float64Array);
        return [name, column];
      }),
    ) as unknown as RawLog;
    const { log } = prepareReplayLog(shared, ADS);
    for (const name of ['ts', 'arm', 'position', 'click', 'propensity', 'viewTime'] as const)
      expect(log[name]?.buffer).toBe(shared[name]?.buffer);
    expect(log.cluster.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(structuredClone(prepareReplayLog(rawLog([{ ts: 0, arm: 2, click: 1 }]), ADS).log)).toMatchObject({ rows: 1, arms: 1 });
  });
});

describe('candidates', () => {
  const rows = [
    { arm: 2, candidates: 7 },
    { arm: 9, candidates: 8 },
    { arm: 3, candidates: 8 },
    { arm: 3, candidates: 0 },
    { arm: 3, candidates: 4 },
  ].map((row, ts): MadeRow => ({ ...row, ts, click: 0 }));

  it('are numbered, and make arms of creatives that were never shown', () => {
    const { log, armCodes } = prepareReplayLog(
      rawLog(
        rows,
        new Map([
          [7, [9, 2]],
          [8, [9, 5, 3, 77]],
          [99, [11]], // no row has it
        ]),
      ),
      new Map([...ADS, [11, 'c']]),
    );
    expect(armCodes).toEqual([3, 5, 2, 9]);
    expect(log.candidates).toEqual({
      setOf: Int32Array.of(1, 2, 2, 0, 0),
      firstOf: Int32Array.of(0, 0, 2, 5, 5),
      arms: Int32Array.of(2, 3, 0, 1, 3),
    });
    expect(log.refutedCandidates).toBe(0);
    expect((log.firstDay[1] as number) > (log.lastDay[1] as number)).toBe(true);
  });

  it('that lack the shown arm are taken as not known, and counted', () => {
    const { log } = prepareReplayLog(
      rawLog(
        rows,
        new Map([
          [7, [9]],
          [8, [9, 3]],
        ]),
      ),
      ADS,
    );
    expect([...(log.candidates?.setOf ?? [])]).toEqual([0, 2, 2, 0, 0]);
    expect(log.refutedCandidates).toBe(1);
    expect(prepareReplayLog(rawLog(rows, new Map([[7, [9]]])), ADS).log).toMatchObject({ candidates: undefined, refutedCandidates: 1 });
  });
});

describe('propensities that are not given', () => {
  const row = (day: number, position: number, arm: number, propensity?: number): MadeRow => ({
    ts: day * MS_PER_DAY,
    arm,
    position,
    click: 0,
    ...(propensity === undefined ? {} : { propensity }),
  });

  it('are estimated by the share of the arm in its ad, position and day', () => {
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
    expect([...log.propensity]).toEqual([2 / 3, 2 / 3, 1 / 3, 1, 1, 1 / 3, 2 / 3, 0.9]);
    expect(log.estimatedPropensities).toBe(7);
    expect([...log.leastPropensity]).toEqual([1 / 3, 1]);
  });

  it('leave given ones as they are', () => {
    const log = makeLog([row(0, 0, 0, 0.3)], ['a']);
    expect([[...log.propensity], log.estimatedPropensities]).toEqual([[0.3], 0]);
  });
});
